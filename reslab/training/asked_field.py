"""Fields of a recipe that somebody gives as arguments: `train(..., weight_decay=1e-3)`."""

from typing import Any

from reslab.arguments import is_close
from reslab.errors import either, nearest
from reslab.training.recipe import field_names

# Arguments of their own, by these or other names; and what follows from them, from the data or from the start.
_ARGUMENTS = ("lr", "seed", "size", "split", "batch", "steps", "shortcut", "stride_in", "start", "frozen", "residual")
_FOLLOW = ("name", "classes", "fingerprint", "start_digest", "residual_digest", "net", "digest")


def as_field(name: str, value: Any) -> str:
    """How `name`, which is no argument, is given as a field; "" where it is no field's."""
    if name in ("classes", "num_classes"):
        return f"{name} is not asked for: the classes are those of the data"
    if name == "residual":
        named = repr(value) if isinstance(value, str) else '"module:function"'
        return f"a function is residual=... of reslab.train; by its name, it is fields={{'model.residual': {named}}}"
    names = _names()
    group = [field for field in names if field.startswith(f"{name}.")]
    if group:
        return f"{name} is a group of fields ({', '.join(group)}), given so: {_given(group[0], ...)}"
    exact = [field for field in names if name in (field, _last(field))]
    if exact:
        return f"{name} is a field of the recipe: {either([_given(field, value) for field in exact])}"
    return ""


def as_near_field(name: str, value: Any) -> str:
    """How fields are given that `name`, which is neither an argument nor a field, is near to; "" where none is."""
    if near := [field for field in nearest(name, _names()) if _meant(name, _last(field))]:
        return (
            f"no argument is called {name}; is a field of the recipe meant? {either([_given(f, value) for f in near])}"
        )
    return ""


def _meant(name: str, field: str) -> bool:
    """Are they alike, or is one a word of the other, as in mixup_alpha?"""
    words = f"_{name.lower()}_", f"_{field}_"
    return is_close(name, field) or words[0] in words[1] or words[1] in words[0]


def _names() -> list[str]:
    return [field for field in field_names() if _last(field) not in _ARGUMENTS + _FOLLOW]


def _last(field: str) -> str:
    return field.rpartition(".")[2]


def _given(field: str, value: Any) -> str:
    plain = isinstance(value, bool | int | float | str)
    return f"fields={{'{field}': {value!r}}}" if plain else f"fields={{'{field}': ...}}"
