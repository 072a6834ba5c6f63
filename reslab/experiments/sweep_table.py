"""The table of a sweep and what its numbers rest on, from its values alone: `sweep_values`, or those of `results/`."""

from typing import Any

from reslab.experiments.grid import CHANGE, UNCHANGED, point_text, value_text
from reslab.experiments.seeds import counting_text, spread_text
from reslab.reporting import markdown_table, markdown_text
from reslab.reporting.rounding import epochs_text

Values = dict[str, Any]

OWN = "the preset's own"  # what a base is called whose values nobody chose


def points_table(values: Values) -> str:
    """One row a point, in the order of the values, as Markdown."""
    points = values["points"]
    lengths = {run["epochs"] for point in points for run in point["runs"]}
    extra = ["epochs"] if len(lengths) > 1 else []
    fields = [axis["field"] for axis in values["axes"]]
    columns = (*fields, "validation error %", "difference", "n", "images", *extra)
    return markdown_table([_row(point, values, fields)[: len(columns)] for point in points], columns)


def difference_text(mean: float | None, error: float | None) -> str:
    """ "-1.20 ± 0.45", in points; empty where nothing is known, and without ± of a single pair."""
    if mean is None:
        return ""
    return f"{mean:+.2f}" + ("" if error is None else f" ± {error:.2f}")


def notes(values: Values) -> str:
    """What the table's numbers rest on, and what failed."""
    lines = []
    best = values["points"][0]
    if best["val_error_mean"] is not None:
        many = has_spread(values)
        spread = "± is the standard deviation over n seeds; " if many else "One seed has no ±; "
        lines.append(f"{spread}apart from that, {counting_text(best, 'val')}")
        lines.append(
            f"The difference is to {base_text(values)}, seed by seed, in points"
            + ("; its ± is the standard error of that mean." if many else ".")
        )
        lines.append(
            "The best of many flatters itself: what is chosen here is to be reported on images that it was not "
            "chosen on."
        )
    lines += [f"Machine: {machine}." for machine in values["machines"]]
    failed = [f"- {markdown_text(each['label'])}: {markdown_text(each['why'] or '')}" for each in values["failed"]]
    if failed:
        lines.append("Not finished, and so without a mean:\n" + "\n".join(failed))
    return "\n\n".join(lines) + "\n"


def base_text(values: Values) -> str:
    """What the points are compared with, in words."""
    base = values["base"]
    if base.get(CHANGE) == UNCHANGED and len(values["axes"]) > 1:
        return "the same without the change"
    return markdown_text(point_text(base)) + (f" ({OWN})" if values["base_is_own"] else "")


def base_values(point: dict[str, str], base: dict[str, str]) -> dict[str, str]:
    """What a point of these values is compared with: of changes the same without the change, else the base."""
    return {**point, CHANGE: UNCHANGED} if base.get(CHANGE) == UNCHANGED else base


def base_of_values(values: Values) -> Values:
    """The point that the base is."""
    return next(point for point in values["points"] if point["values"] == values["base"])


def has_spread(values: Values) -> bool:
    """Has any point several seeds?"""
    return any(point["n"] > 1 for point in values["points"])


def _row(point: Values, values: Values, fields: list[str]) -> list[str]:
    seeds, runs = len(values["seeds"]), point["runs"]
    own = base_values(point["values"], values["base"]) == point["values"]
    return [
        *(markdown_text(value_text(field, point["values"][field])) for field in fields),
        spread_text(point, "val"),
        "base" if own else difference_text(point["difference_mean"], point["difference_error"]),
        str(point["n"]) if point["n"] == seeds else f"{point['n']} of {seeds}",
        f"{point['val_images']:,}" if point["val_images"] else "",
        epochs_text(runs[0]["epochs"]) if runs else "",
    ]
