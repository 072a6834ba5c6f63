"""The C++ is as wide as the Python, which ruff watches."""

import tomllib
from pathlib import Path

from reslab.native.build import KERNELS

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in (KERNELS, ROOT / "tests" / "native") for path in folder.iterdir()]
SOURCES = sorted(path for path in SOURCES if path.suffix in (".h", ".cpp"))


def too_wide(text: str, columns: int) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if len(line) > columns]


def test_a_wide_line_is_found():
    assert too_wide("12345\n123456\n\n1234567", 5) == [2, 4]


def test_no_line_is_wider_than_those_of_python():
    columns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    assert {path.name for path in SOURCES} >= {"api.cpp", "winograd.h", "driver.cpp"}
    wide = {path.name: lines for path in SOURCES if (lines := too_wide(path.read_text(), columns))}
    assert wide == {}
