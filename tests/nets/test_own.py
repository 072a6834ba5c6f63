"""Residual functions of one's own, found again by the name that a run records."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from reslab.errors import UsageError
from reslab.nets import asked_as, hint_of_main, name_of, named_residual
from reslab.nets.blocks import basic

UNGUARDED = """
import reslab
from reslab.nets.blocks import basic


def mine(*shape):
    return basic(*shape)


reslab.train(reslab.recipe("digits", steps=1), run="again", residual=mine)
"""


def as_main(monkeypatch, file: str | None, spec: str | None = None) -> ModuleType:
    """A module that stands for the script that runs, or for what is typed where it has no file; its function."""
    main = ModuleType("__main__")
    main.__file__, main.__spec__ = file, ModuleSpec(spec, None) if spec else None
    exec("def mine(*shape): ...", main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


@pytest.mark.parametrize(
    ("file", "spec", "module"),
    [
        ("/home/my runs.py", None, "my runs"),
        ("sub/tr.py", None, "tr"),
        ("sub/tr.py", "sub.tr", "sub.tr"),
        ("/usr/bin/reslab", None, "__main__"),
        ("tr.1.py", None, "__main__"),
        (None, None, "__main__"),
    ],
)
def test_a_function_of_a_script_is_called_as_it_is_imported_later(monkeypatch, file, spec, module):
    main = as_main(monkeypatch, file, spec)
    assert name_of(main.mine) == f"{module}:mine"
    assert named_residual(f"{module}:mine") is main.mine, "and the script does not run once more"
    found_later = "found nowhere later" if module == "__main__" else f"imports {module} later"
    assert found_later in hint_of_main(f"{module}:mine") and not hint_of_main(name_of(basic))


def test_where_the_script_is_gone():
    with pytest.raises(UsageError, match=r"no residual function '__main__:mine': .* write FILE:mine, for the FILE\.py"):
        named_residual("__main__:mine")
    assert asked_as("tr:mine") == "tr:mine"
    with pytest.raises(UsageError, match=r"where its file is in this folder .*No module named 'nowhere'"):
        named_residual("nowhere:mine")


def test_a_script_that_trains_when_it_is_imported_does_not(tmp_path, monkeypatch):
    (tmp_path / "unguarded_script.py").write_text(UNGUARDED)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r'^unguarded_script trains when .* under if __name__ == "__main__"'):
        named_residual("unguarded_script:mine")
    assert not (tmp_path / "again").exists()
    assert named_residual("reslab.nets.blocks:basic") is basic, "the next is imported as ever"
