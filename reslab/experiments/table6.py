"""Table 6: classification error on CIFAR-10, residual nets beside the nets of their day."""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs
from reslab.experiments.historic import historic_needs
from reslab.experiments.paper import paper
from reslab.reporting import Pair, beside_figure

HISTORIC = ("maxout", "nin", "dsn", "fitnet19", "highway19", "highway32")
RESIDUAL = ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202")
SEEDS_OF_BEST = 5  # the paper prints the best of five runs of ResNet-110, and their mean and deviation


def needs(runs: Runs) -> list[Need]:
    return [*(Need(name, runs.setting.recipe(name)) for name in RESIDUAL), *historic_needs(runs, HISTORIC)]


def rows(runs: Runs) -> list[Row]:
    told = paper()["table6"]
    found = [
        runs.row(name, told[f"{name}_mean"] if name == "resnet110" else told[name]) for name in HISTORIC + RESIDUAL
    ]
    best = runs.values("resnet110", f"{runs.held_out}_error")
    row = runs.row("resnet110", told["resnet110"], title=f"resnet110, best of {SEEDS_OF_BEST}")
    if len(best) < SEEDS_OF_BEST:
        return [*found, Row(row.label, row.paper)]
    return [*found, replace(row, ours=min(best[:SEEDS_OF_BEST]), n=SEEDS_OF_BEST, std=None)]


def picture(_: Runs, found: list[Row]) -> bytes:
    return beside_figure([Pair(row.label, row.paper, row.ours, row.std) for row in found], "error %")


def finding(runs: Runs) -> Finding:
    return judged(runs, [Comparison("resnet20", "resnet56"), Comparison("resnet56", "resnet110")])


TABLE6 = Experiment(
    name="table6",
    title="Classification error on CIFAR-10",
    claim="Residual nets get better with depth up to 110 layers, and are better with fewer parameters than the nets "
    "of their day.",
    place="Table 6, sec. 4.2",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
)
