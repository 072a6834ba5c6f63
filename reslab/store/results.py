"""Our measured numbers: one JSON a run in `results/`, packed into the wheel, quoted by tables, figures and commands."""

from pathlib import Path
from typing import Any

from reslab.store.atomic import read_json, write_json
from reslab.store.record import Record

PACKED = Path(__file__).parent / "results"  # in an installed wheel
BESIDE = Path(__file__).parents[2] / "results"  # in a checkout


def results_folder() -> Path:
    return PACKED if PACKED.is_dir() else BESIDE


def read_results(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every recorded result, by name."""
    return [read_json(path) for path in sorted((folder or results_folder()).glob("*.json"))]


def write_result(record: Record, folder: Path) -> Path:
    """Keep what a finished run measured: recipe, result, machine and metrics; no image, no path of this machine."""
    result = {**record.result, "run": record.name}
    environment = {key: value for key, value in record.environment.items() if key != "folder"}
    kept = {"name": record.name, "recipe": record.recipe, "result": result}
    path = folder / f"{record.name}.json"
    write_json(path, {**kept, "environment": environment, "metrics": record.metrics})
    return path
