"""Errors as Tables 2 to 5 have them: of ten crops, of whole images at several scales (sec. 3.4), and of ensembles."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from reslab.data import Images
from reslab.evaluation import PAPER_SCALES, Views, probabilities, top_error, views_of
from reslab.evaluation.scores import execution_for
from reslab.evaluation.source import by_name
from reslab.experiments.experiment import Datasets, Result, Runs
from reslab.progress import silent
from reslab.reporting.rounding import list_text
from reslab.store import load
from reslab.training import Recipe

ENSEMBLE = "ensemble"  # the label of the nets together
PAPER_SIZE = 224  # pixels: PAPER_SCALES are for nets of this size
SINGLE_VIEW = (
    "Of runs whose nets or images are not at hand, as recorded ones, errors are of a single view; the command tests "
    "what it trains by 10 crops."
)
SMOKE_TESTED = 8  # images that a test of a few steps looks at: nobody reads the number
KEPT_BYTES = 64_000_000  # of a net's probabilities: more is not kept for the next table, but looked at again

Protocol = Callable[[int], Views]
"""A net's size in pixels -> how its images are looked at."""


Seen = tuple[NDArray[np.float64], NDArray[np.int64], str]
"""Probabilities, (N, classes), labels, (N,), and how the images were looked at in words."""

# What was seen in one command, by its data sets: tables share nets, and look at them alike.
_KNOWN: WeakKeyDictionary[Datasets, dict[tuple[Path, str, Views, int | None], Seen]] = WeakKeyDictionary()


def ten_crops(size: int) -> Views:
    """Tables 2 and 3: the standard ten crops, at a shorter side of 256 for 224."""
    return views_of("10", (), size)


def dense(size: int) -> Views:
    """Tables 4 and 5: the net applied convolutionally to whole images at five scales, in proportion to its size."""
    return views_of(None, tuple(round(scale * size / PAPER_SIZE) for scale in PAPER_SCALES), size)


def measure(
    runs: Runs, datasets: Datasets, labels: Iterable[str], protocol: Protocol, together: bool = False
) -> dict[str, Any]:
    """Top-1 and top-5 error of every run of these labels on the split that errors are reported on.

    `together`: also of the ensemble of all labels, for each seed that all of them have. DataError for photographs that
    cannot be read any more.
    """
    labels, split = tuple(labels), runs.held_out
    found: dict[str, list[dict[str, float | None]]] = {}
    truth: NDArray[np.int64] = np.zeros(0, np.int64)
    sums: dict[int, NDArray[np.float64]] = {}
    members: dict[int, int] = {}
    words = ""
    for label in labels:
        for run in runs.of(label):
            seen, truth, words = _seen(run, datasets, split, protocol, SMOKE_TESTED if runs.setting.smoke else None)
            seed = int(run["recipe"]["seed"])
            found.setdefault(label, []).append(_errors(seen, truth))
            if together:
                sums[seed] = sums.get(seed, 0.0) + seen
                members[seed] = members.get(seed, 0) + 1
    if whole := [seed for seed in sorted(sums) if members[seed] == len(labels)]:
        found[ENSEMBLE] = [_errors(sums[seed] / len(labels), truth) for seed in whole]
    return {"testing": words, "split": split, "images": len(truth), "errors": found} if found else {}


def by_views(runs: Runs, kind: str) -> Runs:
    """Runs whose error is the measured one, "top1" or "top5"; what was not measured is not among them."""
    split, images = runs.measured.get("split"), runs.measured.get("images")
    data = next((run["result"]["data"] for of_label in runs.found.values() for run in of_label), None)
    nothing = {"data": data, "val_error": None, "val_images": 0, "test_error": None, "test_images": 0}
    found = {
        label: tuple({"result": {**nothing, f"{split}_error": e[kind], f"{split}_images": images}} for e in errors)
        for label, errors in runs.measured.get("errors", {}).items()
    }
    return Runs(runs.setting, found)


def by_views_or_single(runs: Runs) -> Runs:
    """Top-1 as measured, and of a single view where nothing was; `Runs.testing` says which."""
    return by_views(runs, "top1") if "errors" in runs.measured else runs


def _seen(run: Result, datasets: Datasets, split: str, protocol: Protocol, count: int | None) -> Seen:
    """What a run sees; once for all tables that look at it alike."""
    place, recipe = Path(run["result"]["run"]), Recipe.from_dict(run["recipe"])
    dataset = datasets.of(recipe)
    views = protocol(recipe.data.size)
    known, key = _KNOWN.setdefault(datasets, {}), (place, split, views, count)
    if key in known:
        return known[key]
    classifier = load(place)
    images = _some(by_name(dataset, split, classifier.classes), count)
    seen = probabilities(classifier, images, views, execution_for(place, None, classifier, silent))
    found = seen, images.labels, _words(views)
    if seen.nbytes <= KEPT_BYTES:
        known[key] = found
    return found


def _some(images: Images, count: int | None) -> Images:
    """So many of them, evenly taken; None: all."""
    if count is None or count >= len(images):
        return images
    taken = np.arange(count) * len(images) // count
    return images.only(taken)


def _errors(seen: NDArray[np.float64], truth: NDArray[np.int64]) -> dict[str, float | None]:
    return {"top1": top_error(seen, truth), "top5": top_error(seen, truth, 5)}


def _words(views: Views) -> str:
    scales = list_text([str(scale) for scale in views.scales])
    if not views.dense:
        return f"10 crops of each image at a shorter side of {scales} pixels"
    return f"whole images at shorter sides of {scales} pixels"
