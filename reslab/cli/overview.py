"""What experiments there are, what each costs here, and what has been measured of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reslab.cli.show import duration, emit, out, say, table

if TYPE_CHECKING:
    from reslab.experiments.experiment import Experiment


def overview(experiments: "Sequence[Experiment]", timed: bool) -> list[dict[str, Any]]:
    """Each experiment with its claim, its runs at every scale and their multiply-adds, and what is recorded of them.

    `timed` adds the expected seconds, none of the runs done, from a short trial of one net of each kind; a busy machine
    takes longer. Without it they are None, and nothing is run.
    """
    from reslab.engine import Request
    from reslab.experiments.costs import Paces, costs
    from reslab.experiments.inventory import accounts
    from reslab.experiments.reproduce import kinds_of_nets
    from reslab.experiments.scales import SCALES, Setting
    from reslab.store import read_results

    results = read_results()
    settings = {scale: Setting.nominal(scale) for scale in SCALES}
    paces = {s: Paces(settings[s], kinds_of_nets(experiments, s), Request(), say) for s in SCALES if timed}
    found = []
    for experiment in experiments:
        scales = {}
        each = accounts(experiment, list(settings.values()), results)
        for (scale, setting), told in zip(settings.items(), each, strict=True):
            scales[scale] = {
                "runs": told.runs,
                "multiply_adds": told.macs,
                "expected_seconds": round(costs([experiment], setting, paces[scale]), 1) if timed else None,
                "measured": told.measured,
                "measured_seconds": told.seconds,
                "measured_on": told.machines,
            }
        found.append(
            {
                "name": experiment.name,
                "title": experiment.title,
                "place": experiment.place,
                "claim": experiment.claim,
                "scales": scales,
            }
        )
    return found


def show_overview(experiments: "Sequence[Experiment]", json: bool) -> None:
    """The overview as a table, or as JSON."""
    from reslab.experiments.scales import SCALES

    found = overview(experiments, timed=True)
    if json:
        emit({"experiments": found, "scales": SCALES})
        return
    show_experiments(found, "Experiments: their runs, how long they take here, and what has been measured in what time")
    out.print()
    table(("scale", "what it runs on"), SCALES.items())
    out.print("\nTo run one: reslab reproduce NAME --scale smoke; all of them: reslab reproduce all --scale smoke")


def show_experiments(found: Sequence[dict[str, Any]], title: str) -> None:
    """A row each: what it is, its runs at each scale and what they cost, what has been measured of them."""
    scales = list(found[0]["scales"]) if found else []
    table(
        ("experiment", "what it is", *scales, "measured"),
        (
            (
                e["name"],
                f"{e['place']}: {e['title']}",
                *(_cost(e["scales"][scale]) for scale in scales),
                "; ".join(_measured(scale, told) for scale, told in e["scales"].items() if told["measured"]),
            )
            for e in found
        ),
        title=title,
    )


def _cost(scale: dict[str, Any]) -> str:
    """By the time that it is expected to take here; where that was not tried, by multiply-adds."""
    from reslab.experiments.inventory import macs_text

    if not scale["runs"]:
        return "no runs"
    seconds = scale["expected_seconds"]
    return f"{scale['runs']} runs, {macs_text(scale['multiply_adds']) if seconds is None else duration(seconds)}"


def _measured(scale: str, told: dict[str, Any]) -> str:
    """ "2 of 2 small in 33 min": the time that they took where they were measured."""
    seconds = told["measured_seconds"]
    return f"{told['measured']} of {told['runs']} {scale}" + (f" in {duration(seconds)}" if seconds else "")
