"""The paper's numbers and the exact counts of its nets, read from their one home, `paper.json`."""

import json
import math
from functools import lru_cache
from importlib.resources import files
from typing import Any

from reslab.nets import Architecture
from reslab.nets import spec as spec_named


@lru_cache(maxsize=1)
def paper() -> dict[str, Any]:
    """Everything in `paper.json`: counts, what the paper prints of them, and its tables."""
    return json.loads(files("reslab.experiments").joinpath("paper.json").read_text(encoding="utf-8"))


def table(name: str) -> dict[str, float]:
    """A table's values by what they are of, in the order of the paper."""
    return {label: value for label, value in paper()[name].items() if label != "unit"}


def exact_counts(name: str, spec: Architecture) -> dict[str, int] | None:
    """Golden parameters and multiply-adds of the paper's net `name`; None for a variant that it does not have."""
    home = spec_named(name)
    at_home = (spec.classes, spec.size) == (home.classes, home.size)
    for row in paper()["counts"]:
        if at_home and (row["model"], row["shortcut"], row["stride_in"]) == (name, spec.shortcut, spec.stride_in):
            return row
    return None


def published(name: str) -> dict[str, Any]:
    """What a net's own paper or its authors' program says that it costs, and how ours differs; see `published.text`."""
    return paper()["published"].get(name, {})


# Tables of errors -> how a net was tested there, and on which images.
_VALIDATION = "ImageNet's 50,000 validation images"
TESTED = {
    "table2": ("Table 2", "top-1 of ten crops", _VALIDATION),
    "table3": ("Table 3", "top-1 of ten crops", _VALIDATION),
    "table3_top5": ("Table 3", "top-5 of ten crops", _VALIDATION),
    "table4": ("Table 4", "top-1 dense", _VALIDATION),
    "table4_top5": ("Table 4", "top-5 dense", _VALIDATION),
    "table6": ("Table 6", "top-1", "CIFAR-10's 10,000 test images"),
}
OF_OPTION_A = ("table2", "table6")  # whose labels do not name it
DENSE = "Table 4"  # of nets of other authors it has their own numbers, however tested


def printed_errors(name: str, spec: Architecture) -> list[dict[str, Any]]:
    """What the paper prints of a net's error, in percent, with its table, way of testing and images.

    Of several runs `runs` says which one it is, and what their mean is. Nothing of variants that the paper does not
    have, as other strides.
    """
    home = spec_named(name)
    if (spec.classes, spec.size, spec.stride_in) != (home.classes, home.size, home.stride_in):
        return []
    found: list[dict[str, Any]] = []
    for key, (place, tested, images) in TESTED.items():
        values, option = table(key), spec.shortcut
        label = name if option is None or (key in OF_OPTION_A and option == "A") else f"{name} {option}"
        if label not in values:
            continue
        row = {"error": values[label], "tested": tested if option or place != DENSE else tested.split()[0]}
        if any(row.items() <= other.items() for other in found):
            continue  # Table 3 repeats Table 2
        if f"{label}_mean" in values:
            row["runs"] = f"the best of several, {values[f'{label}_mean']:.2f} ± {values[f'{label}_std']:.2f}"
        found.append(row | {"images": images, "place": place})
    return found


def as_printed(value: float, told: float) -> bool:
    """Is `told` the value with one decimal, rounded or cut off? The paper has both: 7.570 as 7.6, 3.858 as 3.8."""
    return told in (round(value, 1), math.floor(value * 10) / 10)


def printed(name: str) -> dict[str, float]:
    """What the paper itself prints of a net: its FLOPs (Table 1) or its parameters (Table 6)."""
    return paper()["printed"].get(name, {})
