"""`reslab reproduce`: the experiments whose images are here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reslab.cli.show import say
from reslab.errors import DataError
from reslab.progress import Say

if TYPE_CHECKING:
    from reslab.experiments.experiment import Experiment
    from reslab.experiments.scales import Setting, Shelf


def at_hand(
    experiments: "Sequence[Experiment]", scale: str, shelf: "Shelf", part: float = 1.0, tell: Say = say
) -> tuple["Setting", tuple["Experiment", ...], dict[str, str]]:
    """The setting, the experiments whose images are here, and why the others cannot be run, which `tell` says.

    Raises DataError where there are images for none.
    """
    from reslab.experiments.reproduce import kinds_of_images
    from reslab.experiments.scales import Setting, setting_of

    there, missing, nets = [], {}, set()
    for experiment in experiments:
        needed = kinds_of_images([experiment], scale)
        try:
            setting_of(scale, needed, shelf, part)
        except DataError as error:
            if len(experiments) == 1:
                raise DataError(f"{experiment.name}: {error}{without_images(experiment)}") from error
            tell(f"left out: {experiment.name}: {error}")
            missing[experiment.name] = str(error)
            continue
        there.append(experiment)
        nets |= needed
    if not there:
        raise DataError(next(iter(missing.values())))
    return setting_of(scale, nets, shelf, part) if nets else Setting.nominal(scale, part), tuple(there), missing


def without_images(experiment: "Experiment") -> str:
    """How to draw it from the nets that come with the package; "" where they are none of its runs."""
    from reslab.experiments.reproduce import kept_for

    given = " ".join(f"--from {name}" for name in kept_for(experiment))
    words = f"; from the nets that come with reslab, without images: reslab reproduce {experiment.name} {given}"
    return words if given else ""
