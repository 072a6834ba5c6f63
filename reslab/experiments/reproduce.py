"""Experiments while they are run: their needs become jobs of the queue, what is finished becomes their runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reslab.errors import RunError, UsageError, as_typed
from reslab.experiments.alike import refuse_mixed
from reslab.experiments.experiment import Experiment, Need, Result, Runs
from reslab.experiments.jobs import Job, Outcome
from reslab.experiments.measuring import measured_by
from reslab.experiments.scales import GIVEN, Setting, Shelf, is_imagenet
from reslab.experiments.seeds import with_seeds
from reslab.experiments.shares import macs_in_all
from reslab.store import ENVIRONMENT, Record, RunFolder, read_trained, trained_names
from reslab.training import Recipe, default_folder


def needs_of(experiments: Sequence[Experiment], setting: Setting) -> list[Need]:
    """Everything that they need, every round of it, each recipe once: for estimates, before anything is run."""
    found: dict[str, Need] = {}
    for experiment in experiments:
        for needs in experiment.rounds:
            for need in needs(Runs(setting)):
                found.setdefault(need.recipe.digest(), need)
    return list(found.values())


def seeds_of(need: Need, asked: int) -> int:
    """The runs of a need where so many are asked for."""
    return asked if need.seeds is None else min(asked, need.seeds)


def kinds_of_nets(experiments: Sequence[Experiment], scale: str) -> set[bool]:
    """Which nets they train: ImageNet nets (True), CIFAR nets (False)."""
    return {is_imagenet(need.recipe.model.name) for need in needs_of(experiments, Setting.nominal(scale))}


def kinds_of_images(experiments: Sequence[Experiment], scale: str) -> set[bool]:
    """Whose images they need, trained on or looked at: those of ImageNet nets (True), of CIFAR nets (False)."""
    looked = {False} if any(experiment.looks for experiment in experiments) else set()
    return kinds_of_nets(experiments, scale) | looked


@dataclass
class Reproduction:
    """Several experiments at one setting, sharing their runs; a round after the other."""

    experiments: tuple[Experiment, ...]
    setting: Setting
    seeds: int
    shelf: Shelf
    folder: Path  # where run folders are made
    runs: dict[str, Runs] = field(default_factory=dict)  # by experiment
    failed: dict[str, list[Outcome]] = field(default_factory=dict)
    _asked: dict[str, list[tuple[Need, Job]]] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        return max((len(experiment.rounds) for experiment in self.experiments), default=0)

    def jobs(self, turn: int) -> list[Job]:
        """What is to be run in this round, counted from 0: first seeds first, and the cheapest experiment's of these.

        So tables come one after the other, not all at the end. Of one experiment the longest runs come first: begun
        last, a long run would keep one core busy while the others have nothing left to do. Where lengths are what is
        compared, and after all others, the cheap runs come first, so that there is something to see early.
        """
        self._asked = {e.name: self._needed(e, turn) for e in self.experiments if turn < len(e.rounds)}
        by_length = {experiment.name for experiment in self.experiments if experiment.by_length}
        whole: dict[Path, Job] = {}
        lengths: dict[Path, Job] = {}
        for name, asked in sorted(self._asked.items(), key=lambda item: sum(map(_cost, item[1]))):
            jobs = lengths if name in by_length else whole
            for _, job in sorted(asked, key=_cost, reverse=name not in by_length):
                jobs.setdefault(job.folder, job)
        first_seeds_first = sorted(whole.values(), key=lambda job: job.recipe.seed)
        return first_seeds_first + [job for folder, job in lengths.items() if folder not in whole]

    def take_in(self, outcomes: Sequence[Outcome]) -> None:
        """What became of the jobs of the round."""
        of_folder = {outcome.job.folder: outcome for outcome in outcomes}
        for experiment in self.experiments:
            name = experiment.name
            asked = [(need, of_folder[job.folder]) for need, job in self._asked.get(name, [])]
            before = self.so_far(name)
            # The mean of those seeds that did not diverge would flatter a choice.
            lost = tuple(dict.fromkeys(need.label for need, out in asked if need.tried and out.diverged))
            found = dict(before.found)
            for need, outcome in asked:
                if outcome.result and need.label not in lost:
                    found[need.label] = (*found.get(need.label, ()), finished(outcome.job, outcome.result))
            self.failed.setdefault(name, []).extend(
                outcome for need, outcome in asked if not outcome.result and need.label not in lost
            )
            self.runs[name] = Runs(self.setting, found, diverged=(*before.diverged, *lost))
            last = [(need.label, run) for need, _ in asked if need.alike for run in found.get(need.label, ())]
            refuse_mixed(experiment, last)

    def so_far(self, name: str) -> Runs:
        return self.runs.get(name, Runs(self.setting))

    def measure(self) -> None:
        """What the experiments measure apart from errors."""
        for experiment in self.experiments:
            runs = self.so_far(experiment.name)
            self.runs[experiment.name] = replace(runs, measured=measured_by(experiment, runs, self.shelf))

    def _needed(self, experiment: Experiment, turn: int) -> list[tuple[Need, Job]]:
        needs = experiment.rounds[turn](self.so_far(experiment.name))
        return [
            (need, self._job(seeded, need.label))
            for need in needs
            for seeded in with_seeds(need.recipe, seeds_of(need, self.seeds))
        ]

    def _job(self, recipe: Recipe, label: str) -> Job:
        words = f"{label}, seed {recipe.seed}" if self.seeds > 1 else label
        return Job(recipe, default_folder(recipe, self.folder), self.shelf.place(recipe.data), words)


def _cost(asked: tuple[Need, Job]) -> int:
    """Multiply-adds of a run."""
    return macs_in_all(asked[1].recipe)


def finished(job: Job, result: dict[str, Any]) -> Result:
    """A run of the queue, read from its folder as a record of `results/` is."""
    folder = RunFolder(job.folder)
    return {
        "name": job.folder.name,
        "recipe": job.recipe.to_dict(),
        "result": result,
        "environment": folder.read(ENVIRONMENT) or {},
        "metrics": folder.metrics(),
    }


def given_runs(experiment: Experiment, records: Sequence[Record]) -> Runs:
    """The runs of an experiment from run folders that somebody made, or trained nets, by the nets that it compares.

    With what is kept of what was measured of the trained ones.

    Raises RunError for a run that is not finished and for recipes that differ, UsageError for a net or a seed that it
    has no place for.
    """
    if not experiment.rounds:
        raise UsageError(f"{experiment.name} needs no runs; leave --from out")
    needs = experiment.rounds[-1](Runs(Setting.nominal("full")))
    few = any(need.recipe.data.images for need in needs)
    wanted = {_place(experiment, need.recipe, few): need.label for need in needs}
    alike = {need.label for need in needs if need.alike}
    found: dict[str, tuple[Result, ...]] = {}
    for record in records:
        if not record.result:
            again = f"reslab train --run {as_typed(record.path)}"
            raise RunError(f"the run {record.path} is not finished; go on with: {again}")
        if own := record.recipe["model"].get("residual"):
            raise UsageError(
                f"{record.path} has the residual function {own}: it is none of the nets that {experiment.name} compares"
            )
        place = _place(experiment, Recipe.from_dict(record.recipe), few)
        if place not in wanted:
            known = ", ".join(dict.fromkeys(wanted.values()))
            raise UsageError(f"{record.path} is {' '.join(filter(None, place))}; {experiment.name} compares {known}")
        before = found.get(wanted[place], ())
        run: Result = {
            "name": record.name,
            "recipe": record.recipe,
            "result": {**record.result, "run": str(record.path)},
            "environment": record.environment,
            "metrics": record.metrics,
        }
        if any(run["recipe"]["seed"] == other["recipe"]["seed"] for other in before):
            raise UsageError(f"{record.path} has the net and the seed of {before[0]['name']}; leave one of them out")
        found[wanted[place]] = tuple(sorted((*before, run), key=lambda r: r["recipe"]["seed"]))
    refuse_mixed(experiment, [(label, run) for label, runs in found.items() if label in alike for run in runs])
    kept = {
        record.name: {"result": record.result, "measured": record.measured} for record in records if record.measured
    }
    measured = experiment.known((), kept) if experiment.known and kept else {}
    return Runs(replace(Setting.nominal("full"), scale=GIVEN), found, measured)


def kept_for(experiment: Experiment) -> list[str]:
    """The trained nets of the package that are runs of an experiment at the scale small, where several are.

    Given to it with --from, they need no images. None for an experiment that chooses by a first round what it compares.
    """
    if len(experiment.rounds) != 1:
        return []
    wanted = {need.recipe.digest() for need in needs_of([experiment], Setting.nominal("small"))}
    kept = [name for name in trained_names() if Recipe.from_dict(read_trained(name)["recipe"]).digest() in wanted]
    return kept if len(kept) > 1 else []


def _place(experiment: Experiment, recipe: Recipe, few: bool) -> tuple[str | None, ...]:
    """What of a recipe says which line of an experiment it is for; of one on `few` images, that these are few, too."""
    survival = f"survival {recipe.model.survival:g}" if recipe.model.survival < 1 else None
    length = f"recipe {recipe.name}, {recipe.steps:,} steps" if experiment.by_length else None
    images = "few images" if few and recipe.data.images else None
    return recipe.model.name, recipe.model.shortcut, survival, length, images
