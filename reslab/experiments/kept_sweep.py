"""A finished sweep, from its folder to `results/`."""

from pathlib import Path
from typing import Any

from reslab.errors import RunError
from reslab.experiments.grid import point_text
from reslab.experiments.sweep import VALUES
from reslab.reporting.recipes import last_part
from reslab.store import RunFolder, read_json

NEEDED = {"sweep", "data", "split", "axes", "base", "base_is_own", "seeds", "points", "machines", "versions"}


def is_sweep(folder: Path) -> bool:
    """Does it hold a sweep's values, and no run?"""
    return (folder / VALUES).is_file() and RunFolder(folder).recipe() is None


def whole_sweep(folder: Path) -> dict[str, Any]:
    """The values of a sweep in its folder.

    Raises RunError where the file is torn, none of a sweep or of an older version, and where runs are missing.
    """
    values = read_json(folder / VALUES)
    if not isinstance(values, dict) or not values.keys() >= NEEDED or not values["points"]:
        raise RunError(f"{folder / VALUES} is no finding of today's reslab sweep; the same command writes it anew")
    wanted, found = len(values["points"]) * len(values["seeds"]), sum(point["n"] for point in values["points"])
    if found < wanted:
        raise RunError(
            f"the sweep {folder} is not finished: {wanted - found} of its {wanted} runs are missing "
            f"({_missing(values)}); go on with the same reslab sweep command, or leave out what diverges"
        )
    if any(point["val_error_mean"] is None for point in values["points"]):
        raise RunError(
            f"the sweep {folder} has points whose error is not known: {_unknown(values)}; sweep without them"
        )
    return values


def sweep_name(values: dict[str, Any]) -> str:
    """What a sweep is called in `results/`: data, nets, preset and digest."""
    recipes = [point["recipe"] for point in values["points"]]
    nets = sorted({recipe["model"]["name"] for recipe in recipes})  # the points come in the order of their errors
    return "-".join(["sweep", last_part(values["data"]), *nets, recipes[0]["name"], values["sweep"]])


def _unknown(values: dict[str, Any]) -> str:
    """The points without an error, in words."""
    return "; ".join(point_text(point["values"]) for point in values["points"] if point["val_error_mean"] is None)


def _missing(values: dict[str, Any]) -> str:
    """The points that lack runs, in words."""
    short = [point for point in values["points"] if point["n"] < len(values["seeds"])]
    return "; ".join(point_text(point["values"]) for point in short)
