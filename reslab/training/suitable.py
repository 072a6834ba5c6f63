"""Can a recipe be trained here: on this data set, on its net, by so many processes?"""

from contextlib import nullcontext

import torch
from torch import nn

from reslab.data import can_whiten
from reslab.engine import statistics_layout
from reslab.errors import UsageError
from reslab.nets import (
    Architecture,
    Historic,
    Residual,
    Spec,
    build,
    check_frozen,
    initialise,
    named_residual,
    unfilled,
)
from reslab.training.by_name import check_names
from reslab.training.presets import Facts, spec_of
from reslab.training.recipe import Recipe


def check(recipe: Recipe, facts: Facts, residual: Residual | None = None) -> None:
    """Raises UsageError where this recipe cannot be trained on this data set, or speaks of another one."""
    _check_counts(recipe, facts)
    _check_data(recipe, facts)
    _check_net(recipe, residual)


def _check_counts(recipe: Recipe, facts: Facts) -> None:
    """Are there enough images for a step, and as many classes?"""
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
    if recipe.augment.pad > recipe.data.size:
        raise UsageError(
            f"augment.pad={recipe.augment.pad}: padding is at most the image's own {recipe.data.size} pixels; an "
            "eighth of these is usual (4 of 32)"
        )
    if recipe.data.images is not None and recipe.data.images < facts.classes:
        raise UsageError(
            f"data.images={recipe.data.images}: {facts.name} has {facts.classes} classes; at least one image of each"
        )
    if recipe.data.zca and recipe.model.start is None:
        check_whitening(recipe, facts.train_images)
    if recipe.model.classes != facts.classes:
        raise UsageError(f"model.classes={recipe.model.classes}, but {facts.name} has {facts.classes} classes")


def check_whitening(recipe: Recipe, train_images: int) -> None:
    """Raises UsageError where so many training images are too few to find what whitens them."""
    images = recipe.data.images or train_images
    if not can_whiten(recipe.data.size, images):
        raise UsageError(
            f"data.zca: an image has {3 * recipe.data.size**2:,} numbers, and {images:,} training images are too few "
            "to whiten such; as many at least, or set data.zca=false"
        )


def _check_data(recipe: Recipe, facts: Facts) -> None:
    """Are these the images that the recipe speaks of?"""
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


def _check_net(recipe: Recipe, residual: Residual | None) -> None:
    """Can the net be trained on such images, and has it the parts that the recipe names?"""
    net, residual = spec_of(recipe), residual or named_residual(recipe.model.residual)
    check_size(recipe, net)
    if recipe.model.frozen is not None:
        check_frozen(net, recipe.model.frozen)
    if residual:
        statistics_layout(_shapes(net, residual))  # refuses what else a residual function keeps
    if recipe.optimizer.rates or recipe.optimizer.decays or recipe.optimizer.max_norms:
        names = tuple(name for name, _ in _shapes(net, residual).named_parameters())
        names += ("hint.0.weight", "hint.0.bias") if recipe.teacher.net else ()  # of hints' regressor
        for field in ("rates", "decays", "max_norms"):
            check_names(f"optimizer.{field}", getattr(recipe.optimizer, field), names)
    if recipe.model.init in ("identity", "zero_gamma"):  # not every net can start so
        with torch.device("meta"):
            initialise(build(net, residual), recipe.model.init)


def _shapes(net: Architecture, residual: Residual | None) -> nn.Sequential:
    """The net, its numbers not drawn: a residual function that draws some leaves the caller's stream alone."""
    with torch.device("meta") if residual else nullcontext():
        return unfilled(net, residual)


def check_parts(recipe: Recipe, processes: int) -> None:
    """Raises UsageError where so many processes cannot share a batch: each normalises over its own part of it.

    Where the recipe accumulates, each has that in so many parts, and normalises over one of them.
    """
    net, parts = spec_of(recipe), processes * recipe.accumulate
    least, each = recipe.batch // parts, f" with {recipe.accumulate} parts each" * (recipe.accumulate > 1)
    if least < 1:
        raise UsageError(
            f"batch {recipe.batch} leaves some of {processes} processes{each} without an image: --batch {parts} at "
            "least"
        )
    if recipe.mixes and least < 2:
        raise UsageError(
            f"batch {recipe.batch} leaves some of {processes} processes{each} one image, which mixup and cutmix have "
            f"nothing to mix with: --batch {2 * parts}{_or_fewer(recipe)}"
        )
    if not isinstance(net, Historic) and _normalises(recipe, net) and least * _smallest_map(recipe, net) ** 2 < 2:
        raise UsageError(
            f"batch {recipe.batch} on {recipe.augment.small_size or recipe.data.size} px leaves batch normalisation in "
            f"{processes} processes{each} one value a channel; it needs two in each: --batch {2 * parts}"
            f"{_or_fewer(recipe)}"
        )


def _or_fewer(recipe: Recipe) -> str:
    return ", or fewer parts (accumulate)" if recipe.accumulate > 1 else ""


def _normalises(recipe: Recipe, net: Spec) -> bool:
    """Is the last map normalised by the batch? Not where all stages are frozen, unless the head does it, too."""
    return recipe.model.frozen != f"stage{len(net.depths)}" or net.activation == "pre"


def _smallest_map(recipe: Recipe, net: Spec) -> int:
    return net.variant(size=recipe.augment.small_size or recipe.data.size).smallest_map


def check_size(recipe: Recipe, net: Architecture) -> None:
    """Raises UsageError for images, or crops of the first part, that the net cannot be trained on."""
    size = recipe.augment.small_size or recipe.data.size
    if isinstance(net, Historic):
        if recipe.augment.small_size:
            raise UsageError(f"augment.small_size={size}: {net.name} takes images of one size; leave that out")
    elif _normalises(recipe, net) and recipe.batch // recipe.accumulate * _smallest_map(recipe, net) ** 2 < 2:
        parts = f" in {recipe.accumulate} parts" * (recipe.accumulate > 1)
        raise UsageError(
            f"batch {recipe.batch}{parts} on {size} px leaves batch normalisation one value a channel; it needs two: "
            f"--batch {2 * recipe.accumulate}{_or_fewer(recipe)}"
        )
