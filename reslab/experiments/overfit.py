"""Does a net of 1202 layers overfit? Nets of several depths on 5,000 images, all for as many steps."""

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs
from reslab.experiments.lines import CIFAR_AXIS, CIFAR_ITERATIONS, KEY, both
from reslab.reporting import Panel, panels_figure

DEPTHS = (20, 56, 110, 1202)
IMAGES, STEPS = 5_000, 1_560  # 40 epochs of 128 where the recipe is not the paper's


def needs(runs: Runs) -> list[Need]:
    setting = runs.setting
    steps = None if setting.scale == "full" else STEPS
    return [Need(f"resnet{d}", setting.recipe(f"resnet{d}", images=IMAGES, steps=steps)) for d in DEPTHS]


def rows(runs: Runs) -> list[Row]:
    found = []
    for depth in DEPTHS:
        label = f"resnet{depth}"
        found += [runs.row(label, None, "train", f"{label}, training"), runs.row(label, title=f"{label}, held-out")]
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    curves = tuple(curve for d in DEPTHS for curve in both(runs, f"resnet{d}", d, f"ResNet-{d}"))
    return panels_figure((Panel("", curves),), CIFAR_AXIS, CIFAR_ITERATIONS, key=KEY, width=560, height=380)


def finding(runs: Runs) -> Finding:
    return judged(runs, [Comparison("resnet1202", "resnet110")])


OVERFIT = Experiment(
    name="overfit",
    title="1202 layers on few images",
    claim="The net of 1202 layers trains as well as that of 110 and tests worse: it is too large for so few images.",
    place="sec. 4.2, exploring over 1000 layers",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    about="The paper argues so from all of CIFAR-10 (7.93 % against 6.43 %); these nets have 5,000 training images "
    "each, so that its errors are no measure for them.",
)
