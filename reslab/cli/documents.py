"""`python -m reslab.cli.documents [--check]`: every generated table and figure of the documents, made again.

Between `<!-- name -->` and `<!-- /name -->` in README.md and PAPER.md stands what is generated from `results/` and
`paper.json`; nothing there is typed. With --check nothing is written, and what is not of today exits with 1.
"""

import re
import sys
from pathlib import Path
from typing import Any

from reslab.experiments import exact_counts, paper, printed
from reslab.nets import spec
from reslab.reporting import Series, curves_figure, markdown_table, runs_table, seed_groups
from reslab.store import read_results, write_bytes

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "PAPER.md")
FIGURE = "docs/curves.svg"
COUNTED = tuple(name for name in paper()["printed"] if name.startswith("resnet"))


def generated(results: list[dict[str, Any]]) -> dict[str, str]:
    """Every piece of Markdown that is generated, by its name."""
    return {"results": runs_table(results), "counts": counts_table(), "table6": table6(results)}


def counts_table() -> str:
    """Our nets' parameters and multiply-adds beside what the paper prints."""
    rows = []
    for name in COUNTED:
        found = spec(name)
        if name in ("resnet18", "resnet34"):  # the paper's FLOPs are those of the plain nets, and of option A
            found = found.variant(shortcut="A")
        counts, told = exact_counts(name, found), printed(name)
        assert counts is not None
        flops = f"{told['macs'] / 1e9:.1f}e9" if "macs" in told else ""
        params = f"{told['params'] / 1e6:g}M" if "params" in told else ""
        rows.append((name, found.shortcut, f"{counts['params']:,}", params, f"{counts['macs']:,}", flops))
    return markdown_table(rows, ("net", "option", "parameters", "paper", "multiply-adds", "paper's FLOPs"))


def table6(results: list[dict[str, Any]]) -> str:
    """The ResNet rows of Table 6, and what we measured under the paper's own recipe and the fast one."""
    rows = []
    for name, error in paper()["table6"].items():
        if name not in COUNTED:
            continue
        cells = [_measured(results, name, recipe) for recipe in ("paper", "fast")]
        rows.append((name, f"{error:.2f}", *cells, f"`reslab train cifar10 --model {name} --recipe paper`"))
    columns = ("net", "paper, test error %", "ours, `paper`, val %", "ours, `fast`, val %", "command")
    return markdown_table(rows, columns)


def _measured(results: list[dict[str, Any]], model: str, recipe: str) -> str:
    wanted = [
        r
        for r in results
        if (r["result"]["data"], r["result"]["model"], r["recipe"]["name"]) == ("cifar10", model, recipe)
    ]
    return "; ".join(group.cell("val") for group in seed_groups(wanted))


def figure(results: list[dict[str, Any]]) -> bytes:
    """Training and validation error of the CIFAR-10 runs of one recipe, the first seed of each net."""
    chosen: dict[str, dict[str, Any]] = {}
    for result in results:
        if (result["result"]["data"], result["recipe"]["name"]) == ("cifar10", "fast"):
            chosen.setdefault(result["result"]["model"], result)
    return curves_figure([Series.of(model, result["metrics"]) for model, result in sorted(chosen.items())])


def filled(text: str, pieces: dict[str, str]) -> str:
    """`text` with every marked place holding its piece."""
    for name, piece in pieces.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        content = f"{begin}{piece.strip()}\n{end}".replace("\\", r"\\")
        text = re.sub(pattern, content, text, flags=re.DOTALL)
    return text


def main(check: bool) -> int:
    """Write what has changed, or with `check` only name it. Returns the exit code."""
    results = read_results(ROOT / "results")
    pieces = generated(results)
    wanted = {ROOT / name: filled((ROOT / name).read_text(encoding="utf-8"), pieces).encode() for name in DOCUMENTS}
    if any(result["result"]["data"] == "cifar10" for result in results):
        wanted[ROOT / FIGURE] = figure(results)
    stale = [path for path, content in wanted.items() if not path.is_file() or path.read_bytes() != content]
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            write_bytes(path, wanted[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
