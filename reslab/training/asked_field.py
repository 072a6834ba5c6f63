"""Fields of a recipe that somebody gives as arguments: `train(..., weight_decay=1e-3)`."""

from typing import Any

from reslab.errors import either, nearest
from reslab.training.recipe import field_names

# Arguments of their own, by these or other names; and what follows from them, from the data or from the start.
_ARGUMENTS = ("lr", "seed", "size", "split", "batch", "steps", "shortcut", "stride_in", "start")
_FOLLOW = ("name", "classes", "fingerprint", "start_digest", "residual_digest")


def as_field(name: str, value: Any) -> str:
    """How `name`, which is no argument, is given as a field; "" where it is no field's, nor nearly so."""
    if name in ("classes", "num_classes"):
        return f"{name} is not asked for: the classes are those of the data"
    fields = {field: field.rpartition(".")[2] for field in field_names()}
    names = [field for field, last in fields.items() if last not in _ARGUMENTS + _FOLLOW]
    group = [field for field in names if field.startswith(f"{name}.")]
    if group:
        return f"{name} is a group of fields ({', '.join(group)}), given so: {_given(group[0], ...)}"
    exact = [field for field in names if name in (field, fields[field])]
    if exact:
        return f"{name} is a field of the recipe: {either([_given(field, value) for field in exact])}"
    if near := nearest(name, names):
        return (
            f"no argument is called {name}; is a field of the recipe meant? {either([_given(f, value) for f in near])}"
        )
    return ""


def _given(field: str, value: Any) -> str:
    plain = isinstance(value, bool | int | float | str)
    return f"fields={{'{field}': {value!r}}}" if plain else f"fields={{'{field}': ...}}"
