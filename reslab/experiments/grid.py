"""A grid over fields of a recipe: what is typed as `field=value,value`, and its points."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from reslab.errors import UsageError, unknown
from reslab.reporting.recipes import field_label
from reslab.training import Recipe, field_names
from reslab.training.recipe import unknown_field

MODEL = "model"  # the axis of --models; a net brings its own shortcut, so it is more than one field
NET = "model.name"  # in --change, where it is the net of that point, with what that net brings; else --models
CHANGE = "change"  # the axis of --change: other values of one field or several, each by itself
UNCHANGED = "none"  # its first value
ELSEWHERE = {"seed": "--seeds", NET: "--models", "name": "--recipe", "data.name": "the data set's argument"}


@dataclass(frozen=True)
class Axis:
    """One field, the net or what is changed, and its values as typed."""

    field: str
    values: tuple[str, ...]

    @property
    def ordered(self) -> bool:
        """Are its values numbers?"""
        return all(_number(value) is not None for value in self.values)


@dataclass(frozen=True)
class Point:
    """One combination of the axes' values, and its recipe."""

    values: dict[str, str]
    recipe: Recipe


Make = Callable[[str | None, list[str]], Recipe]
"""(model, assignments as of `--set`) -> recipe."""


def read_axes(grid: Sequence[str], models: str | None = None, changes: Sequence[str] = ()) -> tuple[Axis, ...]:
    """The axes in the order in which they were typed, nets and changes last; numbers in ascending order.

    Raises UsageError for no axis, a field that does not exist or is met twice, or one that has an option of its own.
    """
    axes = [_axis(text) for text in grid]
    if models is not None:
        axes.append(Axis(MODEL, tuple(_values(models))))
    if changes:
        axes.append(Axis(CHANGE, (UNCHANGED, *(_change(text, axes) for text in changes))))
    if not axes:
        raise UsageError(
            "a sweep is over --grid field=value,value, --change field=value or --models; for seeds alone: "
            "reslab train --seeds"
        )
    fields = [axis.field for axis in axes]
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice:
        raise UsageError(f"--grid {twice} is given twice; write all its values after one =")
    return tuple(axes)


def points_of(axes: Sequence[Axis], make: Make) -> list[Point]:
    """Every combination, the first axis slowest.

    Raises UsageError where a value does not fit its field, and where two points are the same recipe.
    """
    found: dict[str, Point] = {}
    for combination in product(*(axis.values for axis in axes)):
        values = dict(zip((axis.field for axis in axes), combination, strict=True))
        point = Point(values, make(_net(values), _assignments(values)))
        same = found.setdefault(point.recipe.digest(), point)
        if same is not point:
            raise UsageError(
                f"{point_text(same.values)} and {point_text(values)} are the same recipe; leave one of them out"
            )
    return list(found.values())


def base_of(points: Sequence[Point], own: Recipe | None, named: Sequence[str] = ()) -> Point:
    """The point that all others are compared with: the one whose values are `named`, as `field=value`; else the one of
    the recipe's `own` values (None where it has none that can be trained); else the first.

    Raises UsageError where the grid has no such field or point, or several.
    """
    if not named:
        return next((point for point in points if own and point.recipe.digest() == own.digest()), points[0])
    found, words = list(points), ", ".join(named)
    for text in named:
        field, _, value = (part.strip() for part in text.partition("="))
        if field not in points[0].values:
            raise unknown("field of the grid", field, tuple(points[0].values))
        if field == CHANGE and value != UNCHANGED:
            value = _change_text(_assigned(value))  # as it may be typed in --change
        found = [point for point in found if _same(point.values[field], value)]
    if len(found) != 1:
        many = f"is {len(found)} points of the grid; name the values of more fields" if found else "is not in the grid"
        raise UsageError(f"--base {words} {many}")
    return found[0]


def _same(one: str, other: str) -> bool:
    """Is it one value, however its number is written?"""
    numbers = _number(one), _number(other)
    return one == other if None in numbers else numbers[0] == numbers[1]


def point_text(values: dict[str, str]) -> str:
    """A point in a few words: "lr 0.1, weight_decay 1e-4", "resnet20, lr 0.1", "smoothing=0", "no change"."""
    words = {field: f"{field_label(field)} {value}" for field, value in values.items()}
    words |= {field: value_text(field, values[field]) for field in (MODEL, CHANGE) if field in values}
    return ", ".join(words[field] for field in sorted(words, key=lambda field: field != MODEL))


def value_text(field: str, value: str) -> str:
    """A value as it stands in a table: as it was typed, and "no change" of what is compared with changes."""
    return "no change" if (field, value) == (CHANGE, UNCHANGED) else value


def _axis(text: str) -> Axis:
    field, equals, values = text.partition("=")
    field = field.strip()
    if not equals:
        raise UsageError(f"--grid {text} has no values: write --grid {field}=value,value")
    _check_field(field, "--grid")
    return Axis(field, tuple(_values(values)))


def _change(text: str, axes: Sequence[Axis]) -> str:
    """What was typed as `field=value`, or several of these with commas between, without spaces around."""
    assigned = _assigned(text)
    fields = [field for field, _ in assigned]
    for field, value in assigned:
        if field != NET:
            _check_field(field, "--change")
        if not value:
            raise UsageError(f"--change {text} has no value for {field}: write --change {field}=value")
        if misspelt := re.match(r"[^=]*,\s*([\w.]+)\s*=", value):  # known, it would have parted two fields
            raise unknown_field(misspelt[1])
        if field in [axis.field for axis in axes]:
            raise UsageError(f"--change {text}: {field} is in the grid, too; leave one of them out")
        if field == NET and MODEL in [axis.field for axis in axes]:
            raise UsageError(f"--change {text}: --models names nets, too; leave one of them out")
        if fields.count(field) > 1:
            raise UsageError(f"--change {text}: {field} is given twice; leave one of them out")
    return _change_text(assigned)


def _change_text(assigned: Sequence[tuple[str, str]]) -> str:
    return ",".join(f"{field}={value}" for field, value in assigned)


def _assigned(change: str) -> list[tuple[str, str]]:
    """Its (field, value) pairs. A comma parts two of them only before a field's name and =: values may have commas."""
    names = "|".join(re.escape(name) for name in [*field_names(), *ELSEWHERE])
    pairs = [part.partition("=") for part in re.split(rf",\s*(?=(?:{names})\s*=)", change)]
    return [(field.strip(), value.strip()) for field, _, value in pairs]


def _net(values: dict[str, str]) -> str | None:
    """The net of a point; None where none is named."""
    return dict(_changed(values)).get(NET, values.get(MODEL))


def _assignments(values: dict[str, str]) -> list[str]:
    """What `--set` would be given for a point."""
    found = [f"{field}={value}" for field, value in values.items() if field not in (MODEL, CHANGE)]
    return [*found, *("=".join(pair) for pair in _changed(values) if pair[0] != NET)]


def _changed(values: dict[str, str]) -> list[tuple[str, str]]:
    """The (field, value) pairs of a point's change."""
    change = values.get(CHANGE, UNCHANGED)
    return [] if change == UNCHANGED else _assigned(change)


def _check_field(field: str, option: str) -> None:
    if field in ELSEWHERE:
        raise UsageError(f"{option} {field}: that is what {ELSEWHERE[field]} is for")
    if field not in field_names():
        raise unknown_field(field)


def _values(text: str) -> list[str]:
    """What stands between commas; a list, as of schedule.drops, stands in brackets. Numbers come out ascending."""
    values = [value.strip() for value in re.split(r",(?![^\[]*\])", text)]
    numbers = [_number(value) for value in values]
    if None in numbers:
        return values
    return [value for _, value in sorted(zip(numbers, values, strict=True), key=lambda pair: pair[0] or 0.0)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
