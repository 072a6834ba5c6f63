"""The nets that the paper compares itself with, each under its own recipe, where they can be built here."""

from collections.abc import Iterable

from reslab.errors import UsageError
from reslab.experiments.experiment import Need, Runs


def historic_needs(runs: Runs, names: Iterable[str]) -> list[Need]:
    """A run for each that has a name in `reslab list`; a test of a few steps has no time for them."""
    found = []
    for name in names if not runs.setting.smoke else ():
        try:
            found.append(Need(name, runs.setting.recipe(name), alike=False))
        except UsageError:  # no net of that name, or none that takes images of this size
            continue
    return found
