"""Schedules of the learning rate, the momentum, the companions and a teacher: pure functions of the step."""

import math

from reslab.training.recipe import Recipe, Schedule


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate of the update at `step`, counted from 0."""
    schedule, lr = recipe.schedule, recipe.optimizer.lr
    if step < schedule.warmup_steps:
        return warmup(schedule, lr, step)
    if schedule.kind != "drops":
        left = (schedule.steps - step) / (schedule.steps - schedule.warmup_steps)
        falling = lr * (left if schedule.kind == "linear" else (1 - math.cos(math.pi * left)) / 2)
        return lr * schedule.end + falling * (1 - schedule.end)
    return lr * schedule.drop ** sum(step >= drop for drop in schedule.drops)


def warmup(schedule: Schedule, lr: float, step: int) -> float:
    """Constant at `warmup_lr` (sec. 4.2 for 110 layers), or rising linearly to `lr`."""
    return lr * (step + 1) / schedule.warmup_steps if schedule.warmup_lr is None else schedule.warmup_lr


def momentum(recipe: Recipe, step: int) -> float:
    """The momentum of the update at `step`: that of the optimiser, or on the way to it."""
    schedule, final = recipe.schedule, recipe.optimizer.momentum
    if step >= schedule.momentum_steps:
        return final
    return schedule.momentum_start + (final - schedule.momentum_start) * step / schedule.momentum_steps


def companions_learn(recipe: Recipe, step: int) -> bool:
    """Do heads for training alone (`nets.Companion`) take part in the update at `step`?"""
    told = recipe.schedule.companion_steps
    return not hints_alone(recipe, step) and (told is None or step < told)


def hints_alone(recipe: Recipe, step: int) -> bool:
    """Are a teacher's maps all that is learned in the update at `step`?"""
    return step < hint_steps(recipe)


def hint_steps(recipe: Recipe) -> int:
    """How many of the steps, the first, learn hints alone: not all of them."""
    if not recipe.teacher.hints:
        return 0
    return min(max(1, round(recipe.teacher.hint_part * recipe.steps)), recipe.steps - 1)


def teaching(recipe: Recipe, step: int) -> float:
    """What a teacher's answers weigh in the update at `step`, after hints; 0 without a teacher."""
    teacher, first = recipe.teacher, hint_steps(recipe)
    if teacher.net is None:
        return 0.0
    if teacher.end is None:
        return teacher.weight
    done = (step - first) / max(1, recipe.steps - 1 - first)
    return teacher.weight + (teacher.end - teacher.weight) * min(max(done, 0.0), 1.0)
