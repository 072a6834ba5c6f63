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


def as_printed(value: float, told: float) -> bool:
    """Is `told` the value with one decimal, rounded or cut off? The paper has both: 7.570 as 7.6, 3.858 as 3.8."""
    return told in (round(value, 1), math.floor(value * 10) / 10)


def printed(name: str) -> dict[str, float]:
    """What the paper itself prints of a net: its FLOPs (Table 1) or its parameters (Table 6)."""
    return paper()["printed"].get(name, {})
