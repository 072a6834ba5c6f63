"""`reslab reproduce --minutes`: the scale, and the part of its steps, that fits into so much time on this machine."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reslab.cli.at_hand import at_hand
from reslab.cli.show import duration, say
from reslab.errors import DataError, UsageError
from reslab.progress import silent

if TYPE_CHECKING:
    from reslab.experiments.experiment import Experiment
    from reslab.experiments.scales import Shelf
    from reslab.training import Surroundings

BUDGETS = "budgets.json"  # what was chosen, so that the same command goes on with it


def budget(
    experiments: "Sequence[Experiment]",
    scale: str | None,
    minutes: float,
    seeds: int,
    shelf: "Shelf",
    folder: Path,
    around: "Surroundings",
) -> tuple[str, float]:
    """The scale, and the part of its steps, that fits into so many minutes; what was chosen once stays chosen.

    Of the experiments whose images are here. Raises UsageError where not even the least does.
    """
    from reslab.experiments.costs import LEAST_PART, PARTS, Paces, costs, fitting_part, seconds_behind
    from reslab.experiments.reproduce import kinds_of_images, kinds_of_nets
    from reslab.experiments.scales import SCALES, smaller
    from reslab.store import make_folder, write_json

    on = ", ".join(f"{data} in {place}" for data, place in shelf.sources(kinds_of_images(experiments, "small")).items())
    key = f"{' '.join(e.name for e in experiments)} scale {scale} minutes {minutes:g} seeds {seeds} on {on or 'digits'}"
    known = _chosen(folder)
    if key in known:
        return known[key]["scale"], known[key]["part"]
    for name in [scale] if scale else reversed(SCALES):
        try:
            setting, there, missing = at_hand(experiments, name, shelf, tell=silent)
        except DataError:
            if scale:
                raise
            continue
        if not scale and _leaves_out(experiments, there, missing, name, shelf):
            continue
        paces = Paces.tried_here(setting, kinds_of_nets(there, name), around.request, around.say)
        part = fitting_part(there, setting, paces, 60 * minutes, seeds)
        if part is not None and (scale or part == 1.0 or (name == "small" and part >= LEAST_PART)):
            say(f"--minutes {minutes:g}: scale {name}" + (f", {100 * part:g} % of its steps" if part < 1 else ""))
            make_folder(folder)
            # Read again: another command may have chosen meanwhile.
            write_json(folder / BUDGETS, {**_chosen(folder), key: {"scale": name, "part": part}})
            return name, part
    name = scale or next(iter(SCALES))
    least = costs(there, replace(setting, part=1.0 if setting.smoke else PARTS[-1]), paces, seeds)
    least += seconds_behind(there, setting)
    less = smaller(name, kinds_of_images(there, name), shelf)
    way = f", or --scale {less}" if less else ""
    raise UsageError(
        f"--minutes {minutes:g}: scale {name} takes about {duration(least)} here at the least; give more minutes{way}"
    )


def _leaves_out(
    experiments: "Sequence[Experiment]",
    there: "Sequence[Experiment]",
    missing: dict[str, str],
    scale: str,
    shelf: "Shelf",
) -> bool:
    """Are there no images for what trains at a scale, or are there for some of it at the scale small alone?"""
    from reslab.experiments.reproduce import kinds_of_nets

    if kinds_of_nets(experiments, scale) and not kinds_of_nets(there, scale):
        return True
    for experiment in experiments if scale == "full" else ():
        if experiment.name in missing:
            with suppress(DataError):
                at_hand([experiment], "small", shelf, tell=silent)
                return True
    return False


def _chosen(folder: Path) -> dict[str, Any]:
    """What was chosen before, by question."""
    from reslab.store import read_json

    return read_json(folder / BUDGETS) if (folder / BUDGETS).is_file() else {}
