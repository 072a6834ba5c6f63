"""A trained net that another learns from: which one, and whether it can teach this."""

from dataclasses import replace

import torch

from reslab.data import same_names
from reslab.engine import Teaching
from reslab.errors import ReslabError, UsageError, and_more
from reslab.nets import Historic, Residual, hint_shape, named_residual, parts_until, unfilled
from reslab.store import Classifier, lineage_from
from reslab.training.originals import ORIGINALS
from reslab.training.presets import spec_of
from reslab.training.recipe import Recipe
from reslab.training.start import place_of, trained_source


def with_teacher(recipe: Recipe, teacher: str | None) -> Recipe:
    """The recipe of a training that learns from `teacher`, too; as it is for None.

    `teacher` is a run folder, a model file, the name of a trained net or another program's weights, which become a part
    of the recipe. A net of the comparison whose authors had such a teacher learns from it as theirs did. Raises
    RunError where there is no trained net, or what that began from is torn, UsageError where it does not see images of
    this size.
    """
    if teacher is None:
        return recipe
    source = taught_by(teacher)
    lineage_from(source)
    _refuse_other_size(recipe, teacher, source)
    place, digest = place_of(teacher), source.digest()
    net = spec_of(recipe)
    row = ORIGINALS[net.name] if isinstance(net, Historic) and recipe.name != "paper" else None
    if row is None or row.teacher is None or source.identity.model != row.taught_by:
        return replace(recipe, teacher=replace(recipe.teacher, net=place, digest=digest))
    optimizer = replace(
        recipe.optimizer,
        rates=_joined(recipe.optimizer.rates, row.hint_rates),
        max_norms=_joined(recipe.optimizer.max_norms, row.hint_norms),
    )
    return replace(recipe, teacher=replace(row.teacher, net=place, digest=digest), optimizer=optimizer)


def taught_by(teacher: str) -> Classifier:
    """The trained net of that name. Raises RunError where there is none, UsageError for a function it lacks."""
    try:
        with torch.random.fork_rng(devices=[]):
            return trained_source(teacher, None, teaches=True)
    except ReslabError as error:
        raise type(error)(f"the net that teaches: {error}") from error


def refuse_no_teacher(teacher: str | None) -> None:
    """Raises what `taught_by` raises, before any photograph is read."""
    if teacher is not None:
        taught_by(teacher)


def teacher_of(recipe: Recipe, classes: tuple[str, ...], residual: Residual | None = None) -> Classifier | None:
    """The trained net that a training on images of `classes` learns from; None for none.

    `residual` is the residual function of the net that learns. Raises UsageError where the teacher has other weights
    than those that the recipe names, knows other classes or another size, or gives no such hints; RunError where there
    is none any more.
    """
    if recipe.teacher.net is None:
        return None
    source = taught_by(recipe.teacher.net)
    if source.digest() != recipe.teacher.digest:
        raise UsageError(
            f"{recipe.teacher.net} has other weights than those that this recipe names; choose another --run"
        )
    if not same_names(classes, source.classes):
        raise UsageError(
            f"{recipe.teacher.net} knows {_listed(source.classes)}, and the images are of {_listed(classes)}: what a "
            "net teaches is of the same classes, in the same order"
        )
    _refuse_other_size(recipe, recipe.teacher.net, source)
    if source.preprocessing.contrast and recipe.augment.lighting:
        raise UsageError(
            f"{recipe.teacher.net} sees images of one contrast, to which no colours are added: --set augment.lighting=0"
        )
    if parts := recipe.teacher.hint_parts:
        with torch.random.fork_rng(devices=[]):  # a residual function of one's own may draw its weights
            net = unfilled(spec_of(recipe), residual or named_residual(recipe.model.residual))
        hint_shape(net, source.net, parts, recipe.data.size)
        if parts[0] in parts_until(net, recipe.model.frozen):
            raise UsageError(
                f"teacher.hints {parts[0]}: that part is frozen, and learns no hints; freeze less, or "
                "--set teacher.hints="
            )
    return source


def teaching_by(recipe: Recipe, source: Classifier | None) -> Teaching | None:
    """What an engine needs to know of the net that `teacher_of` gave."""
    if source is None:
        return None
    return Teaching(source.net, source.preprocessing, recipe.teacher.temperature, recipe.teacher.hint_parts)


def _refuse_other_size(recipe: Recipe, teacher: str, source: Classifier) -> None:
    if source.size != recipe.data.size and not source.takes_any_size:
        raise UsageError(
            f"{teacher} sees images of {source.size} px, and these have {recipe.data.size}: --size {source.size}, or "
            "another teacher"
        )


def _joined(one: str, other: str) -> str:
    return ", ".join(filter(None, (one, other)))


def _listed(classes: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in classes[:3]) + and_more(classes, 3)
