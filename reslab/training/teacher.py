"""A trained net that another learns from: which one, and whether it can teach this."""

from dataclasses import replace

from reslab.data import same_names
from reslab.engine import Teaching
from reslab.errors import ReslabError, UsageError
from reslab.nets import Historic, hint_regressor, unfilled
from reslab.store import Classifier
from reslab.training.originals import ORIGINALS
from reslab.training.presets import spec_of
from reslab.training.recipe import Recipe, Teacher
from reslab.training.start import place_of, trained_source


def with_teacher(recipe: Recipe, teacher: str | None) -> Recipe:
    """The recipe of a training that learns from `teacher`, too; as it is for None.

    `teacher` is a run folder, a model file, the name of a trained net or another program's weights, which become a part
    of the recipe. A net of the comparison whose authors had hints of a teacher has them, too. Raises RunError where
    there is no trained net, UsageError where it does not see images of this size.
    """
    if teacher is None:
        return recipe
    source = trained_source(teacher, None)
    _refuse_other_size(recipe, teacher, source)
    named = replace(recipe.teacher, net=place_of(teacher), digest=source.digest())
    net = spec_of(recipe)
    row = ORIGINALS[net.name] if isinstance(net, Historic) and recipe.name != "paper" else None
    if row is None or not row.hints:
        return replace(recipe, teacher=named)
    hint_steps = round(row.hint_steps * recipe.steps / row.schedule.steps)
    schedule = replace(recipe.schedule, hint_steps=hint_steps)
    return replace(recipe, teacher=replace(named, hints=row.hints), schedule=schedule)


def teacher_of(recipe: Recipe, classes: tuple[str, ...]) -> Classifier | None:
    """The trained net that a training on images of `classes` learns from; None for none.

    Raises UsageError where it has other weights than those that the recipe names, knows other classes or another size,
    or gives no such hints; RunError where there is none.
    """
    if recipe.teacher.net is None:
        return None
    source = _found(recipe.teacher)
    if source.digest() != recipe.teacher.digest:
        raise UsageError(f"{recipe.teacher.net} has other weights than when this run was begun; choose another --run")
    if not same_names(classes, source.classes):
        raise UsageError(
            f"{recipe.teacher.net} knows {_listed(source.classes)}, and the images are of {_listed(classes)}: what a "
            "net teaches is of the same classes, in the same order"
        )
    _refuse_other_size(recipe, recipe.teacher.net, source)
    if parts := recipe.teacher.hint_parts:
        hint_regressor(unfilled(spec_of(recipe)), source.net, parts, recipe.data.size)
    return source


def teaching_by(recipe: Recipe, source: Classifier | None) -> Teaching | None:
    """What an engine needs to know of the net that `teacher_of` gave."""
    if source is None:
        return None
    return Teaching(source.net, source.preprocessing, recipe.teacher.temperature, recipe.teacher.hint_parts)


def _found(teacher: Teacher) -> Classifier:
    assert teacher.net
    try:
        return trained_source(teacher.net, None)
    except ReslabError as error:
        raise type(error)(
            f"the net that teaches: {error}; a run goes on with the teacher that it began with"
        ) from error


def _refuse_other_size(recipe: Recipe, teacher: str, source: Classifier) -> None:
    if source.size != recipe.data.size and not source.takes_any_size:
        raise UsageError(
            f"{teacher} sees images of {source.size} px, and these have {recipe.data.size}: --size {source.size}, or "
            "another teacher"
        )


def _listed(classes: tuple[str, ...]) -> str:
    shown = ", ".join(f"'{name}'" for name in classes[:3])
    return f"{shown} and {len(classes) - 3} more" if len(classes) > 3 else shown
