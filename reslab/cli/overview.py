"""What experiments there are, what each costs here, and what has been measured of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reslab.cli.show import duration, emit, out, say, table

if TYPE_CHECKING:
    from reslab.experiments.experiment import Experiment


ELSEWHERE = "~"  # before a time that is not of this machine


def overview(experiments: "Sequence[Experiment]", remembered: bool = False) -> list[dict[str, Any]]:
    """Each experiment with its claim, its runs at every scale and their multiply-adds, and what is recorded of them.

    Expected seconds, none of the runs done, are from a short trial of one net of each kind (a busy machine takes
    longer), and with `remembered` from the fastest such trial on this machine so far, or where there was none, from
    recorded runs on the machine that `expected_on` names; None where neither is known.
    """
    from reslab.engine import Request
    from reslab.experiments.costs import Paces, costs
    from reslab.experiments.inventory import accounts
    from reslab.experiments.reproduce import kinds_of_nets
    from reslab.experiments.scales import SCALES, Setting
    from reslab.store import read_results

    results = read_results()
    settings = {scale: Setting.nominal(scale) for scale in SCALES}
    kinds = {scale: kinds_of_nets(experiments, scale) for scale in SCALES}
    recorded = Paces.recorded(results) if remembered else None
    tried = {} if remembered else {s: Paces.tried_here(settings[s], kinds[s], Request(), say) for s in SCALES}
    found = []
    for experiment in experiments:
        scales = {}
        each = accounts(experiment, list(settings.values()), results)
        for (scale, setting), told in zip(settings.items(), each, strict=True):
            own = kinds_of_nets([experiment], scale)  # what others need may not be known
            pace = Paces.remembered(setting, own, Request()) if remembered else tried[scale]
            elsewhere = recorded if pace is None else None
            pace = elsewhere[0] if elsewhere else pace
            scales[scale] = {
                "runs": told.runs,
                "multiply_adds": told.macs,
                "expected_seconds": None if pace is None else round(costs([experiment], setting, pace), 1),
                "expected_on": elsewhere[1] if elsewhere else None,
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

    found = overview(experiments)
    if json:
        emit({"experiments": found, "scales": SCALES})
        return
    show_experiments(found)
    out.print()
    table(("scale", "what it runs on"), SCALES.items())
    out.print("\nTo run one: reslab reproduce NAME --scale smoke; all of them: reslab reproduce all --scale smoke")


def show_experiments(found: Sequence[dict[str, Any]]) -> None:
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
        title="Experiments: their runs, how long they take here, and what has been measured in what time",
    )


def _cost(scale: dict[str, Any]) -> str:
    if not scale["runs"]:
        return "no runs"
    seconds = scale["expected_seconds"]
    sign = ELSEWHERE if scale["expected_on"] else ""
    return f"{scale['runs']} runs" + ("" if seconds is None else f", {sign}{duration(seconds)}")


def _measured(scale: str, told: dict[str, Any]) -> str:
    """ "2 of 2 small in 33 min": the time that they took where they were measured."""
    seconds = told["measured_seconds"]
    return f"{told['measured']} of {told['runs']} {scale}" + (f" in {duration(seconds)}" if seconds else "")
