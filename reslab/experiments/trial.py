"""A trial of some seconds at most: how long a training will take here, from a few steps of a small batch."""

from reslab.data import Dataset
from reslab.engine import Execution, apart
from reslab.experiments.shares import macs_of
from reslab.training import Estimate, Recipe, estimate

TRIAL_SECONDS = 0.5
TRIAL_MACS = 1.6e10  # of a batch: one step is no matter of minutes, and two images would take twice as long each


def short_trial(recipe: Recipe, dataset: Dataset, execution: Execution) -> Estimate:
    """`estimate` with no more images in a batch than take a second or three, two at least.

    The random numbers and settings of whoever asks are not touched by it.
    """
    batch = max(2, min(recipe.batch, int(TRIAL_MACS / macs_of(recipe))))
    with apart(execution):
        return estimate(recipe, dataset, execution, TRIAL_SECONDS, batch)
