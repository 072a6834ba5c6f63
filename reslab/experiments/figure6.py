"""Figure 6: plain nets get worse with depth, residual nets better, up to 110 layers; 1202 still train."""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs, Told
from reslab.experiments.lines import CIFAR_AXIS, CIFAR_ITERATIONS, KEY, OVER_SEEDS, both
from reslab.experiments.paper import paper
from reslab.experiments.scales import Setting
from reslab.reporting import Panel, panels_figure

PLAIN, RESIDUAL, DEEPEST = (20, 32, 44, 56), (20, 32, 44, 56, 110), 1202
NETS = (*(f"plain{d}" for d in PLAIN), *(f"resnet{d}" for d in (*RESIDUAL, DEEPEST)))
CLAIMS = (
    Comparison("plain56", "plain20", "train"),
    Comparison("resnet20", "resnet56", "train"),
    Comparison("resnet20", "resnet110"),
    Comparison("resnet1202", "resnet110"),
    Comparison("resnet20", "resnet1202", "train"),
)


def needs(runs: Runs) -> list[Need]:
    return [Need(name, runs.setting.recipe(name)) for name in NETS]


def rows(runs: Runs) -> list[Row]:
    told = {**paper()["figure6"], **paper()["table6"], "resnet110": paper()["table6"]["resnet110_mean"]}
    found = [runs.row(name, told[name]) for name in NETS]
    return [replace(row, read_off=row.label.startswith("plain")) for row in found]


def picture(runs: Runs, _: list[Row]) -> bytes:
    plain = tuple(curve for d in PLAIN for curve in both(runs, f"plain{d}", d, f"plain-{d}"))
    residual = tuple(curve for d in RESIDUAL for curve in both(runs, f"resnet{d}", d, f"ResNet-{d}"))
    deepest = tuple(curve for d in (110, DEEPEST) for curve in both(runs, f"resnet{d}", d, f"residual-{d}"))
    panels = [
        Panel("plain nets, by layers", plain, guides=(5, 10), legend=False),
        Panel("residual nets, by layers", residual, guides=(5, 10), legend=False, enlarged=True),
    ]
    if runs.of(f"resnet{DEEPEST}") or not runs.found:  # else the third would show of the second what is there already
        panels.append(Panel("residual nets of 110 and 1202", deepest, guides=(1, 5, 10), legend=False))
    return panels_figure(panels, CIFAR_AXIS, CIFAR_ITERATIONS, key=KEY, apart=True)


def finding(runs: Runs) -> Finding:
    return judged(runs, CLAIMS)


FIGURE6 = Experiment(
    name="figure6",
    title="Training on CIFAR-10: plain nets, residual nets, 110 and 1202 layers",
    claim="A plain net of 56 layers trains worse than one of 20; of residual nets, 56 layers train better than 20, and "
    "110 test better, and even 1202 can be trained, though they test worse than 110.",
    place="Figure 6, sec. 4.2",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    about="The paper does not print the plain nets' errors; those of its column were read off the figure by others.",
    caption="Error over training of our nets, those that are trained: a line ends with its net's number of layers. "
    f"{OVER_SEEDS} Dotted lines are at the errors at which the paper draws them. Each panel has the paper's axis where "
    "its lines end inside that, else a higher one. "
    "In the corner the last tenth of the residual nets' training, larger.",
    told=Told(lambda: rows(Runs(Setting.nominal("full"))), "The paper's test errors at the end of these lines."),
)
