"""What an experiment is: one table or figure of the paper, the runs that it needs, and how they become its rows.

One file an experiment. It holds what is particular, as an `Experiment`; `registry.py` lists it, and everything else is
shared: `scales.py` says what is trained on, `reproduce.py` runs the needs through the queue, `document.py` writes what
came out. To add one: write the file, add its `Experiment` to the registry.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from reslab.data import Dataset
from reslab.experiments.scales import Setting
from reslab.reporting.rounding import finite
from reslab.training import Recipe

Result = dict[str, Any]
"""A finished run, as in `results/`: name, recipe, result, environment, metrics. `result["run"]` is its folder."""


PAPERS_DATA = ("cifar10", "imagenet")


def other_data(result: Mapping[str, Any]) -> str | None:
    """The name of a result's data, where it tells one and they are none of the paper's."""
    name = result.get("data")
    return None if name in (None, *PAPERS_DATA) else str(name)


@dataclass(frozen=True)
class Need:
    """A run that an experiment cannot do without. Needs of one label differ only in seed."""

    label: str  # the row or line that it is for: "resnet20", "resnet34 B"
    recipe: Recipe
    alike: bool = True  # is its recipe to be that of the others? A historic net has its own
    seeds: int | None = None  # at most so many, however many are asked for; None: as many
    tried: bool = False  # is it one of several among which is chosen? Where it diverges, it is not chosen


@dataclass(frozen=True)
class Row:
    """A value of the paper's and ours. What the paper does not print, or we have not measured, is None."""

    label: str
    paper: float | None = None
    ours: float | None = None
    n: int | None = None  # runs that `ours` is a mean of; None for what is counted, not sampled
    images: int | None = None  # that it was measured on; None for what needs none
    std: float | None = None  # over the n runs; None for one
    unit: str = "error %"
    on: str | None = None  # the split that the images are of: "test", "val" or "train"
    # What else is told of it, by name: in columns of its own, but for net and epochs, which the label has.
    besides: Mapping[str, str | float | None] = field(default_factory=dict)
    read_off: bool = False  # is the paper's value read off a figure, and so about right?
    elsewhere: str | None = None  # the data that ours was measured on, where they are not the paper's
    judged: bool = True  # is the claim judged by it, or does it only stand beside?
    chosen: bool = False  # is ours no measurement, but what was chosen by some?

    @property
    def deviation(self) -> float | None:
        """Ours less the paper's, in the row's unit; None where one is not known, read off, of other data, or chosen."""
        if self.paper is None or self.ours is None or self.read_off or self.elsewhere or self.chosen:
            return None
        return round(self.ours - self.paper, 6)

    def to_dict(self) -> dict[str, Any]:
        """The row as `--json` gives it."""
        return {
            "label": self.label,
            "paper": self.paper,
            "ours": self.ours,
            "deviation": self.deviation,
            "n": self.n,
            "images": self.images,
            "std": self.std,
            "unit": self.unit,
            "on": self.on,
            **({"read_off": True} if self.read_off else {}),
            **({"elsewhere": self.elsewhere} if self.elsewhere else {}),
            **({} if self.judged else {"judged": False}),
            **self.besides,
        }


@dataclass(frozen=True)
class Runs:
    """What has been run of an experiment's needs."""

    setting: Setting
    found: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)  # by label; seeds in ascending order
    measured: Mapping[str, Any] = field(default_factory=dict)  # what `Experiment.measure` gave
    diverged: tuple[str, ...] = ()  # labels of what was tried, and cannot be chosen

    def of(self, label: str) -> tuple[Result, ...]:
        """The finished runs of a label; none where nothing was run."""
        return tuple(self.found.get(label, ()))

    def values(self, label: str, key: str) -> list[float]:
        """A number of each result of a label, where it has one."""
        return [v for run in self.of(label) if (v := finite(run["result"].get(key))) is not None]

    def mean(self, label: str, key: str) -> float | None:
        """The mean over seeds; None where nothing is known."""
        values = self.values(label, key)
        return statistics.fmean(values) if values else None

    @property
    def held_out(self) -> str:
        """The split that errors are reported on: "test", but "val" where that has more images, or there is no test.

        The same one for all rows. No experiment chooses on either, so both are fair; the larger says more.
        """
        results = [run["result"] for runs in self.found.values() for run in runs]
        whole = bool(results) and all(r["test_images"] and r["test_images"] >= r["val_images"] for r in results)
        return "test" if whole else "val"

    @property
    def testing(self) -> str:
        """How often each image was looked at for the errors that are shown (sec. 3.4, sec. 4.2)."""
        return str(self.measured.get("testing", "single view"))

    def row(self, label: str, paper: float | None = None, split: str | None = None, title: str | None = None) -> Row:
        """The mean error of a label on a split, `held_out` unless told otherwise, beside the paper's value."""
        on = split or self.held_out
        values = self.values(label, f"{on}_error")
        if not values:
            return Row(title or label, paper)
        result = self.of(label)[0]["result"]
        images, elsewhere = int(result[f"{on}_images"]), other_data(result)
        std = round(statistics.stdev(values), 4) if len(values) > 1 else None
        mean = round(statistics.fmean(values), 4)
        return Row(title or label, paper, mean, len(values), images, std, on=on, elsewhere=elsewhere)


class Datasets(Protocol):
    """The data sets of a setting, read when first asked for."""

    def of(self, recipe: Recipe) -> Dataset:
        """What a recipe trains and is judged on."""


@dataclass(frozen=True)
class Finding:
    """What our numbers say of the claim."""

    holds: bool | None  # None: they do not decide it
    words: str  # one sentence with the numbers in it
    beside: str = ""  # what was measured besides, and the claim is not judged by
    seen: bool = False  # does a single trained net of each kind show it? Others may differ: that decides nothing


@dataclass(frozen=True)
class Told:
    """The paper's numbers that a claim rests on: drawn, as the paper's, while nothing of ours is measured."""

    rows: Callable[[], list[Row]]
    caption: str  # what they are


Round = Callable[[Runs], list[Need]]
Trained = Mapping[str, dict[str, Any]]
"""Records of the nets that are kept, by name: `result` as of a run, and what was measured of the net."""


@dataclass(frozen=True)
class Experiment:
    """A table or figure of the paper as something that can be run."""

    name: str
    title: str
    claim: str  # one sentence
    place: str  # in the paper: "Figure 6, sec. 4.2"
    rows: Callable[[Runs], list[Row]]  # never empty: what is not measured is a row with the paper's value alone
    picture: Callable[[Runs, list[Row]], bytes]  # SVG
    finding: Callable[[Runs], Finding]
    # What is to be run, for the setting of the `Runs` given. A later round sees the results of those before it, and
    # for estimates it is asked with none. All recipes of the last round are compared, and must be alike.
    rounds: tuple[Round, ...] = ()
    measure: Callable[[Runs, Datasets], dict[str, Any]] | None = None  # times, responses, errors of many views
    # What of `measured` is known with nothing run: from `results/` and the nets that are kept. Asked for the kept ones
    # among runs that somebody gave, too, before `measure` looks at the others.
    known: Callable[[Sequence[Result], Trained], dict[str, Any]] | None = None
    # Whose values are the rows', by label, where not every run that is found was looked at? None: those of all.
    looked_at: Callable[[Runs], Mapping[str, tuple[Result, ...]]] | None = None
    # Is a recorded run of a recipe of ours one of our runs? None: each is.
    takes: Callable[[Result], bool] | None = None
    may_differ: tuple[str, ...] = ()  # fields of the recipe in which the last round's runs may differ besides the net
    # Are its runs of several lengths? Then the cheap ones come first, and a part of it are those, each of them whole.
    by_length: bool = False
    about: str = ""  # what a reader must know of our numbers, such as testing that is not the paper's
    looks: bool = False  # does it measure nets that it does not train, on images of CIFAR-10?
    # What else makes a test meaningless: said at the scale smoke, of what trains nothing only where this is given.
    of_a_test: str = ""
    about_measured: str = ""  # of what was measured; said only where something is
    about_runs_alone: str = ""  # said where runs are known, and `measure` has not looked at them
    caption: str = ""  # what the picture shows where something is measured; "" where that is the rows
    told: Told | None = None  # None where the picture has the paper's numbers whether or not there are ours

    def shown(self, runs: Runs) -> Runs:
        """The runs whose values are shown: machines and recipes are told of these."""
        return replace(runs, found=self.looked_at(runs)) if self.looked_at else runs
