"""How long a recipe will take here: a few steps of it, timed."""

import time
from dataclasses import dataclass, replace

import numpy as np

from reslab.data import Dataset, Images, Preprocessing, measure, measure_contrast
from reslab.engine import Execution, make_engine
from reslab.evaluation import single_view
from reslab.nets import named_residual
from reslab.training.feed import batches
from reslab.training.loop import EVALUATIONS, update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of
from reslab.training.recipe import Augment, Recipe, Teacher
from reslab.training.state import initial_state
from reslab.training.teacher import teacher_of, teaching_by

SAMPLE_SECONDS = 2.0
SAMPLE_PIXELS = 1_100_000  # of images that are looked at: 1,000 of CIFAR, 20 photographs of 224 pixels


@dataclass(frozen=True)
class Estimate:
    """Measured on a few steps; a busy or hot machine takes longer."""

    params: int
    images_per_second: float
    seconds: float  # the whole run, evaluation included


def estimate(
    recipe: Recipe, dataset: Dataset, execution: Execution, seconds: float | None = None, batch: int | None = None
) -> Estimate:
    """Train for so many seconds, about two, throw the weights away, and reckon. Compilation is left out of it, and so
    is what smaller crops and hints would save. `batch` is that of the trial, where a whole one of the recipe would take
    long.
    """
    sample = SAMPLE_SECONDS if seconds is None else seconds
    dataset = dataset.with_train(recipe.data.images)
    recipe = replace(
        recipe,
        augment=replace(recipe.augment, small_size=None, small_part=Augment.small_part),
        teacher=replace(recipe.teacher, hints="", hint_part=Teacher.hint_part),
    )
    tried = recipe if batch is None else _smaller(recipe, batch)
    train, val = dataset.splits["train"], dataset.splits.get("val")
    spec, residual = spec_of(recipe), named_residual(recipe.model.residual)
    preprocessing = _preprocessing(recipe, train.thinned(SAMPLE_PIXELS))
    teaching = teaching_by(recipe, teacher_of(recipe, dataset.classes, residual))
    engine = make_engine(spec, preprocessing, execution, residual, recipe.model.frozen, teaching)
    state = initial_state(recipe, engine, spec, residual)
    terms = terms_of(engine, recipe.optimizer)
    with batches(tried, train) as batch_of:
        update(tried, state, engine, batch_of(0), terms)  # the first step prepares kernels and memory
        begin, timed = time.perf_counter(), 0
        while timed < 2 or time.perf_counter() - begin < sample:
            state.step %= recipe.steps  # a short recipe has no step to time beyond its last
            update(tried, state, engine, batch_of(state.step), terms)
            timed += 1
        float(state.sums[0])  # a GPU works on; wait for it
        image_seconds = (time.perf_counter() - begin) / timed / tried.batch
    evaluation = 0.0
    if val:
        some = val.thinned(SAMPLE_PIXELS)
        begin = time.perf_counter()
        single_view(engine, *state.result(), some)
        one = (time.perf_counter() - begin) * len(val) / len(some)
        evaluation = one * min(EVALUATIONS, recipe.steps)
    training = image_seconds * recipe.batch * (recipe.steps + recipe.statistics_batches)
    return Estimate(engine.parameters.of_net.total, 1 / image_seconds, training + evaluation)


def _preprocessing(recipe: Recipe, train: Images) -> Preprocessing:
    """As a run has it, with any matrix in place of that which whitens: to find that one takes twenty seconds."""
    found = measure(train, recipe.data.mean)
    if not recipe.data.gcn:
        return found
    matrix = np.eye(3 * train.size**2, dtype=np.float32) if recipe.data.zca else None
    return replace(found, contrast=replace(measure_contrast(train, recipe.data.mean, False), whitening=matrix))


def _smaller(recipe: Recipe, batch: int) -> Recipe:
    """The recipe with a smaller batch, in parts as large as they are there, if that is as large as one."""
    # A trial may have more images than a batch of one: that is no reason for parts.
    return replace(recipe, batch=batch, accumulate=max(1, min(batch, recipe.batch) * recipe.accumulate // recipe.batch))
