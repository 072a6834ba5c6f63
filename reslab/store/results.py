"""Our measured numbers: one JSON each in `results/`, packed into the wheel, quoted by tables, figures and commands.

Most are runs. What is something else says so: {"kind": "bench"} is a measurement of speed, {"kind": "measurement"} what
an experiment measures that trains nothing, {"kind": "sweep"} the runs of a sweep and what they say of each other.
"""

from pathlib import Path
from typing import Any

from reslab.errors import RunError
from reslab.store.atomic import read_json, write_json
from reslab.store.record import Record

PACKED = Path(__file__).parent / "results"  # in an installed wheel
BESIDE = Path(__file__).parents[2] / "results"  # in a checkout


def results_folder() -> Path:
    return PACKED if PACKED.is_dir() else BESIDE


def read_results(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every recorded run, by name."""
    return _of_kind("run", folder)


def read_benches(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every recorded measurement of speed, by name."""
    return _of_kind("bench", folder)


def read_measurements(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """What experiments have measured that train nothing, by the experiment's name."""
    return {found["name"]: found["result"] for found in _of_kind("measurement", folder)}


def read_sweeps(folder: Path | None = None) -> list[dict[str, Any]]:
    """Every recorded sweep, by name: its `result` is what its sweep.json held. `read_results` has none of its runs."""
    return _of_kind("sweep", folder)


def _of_kind(kind: str, folder: Path | None) -> list[dict[str, Any]]:
    found = [read_json(path) for path in sorted((folder or results_folder()).glob("*.json"))]
    return [result for result in found if result.get("kind", "run") == kind]


def write_result(record: Record, folder: Path) -> Path:
    """Keep what a finished run measured: recipe, result, machine and metrics; no image, no path of this machine.

    Raises RunError where another run of that name is kept, as of another engine.
    """
    path, kept = folder / f"{record.name}.json", kept_of(record)
    if path.exists() and _ended(read_json(path)) != _ended(kept):
        raise RunError(f"{path} keeps another run of that name; give the folder of this one another name")
    write_json(path, kept)
    return path


def _ended(kept: dict[str, Any]) -> tuple[Any, ...]:
    """What tells two runs of one recipe and seed apart: how they were executed, and how long they took."""
    return kept["environment"].get("execution"), kept["result"].get("seconds")


def kept_of(record: Record) -> dict[str, Any]:
    """What is kept of a finished run: numbers and words, without places of this machine."""
    kept = {
        "name": record.name,
        "recipe": record.recipe,
        "result": {**record.result, "run": record.name},
        "environment": record.environment,
        "metrics": record.metrics,
    }
    return _without_places(kept)


def write_bench(name: str, result: dict[str, Any], environment: dict[str, Any], folder: Path) -> Path:
    """Keep a measurement of speed with the machine that it was made on; one of the same name is replaced."""
    path = folder / f"{name}.json"
    write_json(path, _without_places({"kind": "bench", "name": name, "result": result, "environment": environment}))
    return path


def write_measurement(name: str, measured: dict[str, Any], folder: Path) -> Path:
    """Keep what the experiment of that name measured; what was kept of it before is replaced."""
    path = folder / f"measured-{name}.json"
    write_json(path, _without_places({"kind": "measurement", "name": name, "result": measured}))
    return path


def write_sweep(name: str, values: dict[str, Any], folder: Path) -> Path:
    """Keep what a sweep found, its runs by name alone; one of the same name is replaced."""
    points = [
        {**point, "runs": [{**run, "run": Path(run["run"]).name} for run in point["runs"]]}
        for point in values["points"]
    ]
    path = folder / f"{name}.json"
    write_json(path, _without_places({"kind": "sweep", "name": name, "result": {**values, "points": points}}))
    return path


def _without_places(value: Any) -> Any:
    """Absolute paths become the name of what they lead to."""
    if isinstance(value, dict):
        return {name: _without_places(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_places(inner) for inner in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
