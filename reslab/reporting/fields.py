"""The fields of a recipe: what each is, its value in one preset, and which others have another."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reslab.reporting.recipes import dotted, value_text
from reslab.reporting.tables import markdown_table, markdown_text
from reslab.training import Recipe, meanings

COLUMNS = ("field", "value", "elsewhere", "what it is")
EMPTY = "(empty)"


@dataclass(frozen=True)
class FieldRow:
    """One field, all of it in words; values as `--set` takes them."""

    field: str
    value: str  # in the first preset
    elsewhere: str  # "fast, record 0.2; small 0.1"
    meaning: str


def field_rows(presets: Mapping[str, Recipe]) -> list[FieldRow]:
    """Every field of a recipe. `presets`: recipes for the same data by name; the first gives the values."""
    (_, first), *others = ((name, dotted(asdict(recipe))) for name, recipe in presets.items())
    told = meanings()
    rows = []
    for field, value in first.items():
        other = {name: _typed(values[field]) or EMPTY for name, values in others if values[field] != value}
        rows.append(FieldRow(field, _typed(value), _grouped(other) if field != "name" else "", told[field]))
    return rows


def _grouped(values: Mapping[str, str]) -> str:
    """The names that have each value, before it: "fast, record 0.2; small 0.1"."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        names.setdefault(value, []).append(name)
    return "; ".join(f"{', '.join(those)} {value}" for value, those in names.items())


def _typed(value: Any) -> str:
    """A value as it is typed behind `--set field=`: no separators inside a number, nothing for no numbers."""
    if isinstance(value, tuple):
        return ",".join(map(_typed, value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value_text(value)


def fields_table(presets: Mapping[str, Recipe]) -> str:
    """The same as Markdown."""
    rows = field_rows(presets)
    cells = [
        (f"`{row.field}`", markdown_text(row.value), markdown_text(row.elsewhere), row.meaning.replace("*", "\\*"))
        for row in rows
    ]
    return markdown_table(cells, COLUMNS)
