"""The documents tell the truth: what is generated is of today, what is named exists."""

import ast
import re
import shlex
from pathlib import Path

import pytest

import reslab
from reslab.cli.documents import DOCUMENTS, ROOT, _counted, _place, budgets_table, filled, wanted
from reslab.experiments.budgets import BUDGETS, is_plain
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.loose import loose_claims
from reslab.experiments.recorded import recorded
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting
from reslab.store import read_benches, read_results, read_sweeps
from reslab.training import Recipe
from tests.cli.documented import commands_in, fault_of, strange_options
from tests.experiments.test_budgets import result

INSTRUCTING = (
    "README.md",
    "PAPER.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
)
BESIDE = ("README.md", "PAPER.md", "DECISIONS.md", "LOG.md", "CHANGELOG.md", "CONTRIBUTING.md")
BESIDE += tuple(name for name in INSTRUCTING if name.startswith("docs/"))
NAMING = ("PAPER.md", "DECISIONS.md", "LOG.md")  # those that name symbols
SYMBOL = re.compile(r"`([\w/]+\.(?:py|json))::([\w.]+)`")

KEPT = ROOT / "results"
GENERATED = wanted(read_results(KEPT), read_benches(KEPT), read_sweeps(KEPT))


def test_plain_pytorch_stands_beside_ours_in_the_table_of_budgets_alone():
    every = read_results(ROOT / "results")
    shown = _counted(every)
    ours = {_of(run) for run in shown if not is_plain(run)}
    assert any(is_plain(run) for run in every) and not [run for run in shown if is_plain(run) and _of(run) in ours]


def _of(run) -> tuple[str, int]:
    return Recipe.from_dict(run["recipe"]).digest(), run["recipe"]["seed"]


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_generated_is_of_today(name):
    assert set(DOCUMENTS) < set(GENERATED)
    assert (ROOT / name).read_bytes() == GENERATED[name], "run: make docs"


def test_error_against_length_is_drawn_where_two_lengths_are_recorded():
    one, two = (result("resnet20", epochs) for epochs in (8, 30))
    for results, drawn in (([one], False), ([one, two], True), ([], False)):
        files = wanted(results, read_benches(KEPT), [])
        assert ("docs/budgets.svg" in files) is drawn
    table = budgets_table(Document.of(BUDGETS, recorded(BUDGETS, [one, two])))
    assert table.count("| resnet20, ") == 2 and "resnet56, 8" not in table, "what is not measured is left out"


def test_results_stand_by_kind_and_depth():
    nets = ["resnet110", "plain56", "resnet20", "plain20", "resnet20"]
    found = sorted((result(net, epochs) for net, epochs in zip(nets, (8, 8, 30, 8, 8), strict=True)), key=_place)
    told = [(one["result"]["model"], one["result"]["steps"]) for one in found]
    assert [net for net, _ in told] == ["plain20", "plain56", "resnet20", "resnet20", "resnet110"]
    assert told[2][1] < told[3][1]


def test_marked_places_are_filled():
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    once = filled(text, {"x": "new \\1\n", "y": "nowhere"})
    assert once == "a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb\n" == filled(once, {"x": "new \\1"})


@pytest.mark.parametrize("name", BESIDE)
def test_every_symbol_that_is_named_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = SYMBOL.findall(text)
    assert bool(named) == (name in NAMING), "a document that names symbols is in that list, and has some"
    for file, symbol in named:
        assert (ROOT / file).is_file(), f"{name} names {file}"
        assert symbol in _symbols(ROOT / file), f"{name} names {file}::{symbol}"


def test_every_place_of_the_paper_has_its_symbol():
    rows, inside = [], False
    for line in (ROOT / "PAPER.md").read_text(encoding="utf-8").splitlines():
        inside = line.startswith("| place | what | where |") or (inside and line.startswith("|"))
        if inside and not line.startswith(("| place |", "|---")):
            rows.append(line)
    assert len(rows) > 50
    assert [row for row in rows if not SYMBOL.search(row)] == []


@pytest.mark.parametrize("name", BESIDE)
def test_every_link_into_the_repository_leads_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'(?:src|href)="([^"#:]+)"', text):
        assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", INSTRUCTING)
def test_every_command_of_the_documents_can_be_typed(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert {" ".join(words): fault for words in commands_in(text) if (fault := fault_of(words))} == {}


def test_the_documents_show_commands():
    shown = {name: len(commands_in((ROOT / name).read_text(encoding="utf-8"))) for name in INSTRUCTING}
    assert (
        shown["README.md"] > 15
        and shown["docs/commands.md"] > 40
        and shown["PAPER.md"] > 30
        and shown["docs/speed.md"] > 2
    )


@pytest.mark.parametrize("name", BESIDE)
def test_every_command_that_documents_mention_has_its_options(name):
    """In diaries and tables of decisions, commands are often half of one: "`reslab predict --calibrated`"."""
    for words in commands_in((ROOT / name).read_text(encoding="utf-8")):
        assert strange_options(words) == [], f"{name}: reslab {' '.join(words)}"


def test_every_command_of_the_papers_page_can_be_typed():
    commands = [claim.command for claim in loose_claims() if claim.command.startswith("reslab ")]
    for experiment in EXPERIMENTS.values():
        for scale in ("small", "full"):
            commands += [Document(experiment, Runs(Setting.nominal(scale)), (), asked=f"--scale {scale}").command]
    assert len(commands) > 30
    assert {command: fault for command in commands if (fault := fault_of(shlex.split(command)[1:]))} == {}


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("trian digits", "KeyError: 'trian'"),
        ("train digits --rate 0.1", "No such option: --rate"),
        ("train digits --epochs many", "not a valid|unable to parse"),
        ("train digits --set augment.brightnes=0.4", "unknown field 'augment.brightnes'"),
        ("train digits --set augment.flip=perhaps", "augment.flip"),
        ("train digits --model resnet21", "resnet21"),
        ("train digits --recipe quick", "quick"),
        ("sweep digits --grid optimizer.rate=0.1,0.2", "unknown field 'optimizer.rate'"),
        ("sweep digits --change augment.pda=0", "unknown field 'augment.pda'"),
        ("sweep digits --models plain20,resnet21", "resnet21"),
        ("reproduce figure99 --scale small", "unknown experiment 'figure99'"),
        ("reproduce figure1 --scale middle", "middle"),
        ("analyze gradient RUN", "KeyError: 'gradient'"),
        ("predict RUN", "Missing"),
    ],
)
def test_a_command_that_cannot_be_typed_is_noticed(command, fault):
    shown = f"Like this:\n\n    reslab {command}  # --odd\n\nor `reslab {command}`.\n"
    typed, quoted = commands_in(shown)
    assert typed == quoted == shlex.split(command)
    assert re.search(fault, fault_of(typed))


def test_commands_that_can_be_typed_are_not_complained_of():
    for command in (
        "doctor",
        "predict",
        "reproduce NAME --scale smoke|small",
        "sweep digits --change smoothing=0,balance=1",
    ):
        assert fault_of(command.split()) is None, command
    assert commands_in("    torchrun --nproc-per-node 2 -m -- reslab train\n") == [["train"]]
    assert strange_options(["predict", "--calibrated"]) == [] and strange_options(["predict", "--odd"]) == ["--odd"]


def test_the_readmes_tree_is_the_tree():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`reslab/(\w+)/`", text))
    rooms = {p.name for p in (ROOT / "reslab").iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert named == rooms


def test_the_contents_are_the_exports():
    found = {name: getattr(reslab, name) for name in reslab._HOME}
    assert set(reslab.__all__) == {name for name, value in found.items() if not isinstance(value, type)}
    assert set(dir(reslab)) == {*found, "__version__"}
    with pytest.raises(AttributeError, match="it has"):
        _ = reslab.nothing


def _symbols(path: Path) -> set[str]:
    if path.suffix == ".json":
        return set(re.findall(r'^ "(\w+)":', path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    symbols = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        names += [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
        symbols |= set(names)
        if isinstance(node, ast.ClassDef):
            symbols |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return symbols
