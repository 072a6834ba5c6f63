"""docs/python.md runs as it stands, and gives what it says."""

import ast
import pydoc
import re

import reslab
from reslab.cli.documents import ROOT

TEXT = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.+?)```", TEXT, flags=re.DOTALL)
GIVES = re.compile(r"  # gives (.+)$")


def run(block: str, known: dict) -> list[tuple[str, str]]:
    """Run the statements of a block; of each that says what it gives, what it gave and what it should have."""
    found = []
    for statement in ast.parse(block).body:
        source = ast.get_source_segment(block, statement)
        last = block.splitlines()[statement.end_lineno - 1]
        if said := GIVES.search(last):
            found.append((repr(eval(source, known)), said[1]))
        else:
            exec(source, known)
    return found


def test_the_page_runs_and_gives_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    known: dict = {}
    given = [pair for block in BLOCKS for pair in run(block, known)]
    assert len(BLOCKS) >= 8 and len(given) == TEXT.count("  # gives ")
    assert [(gave, said) for gave, said in given if gave != said] == []
    assert len(known["errors"]) == 4 and min(known["errors"].values()) < 85  # chance is 90
    assert "resnet20 or resnet26" in capsys.readouterr().out
    assert (tmp_path / "mine.safetensors").is_file()


def test_what_is_not_so_is_found():
    assert run("1 + 1  # gives 3\nx = 2", {}) == [("2", "3")]


def test_help_says_what_is_called_and_not_what_classes_inherit():
    lines = pydoc.render_doc(reslab, renderer=pydoc.plaintext).splitlines()
    assert len(lines) < 250 and not any("Methods inherited" in line for line in lines)
    contents = reslab.__doc__ or ""
    assert [name for name in reslab._HOME if f"reslab.{name}" not in contents and name != "convert"] == []


def test_help_says_what_a_residual_function_takes_and_gives():
    for function in (reslab.train, reslab.create):
        said = " ".join((function.__doc__ or "").split())
        assert "residual(channels_in, width, stride, stride_in)" in said and "returns an nn.Module" in said
