"""The fields of a recipe: what each is, its value in one preset, and which others have another."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from reslab.reporting.recipes import dotted, value_text
from reslab.reporting.tables import markdown_table, markdown_text
from reslab.training import Recipe, meanings

COLUMNS = ("field", "value", "elsewhere", "what it is")


@dataclass(frozen=True)
class FieldRow:
    """One field, all of it in words."""

    field: str
    value: str  # in the first preset
    elsewhere: str  # "fast 0.2; record 0.4"
    meaning: str


def field_rows(presets: Mapping[str, Recipe]) -> list[FieldRow]:
    """Every field that `--set` takes. `presets`: recipes for the same data by name; the first gives the values."""
    (_, first), *others = ((name, dotted(asdict(recipe))) for name, recipe in presets.items())
    told = meanings()
    rows = []
    for field, value in first.items():
        other = [f"{name} {value_text(values[field])}" for name, values in others if values[field] != value]
        rows.append(FieldRow(field, value_text(value), "; ".join(other) if field != "name" else "", told[field]))
    return rows


def fields_table(presets: Mapping[str, Recipe]) -> str:
    """The same as Markdown."""
    rows = field_rows(presets)
    cells = [
        (f"`{row.field}`", markdown_text(row.value), markdown_text(row.elsewhere), row.meaning.replace("*", "\\*"))
        for row in rows
    ]
    return markdown_table(cells, COLUMNS)
