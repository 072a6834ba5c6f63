"""The presets: rows of a table, filled in with what the data set is.

| preset | for | steps | rate | batch | decay | schedule |
|---|---|---|---|---|---|---|
| paper | what sec. 4.2 says | 64,000 | 0.1 | 128 | 1e-4 | a tenth at 32k and 48k |
| paper, ImageNet nets | what sec. 3.4 says | 600,000 | 0.1 | 256 | 1e-4 | a tenth at 150k and 300k |
| fast | comparing nets on CIFAR in minutes | 20 epochs | 0.2 | 128 | 5e-4 | linear to zero |
| small | digits and small folders | 30 epochs, at least 300 steps | 0.1 | 64 | 5e-4 | linear to zero |
"""

from dataclasses import dataclass, replace

import torch

from reslab.engine import Work
from reslab.errors import UsageError, unknown
from reslab.nets import Residual, Spec, build, initialise, named_residual, spec
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
    "paper": "sec. 4.2: 64,000 steps of 128, rate 0.1, a tenth at 32k and 48k, decay 1e-4; "
    "ImageNet nets as sec. 3.4: 600,000 of 256",
    "fast": "CIFAR in minutes: 20 epochs, rate 0.2 falling linearly to zero, decay 5e-4, Nesterov momentum",
    "small": "digits and small folders: 30 epochs of 64 (300 steps at least), rate 0.1 falling to zero, decay 5e-4",
}
BATCH = {"paper": 128, "fast": 128, "small": 64}
PAPER_IMAGENET_BATCH = 256  # sec. 3.4
WARMUP_DEPTH = 110  # sec. 4.2: from this depth on 0.1 is too large a rate to start with
SMALLEST_RUN = 300  # steps: a folder of a hundred photographs would hardly move in 30 epochs


def make_recipe(
    facts: Facts,
    model: str | None = None,
    preset: str | None = None,
    shortcut: str | None = None,
    stride_in: str | None = None,
    seed: int = 0,
    batch: int | None = None,
) -> Recipe:
    """The recipe for a data set, the defaults of the house filled in.

    Digits take resnet20 and `small`, CIFAR takes resnet20 and `fast`, a folder takes resnet18 and `small`. Raises
    UsageError for names that do not exist, and for more classes or fewer images than can be trained on.
    """
    preset = preset or ("fast" if facts.name.startswith("cifar") else "small")
    if preset not in PRESETS:
        raise unknown("recipe", preset, PRESETS)
    name = model or ("resnet20" if facts.official else "resnet18")
    net = spec(name, shortcut, facts.classes, facts.size, stride_in)
    usual = PAPER_IMAGENET_BATCH if preset == "paper" and net.stem == "imagenet" else BATCH[preset]
    recipe = Recipe(
        name=preset,
        seed=seed,
        batch=batch if batch is not None else min(usual, facts.train_images),
        data=Data(
            name=facts.name,
            split=facts.split,
            size=facts.size,
            mean="pixel" if facts.official else "channel",
            fingerprint=facts.fingerprint,
        ),
        model=Model(name, net.shortcut, net.stride_in, net.classes),
        # Four pixels of 32 (sec. 4.2), and as large a part of any other size.
        augment=Augment(pad=facts.size // 8, flip=facts.mirror),
    )
    return {"paper": paper, "fast": fast, "small": small}[preset](recipe, facts, net.depth)


def paper(recipe: Recipe, facts: Facts, depth: int) -> Recipe:
    """Sec. 4.2; for 110 layers and more, 0.01 for the first 400 steps. ImageNet nets: sec. 3.4.

    There the rate falls "when the error plateaus"; that is after 30 and 60 epochs of ImageNet, as the authors fix it
    in the appendix of their later paper (arXiv 1603.05027).
    """
    if not net_is_cifar(recipe):
        return replace(recipe, schedule=Schedule("drops", 600_000, drops=(150_000, 300_000)))
    if depth < WARMUP_DEPTH:
        return recipe
    return replace(recipe, schedule=replace(recipe.schedule, warmup_steps=400, warmup_lr=0.01))


def fast(recipe: Recipe, facts: Facts, depth: int) -> Recipe:
    """A short budget that ends at rate zero: a step schedule earns nothing before its first drop."""
    steps = round(20 * facts.train_images / recipe.batch)
    return replace(
        recipe,
        optimizer=Optimizer(lr=0.2, nesterov=True, weight_decay=5e-4),
        schedule=Schedule("linear", max(1, steps), drops=(), warmup_steps=steps // 20),
    )


def small(recipe: Recipe, facts: Facts, depth: int) -> Recipe:
    """Few images: smaller batches, so that there are enough steps, and the same linear decay."""
    steps = max(SMALLEST_RUN, round(30 * facts.train_images / recipe.batch))
    return replace(
        recipe,
        optimizer=Optimizer(lr=0.1, nesterov=True, weight_decay=5e-4),
        schedule=Schedule("linear", steps, drops=(), warmup_steps=steps // 20),
    )


def spec_of(recipe: Recipe) -> Spec:
    """The architecture that a recipe asks for."""
    asked = recipe.model
    return spec(asked.name, asked.shortcut, asked.classes, recipe.data.size, asked.stride_in)


def work_of(recipe: Recipe) -> Work:
    """What an engine has to do for a recipe."""
    return Work(
        spec_of(recipe),
        recipe.steps * recipe.batch,
        own=recipe.model.residual is not None,
        size=recipe.augment.small_size,
    )


def net_is_cifar(recipe: Recipe) -> bool:
    return spec(recipe.model.name).stem == "cifar"


def check(recipe: Recipe, facts: Facts, residual: Residual | None = None) -> None:
    """Raises UsageError where this recipe cannot be trained on this data set, or speaks of another one."""
    if recipe.batch > facts.train_images:
        raise UsageError(
            f"batch {recipe.batch} is larger than the {facts.train_images} training images of {facts.name}; "
            f"--batch {facts.train_images} at most"
        )
    if recipe.candidates > facts.train_images:
        raise UsageError(
            f"selective {recipe.selective} of batch {recipe.batch} draws {recipe.candidates} images a step, more than "
            f"the {facts.train_images} training images of {facts.name}; select a larger part, or use a smaller --batch"
        )
    if recipe.model.classes != facts.classes:
        raise UsageError(f"model.classes={recipe.model.classes}, but {facts.name} has {facts.classes} classes")
    for field, told, found, way in (
        ("name", recipe.data.name, facts.name, "name the data set before the options"),
        ("split", recipe.data.split, facts.split, "use --split"),
        ("size", recipe.data.size, facts.size, "use --size"),
        (
            "fingerprint",
            recipe.data.fingerprint,
            facts.fingerprint,
            "its photographs have changed: choose another --run",
        ),
    ):
        if told != found:
            raise UsageError(f"data.{field}={told}, but the images that were read have {found}; {way}")
    net = spec_of(recipe)
    size = recipe.augment.small_size or recipe.data.size
    if recipe.batch * net.variant(size=size).smallest_map ** 2 < 2:
        raise UsageError(
            f"batch 1 on {size} px leaves batch normalisation one value a channel; it needs two: --batch 2"
        )
    if recipe.model.init != "he":  # not every net can start otherwise
        with torch.device("meta"):
            initialise(build(net, residual or named_residual(recipe.model.residual)), recipe.model.init)
