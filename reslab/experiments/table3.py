"""Table 3: shortcut options A, B, C of the 34-layer net, and the bottleneck nets of 50, 101 and 152 layers."""

from typing import Any

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Row, Runs
from reslab.experiments.historic import historic_needs
from reslab.experiments.paper import table
from reslab.experiments.table2 import ABOUT
from reslab.experiments.tested import by_views, by_views_or_single, measure, ten_crops
from reslab.reporting import Pair, beside_figure

HISTORIC = ("vgg16",)
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
CLAIMS = (
    *(Comparison("plain34", f"resnet34 {option}") for option in "ABC"),
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
    top1 = [seen.row(label, value) for label, value in table("table3").items()]
    return top1 + [five.row(label, value, title=f"{label}, top-5") for label, value in table("table3_top5").items()]


def picture(_: Runs, found: list[Row]) -> bytes:
    return beside_figure([Pair(row.label, row.paper, row.ours, row.std) for row in found], "error %")


def finding(runs: Runs) -> Finding:
    return judged(by_views_or_single(runs), CLAIMS)


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
    about=ABOUT,
)
