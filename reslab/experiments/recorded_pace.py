"""How fast recorded runs were, by which documents reckon what has not been run: the same wherever they are made."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reslab.engine.work import lacking
from reslab.experiments.experiment import Result
from reslab.experiments.scales import is_imagenet
from reslab.experiments.shares import macs_in_all
from reslab.reporting import machine_text
from reslab.reporting.rounding import finite
from reslab.training import Recipe
from reslab.training.presets import work_of

SHORTEST = 10**12  # multiply-adds: of a shorter run too much is its beginning
KINDS = {
    (False, True): "CIFAR nets on the native kernels",
    (False, False): "other nets on images of that size",
    (True, False): "ImageNet nets",
}
Kind = tuple[bool, bool]  # is it an ImageNet net, do the native kernels know it


@dataclass(frozen=True)
class Pace:
    """That of one machine: the median of its runs, since some were stopped for a while or beside other work."""

    macs: float  # for each second of a core, of the forward pass; the time is that of the whole training
    machine: str
    runs: int


class RecordedPaces:
    """Of each kind of net the pace on the fastest machine that trained such nets."""

    def __init__(self, results: Sequence[Result]) -> None:
        timed = [run for result in results if (run := _timed(result))]
        found = {kind: _fastest([run for run in timed if _such(run, kind)]) for kind in KINDS}
        self.of = {kind: pace for kind, pace in found.items() if pace}

    def core_hours(self, recipes: Iterable[Recipe]) -> float | None:
        """Of all of them, none of them done; None where there is no pace of one of them."""
        paces = [(self.of.get(kind_of(recipe)), macs_in_all(recipe)) for recipe in recipes]
        seconds = [macs / pace.macs for pace, macs in paces if pace]
        return sum(seconds) / 3600 if len(seconds) == len(paces) else None


def kind_of(recipe: Recipe) -> Kind:
    """Which of KINDS a training is."""
    return is_imagenet(recipe.model.name), lacking(work_of(recipe)) is None


@dataclass(frozen=True)
class _Timed:
    imagenet: bool
    engine: str
    machine: str
    pace: float


def _timed(result: Result) -> _Timed | None:
    """None where its time is not known, or is not that of cores."""
    recipe, execution = Recipe.from_dict(result["recipe"]), result["environment"].get("execution") or {}
    seconds, macs = finite(result["result"].get("seconds")), macs_in_all(recipe)
    cores = (execution.get("threads") or 0) * (execution.get("processes") or 1)
    if not seconds or not cores or execution.get("device") != "cpu" or macs < SHORTEST:
        return None
    machine = machine_text(result["environment"])
    return _Timed(is_imagenet(recipe.model.name), execution["engine"], machine, macs / (seconds * cores))


def _such(run: _Timed, kind: Kind) -> bool:
    """What the kernels do not know is as fast as PyTorch is with nets of that size."""
    imagenet, native = kind
    return run.imagenet == imagenet and (native or run.engine == "torch")


def _fastest(runs: Sequence[_Timed]) -> Pace | None:
    by_machine: dict[str, list[float]] = {}
    for run in runs:
        by_machine.setdefault(run.machine, []).append(run.pace)
    paces = [Pace(statistics.median(each), machine, len(each)) for machine, each in by_machine.items()]
    return max(paces, key=lambda pace: pace.macs, default=None)
