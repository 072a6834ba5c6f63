"""Table 3: shortcut options A, B, C of the 34-layer net, and the bottleneck nets of 50, 101 and 152 layers."""

from itertools import combinations
from typing import Any

from reslab.experiments.comparing import Comparison, Difference, all_hold, difference, judged
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Row, Runs
from reslab.experiments.historic import historic_needs
from reslab.experiments.pairs import TOP5, rows_beside
from reslab.experiments.paper import table
from reslab.experiments.table2 import ABOUT, LEFT_OUT
from reslab.experiments.tested import SINGLE_VIEW, by_views, by_views_or_single, measure, ten_crops

HISTORIC = ("vgg16", "vgg19")  # the paper prints the first; the second is the third net of its Figure 3
# Label -> net, option.
NETS = {
    "plain34": ("plain34", None),
    "resnet34 A": ("resnet34", "A"),
    "resnet34 B": ("resnet34", "B"),
    "resnet34 C": ("resnet34", "C"),
    "resnet50 B": ("resnet50", "B"),
    "resnet101 B": ("resnet101", "B"),
    "resnet152 B": ("resnet152", "B"),
}
OPTIONS = ("resnet34 A", "resnet34 B", "resnet34 C")
HARDLY = 0.5  # of the way from the plain net to the nearest option, that options may be apart
CLAIMS = (
    *(Comparison("plain34", option) for option in OPTIONS),
    Comparison("resnet34 B", "resnet50 B"),
    Comparison("resnet50 B", "resnet101 B"),
    Comparison("resnet101 B", "resnet152 B"),
)


def needs(runs: Runs) -> list[Need]:
    ours = [Need(label, runs.setting.recipe(*net)) for label, net in NETS.items()]
    return [*ours, *historic_needs(runs, HISTORIC)]


def measured(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    return measure(runs, datasets, (*NETS, *HISTORIC), ten_crops)


def rows(runs: Runs) -> list[Row]:
    """Top-1, and after it top-5, which a single view does not have."""
    seen, five = by_views_or_single(runs), by_views(runs, "top5")
    one, other = (dict.fromkeys(HISTORIC) | table(name) for name in ("table3", "table3_top5"))
    top1 = [seen.row(label, value) for label, value in one.items()]
    return top1 + [five.row(label, value, title=f"{label}{TOP5}") for label, value in other.items()]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "top-1 error %", "ImageNet")


def finding(runs: Runs) -> Finding:
    seen = by_views_or_single(runs)
    found, alike = judged(seen, CLAIMS), options_alike(seen)
    return Finding(all_hold((found.holds, alike.holds)), f"{found.words}; {alike.words}")


def options_alike(runs: Runs) -> Finding:
    """Do the options "hardly differ among themselves"? By less than half of what the nearest gains on the plain net."""
    among = [difference(runs, *pair, runs.held_out) for pair in combinations(OPTIONS, 2)]
    gained = [difference(runs, "plain34", option, runs.held_out) for option in OPTIONS]
    apart, gains = ([one for one in each if one] for each in (among, gained))
    if len(apart) < len(among) or len(gains) < len(gained):
        return Finding(None, "options A, B, C among themselves: not known")
    widest = max(apart, key=lambda one: abs(one.points))
    least = min(gains, key=lambda one: one.points)
    parts = (*least.uncertainty.times(HARDLY).parts, *widest.uncertainty.parts)
    left = Difference.of(HARDLY * least.points - abs(widest.points), parts)
    words = (
        f"at most {abs(widest.points):.2f} ± {widest.error:.2f} points, and the least that one of them gains {least}"
    )
    return Finding(left.points > 0 if left.sure else None, f"options A, B, C among themselves: {words}")


TABLE3 = Experiment(
    name="table3",
    title="Shortcut options and deeper nets on ImageNet",
    claim="All three shortcut options are far better than no shortcut and hardly differ among themselves; bottleneck "
    "nets get better up to 152 layers.",
    place="Table 3, sec. 4.1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measured,
    about=f"{ABOUT} The paper has no row for VGG-19; the VGG nets have their own authors' recipe. That options hardly "
    "differ is taken to mean: by less than half of what the nearest of them gains on the plain net.",
    of_a_test=LEFT_OUT,
    about_runs_alone=SINGLE_VIEW,
)
