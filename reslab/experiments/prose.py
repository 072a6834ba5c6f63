"""What the page of the paper tells between its claims where that has numbers: they come from recipes and nets."""

from torch import device

from reslab.evaluation import PAPER_SCALES, views_of
from reslab.experiments.figure5 import CHANNELS, WIDTH, blocks, weights
from reslab.experiments.scales import Setting
from reslab.nets import spec
from reslab.reporting.rounding import count_text, list_text
from reslab.training import Recipe

IMAGENET, CIFAR, DEEP = "resnet34", "resnet20", "resnet110"  # nets whose recipes stand for all


def prose() -> dict[str, str]:
    """Paragraphs by where they stand."""
    imagenet, cifar, deep = (Setting.nominal("full").recipe(net) for net in (IMAGENET, CIFAR, DEEP))
    return {
        "imagenet": _imagenet(imagenet),
        "testing": _testing(imagenet),
        "bottleneck": _bottleneck(),
        "cifar": _cifar(cifar, deep),
    }


def _imagenet(recipe: Recipe) -> str:
    low, high = recipe.augment.scale
    return (
        f"How they are trained (sec. 3.4): an image is scaled until its shorter side has {low} to {high} pixels, at "
        f"random; a crop of {recipe.data.size} pixels is cut out of it or of its mirror, its colours are shifted a "
        f"little, and the mean is taken off. {_descent(recipe)}, in at most {count_text(recipe.schedule.steps)} "
        "steps; the rate falls to a tenth whenever the error has stopped falling. Batch normalisation stands "
        "right behind each convolution, before any ReLU; there is no dropout."
    )


def _cifar(recipe: Recipe, deep: Recipe) -> str:
    size, steps, drops = recipe.data.size, recipe.schedule.steps, recipe.schedule.drops
    return (
        f"Training images are padded by {recipe.augment.pad} pixels on each side, and cropped to {size} again at a "
        f"random place, mirrored or not; testing takes the image as it is. {_descent(recipe)}; the rate falls to a "
        f"tenth at {list_text([count_text(drop) for drop in drops])} of {count_text(steps)} steps. For "
        f"{spec(DEEP).depth} layers that is too high at first: they begin at {deep.schedule.warmup_lr:g}, here for "
        f"{deep.schedule.warmup_steps} steps, in the paper until the training error is below 80 %, about as long."
    )


def _descent(recipe: Recipe) -> str:
    how = recipe.optimizer
    return (
        f"Stochastic gradient descent learns from {recipe.batch} images a step, at a rate of {how.lr:g}, with a "
        f"momentum of {how.momentum:g} and a weight decay of {how.weight_decay:g}"
    )


def _testing(recipe: Recipe) -> str:
    size = recipe.data.size
    crops = views_of("10", (), size)
    return (
        "One net has several errors, as it is looked through once or often; numbers from different ways of testing "
        "must not be compared. The lines of Figure 4 are of one view, the centre crop. Tables 2 and 3 are of "
        f"{crops.count} crops: the image with a shorter side of {crops.scales[0]} pixels, its four corners and its "
        f"centre, {size} pixels wide, and the mirror of each, the scores averaged. Tables 4 and 5 are of whole images: "
        "the net is convolutional up to its last layer, so that it can be laid over an image of any size, and scores "
        f"are averaged over the places, and over shorter sides of {list_text([str(s) for s in PAPER_SCALES])} pixels. "
        "An ensemble averages the scores of several nets besides. Averaging mostly lowers the error, and costs "
        "as many times the work."
    )


def _bottleneck() -> str:
    with device("meta"):
        basic, bottleneck = (weights(block) for block in blocks().values())
    wide = CHANNELS["bottleneck"]
    return (
        f"The deeper nets have another block, which makes them pay less for depth. A 1×1 convolution brings {wide} "
        f"channels down to {WIDTH}, the costly 3×3 convolution works on those {WIDTH} alone, and another 1×1 brings "
        f"them up to {wide} again: three layers of {count_text(bottleneck)} weights, where two 3×3 layers on {WIDTH} "
        f"channels have {count_text(basic)}. The shortcut joins the wide ends. An identity costs nothing there, but a "
        f"projection of {wide} channels onto {wide} is nearly as large as the rest of the block: this is where "
        "identities matter most, and where option C would be dear."
    )
