"""The presets: rows of a table, filled in with what the data set is.

| preset | for | steps | rate | batch | decay | schedule |
|---|---|---|---|---|---|---|
| paper, CIFAR nets | what sec. 4.2 says | 64,000 | 0.1 | 128 | 1e-4 | a tenth at 32k and 48k |
| paper, ImageNet nets | what sec. 3.4 says | 600,000 | 0.1 | 256 | 1e-4 | a tenth at 150k and 300k |
| fast | comparing nets on CIFAR in minutes | 20 epochs | 0.2; up to 4,500 steps 0.4 | 128 | 5e-4 | linear to zero |
| small | digits and small folders | 30 epochs, of a folder 60, at least 300 steps | 0.1 | 64 | 5e-4 | linear to zero |
| record | the clock: other init and optimiser, same net | 15 epochs | 0.2, Muon 0.06 | 128 | 5e-4 | linear to zero |
| original | what the net's own authors did | theirs | theirs | theirs | theirs | theirs |

Nets of the comparison cannot be trained at the rates of nets with batch normalisation: under `fast`, `small` and
`record` they keep their own optimiser, loss and schedule, stretched to as many steps. What they see of the images is
the same for all nets there, but for how far these are padded. `paper` is for the nets of this paper, and gives the
others its rates for the sake of comparison alone.
"""

from dataclasses import dataclass, replace

from reslab.data import LARGEST_SCALE, can_whiten
from reslab.engine import Work
from reslab.errors import unknown
from reslab.nets import Architecture, Historic, Spec, spec
from reslab.training.originals import ORIGINALS
from reslab.training.recipe import Augment, Data, Model, Optimizer, Recipe, Schedule


@dataclass(frozen=True)
class Facts:
    """What a recipe needs to know of its data set."""

    name: str
    classes: int
    size: int
    train_images: int
    mirror: bool  # does a mirrored image keep its class?
    official: bool  # one of the named sets, with images of one native size; not a folder
    split: str | None = None
    fingerprint: str | None = None


PRESETS = {
    "paper": "sec. 4.2 as it stands: 64,000 steps of 128, rate 0.1, a tenth at 32k and 48k, decay 1e-4; "
    "for the ImageNet nets sec. 3.4: 600,000 steps of 256, a tenth at 150k and 300k, random scales and colours",
    "fast": "CIFAR in minutes: 20 epochs, rate 0.2 (0.4 up to 4,500 steps, 12 epochs) falling linearly to zero, decay "
    "5e-4, Nesterov momentum",
    "small": "digits and folders: 30 epochs of 64, photographs from scratch 60 (300 steps at least), rate 0.1 falling "
    "to zero, decay 5e-4",
    "record": "for the clock alone: 15 epochs; Muon on the convolutions, a whitening stem, faster batch-norm biases, "
    "label smoothing, alternating mirrors; published values but for the rates of Muon and of biases, tried in short "
    "runs",
    "original": "as the net's own authors trained it, as far as it is known; residual nets as in `paper`",
}
BATCH = {"paper": 128, "fast": 128, "small": 64, "record": 128, "original": 128}
WARMUP_DEPTH = 110  # sec. 4.2: from this depth on 0.1 is too large a rate to start with
IMAGENET_BATCH = 256  # sec. 3.4
# Sec. 3.4 has a tenth "when the error plateaus", up to 60e4 steps; the authors' later paper has 30 and 60 epochs of
# 1.28M images, which are 150k and 300k steps (where the curves of Figure 4 fall).
IMAGENET_SCHEDULE = Schedule("drops", 600_000, drops=(150_000, 300_000))
IMAGENET_SCALE = (256, 480)  # pixels, of the shorter side, for crops of 224
IMAGENET_SIZE = 224
SMALLEST_RUN = 300  # steps: a folder of a hundred photographs would hardly move in 60 epochs
FAST_RATE, SHORT_RATE, SHORT = 0.2, 0.4, 4_500  # `fast` has the second up to so many steps, 12 epochs (LOG.md)
BRIEF, LONG = 30, 60  # epochs of `small`: photographs from scratch are the better for twice as many (LOG.md)


def make_recipe(
    facts: Facts,
    model: str | None = None,
    preset: str | None = None,
    shortcut: str | None = None,
    stride_in: str | None = None,
    seed: int = 0,
    batch: int | None = None,
    brief: bool = False,
) -> Recipe:
    """The recipe for a data set, the defaults of the house filled in.

    Digits take resnet20 and `small`, CIFAR takes resnet20 and `fast`, a folder takes resnet18 and `small`. `brief`:
    under `small`, photographs in 30 epochs, as fine-tuning has them and nets that are compared; other presets have one
    length. Raises UsageError for names that do not exist, and for more classes or fewer images than can be trained on.
    """
    preset = preset or ("fast" if facts.official and facts.name.startswith("cifar") else "small")
    if preset not in PRESETS:
        raise unknown("recipe", preset, PRESETS)
    name = model or usual_model(facts.official)
    net = spec(name, shortcut, facts.classes, facts.size, stride_in)
    recipe = Recipe(
        name=preset,
        seed=seed,
        batch=batch if batch is not None else min(batch_of(net, preset), facts.train_images),
        data=Data(
            name=facts.name,
            split=facts.split,
            size=facts.size,
            mean="pixel" if facts.official else "channel",
            fingerprint=facts.fingerprint,
        ),
        model=Model(name, net.shortcut, net.stride_in, net.classes, init=net.init, init_scale=net.init_scale),
        # Four pixels of 32 (sec. 4.2), and as large a part of any other size.
        augment=Augment(pad=facts.size // 8, flip=facts.mirror),
    )
    if preset == "small":
        return small(recipe, facts, net, brief)
    presets = {"paper": paper, "fast": fast, "record": record, "original": original}
    return presets[preset](recipe, facts, net)


def usual_model(official: bool) -> str:
    """The net of the house for one of the named data sets, or for a folder of photographs."""
    return "resnet20" if official else "resnet18"


def batch_of(net: Architecture, preset: str) -> int:
    """Images in a batch: a net of the comparison has its own, but under the preset that is of this paper alone."""
    if isinstance(net, Historic) and preset != "paper":
        return ORIGINALS[net.name].batch
    return IMAGENET_BATCH if preset in ("paper", "original") and net_is_imagenet(net) else BATCH[preset]


def paper(recipe: Recipe, facts: Facts, net: Architecture) -> Recipe:
    """Sec. 4.2; for 110 layers and more, 0.01 for the first 400 steps. Sec. 3.4 for the ImageNet nets."""
    if net_is_imagenet(net):
        return imagenet(recipe, facts)
    if net.depth < WARMUP_DEPTH or not net_is_cifar(net):
        return recipe
    return warmed_up(recipe)


def warmed_up(recipe: Recipe) -> Recipe:
    """0.01 for the first 400 steps."""
    return replace(recipe, schedule=replace(recipe.schedule, warmup_steps=400, warmup_lr=0.01))


def original(recipe: Recipe, facts: Facts, net: Architecture) -> Recipe:
    """The row of `originals.py`; of residual nets the preset `paper`, with pre-activation the warm-up of that paper."""
    if isinstance(net, Spec):
        warm = net.activation == "pre" and net_is_cifar(net)  # arXiv 1603.05027, appendix: whatever the depth
        return warmed_up(recipe) if warm else paper(recipe, facts, net)
    found, row = by_their_authors(recipe, facts, net), ORIGINALS[net.name]
    zca = row.zca and can_whiten(facts.size, facts.train_images)
    mean = "pixel" if zca else row.mean or found.data.mean
    found = replace(found, data=replace(found.data, mean=mean, gcn=row.gcn, zca=zca))
    if row.augment is None:
        return found
    scale = in_proportion(row.augment.scale, facts.size)
    return replace(found, augment=replace(row.augment, flip=recipe.augment.flip, scale=scale))


def by_their_authors(recipe: Recipe, facts: Facts, net: Historic) -> Recipe:
    """A net of the comparison trained as its authors did, on images that are padded and mirrored."""
    row = ORIGINALS[net.name]
    return replace(
        recipe,
        loss=row.loss,
        augment=replace(recipe.augment, pad=facts.size * row.pad // 32),
        optimizer=row.optimizer,
        schedule=row.schedule,
    )


def imagenet(recipe: Recipe, facts: Facts) -> Recipe:
    """Sec. 3.4: crops from images of random scale, mirrored, their colours augmented, the mean image subtracted."""
    return replace(
        recipe,
        data=replace(recipe.data, mean="pixel"),
        augment=replace(recipe.augment, pad=0, scale=in_proportion(IMAGENET_SCALE, facts.size), lighting=0.1),
        schedule=IMAGENET_SCHEDULE,
    )


def in_proportion(sides: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Shorter sides for crops of 224 pixels -> those for crops of `size`, from images that are as much larger."""
    return tuple(min(round(side * size / IMAGENET_SIZE), LARGEST_SCALE) for side in sides)


def fast(recipe: Recipe, facts: Facts, net: Architecture) -> Recipe:
    """A short budget that ends at rate zero: a step schedule earns nothing before its first drop."""
    steps = round(20 * facts.train_images / recipe.batch)
    if isinstance(net, Historic):
        return by_their_authors(recipe, facts, net).stretched(max(1, steps))
    found = replace(
        recipe,
        optimizer=Optimizer(lr=FAST_RATE, nesterov=True, weight_decay=5e-4),
        schedule=Schedule("linear", max(1, steps), drops=(), warmup_steps=steps // 20),
    )
    return of_length(found)


def of_length(recipe: Recipe) -> Recipe:
    """A recipe with what its preset has for its number of steps: short trainings under `fast` bear a larger rate.

    A rate that the preset has for no length is one's own, and stays.
    """
    if recipe.name != "fast" or recipe.optimizer.lr not in (FAST_RATE, SHORT_RATE):
        return recipe
    if isinstance(spec_of(recipe), Historic):
        return recipe
    lr = SHORT_RATE if recipe.steps <= SHORT else FAST_RATE
    return replace(recipe, optimizer=replace(recipe.optimizer, lr=lr))


def small(recipe: Recipe, facts: Facts, net: Architecture, brief: bool = False) -> Recipe:
    """Few images: smaller batches, so that there are enough steps, and the same linear decay."""
    epochs = BRIEF if brief or facts.official else LONG
    steps = max(SMALLEST_RUN, round(epochs * facts.train_images / recipe.batch))
    if isinstance(net, Historic):
        return by_their_authors(recipe, facts, net).stretched(steps)
    return replace(
        recipe,
        optimizer=Optimizer(lr=0.1, nesterov=True, weight_decay=5e-4),
        schedule=Schedule("linear", steps, drops=(), warmup_steps=steps // 20),
    )


def record(recipe: Recipe, facts: Facts, net: Architecture) -> Recipe:
    """Against the clock: everything may change that leaves the net as it is, the same for plain and residual nets.

    The values are published ones of other nets and batches (cifar10-airbench, arXiv 2404.00498, its Muon variant, and
    Spingalett's ResNet-20), but for Muon's rate, a quarter of the published one, which was searched; DECISIONS.md says
    which. The published factor of batch-norm biases, 64, left nets of 56 layers at chance on digits; an eighth of it
    stands here.
    """
    steps = round(15 * facts.train_images / recipe.batch)
    if isinstance(net, Historic):
        return by_their_authors(recipe, facts, net).stretched(max(1, steps))
    return replace(
        recipe,
        smoothing=0.1,
        model=replace(recipe.model, stem_init="whitening"),
        augment=replace(recipe.augment, flip_order="alternating" if recipe.augment.flip else "random"),
        optimizer=Optimizer(
            lr=0.2, nesterov=True, weight_decay=5e-4, kind="muon", muon_lr=0.06, muon_momentum=0.6, bn_bias_lr=8.0
        ),
        schedule=Schedule("linear", max(1, steps), drops=(), warmup_steps=steps // 20),
    )


def spec_of(recipe: Recipe) -> Architecture:
    """The architecture that a recipe asks for."""
    asked = recipe.model
    return spec(asked.name, asked.shortcut, asked.classes, recipe.data.size, asked.stride_in, asked.survival)


def work_of(recipe: Recipe) -> Work:
    """What an engine has to do for a recipe."""
    return Work(
        spec_of(recipe),
        recipe.steps * recipe.batch,
        own=recipe.model.residual is not None,
        lighting=recipe.augment.lighting > 0,
        mixing=recipe.mixes,
        size=recipe.augment.small_size,
        loss=recipe.loss,
        parts=recipe.accumulate,
        frozen=recipe.model.frozen is not None,
        taught=recipe.teacher.net is not None,
        gcn=recipe.data.gcn,
    )


def net_is_cifar(net: Architecture) -> bool:
    """Is it one of the nets of sec. 4.2?"""
    return isinstance(net, Spec) and net.stem == "cifar"


def net_is_imagenet(net: Architecture) -> bool:
    """Is it one of Table 1, or of those that they are compared with there?"""
    return net.stem == "imagenet" if isinstance(net, Spec) else net.row.size == IMAGENET_SIZE
