"""What experiments cost here, before they are run: one short trial for each kind of net, and multiply-adds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import numpy as np

from reslab.data import Dataset, Images
from reslab.engine import Request, choose, this_machine
from reslab.experiments.experiment import Experiment, Result
from reslab.experiments.outlook import Kind
from reslab.experiments.recorded_pace import KINDS, Pace, RecordedPaces, kind_of
from reslab.experiments.reproduce import needs_of, seeds_of
from reslab.experiments.scales import JUDGED, Setting, is_imagenet
from reslab.experiments.shares import allowed_cores, is_small, macs_of
from reslab.experiments.trial import short_trial
from reslab.progress import Say, silent
from reslab.reporting.rounding import list_text
from reslab.store import remember_pace, remembered_pace
from reslab.training import Recipe
from reslab.training.loop import EVALUATIONS
from reslab.training.presets import work_of

BEGINNING = 4.0  # seconds of a core that a process takes to its first step
MEASURING = 1.0  # seconds that measuring and drawing an experiment takes in a test, on average
FORWARD = 1 / 3  # of a training step, that judging an image takes
NOISE_IMAGES = 256
PARTS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06, 0.04, 0.03, 0.02, 0.01)  # few, so that a choice is stable
LEAST_PART = 0.06  # of the scale small: with fewer steps it is no better than a test
REFERENCE = {False: "resnet20", True: "resnet18"}  # of CIFAR nets, of ImageNet nets


class Paces:
    """Core-seconds that a training image takes: of a reference net as tried here, of others by multiply-adds."""

    def __init__(self, per_mac: Mapping[bool, float]) -> None:
        self._per_mac = per_mac

    @classmethod
    def tried_here(cls, setting: Setting, nets: Iterable[bool], request: Request, say: Say = silent) -> "Paces":
        """As they are now; remembered."""
        return cls({kind: _pace(setting.recipe(REFERENCE[kind]), request, say) for kind in nets})

    @classmethod
    def remembered(cls, setting: Setting, nets: Iterable[bool], request: Request) -> "Paces | None":
        """As they were the fastest time that they were tried; None where one of them never was."""
        paces = {kind: remembered_pace(_what_is_tried(setting.recipe(REFERENCE[kind]), request)) for kind in nets}
        known = {kind: pace for kind, pace in paces.items() if pace is not None}
        return cls(known) if len(known) == len(paces) else None

    @classmethod
    def recorded(cls, results: Sequence[Result]) -> "tuple[Paces, str] | None":
        """Where nothing was tried here, those of recorded runs on the fastest machine of each kind; and the machines.

        None where `results` lacks a kind.
        """
        found = RecordedPaces(results).of
        machines = list(dict.fromkeys(pace.machine for pace in found.values()))
        return (_Recorded(found), list_text(machines)) if len(found) == len(KINDS) else None

    def seconds(self, recipe: Recipe) -> float:
        """Core-seconds of a whole run: its beginning, its steps, its evaluations and the final one."""
        pace = self._per_mac_of(recipe) * macs_of(recipe)
        train, val, test = JUDGED.get(recipe.data.name, (0, 0, 0))
        judged = val * (min(EVALUATIONS, recipe.steps) + 1) + test + (recipe.data.images or train)
        return BEGINNING + pace * (recipe.steps * recipe.batch + FORWARD * judged)

    def _per_mac_of(self, recipe: Recipe) -> float:
        """Core-seconds for each multiply-add of a training image."""
        return self._per_mac[is_imagenet(recipe.model.name)]

    def tried(self, recipes: Iterable[Recipe]) -> dict[Kind, float]:
        """The same as paces of the queue's outlook: core-seconds an image, everything counted in."""
        return {Kind.of(recipe): self.seconds(recipe) / (recipe.steps * recipe.batch) for recipe in recipes}


class _Recorded(Paces):
    """By the paces of recorded runs."""

    def __init__(self, found: Mapping[tuple[bool, bool], Pace]) -> None:
        self._found = found

    def _per_mac_of(self, recipe: Recipe) -> float:
        return 1 / self._found[kind_of(recipe)].macs


def expected_seconds(paces: Paces, recipes: Sequence[Recipe]) -> float:
    """About how long they all take on the cores here, none of them done yet.

    As `shares` leaves it to the machine: --workers and --threads are not reckoned with.
    """
    if not recipes:
        return 0.0
    each = [paces.seconds(recipe) for recipe in recipes]
    cores = allowed_cores()
    longest = max(s / (1 if is_small(r) else cores) for s, r in zip(each, recipes, strict=True))
    return max(sum(each) / cores, longest)


def costs(experiments: Sequence[Experiment], setting: Setting, paces: Paces, seeds: int = 1) -> float:
    """`expected_seconds` of all that these experiments need at a setting."""
    needs = needs_of(experiments, setting)
    return expected_seconds(paces, [need.recipe for need in needs for _ in range(seeds_of(need, seeds))])


def seconds_behind(experiments: Sequence[Experiment], setting: Setting) -> float:
    """What comes behind the runs: measuring and drawing. Counted in a test, where it is a part worth telling."""
    return MEASURING * len(experiments) if setting.smoke else 0.0


def fitting_part(
    experiments: Sequence[Experiment], setting: Setting, paces: Paces, seconds: float, seeds: int = 1
) -> float | None:
    """The largest of PARTS of a setting's steps that is done in so many seconds; None where not even the least is.

    What comes behind the runs is in the seconds.
    """
    parts = (1.0,) if setting.smoke else PARTS
    left = seconds - seconds_behind(experiments, setting)
    return next((p for p in parts if costs(experiments, replace(setting, part=p), paces, seeds) <= left), None)


def _pace(recipe: Recipe, request: Request, say: Say) -> float:
    """As it is now, which is remembered."""
    pace = _tried(recipe, request, say)
    remember_pace(_what_is_tried(recipe, request), pace)
    return pace


def _what_is_tried(recipe: Recipe, request: Request) -> str:
    """Everything that the pace depends on, in words: another net, machine or version is tried for itself."""
    machine = this_machine()
    net = f"{recipe.model.name} {recipe.data.size} px, {recipe.model.classes} classes, batch {recipe.batch}"
    return (
        f"{net}; {request}; {machine.processor} {machine.fingerprint}, {machine.gpu or 'no GPU'}, "
        f"{machine.compiler or 'no compiler'}, {allowed_cores()} cores; "
        f"torch {machine.torch}, reslab {version('reslab')}"
    )


def _tried(recipe: Recipe, request: Request, say: Say) -> float:
    """Core-seconds for each multiply-add of a training image."""
    cores = 1 if is_small(recipe) else allowed_cores()
    asked = Request(request.engine, request.device, request.precision, request.compile, cores)
    execution, _ = choose(asked, this_machine(), work_of(recipe), say)
    return cores / (short_trial(recipe, _noise(recipe), execution).images_per_second * macs_of(recipe))


def _noise(recipe: Recipe) -> Dataset:
    """Images that cost what real ones cost, and need no data set."""
    random, size = np.random.default_rng(0), recipe.data.size
    pixels = random.integers(0, 256, (max(NOISE_IMAGES, recipe.batch), size, size, 3), dtype=np.uint8)
    labels = np.arange(len(pixels)) % recipe.model.classes
    return Dataset("noise", tuple(map(str, range(recipe.model.classes))), {"train": Images(pixels, labels)})
