"""What experiments there are, what each costs here, and what has been measured of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reslab.cli.show import duration, emit, out, table

if TYPE_CHECKING:
    from reslab.experiments.experiment import Experiment


def overview(experiments: "Sequence[Experiment]", timed: bool) -> list[dict[str, Any]]:
    """Each experiment with its claim, its runs at every scale, and the results recorded of them.

    `timed` adds the expected seconds, none of the runs done, from a short trial of one net of each kind; a busy machine
    takes longer. Without it they are None, and nothing is run.
    """
    from reslab.engine import Request
    from reslab.experiments.costs import Paces, costs
    from reslab.experiments.reproduce import kinds_of_nets, needs_of
    from reslab.experiments.scales import SCALES, Setting
    from reslab.store import read_results
    from reslab.training import Recipe

    recorded = {Recipe.from_dict(result["recipe"]).digest() for result in read_results()}
    settings = {scale: Setting.nominal(scale) for scale in SCALES}
    paces = {s: Paces(settings[s], kinds_of_nets(experiments, s), Request()) for s in SCALES if timed}
    found = []
    for experiment in experiments:
        scales = {}
        for scale, setting in settings.items():
            needs = needs_of([experiment], setting)
            scales[scale] = {
                "runs": len(needs),
                "expected_seconds": round(costs([experiment], setting, paces[scale]), 1) if timed else None,
                "measured": sum(need.recipe.digest() in recorded for need in needs),
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
    show_experiments(found)
    out.print()
    table(("scale", "what it runs on"), SCALES.items())
    out.print("\nTo run one: reslab reproduce NAME --scale smoke; all of them: reslab reproduce all --scale smoke")


def show_experiments(found: Sequence[dict[str, Any]]) -> None:
    """A row each: what it is, its runs at each scale and how long they take here, what has been measured."""
    scales = list(found[0]["scales"]) if found else []
    table(
        ("experiment", "what it is", *scales, "measured"),
        (
            (
                e["name"],
                f"{e['place']}: {e['title']}",
                *(_cost(e["scales"][scale]) for scale in scales),
                ", ".join(f"{c['measured']} of {c['runs']} {s}" for s, c in e["scales"].items() if c["measured"]),
            )
            for e in found
        ),
        title="Experiments: their runs, how long they take here (`reslab reproduce all`), what has been measured",
    )


def _cost(scale: dict[str, Any]) -> str:
    if not scale["runs"]:
        return "no runs"
    seconds = scale["expected_seconds"]
    return f"{scale['runs']} runs" if seconds is None else f"{scale['runs']}, {duration(seconds)}"
