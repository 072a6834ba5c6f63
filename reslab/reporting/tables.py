"""Markdown tables for documents; runs that differ only in seed become one row with mean and spread."""

import json
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reslab.errors import ReslabError
from reslab.nets import spec
from reslab.reporting.processors import processor_text
from reslab.reporting.recipes import dotted, field_label, last_part, learned_images, value_text
from reslab.reporting.rounding import count_text, epochs_text, error_text, finite, standard_error
from reslab.training import PRESETS, Recipe, told_departures

PLACES = ("model.start", "teacher.net")  # paths of the machine that trained, where they are no names
# What follows from the length of a run, which has a column.
OF_LENGTH = tuple(f"schedule.{n}" for n in ("steps", "drops", "warmup_steps", "momentum_steps", "companion_steps"))
OF_DATA = ("data.size", "data.fingerprint")  # what a preset is made for
OF_NETS = ("shortcut", "stride_in", "survival")  # options of which every net has its own default
BESIDE = " †"  # behind the label of a row that the claim is not judged by
RUNS_COLUMNS = ("data", "model", "recipe", "epochs", "val error %", "test error %", "minutes", "machine")


@dataclass(frozen=True)
class SeedGroup:
    """Results of one recipe that differ only in seed, and perhaps in machine, engine and precision."""

    results: tuple[dict[str, Any], ...]
    again: int = 0  # how many groups before it have seeds of this one

    @property
    def first(self) -> dict[str, Any]:
        return self.results[0]

    def values(self, key: str) -> list[float]:
        """A number of every result; empty unless all have it, so that no mean hides a missing seed."""
        numbers = [finite(r.get("result", {}).get(key)) for r in self.results]
        known = [number for number in numbers if number is not None]
        return known if len(known) == len(self.results) else []

    def error(self, split: str) -> str:
        """Mean and standard deviation over seeds, "8.41 ± 0.12"; empty where it is not known."""
        errors, images = self.values(f"{split}_error"), self.values(f"{split}_images")
        if not errors:
            return ""
        spread = f" ± {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
        return error_text(statistics.fmean(errors), int(images[0]) if images else None) + spread

    def basis(self, split: str) -> str:
        """What that mean rests on, "n=5, 5,000 images"."""
        images = self.values(f"{split}_images")
        return f"n={len(self.results)}" + (f", {count_text(images[0])} images" if images else "")

    def cell(self, split: str) -> str:
        """Both: "8.41 ± 0.12 (n=5, 5,000 images)"."""
        return f"{self.error(split)} ({self.basis(split)})" if self.error(split) else ""


def seed_groups(results: Sequence[dict[str, Any]], anywhere: bool = False) -> list[SeedGroup]:
    """Results by recipe and images measured on; unless `anywhere` also by machine, engine, precision and threads.

    In the order of their first. A seed met twice starts anew.
    """
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for result in results:
        identity, again = _identity(result, anywhere), 0
        while any(_seed(other) == _seed(result) for other in groups.get((identity, again), [])):
            again += 1
        groups.setdefault((identity, again), []).append(result)
    return [SeedGroup(tuple(group), again) for (_, again), group in groups.items()]


def fastest_minutes(results: Sequence[dict[str, Any]]) -> tuple[float | None, str | None, int]:
    """Mean minutes of training on the fastest machine that the runs were on, that machine, and how many it trained."""
    timed: dict[str, list[float]] = {}
    for result in results:
        if seconds := finite(result.get("result", {}).get("seconds")):
            timed.setdefault(machine_text(result.get("environment", {})), []).append(seconds)
    if not timed:
        return None, None, 0
    machine = min(timed, key=lambda where: statistics.fmean(timed[where]))
    return round(statistics.fmean(timed[machine]) / 60, 3), machine, len(timed[machine])


def runs_table(results: Sequence[dict[str, Any]]) -> str:
    """The results as a Markdown table, one row for a recipe, whatever machine and engine its seeds ran on.

    Minutes are those of the fastest, which is named. A line below explains the ±.
    """
    groups = seed_groups(results, anywhere=True)
    return markdown_table([_row(group, _changes(group, groups)) for group in groups], RUNS_COLUMNS) + _note(groups)


def markdown_table(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> str:
    """A Markdown table that also reads well as text. Cells are Markdown already; None is an empty cell."""
    cells = [[_cell(value) for value in row] for row in rows]
    right = [_numeric([row[i] for row in cells]) for i in range(len(columns))]
    widths = [max(3, *(_width(row[i]) for row in [list(columns), *cells])) for i in range(len(columns))]
    rule = [("-" * (w - 1) + ":") if r else "-" * w for w, r in zip(widths, right, strict=True)]
    lines = [_padded(list(columns), widths, right), rule, *(_padded(row, widths, right) for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def markdown_text(text: str) -> str:
    """Any text as Markdown that shows it: a name with * or <b> in it stays that name."""
    return text.translate(_MARKDOWN)


# An underscore inside a word is one in GitHub's Markdown, and names are full of them.
_MARKDOWN = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", **{letter: f"\\{letter}" for letter in "\\`*[]~"}})


def machines_note(machines: Sequence[str]) -> list[str]:
    """A paragraph that names them; none where none is known."""
    told = "; ".join(map(markdown_text, machines))
    return [f"Machine{'s' if len(machines) > 1 else ''}: {told}."] if machines else []


def machine_text(environment: dict[str, Any]) -> str:
    """What it ran on, in a few words: "AMD EPYC (AVX2), 2 threads, engine native, fp32"."""
    machine, execution = environment.get("machine") or {}, environment.get("execution") or {}
    on_cpu = str(execution.get("device", "cpu")) == "cpu"
    threads, processes = execution.get("threads"), execution.get("processes") or 1
    what = [
        processor_text(machine) if on_cpu else machine.get("gpu") or execution.get("device"),
        f"{processes} processes" if processes > 1 else None,
        f"{threads} thread{'' if threads == 1 else 's'}{' each' if processes > 1 else ''}"
        if threads and on_cpu
        else None,
        f"engine {execution['engine']}" if execution.get("engine") else None,
        execution.get("precision"),
        "compiled" if execution.get("compiled") else None,
    ]
    return ", ".join(str(word) for word in what if word)


def _changes(group: SeedGroup, groups: Sequence[SeedGroup]) -> list[str]:
    """In what a group departs from its preset, besides the length that has a column: "lr 0.4", "shortcut A".

    Of its data also what tells it from others of that name. Where there is no preset, what tells it from others of its
    data, net and name, and what of its net the name alone does not mean.
    """
    own = dotted(_complete(group.first.get("recipe", {})))
    departing = _departing(group.first)
    told = _told_apart(own, groups, ("data.name",)) & set(OF_DATA)
    if departing is None:
        apart = _told_apart(own, groups, ("name", "data.name", "data.split", "model.name"))
        told |= apart - {"seed", *OF_LENGTH} | _unusual(own)
    return [
        f"{field_label(field)} {last_part(value) if field in PLACES and value else value_text(value)}"
        for field, value in own.items()
        if field in told | (departing or set())
    ]


def _told_apart(own: dict[str, Any], groups: Sequence[SeedGroup], same: Sequence[str]) -> set[str]:
    """The fields, dotted as the recipe is, in which others are not as it is, of those alike in the fields `same`."""
    others = [dotted(_complete(other.first.get("recipe", {}))) for other in groups]
    alike = [other for other in others if all(other.get(field) == own.get(field) for field in same)]
    return {field for field, value in own.items() if any(other.get(field, value) != value for other in alike)}


def _departing(result: dict[str, Any]) -> set[str] | None:
    """The fields in which a result departs from its preset; None where it has none that is known here."""
    try:
        recipe = Recipe.from_dict(result.get("recipe", {}))
        return set(told_departures(recipe, _train_images(recipe, result))) if recipe.name in PRESETS else None
    except ReslabError:  # of another version
        return None


def _train_images(recipe: Recipe, result: dict[str, Any]) -> int | None:
    """As many as the preset was made for. None if nothing tells."""
    found = result.get("result", {})
    epochs = finite(found.get("epochs"))
    if not epochs or recipe.data.images is not None:
        return None
    return learned_images(recipe, epochs, found.get("train_images") or 0)


def _unusual(recipe: dict[str, Any]) -> set[str]:
    """The fields, dotted as the recipe is, in which its net is not the one that its name alone means."""
    try:
        usual = spec(str(recipe.get("model.name")))
    except ReslabError:  # of another version, or none
        return set()
    options = {f"model.{option}": getattr(usual, option, None) for option in OF_NETS if hasattr(usual, option)}
    return {field for field, value in options.items() if recipe.get(field, value) != value}


def _row(group: SeedGroup, changes: Sequence[str]) -> list[str]:
    recipe, result = group.first.get("recipe", {}), group.first.get("result", {})
    data, model = recipe.get("data", {}), recipe.get("model", {})
    name = last_part(str(result.get("data") or data.get("name") or ""))
    minutes, machine, timed = fastest_minutes(group.results)
    machine = machine or machine_text(group.first.get("environment", {}))
    if 0 < timed < len(group.results):
        machine = f"{machine} ({timed} of {len(group.results)})"
    words = [
        " ".join(filter(None, [name, data.get("split")])),
        str(result.get("model") or model.get("name") or ""),
        ", ".join([str(recipe.get("name") or result.get("recipe") or ""), *changes, *["again"] * bool(group.again)]),
        _length(result),
        group.cell("val"),
        group.cell("test"),
        "" if minutes is None else f"{minutes:.1f}",
        machine,
    ]
    return [markdown_text(word) for word in words]


def _length(result: dict[str, Any]) -> str:
    epochs, steps = finite(result.get("epochs")), finite(result.get("steps"))
    if epochs is not None:
        return epochs_text(epochs)
    return f"{count_text(steps)} step{'' if steps == 1 else 's'}" if steps is not None else ""


def _note(groups: list[SeedGroup]) -> str:
    """Seed spread and sampling error are two things, and both are said."""
    samples = [
        (statistics.fmean(errors), int(images[0]))
        for group in groups
        for split in ("test", "val")
        if (errors := group.values(f"{split}_error")) and (images := group.values(f"{split}_images")) and images[0]
    ]
    if not samples:
        return ""
    error, fewest = min(samples, key=lambda sample: sample[1])
    text = error_text(error, fewest)
    return (
        f"\n± is the standard deviation over n seeds; a single run has none. Counting on few images is another "
        f"uncertainty: an error of {text} % on {count_text(fewest)} images has a standard error of "
        f"{standard_error(error, fewest):.2f} points.\n"
    )


def _identity(result: dict[str, Any], anywhere: bool) -> str:
    recipe = {name: value for name, value in _complete(result.get("recipe", {})).items() if name != "seed"}
    measured = result.get("result", {})
    images = [measured.get("val_images"), measured.get("test_images"), measured.get("steps")]
    machine = None if anywhere else machine_text(result.get("environment", {}))
    return json.dumps([recipe, images, machine], sort_keys=True, default=str)


def _complete(recipe: dict[str, Any]) -> dict[str, Any]:
    """With every field: one that an older recipe lacks had its default then."""
    try:
        return asdict(Recipe.from_dict(recipe))
    except ReslabError:  # another version's
        return recipe


def _seed(result: dict[str, Any]) -> Any:
    return result.get("recipe", {}).get("seed", result.get("result", {}).get("seed"))


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def _numeric(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(cell[0].isdecimal() or (cell[0] in "-−+<" and cell[1:2].isdecimal()) for cell in filled)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(cells: list[str], widths: list[int], right: list[bool]) -> list[str]:
    spaces = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    return [s + c if r else c + s for c, s, r in zip(cells, spaces, right, strict=True)]
