"""The run folder while it is being written: recipe, lock, metrics, resumable state, and what a run ends with."""

import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w
from filelock import FileLock, Timeout
from safetensors.torch import save
from torch import Tensor

from reslab.data import Contrast
from reslab.errors import RunError, UsageError
from reslab.store.atomic import clear_leftovers, read_json, write_bytes, write_json, writing_failed
from reslab.store.contrast_tensors import contrast_from, contrast_tensors
from reslab.store.model_file import KEY, read_about, read_tensors
from reslab.store.run_files import (
    CONTRAST,
    ENVIRONMENT,
    METRICS,
    MODEL_FILE,
    PREDICTIONS,
    RECIPE,
    RESULT,
    SPLIT,
    STATE,
    runs_hint,
)


class RunFolder:
    """One run's files. Everything but the metrics is replaced in one step; the metrics are cut back on resume."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def refuse_foreign(self) -> None:
        """Raises UsageError where the folder holds something and is no run: a user's photographs, for instance.

        So it does where there can be no folder, since a file has that name.
        """
        if file := next((place for place in (self.path, *self.path.parents) if place.is_file()), None):
            raise UsageError(f"{file} is a file, and a run is a folder; give another --run")
        if not self.path.is_dir() or any((self.path / name).is_file() for name in (RECIPE, ENVIRONMENT, SPLIT)):
            return
        try:
            found = sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))
        except OSError as error:
            raise writing_failed(self.path, error) from error
        if found:
            raise UsageError(
                f"{self.path} is no run folder and not empty (it holds {found[0]}); give another --run, one that is "
                f"new, empty or a run's{runs_hint(self.path)}"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes here meanwhile. Raises RunError where somebody does, or where nobody can.

        Raises UsageError where it is a folder of something else.
        """
        self.refuse_foreign()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock")
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(f"the run {self.path} is in use by another process; wait for it or choose --run") from error
        except OSError as error:
            raise writing_failed(self.path, error) from error
        try:
            clear_leftovers(self.path)
            yield
        finally:
            lock.release()

    def recipe(self) -> dict[str, Any] | None:
        """The recipe that this folder was made by; None in a new folder. Raises RunError where it is torn."""
        path = self.path / RECIPE
        if not path.is_file():
            return None
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise RunError(f"cannot read {path}: {error}") from error

    def begun(self) -> float:
        """When the recipe was written down, in seconds since 1970; of a folder that has one."""
        return (self.path / RECIPE).stat().st_mtime

    def write_recipe(self, recipe: dict[str, Any]) -> None:
        write_bytes(self.path / RECIPE, tomli_w.dumps(recipe).encode())

    def read(self, name: str) -> Any:
        """The value of one of the JSON files; None where it is not there."""
        return read_json(self.path / name) if (self.path / name).is_file() else None

    def photographs(self) -> Path | None:
        """Where the photographs of the run lay when it last saw them; None for a named data set."""
        where = (self.read(ENVIRONMENT) or {}).get("folder")
        return Path(where) if where else None

    def write(self, name: str, value: Any) -> None:
        write_json(self.path / name, value)

    def append_metrics(self, line: dict[str, Any]) -> None:
        """One more line of metrics, handed to the operating system at once."""
        path = self.path / METRICS
        try:
            with path.open("ab") as file:
                file.write((json.dumps(line) + "\n").encode())
        except OSError as error:
            raise writing_failed(path, error) from error

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines so far."""
        path = self.path / METRICS
        if not path.is_file():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]  # what follows the last line end is a torn line, or nothing
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise RunError(f"{path} is torn in its middle: {error}") from error

    def keep_contrast(self, contrast: Contrast) -> None:
        """What this run's images of one contrast have in common, for when it goes on."""
        write_bytes(self.path / CONTRAST, save(contrast_tensors(contrast), {KEY: json.dumps({"kind": "contrast"})}))

    def contrast(self) -> Contrast | None:
        """What `keep_contrast` kept; None where nothing was. Raises RunError for a torn file."""
        path = self.path / CONTRAST
        return contrast_from(read_tensors(path, "contrast")[0]) if path.is_file() else None

    @property
    def has_state(self) -> bool:
        """Has a state to resume from been saved?"""
        return (self.path / STATE).is_file()

    def save_state(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """The state to resume from: `tensors`, plain `facts`, and how long the metrics are at this step."""
        metrics = self.path / METRICS
        length = 0
        try:
            if metrics.is_file():
                with metrics.open("ab") as file:  # for writing: Windows syncs nothing else
                    os.fsync(file.fileno())
                length = metrics.stat().st_size
        except OSError as error:
            raise writing_failed(metrics, error) from error
        on_cpu = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
        write_bytes(
            self.path / STATE, save(on_cpu, {KEY: json.dumps({"kind": "state", **facts, "metrics_bytes": length})})
        )

    def load_state(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """What `save_state` saved, with the metrics cut back to that step; None where nothing was saved.

        Raises RunError for a torn state, and leaves it where it is.
        """
        path = self.path / STATE
        if not path.is_file():
            (self.path / METRICS).unlink(missing_ok=True)
            return None
        try:
            tensors, facts = read_tensors(path, "state")
            length, _ = int(facts.pop("metrics_bytes", 0)), facts.pop("kind")
        except RunError as error:
            raise RunError(f"{error}; to train this run anew, delete {path}") from error
        self._cut_metrics(length)
        return tensors, facts

    def saved_step(self) -> int:
        """The step from which the run goes on; 0 where nothing was saved. Raises RunError for a torn state."""
        path = self.path / STATE
        return int(read_about(path, "state").get("step", 0)) if path.is_file() else 0

    def _cut_metrics(self, length: int) -> None:
        path = self.path / METRICS
        have = path.stat().st_size if path.is_file() else 0
        if have < length:
            raise RunError(f"{path} has {have} bytes of the {length} that its state knows: a torn file; restore it")
        if have > length:
            with path.open("r+b") as file:
                file.truncate(length)

    def finish(self, model: bytes, predictions: bytes, result: dict[str, Any]) -> None:
        """What a run ends with; `result.json` comes last, and its being there means that the run is done."""
        write_bytes(self.path / MODEL_FILE, model)
        write_bytes(self.path / PREDICTIONS, predictions)
        self.write(RESULT, result)
        for passing in (STATE, CONTRAST):
            (self.path / passing).unlink(missing_ok=True)
