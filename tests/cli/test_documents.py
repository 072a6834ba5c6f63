"""The documents tell the truth: what is generated is of today, what is named exists."""

import ast
import re
from pathlib import Path

import pytest

import reslab
from reslab.cli.documents import DOCUMENTS, ROOT, _counted, _place, budgets_table, filled, wanted
from reslab.experiments.budgets import BUDGETS, is_plain
from reslab.experiments.document import Document
from reslab.experiments.recorded import recorded
from reslab.store import read_benches, read_results
from reslab.training import Recipe
from tests.experiments.test_budgets import result

BESIDE = ("README.md", "PAPER.md", "DECISIONS.md", "LOG.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/speed.md")


GENERATED = wanted(read_results(ROOT / "results"), read_benches(ROOT / "results"))


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
        files = wanted(results, read_benches(ROOT / "results"))
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
    named = re.findall(r"`([\w/]+\.(?:py|json))::([\w.]+)`", text)
    assert named or name != "PAPER.md"
    for file, symbol in named:
        assert (ROOT / file).is_file(), f"{name} names {file}"
        assert symbol in _symbols(ROOT / file), f"{name} names {file}::{symbol}"


@pytest.mark.parametrize("name", BESIDE)
def test_every_link_into_the_repository_leads_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'(?:src|href)="([^"#:]+)"', text):
        assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_every_reslab_command_that_documents_name_exists():
    from reslab.cli.app import app

    verbs = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8")
        for verb in re.findall(r"(?:`|^\s*|\$ )reslab ([a-z]+)", text, flags=re.MULTILINE):
            assert verb in verbs, f"{name} names reslab {verb}"


def test_the_readmes_tree_is_the_tree():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`reslab/(\w+)/`", text))
    rooms = {p.name for p in (ROOT / "reslab").iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert named == rooms


def test_the_contents_are_the_exports():
    assert set(reslab._HOME) == set(reslab.__all__)
    for name in reslab.__all__:
        assert getattr(reslab, name) is not None
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
