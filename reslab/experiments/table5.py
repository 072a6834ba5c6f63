"""Table 5: six residual nets together on ImageNet, their probabilities averaged."""

from typing import Any

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Row, Runs
from reslab.experiments.pairs import rows_beside
from reslab.experiments.paper import table
from reslab.experiments.table4 import ABOUT
from reslab.experiments.table4 import NETS as SINGLE
from reslab.experiments.tested import ENSEMBLE, by_views, dense, measure

NETS = {"resnet34 A": ("resnet34", "A"), **SINGLE}  # the six residual nets of Table 3
CLAIMS = (Comparison("resnet152 B", ENSEMBLE),)


def needs(runs: Runs) -> list[Need]:
    return [Need(label, runs.setting.recipe(*net)) for label, net in NETS.items()]


def measured(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    return measure(runs, datasets, NETS, dense, together=True)


def rows(runs: Runs) -> list[Row]:
    """Top-5 of the ensembles, and of each member of ours alone."""
    five, alone = by_views(runs, "top5"), table("table4_top5")
    ensembles = [five.row(label, value) for label, value in table("table5").items()]
    return ensembles + [five.row(label, alone.get(label), title=f"{label} alone") for label in NETS]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "top-5 error %", "ImageNet")


def finding(runs: Runs) -> Finding:
    return judged(by_views(runs, "top5"), CLAIMS)


TABLE5 = Experiment(
    name="table5",
    title="An ensemble on ImageNet",
    claim="Six residual nets of different depth together have fewer top-5 errors than the one of 152 layers alone.",
    place="Table 5, sec. 4.1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measured,
    about=f"{ABOUT} The paper's ensembles are on the test images of the competition, ours and all single nets on "
    "validation images; of its six nets it says only that two have 152 layers, ours are the six of Table 3.",
)
