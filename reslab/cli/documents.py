"""`python -m reslab.cli.documents [--check]`: every generated table and figure of the documents, made again.

Between `<!-- name -->` and `<!-- /name -->` in a document stands what is generated from `results/` and `paper.json`;
nothing there is typed. With --check nothing is written, and what is not of today exits with 1.
"""

import sys
from dataclasses import replace
from pathlib import Path

from reslab.experiments import (
    Result,
    cifar10_presets,
    counts_table,
    engines_figure,
    engines_table,
    fast_curves,
    measured_nets,
    measured_table6,
    on_both,
)
from reslab.experiments.budgets import BUDGETS, enough, is_plain
from reslab.experiments.document import Document
from reslab.experiments.inventory import inventory_table
from reslab.experiments.levers import levers_tables
from reslab.experiments.loose import loose_table
from reslab.experiments.reached import reached_table
from reslab.experiments.recorded import recorded
from reslab.experiments.recorded_pace import RecordedPaces
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.story import entry
from reslab.nets import spec
from reslab.reporting import bench_figure, bench_table, fields_table, paper_markdown, paper_pictures, runs_table
from reslab.store import (
    read_benches,
    read_measurements,
    read_results,
    read_sweeps,
    read_trained,
    trained_names,
    write_bytes,
)
from reslab.training import Recipe

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "results"
DOCUMENTS = (
    "README.md",
    "PAPER.md",
    "docs/experiments.md",
    "docs/recipe.md",
    "docs/levers.md",
    "docs/results.md",
    "docs/speed.md",
)
PICTURES = "experiments"  # a folder beside docs/experiments.md


def wanted(results: list[Result], benches: list[Result], sweeps: list[Result]) -> dict[str, bytes]:
    """What each generated file should hold, by its path in the repository."""
    budgets = Document.of(BUDGETS, recorded(BUDGETS, results))
    benches = sorted(benches, key=_bench_place)
    trained, measured = {name: read_trained(name) for name in trained_names()}, read_measurements(KEPT)
    paces = RecordedPaces(results)
    told = [entry(experiment, results, trained, measured, paces) for experiment in EXPERIMENTS.values()]
    pieces = {
        "results": runs_table(sorted(_counted(results), key=_place)),
        "nets": measured_nets(_counted(results)),
        "fields": fields_table(cifar10_presets()),
        "counts": counts_table(),
        "table6": measured_table6(results),
        "experiments": paper_markdown(told, PICTURES),
        "loose": loose_table(),
        "inventory": inventory_table(list(EXPERIMENTS.values()), results),
        "levers": levers_tables(sweeps),
        "speed": bench_table(benches),
        "engines": engines_table(results),
        "budgets": budgets_table(budgets) if enough(budgets.runs) else "",
        "reached": reached_table(budgets.runs, budgets.rows),
    }
    texts = {name: filled((ROOT / name).read_text(encoding="utf-8"), pieces) for name in DOCUMENTS}
    figures = {
        "docs/curves.svg": fast_curves(results),
        "docs/engines.svg": engines_figure(results),
        "docs/speed.svg": bench_figure([bench for bench in benches if _is_default(bench)]),
        "docs/speed-all.svg": bench_figure(benches),
        **({"docs/budgets.svg": budgets.picture()} if enough(budgets.runs) else {}),
        **paper_pictures(told, f"docs/{PICTURES}"),
    }
    return {**{name: text.encode() for name, text in texts.items()}, **figures}


def _counted(results: list[Result]) -> list[Result]:
    """All but trainings that were for comparing the engines; ours of those are seeds of a recipe that has others."""
    pairs = on_both(results)
    ours, theirs = ([run for pair in pairs for run in pair[engine].results] for engine in ("native", "torch"))
    others = {_digest(result) for result in results if result not in ours and result not in theirs}
    kept = [result for result in results if result not in theirs and (result not in ours or _digest(result) in others)]
    # PyTorch as most people run it stands beside ours in the table of budgets, seed by seed.
    seeds = {(_digest(result), result["recipe"]["seed"]) for result in kept if not is_plain(result)}
    return [r for r in kept if not (is_plain(r) and (_digest(r), r["recipe"]["seed"]) in seeds)]


def _digest(result: Result) -> str:
    return Recipe.from_dict(result["recipe"]).digest()


def _place(result: Result) -> tuple[str, str, int, str, int]:
    """Where a result stands among others: shallow nets of a kind first, short trainings of a net before long ones."""
    found = result["result"]
    kind = found["model"].rstrip("0123456789")
    return found["data"], kind, spec(found["model"]).depth, found["recipe"], found["steps"]


def _bench_place(bench: Result) -> tuple[int, str, int]:
    """Where a measurement of speed stands among others: shallow nets first, and all cores before one."""
    found = bench["result"]
    return spec(found["model"]).depth, found["model"], -found["threads"]


def _is_default(bench: Result) -> bool:
    """Is it what `reslab bench train` measures when it is asked for nothing else?"""
    return bench["result"]["model"] == "resnet20" and bench["result"]["threads"] > 1


def budgets_table(budgets: Document) -> str:
    """What is measured of error against length, and what it says; what is not is left out."""
    measured = replace(budgets, rows=tuple(row for row in budgets.rows if row.ours is not None))
    beside = f"\n{budgets.finding.beside}.\n" if budgets.finding.beside else ""
    return f"{measured.table()}\n{budgets.finding.words}.\n{beside}"


def filled(text: str, pieces: dict[str, str]) -> str:
    """`text` with every marked place holding its piece."""
    for name, piece in pieces.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, marked, rest = text.partition(begin)
        if marked:
            _, _, after = rest.partition(end)
            text = f"{before}{begin}{piece.strip()}\n{end}{after}"
    return text


def main(check: bool) -> int:
    """Write what has changed, or with `check` only name it. Returns the exit code."""
    files = wanted(read_results(KEPT), read_benches(KEPT), read_sweeps(KEPT))
    stale = [n for n, content in files.items() if not (ROOT / n).is_file() or (ROOT / n).read_bytes() != content]
    for name in stale:
        print(f"{'stale' if check else 'written'}: {name}")
        if not check:
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(ROOT / name, files[name])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
