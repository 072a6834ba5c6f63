"""Does a net of 1202 layers overfit? Nets of several depths on 5,000 images, all for as many steps.

Each with and without stochastic depth, a regularisation that came after the paper (arXiv 1603.09382).
"""

from reslab.experiments.comparing import Comparison, Difference, all_hold, apart_words, difference, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs, Told
from reslab.experiments.lines import CIFAR_AXIS, CIFAR_ITERATIONS, KEY, both
from reslab.experiments.paper import paper
from reslab.experiments.scales import Setting
from reslab.reporting import Curve, Panel, panels_figure
from reslab.training import Recipe

DEPTHS = (20, 56, 110, 1202)
IMAGES, STEPS = 5_000, 1_560  # 40 epochs of 128 where the recipe is not the paper's


SURVIVAL = 0.5  # of the last block
REMEDY = f", survival {SURVIVAL:g}"  # what labels of runs with stochastic depth end with
LABELS = tuple(f"resnet{depth}{ending}" for ending in ("", REMEDY) for depth in DEPTHS)
DEEPEST = LABELS[-1]


def needs(runs: Runs) -> list[Need]:
    """The slowest run of all is left out of a test of a few steps, which has it without stochastic depth."""
    labels = [label for label in LABELS if not (runs.setting.smoke and label == DEEPEST)]
    return [Need(label, _recipe(runs.setting, label)) for label in labels]


def _recipe(setting: Setting, label: str) -> Recipe:
    steps = None if setting.scale == "full" else STEPS
    survival = SURVIVAL if label.endswith(REMEDY) else 1.0
    return setting.recipe(label.removesuffix(REMEDY), images=IMAGES, steps=steps, survival=survival)


def rows(runs: Runs) -> list[Row]:
    found = []
    for label in LABELS:
        found += [runs.row(label, None, "train", f"{label}, training"), runs.row(label, title=f"{label}, held-out")]
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    panels = (Panel("every block in every step", _curves(runs, "")), Panel("stochastic depth", _curves(runs, REMEDY)))
    return panels_figure(panels, CIFAR_AXIS, CIFAR_ITERATIONS, key=KEY)


def _curves(runs: Runs, ending: str) -> tuple[Curve, ...]:
    return tuple(curve for d in DEPTHS for curve in both(runs, f"resnet{d}{ending}", d, f"ResNet-{d}"))


def finding(runs: Runs) -> Finding:
    """The claim is the paper's; what stochastic depth does about it is told, and decides nothing."""
    found = judged(runs, [Comparison("resnet1202", "resnet110")])
    trained = difference(runs, "resnet1202", "resnet110", "train")
    gained = difference(runs, "resnet1202", DEEPEST, runs.held_out)
    words = (
        apart_words("resnet1202", "resnet110", "train", trained) if trained else "the training errors are not known",
        found.words,
        f"with stochastic depth resnet1202 gains {gained or 'what is not known'}",
    )
    return Finding(all_hold((_as_well(trained), found.holds)), "; ".join(words))


def _as_well(trained: Difference | None) -> bool | None:
    """Not above the other; above it and not surely so, or of single seeds, is not decided."""
    if trained is None or not trained.uncertainty.known:
        return None
    return True if trained.points <= 0 else False if trained.sure else None


def papers() -> list[Row]:
    return [Row(f"resnet{depth}, all images", paper()["table6"][f"resnet{depth}"]) for depth in DEPTHS]


OVERFIT = Experiment(
    name="overfit",
    title="1202 layers on few images",
    claim="The net of 1202 layers trains as well as that of 110 and tests worse: it is too large for so few images.",
    place="sec. 4.2, exploring over 1000 layers",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    may_differ=("model.survival",),
    about="The paper argues so from all of CIFAR-10 (7.93 % against 6.43 %); these nets have 5,000 training images "
    "each, so that its errors are no measure for them. Stochastic depth is not in the paper: in training a residual "
    "function counts with a probability that falls from 1 to that of the last block.",
    caption="Our nets of several depths, all trained on 5,000 images.",
    told=Told(
        papers,
        "The paper's test errors of these nets, trained on all of CIFAR-10 (Table 6; of 110 layers the "
        "best of five runs). It has none of so few images.",
    ),
)
