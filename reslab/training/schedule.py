"""Learning-rate schedules: pure functions of the step."""

from reslab.training.recipe import Recipe, Schedule


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate of the update at `step`, counted from 0."""
    schedule, lr = recipe.schedule, recipe.optimizer.lr
    if step < schedule.warmup_steps:
        return warmup(schedule, lr, step)
    if schedule.kind == "linear":
        return lr * (schedule.steps - step) / (schedule.steps - schedule.warmup_steps)
    return lr * 0.1 ** sum(step >= drop for drop in schedule.drops)


def warmup(schedule: Schedule, lr: float, step: int) -> float:
    """Constant at `warmup_lr` (sec. 4.2 for 110 layers), or rising linearly to `lr`."""
    return lr * (step + 1) / schedule.warmup_steps if schedule.warmup_lr is None else schedule.warmup_lr
