"""The nets that the paper compares itself with, each under its own recipe, where they can be built here."""

from collections.abc import Iterable

from reslab.errors import UsageError
from reslab.experiments.experiment import Need, Runs


def historic_needs(runs: Runs, names: Iterable[str]) -> list[Need]:
    """A run for each that has a name in `reslab list`, and can be trained on images of this size.

    So a test of a few steps has those of CIFAR, but no VGG-19, for which its images are too small.
    """
    found = []
    for name in names:
        try:
            found.append(Need(name, runs.setting.recipe(name), alike=False))
        except UsageError:
            continue
    return found
