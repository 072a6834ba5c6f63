"""Recipes as dotted names, and what to call runs that stand side by side: by what differs between them."""

import re
from collections import Counter
from typing import Any

from reslab.store import Record
from reslab.training import Recipe


def dotted(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted name, as `--set` takes them."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def value_text(value: Any) -> str:
    """A value of a recipe or machine as one would type it."""
    if value is None or value == [] or value == ():
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)


def learned_images(recipe: Recipe, epochs: float, judged: int) -> int:
    """As many images as a run learned from. What was judged at the end may be a part of them.

    `epochs` are rounded to three decimals: what was judged is what was learned where that explains the difference.
    """
    images = recipe.steps * recipe.candidates / epochs
    return judged if abs(images - judged) <= images * 0.0005 / epochs + 1 else round(images)


def data_name(record: Record) -> str:
    """The data set's name; of a folder its last part."""
    return last_part(str(record.result.get("data") or record.recipe.get("data", {}).get("name") or "unknown data"))


def field_label(field: str) -> str:
    """What a dotted field is called in a few words: "lr", "teacher", "teacher weight"."""
    group, _, own = field.rpartition(".")
    return own if group != "teacher" else group if own == "net" else f"{group} {own}"


def last_part(path: str) -> str:
    """The folder's own name, whichever system the path is of: a report is read elsewhere too."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or path


def data_key(record: Record) -> tuple[str, ...]:
    """What tells one data set from another: two folders may have the same last part."""
    data = record.recipe.get("data", {})
    return tuple(str(data.get(field, "")) for field in ("name", "fingerprint"))


def model_name(record: Record) -> str:
    return str(record.result.get("model") or record.recipe.get("model", {}).get("name") or "unknown model")


def differing(records: list[Record]) -> list[str]:
    """The dotted names whose values are not the same in all recipes."""
    recipes = [dotted(record.recipe) for record in records]
    names = dict.fromkeys(name for recipe in recipes for name in recipe)
    return [name for name in names if len({repr(recipe.get(name)) for recipe in recipes}) > 1]


def labels(records: list[Record]) -> list[str]:
    """A short name for each run: its model, and as few of the other differences as tell the runs apart."""
    recipes = [dotted(record.recipe) for record in records]
    names = [[model_name(record)] for record in records]
    for field in sorted(differing(records), key=_prominence):
        parts = [_part(field, record, recipe) for record, recipe in zip(records, recipes, strict=True)]
        names = [_told_apart(i, names, parts, field == "data.name") for i in range(len(names))]
    short = [" · ".join(name) for name in names]
    alike = Counter(short)
    return numbered([r.name if alike[label] > 1 else label for r, label in zip(records, short, strict=True)])


def _told_apart(place: int, names: list[list[str]], parts: list[str | None], always: bool) -> list[str]:
    """One run's name, longer by a part if another run has the same name so far and differs in that part."""
    name, part = names[place], parts[place]
    alike = {other for other_name, other in zip(names, parts, strict=True) if other_name == name}
    return [*name, part] if part is not None and (always or len(alike) > 1) else name


def _prominence(field: str) -> int:
    return {"data.name": 0, "name": 1, "seed": 3}.get(field, 2)


def _part(field: str, record: Record, recipe: dict[str, Any]) -> str | None:
    if field == "data.name":
        return data_name(record)
    if field == "data.fingerprint" or recipe.get(field) is None:
        return None
    return value_text(recipe[field]) if field == "name" else f"{field_label(field)} {value_text(recipe[field])}"


def numbered(names: list[str]) -> list[str]:
    """The names, those met before with a number."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return numbered
