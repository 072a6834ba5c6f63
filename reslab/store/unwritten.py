"""The run folder of a process that does not write: of several that train together, one alone does."""

from pathlib import Path
from typing import Any

from torch import Tensor

from reslab.data import Contrast
from reslab.store.run_folder import RunFolder


class Unwritten(RunFolder):
    """Takes whatever a training writes, and keeps none of it; nothing is read, as in a new folder."""

    def __init__(self, path: Path) -> None:
        """`path` is what the folder is called where it is written."""
        super().__init__(path)

    def recipe(self) -> dict[str, Any] | None:
        return None

    def read(self, name: str) -> Any:
        return None

    def keep_contrast(self, contrast: Contrast) -> None:
        pass

    def contrast(self) -> Contrast | None:
        return None

    def append_metrics(self, line: dict[str, Any]) -> None:
        pass

    def save_state(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        pass

    def finish(self, model: bytes, predictions: bytes, result: dict[str, Any]) -> None:
        pass
