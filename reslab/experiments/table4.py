"""Table 4: single nets on ImageNet, tested as well as they can be: convolutionally, at several scales."""

from typing import Any

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Row, Runs
from reslab.experiments.pairs import TOP5, rows_beside
from reslab.experiments.paper import table
from reslab.experiments.tested import by_views, dense, measure

# Label -> net, option; they are runs of Table 3.
NETS = {
    "resnet34 B": ("resnet34", "B"),
    "resnet34 C": ("resnet34", "C"),
    "resnet50 B": ("resnet50", "B"),
    "resnet101 B": ("resnet101", "B"),
    "resnet152 B": ("resnet152", "B"),
}
CLAIMS = (
    Comparison("resnet34 B", "resnet50 B"),
    Comparison("resnet50 B", "resnet101 B"),
    Comparison("resnet101 B", "resnet152 B"),
)
ABOUT = (
    "Whole images at five scales, in proportion to the net's size those of sec. 3.4; images that are smaller are "
    "enlarged to them. The other nets' values are the paper's alone."
)


def needs(runs: Runs) -> list[Need]:
    return [Need(label, runs.setting.recipe(*net)) for label, net in NETS.items()]


def measured(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    return measure(runs, datasets, NETS, dense)


def rows(runs: Runs) -> list[Row]:
    """Top-1, and after it top-5; a single view would be another table, and stands for nothing here."""
    one, five = by_views(runs, "top1"), by_views(runs, "top5")
    top1 = [one.row(label, value) for label, value in table("table4").items()]
    return top1 + [five.row(label, value, title=f"{label}{TOP5}") for label, value in table("table4_top5").items()]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "top-1 error %", "ImageNet")


def finding(runs: Runs) -> Finding:
    return judged(by_views(runs, "top1"), CLAIMS)


TABLE4 = Experiment(
    name="table4",
    title="Single nets on ImageNet, tested at several scales",
    claim="Deeper residual nets are better up to 152 layers also where each is tested as well as it can be.",
    place="Table 4, sec. 4.1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measured,
    about=ABOUT,
)
