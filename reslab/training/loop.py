"""The training loop: batch, gradient, update; metrics, evaluation and checkpoints at their steps."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.data import Images
from reslab.engine import Batch, Engine, Lost, agreed, part_of
from reslab.errors import DataError, ReslabError, RunError
from reslab.evaluation import cross_entropy, single_view, top_error
from reslab.store import RunFolder
from reslab.training.again import command_again
from reslab.training.feed import batches
from reslab.training.interrupt import heard
from reslab.training.optimizer import STATISTICS_MOMENTUM, Terms, descend, follow, terms_of
from reslab.training.recipe import Recipe
from reslab.training.schedule import hints_alone, learning_rate, momentum
from reslab.training.selective import selected
from reslab.training.state import State
from reslab.training.statistics import settle_statistics

LINES = 200  # of training metrics in a run, or up to twice as many
EVALUATIONS = 25  # on the validation images in a run, or up to twice as many
SHOWN_EVERY = 0.5  # seconds between two looks at the progress


class Diverged(RunError):  # noqa: N818 - what happened, not whose mistake it was
    """The loss is no longer a number. `step` is where that was seen; `kept`: was a state saved before that?"""

    def __init__(self, step: int, kept: bool = False) -> None:
        before = "the last good state is kept" if kept else "no state had been saved before"
        super().__init__(
            f"the loss is no longer a number at step {step}; {before}. "
            f"Train another run with a smaller rate: --lr RATE --run NEW"
        )
        self.step = step


class Interrupted(ReslabError):  # noqa: N818 - not a mistake, but what was asked for
    """The user stopped the run; its state is saved."""


@dataclass(frozen=True)
class Progress:
    """What a watcher sees."""

    step: int
    steps: int
    loss: float
    train_error: float
    images_per_second: float
    seconds_left: float
    val_error: float | None


def fit(
    recipe: Recipe,
    state: State,
    engine: Engine,
    train: Images,
    val: Images | None,
    folder: RunFolder,
    watch: Callable[[Progress], None] = lambda _: None,
    save_every: float = 20.0,
) -> NDArray[np.float32] | None:
    """Bring `state` to the recipe's last step, saving it every `save_every` seconds (more rarely if saving is slow).

    Gives the scores of the validation images, (N, classes), by the net that is the result; None where there are none,
    or where the run goes on from its last step.

    Raises Diverged when the loss is no longer a number, Interrupted after Ctrl-C, DataError where a photograph cannot
    be read any more, Lost where another of several processes has ended; the folder then holds the last good state,
    but none where the loss was never a number when one was to be saved.
    """
    terms = terms_of(engine, recipe.optimizer)
    line_every, evaluate_every = max(1, recipe.steps // LINES), max(1, recipe.steps // EVALUATIONS)
    clock = _Clock(state, save_every)
    line: dict[str, Any] = {}
    val_error: float | None = None
    scores: NDArray[np.float32] | None = None
    with heard() as interruption, batches(recipe, train, part_of(engine)) as batch_of:
        asked = agreed(engine, lambda: interruption.asked)
        while state.step < recipe.steps:
            try:
                update(recipe, state, engine, batch_of(state.step), terms)
            except (DataError, Lost):  # between two steps: what is saved is as if the run had been stopped here
                checkpoint(state, folder, clock)
                raise
            if state.step == recipe.steps:
                settle_statistics(recipe, state, engine, train)
            if state.step % line_every == 0 or state.step == recipe.steps:
                line = training_line(recipe, state, len(train), clock)
                folder.append_metrics(line)
                state.sums.zero_()
            if val and (state.step % evaluate_every == 0 or state.step == recipe.steps):
                with clock.stopped():
                    scores = single_view(engine, *state.result(), val.shared(part_of(engine)))
                    judged = validation_line(recipe, state, scores, val, len(train))
                    val_error = judged["val_error"]
                    folder.append_metrics(judged)
            if clock.time_to_show():
                watch(_progress(recipe, state, clock, line, val_error))
            stop = asked()  # once: who asks after this is answered after the next step, when it is saved, too
            if stop or clock.time_to_save():
                with clock.stopped():
                    checkpoint(state, folder, clock)
            if stop and state.step < recipe.steps:
                raise Interrupted(
                    f"stopped at step {state.step} of {recipe.steps}; go on: {command_again(folder.path)}"
                )
    with clock.stopped():
        checkpoint(state, folder, clock)
    return scores


def update(recipe: Recipe, state: State, engine: Engine, batch: Batch, terms: Terms) -> None:
    """One step of the recipe, on what `batch_at` gives for it: the state afterwards is one step further."""
    batch = selected(recipe, state, engine, batch)
    output = engine.step(state.weights, batch, state.statistics)
    lr = learning_rate(recipe, state.step)
    optimizer = replace(recipe.optimizer, momentum=momentum(recipe, state.step))
    if hints_alone(recipe, state.step):  # what has no gradient is to stay, and not to decay
        terms = replace(terms, decay=torch.zeros_like(terms.decay))
    descend(state.weights, state.velocity, output.gradient, terms, lr, optimizer)
    # Early on, the plain mean of all so far: a running average would remember its arbitrary start.
    learned, measured = engine.parameters.learned, engine.statistics.learned
    weight = max(STATISTICS_MOMENTUM, 1 / (state.step + 1))
    follow(state.statistics[measured], output.statistics[measured], weight)
    if recipe.average:
        weight = max(1 - recipe.average, 1 / (state.step + 1))
        follow(state.average[learned], state.weights[learned], weight)
        follow(state.average_statistics[measured], state.statistics[measured], weight)
    images = output.losses.new_tensor(float(recipe.batch))
    state.sums += torch.stack([output.losses.sum(), output.errors.sum().to(output.losses.dtype), images])
    state.step += 1


def training_line(recipe: Recipe, state: State, train_images: int, clock: "_Clock") -> dict[str, Any]:
    """One line of metrics on the augmented images since the last. Raises Diverged when the loss is not a number.

    Of mixed images loss and error are weighted between both labels: where these differ, none can be wholly right.
    """
    loss, errors, images = state.sums.tolist()
    if not math.isfinite(loss):
        raise Diverged(state.step)
    return {
        "step": state.step,
        "epoch": round(state.step * recipe.candidates / train_images, 4),
        "lr": learning_rate(recipe, state.step - 1),
        "loss": loss / images,
        "train_error": 100 * errors / images,
        "images_per_second": round(clock.rate(recipe.batch), 1),
        "seconds": round(clock.seconds(), 3),
    }


def validation_line(
    recipe: Recipe, state: State, scores: NDArray[np.float32], val: Images, train_images: int
) -> dict[str, Any]:
    """One line of metrics on the validation images, whose `scores` are of the net that would be the result now."""
    return {
        "step": state.step,
        "epoch": round(state.step * recipe.candidates / train_images, 4),
        "val_loss": cross_entropy(scores, val.labels),
        "val_error": top_error(scores, val.labels),
        "val_images": len(val),
        "seconds": round(state.seconds, 3),
    }


def checkpoint(state: State, folder: RunFolder, clock: "_Clock") -> None:
    """Save the state, if it is a good one. Raises Diverged, and keeps the state saved before, where it is not."""
    if not state.finite() or not math.isfinite(float(state.sums[0])):
        raise Diverged(state.step)
    begin = time.perf_counter()
    folder.save_state(state.tensors(), state.facts())
    clock.saved(time.perf_counter() - begin)


def _progress(recipe: Recipe, state: State, clock: "_Clock", line: dict[str, Any], val_error: float | None) -> Progress:
    """Where the run stands: on the images since the last line of metrics, or, just after one, as that line says."""
    loss, errors, images = state.sums.tolist()
    rate = clock.rate(recipe.batch)
    left = (recipe.steps - state.step) * recipe.batch / rate if rate else math.inf
    loss, error = (loss / images, 100 * errors / images) if images else (line["loss"], line["train_error"])
    return Progress(state.step, recipe.steps, loss, error, rate, left, val_error)


class _Clock:
    """Seconds spent in steps and feeding; evaluation and saving stop it."""

    def __init__(self, state: State, save_every: float) -> None:
        self._state = state
        self._first_step = state.step
        self._first_seconds = state.seconds
        self._since = self._shown = self._saved = time.perf_counter()
        self._save_every = self._pause_between_saves = save_every

    def seconds(self) -> float:
        """Up to now, earlier starts included; also written into the state."""
        now = time.perf_counter()
        self._state.seconds += now - self._since
        self._since = now
        return self._state.seconds

    def rate(self, batch: int) -> float:
        """Images per second of this start."""
        seconds = self.seconds() - self._first_seconds
        return (self._state.step - self._first_step) * batch / seconds if seconds > 0 else 0.0

    def stopped(self) -> "_Clock":
        return self

    def __enter__(self) -> None:
        self.seconds()

    def __exit__(self, *error: object) -> None:
        self._since = time.perf_counter()

    def time_to_show(self) -> bool:
        return self._due("_shown", SHOWN_EVERY)

    def time_to_save(self) -> bool:
        return time.perf_counter() - self._saved > self._pause_between_saves

    def saved(self, seconds: float) -> None:
        """Saving took so long: never spend more than a twentieth of the time on it."""
        self._saved = time.perf_counter()
        self._pause_between_saves = max(self._save_every, 20 * seconds)

    def _due(self, name: str, pause: float) -> bool:
        now = time.perf_counter()
        if now - getattr(self, name) < pause:
            return False
        setattr(self, name, now)
        return True
