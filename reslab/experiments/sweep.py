"""A sweep: every point of a grid with every seed; a table, a picture and a JSON file of their validation errors.

Test images are for what has been chosen, not for choosing: no number that is counted on them appears here.
"""

import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from reslab.data.cifar import CIFAR
from reslab.errors import RunError
from reslab.experiments.grid import CHANGE, Axis, Point, point_text
from reslab.experiments.jobs import Job, Outcome
from reslab.experiments.seeds import summary, with_seeds
from reslab.experiments.sweep_table import OWN, base_values, notes, points_table
from reslab.reporting import (
    GridLine,
    PointErrors,
    grid_figure,
    machine_text,
    points_figure,
)
from reslab.store import ENVIRONMENT, RunFolder, json_bytes, read_json
from reslab.training import Recipe, default_folder

SPLITS = ("train", "val")
SEARCH_SPLIT = "40k/5k/5k"  # of CIFAR: judged on 5,000 images that no reported number is counted on
TABLE, PICTURE, VALUES = "sweep.md", "sweep.svg", "sweep.json"
RUN_FIELDS = ("run", "seed", "train_error", "train_images", "val_error", "val_images", "epochs", "seconds", "exact")


@dataclass(frozen=True)
class Sweep:
    """What is to be tried."""

    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    seeds: int
    base: Point | None = None  # that the others are compared with, seed by seed; None: the first
    own: Recipe | None = None  # with what the preset has in the place of the grid's values, where that can be trained

    @property
    def compared_with(self) -> Point:
        return self.base or self.points[0]

    @property
    def base_is_own(self) -> bool:
        """Are the values that the others are compared with the preset's own?"""
        return self.own is not None and self.compared_with.recipe.digest() == self.own.digest()

    def base_of(self, point: Point) -> Point:
        """What a point is compared with: of changes the same without the change, else the base."""
        values = base_values(point.values, self.compared_with.values)
        return next(other for other in self.points if other.values == values)

    def digest(self) -> str:
        """Eight hex digits that change with its recipes, with what they are called and compared with, and the seeds."""
        recipes = [point.recipe.digest() for point in self.points]
        words = [sorted(axis.field for axis in self.axes), self.compared_with.recipe.digest()]
        identity = [sorted(recipes), words, self.points[0].recipe.seed, self.seeds]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:8]

    def jobs(self, runs: Path, data: str | Path) -> list[Job]:
        """Its runs, in the folders of `reslab train`; all points with the first seed come first."""
        seeded = [(point, with_seeds(point.recipe, self.seeds)) for point in self.points]
        return [
            Job(recipe, default_folder(recipe, runs), data, _label(point, recipe.seed, self.seeds))
            for turn in range(self.seeds)
            for point, recipes in seeded
            for recipe in [recipes[turn]]
        ]


@dataclass(frozen=True)
class Tried:
    """A point and what became of its runs."""

    point: Point
    results: tuple[dict[str, Any], ...]
    troubles: tuple[Outcome, ...]

    @property
    def found(self) -> dict[str, Any]:
        """The `summary` of a point that is whole; of another one nothing but its n, since a mean without the seeds
        that failed would flatter it."""
        return summary([] if self.troubles else self.results, SPLITS) | {"n": len(self.results)}


@dataclass(frozen=True)
class Paired:
    """A point's validation errors less the base's, seed by seed, in percent points."""

    points: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        return round(statistics.fmean(self.points), 4) if self.points else None

    @property
    def error(self) -> float | None:
        """The standard error of the mean; a single pair has none."""
        pairs = len(self.points)
        return round(statistics.stdev(self.points) / sqrt(pairs), 4) if pairs > 1 else None


def paired(point: Tried, base: Tried) -> Paired:
    """Nothing where one of them is not whole. A seed draws the same batches in both: part of its luck cancels."""
    if point.troubles or base.troubles:
        return Paired(())
    theirs = {result["seed"]: result["val_error"] for result in base.results}
    return Paired(tuple(r["val_error"] - theirs[r["seed"]] for r in point.results if r["seed"] in theirs))


def search_split(data: str) -> str | None:
    """The split in which to choose between recipes on a data set, where it has named splits."""
    return SEARCH_SPLIT if data in CIFAR else None


def sweep_files(sweep: Sweep, outcomes: Sequence[Outcome]) -> dict[str, bytes]:
    """Values, table and picture by file name, the values first; the same runs give the same bytes."""
    return {
        VALUES: json_bytes(sweep_values(sweep, outcomes)),
        TABLE: sweep_table(sweep, outcomes).encode(),
        PICTURE: sweep_figure(sweep, outcomes),
    }


def same_sweep(sweep: Sweep, folder: Path) -> None:
    """Raises RunError where `folder` holds another sweep, or a file that is none of ours."""
    if (folder / VALUES).is_file():
        found = read_json(folder / VALUES)
        if not isinstance(found, dict) or found.get("sweep") != sweep.digest():
            raise RunError(f"{folder} holds another sweep; name another --out")
        return
    if folder.is_file():
        raise RunError(f"{folder} is a file; name a folder for table, picture and values (--out)")
    for name in (TABLE, PICTURE):
        if (folder / name).exists():
            raise RunError(f"{folder / name} is none of reslab's (no {VALUES} is beside it); name another --out")


def tried(sweep: Sweep, outcomes: Sequence[Outcome]) -> list[Tried]:
    """The points, the lowest mean validation error first; those without one last, in the order of the grid."""
    each = []
    for point in sweep.points:
        mine = [outcome for outcome in outcomes if outcome.job.recipe.digest() == point.recipe.digest()]
        results = tuple(outcome.result for outcome in mine if outcome.result)
        each.append(Tried(point, results, tuple(outcome for outcome in mine if outcome.result is None)))
    return sorted(each, key=lambda t: (t.found["val_error_mean"] is None, t.found["val_error_mean"] or 0.0))


def _base(sweep: Sweep, row: Tried, rows: Sequence[Tried]) -> Tried:
    """The row that a row is compared with."""
    digest = sweep.base_of(row.point).recipe.digest()
    return next(other for other in rows if other.point.recipe.digest() == digest)


def sweep_values(sweep: Sweep, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What `--json` says and `sweep.json` holds."""
    recipe = sweep.points[0].recipe
    rows = tried(sweep, outcomes)
    return {
        "sweep": sweep.digest(),
        "data": recipe.data.name,
        "split": recipe.data.split,
        "axes": [{"field": axis.field, "values": list(axis.values)} for axis in sweep.axes],
        "base": sweep.compared_with.values,
        "base_is_own": sweep.base_is_own,
        "seeds": [seeded.seed for seeded in with_seeds(recipe, sweep.seeds)],
        "points": [
            {
                "values": point.point.values,
                **point.found,
                "difference_mean": apart.mean,
                "difference_error": apart.error,
                "pairs": len(apart.points),
                "recipe": {name: value for name, value in point.point.recipe.to_dict().items() if name != "seed"},
                "runs": [{name: result[name] for name in RUN_FIELDS} for result in point.results],
            }
            for point in rows
            for apart in [paired(point, _base(sweep, point, rows))]
        ],
        "failed": [
            {"run": str(o.job.folder), "label": o.job.label, "why": o.trouble} for o in outcomes if o.result is None
        ],
        "machines": _machines(outcomes),
        "versions": _versions(outcomes),
    }


def sweep_table(sweep: Sweep, outcomes: Sequence[Outcome]) -> str:
    """One row a point, the best first, as Markdown; below it what the numbers rest on, and what failed."""
    values = sweep_values(sweep, outcomes)
    return f"{points_table(values)}\n{notes(values)}"


def sweep_figure(sweep: Sweep, outcomes: Sequence[Outcome]) -> bytes:
    """Validation errors as SVG, a dot for each seed: of changes a row each, the best first; else of the grid."""
    if any(axis.field == CHANGE for axis in sweep.axes):
        return _changes_figure(sweep, outcomes)
    return _grid_figure(sweep, outcomes)


def _changes_figure(sweep: Sweep, outcomes: Sequence[Outcome]) -> bytes:
    points = [
        PointErrors(
            point_text(t.point.values),
            () if t.troubles else tuple(result["val_error"] for result in t.results),
            sweep.base_of(t.point).recipe.digest() == t.point.recipe.digest(),
        )
        for t in tried(sweep, outcomes)
    ]
    return points_figure(points, quantity="validation error %")


def _grid_figure(sweep: Sweep, outcomes: Sequence[Outcome]) -> bytes:
    """Along the first axis, a line for each combination of the others."""
    first, *others = sweep.axes
    lines: dict[str, dict[str, tuple[float, ...]]] = {}
    whole = {t.point.recipe.digest(): t.results for t in tried(sweep, outcomes) if not t.troubles}
    for point in sweep.points:
        label = point_text({axis.field: point.values[axis.field] for axis in others})
        errors = tuple(result["val_error"] for result in whole.get(point.recipe.digest(), ()))
        lines.setdefault(label, {})[point.values[first.field]] = errors
    drawn = [GridLine(label, tuple(errors[value] for value in first.values)) for label, errors in lines.items()]
    base = sweep.compared_with
    ringed = (
        list(lines).index(point_text({axis.field: base.values[axis.field] for axis in others})),
        first.values.index(base.values[first.field]),
        OWN if sweep.base_is_own else "the base",
    )
    return grid_figure(
        drawn, first.field, first.values, ordered=first.ordered, quantity="validation error %", ringed=ringed
    )


def _label(point: Point, seed: int, seeds: int) -> str:
    """What progress calls a run."""
    return point_text(point.values) + (f", seed {seed}" if seeds > 1 else "")


def _machines(outcomes: Sequence[Outcome]) -> list[str]:
    """What the runs were executed on, in words, each once."""
    return list(dict.fromkeys(machine_text(environment) for environment in _environments(outcomes)))


def _versions(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """The versions that the runs were made with; one each, mostly."""
    found: dict[str, list[str]] = {}
    for environment in _environments(outcomes):
        for name, version in environment.get("versions", {}).items():
            if version not in found.setdefault(name, []):
                found[name].append(version)
    return found


def _environments(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [RunFolder(o.job.folder).read(ENVIRONMENT) or {} for o in outcomes if o.result]
