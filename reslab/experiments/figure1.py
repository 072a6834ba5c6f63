"""Figure 1: plain nets of 20 and 56 layers on CIFAR-10; the deeper one has the higher training error."""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs, Told
from reslab.experiments.lines import AXES, CIFAR_ITERATIONS, OVER_SEEDS, line
from reslab.experiments.paper import paper
from reslab.experiments.scales import Setting
from reslab.reporting import Axis, Panel, panels_figure

DEPTHS = (20, 56)
AXIS = Axis(0, 20, (0, 10, 20))
CLAIMS = (Comparison("plain56", "plain20", "train"), Comparison("plain56", "plain20"))


def needs(runs: Runs) -> list[Need]:
    return [Need(f"plain{depth}", runs.setting.recipe(f"plain{depth}")) for depth in DEPTHS]


def rows(runs: Runs) -> list[Row]:
    told = paper()["figure6"]
    held_out = [runs.row(f"plain{d}", told[f"plain{d}"], title=f"plain{d}, held-out") for d in DEPTHS]
    trained = [runs.row(f"plain{d}", None, "train", f"plain{d}, training") for d in DEPTHS]
    return [*trained, *(replace(row, read_off=True) for row in held_out)]


def picture(runs: Runs, _: list[Row]) -> bytes:
    left, right = (
        Panel(
            "",
            tuple(line(runs, f"plain{d}", key, "solid", d, f"{d}-layer") for d in reversed(DEPTHS)),
            f"{word} error (%)",
        )
        for key, word in (("train_error", "training"), ("val_error", "validation"))
    )
    return panels_figure((left, right), AXIS, CIFAR_ITERATIONS)


def finding(runs: Runs) -> Finding:
    return judged(runs, CLAIMS)


def papers() -> list[Row]:
    return [row for row in rows(Runs(Setting.nominal("full"))) if row.paper is not None]


FIGURE1 = Experiment(
    name="figure1",
    title="Degradation: plain nets of 20 and 56 layers on CIFAR-10",
    claim="The deeper plain net has the higher training error, and so the higher test error: this is no over-fitting.",
    place="Figure 1, sec. 1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    about="Lines of training are over augmented images as they were learned from, numbers of the net at the end, over "
    "images as they are. The paper does not print the plain nets' errors; its column was read off Figure 6 by others. "
    "One learning rate for all: whether another suits the deeper net better, is what "
    "`reslab reproduce degradation` asks.",
    caption="Training error (left) and validation error (right) of our plain nets, from the first step to the last. "
    f"{OVER_SEEDS} {AXES}",
    told=Told(papers, "The paper's test errors at the end, read off its Figure 6 by others."),
)
