"""Table 2: plain and residual nets of 18 and 34 layers on ImageNet."""

from typing import Any

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Row, Runs
from reslab.experiments.historic import historic_needs
from reslab.experiments.pairs import rows_beside
from reslab.experiments.paper import paper
from reslab.experiments.tested import SINGLE_VIEW, by_views_or_single, measure, ten_crops

# Label -> net, option; the residual nets are those of option A, with as many parameters as the plain ones.
NETS = {
    "plain18": ("plain18", None),
    "plain34": ("plain34", None),
    "resnet18 A": ("resnet18", "A"),
    "resnet34 A": ("resnet34", "A"),
}
HISTORIC = ("vgg19",)  # the third net of Figure 3
LEFT_OUT = "VGG nets take no images that small, and are left out"  # of a test
CLAIMS = (Comparison("plain34", "plain18"), Comparison("resnet18 A", "resnet34 A"), Comparison("plain34", "resnet34 A"))
ABOUT = "The paper tests on 10 crops of each image; the small scale is another data set."


def needs(runs: Runs) -> list[Need]:
    ours = [Need(label, runs.setting.recipe(*net)) for label, net in NETS.items()]
    return [*ours, *historic_needs(runs, HISTORIC)]


def measured(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    return measure(runs, datasets, (*NETS, *HISTORIC), ten_crops)


def rows(runs: Runs) -> list[Row]:
    told, seen = paper()["table2"], by_views_or_single(runs)
    ours = [seen.row(label, told[net]) for label, (net, _) in NETS.items()]
    return [*ours, *(seen.row(name) for name in HISTORIC)]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "top-1 error %", "ImageNet")


def finding(runs: Runs) -> Finding:
    return judged(by_views_or_single(runs), CLAIMS)


TABLE2 = Experiment(
    name="table2",
    title="Plain and residual nets of 18 and 34 layers on ImageNet",
    claim="Of plain nets the deeper one is worse, of residual nets the deeper one is better.",
    place="Table 2, sec. 4.1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measured,
    about=f"{ABOUT} The paper has no row for VGG-19, which has its own authors' recipe.",
    of_a_test=LEFT_OUT,
    about_runs_alone=SINGLE_VIEW,
)
