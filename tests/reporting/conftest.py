"""Run folders with invented results, ready to report on."""

from pathlib import Path
from typing import Any

import pytest

from reslab.store import Record
from tests.reporting.invented_runs import MakeRun, answers, metric_lines, recipe_values, result_values, write_run


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run: `make_run("name", recipe, metrics, result, predictions, classes)`."""

    def make(name: str, recipe: dict[str, Any] | None = None, *rest: Any, **more: Any) -> Record:
        return write_run(tmp_path / name, recipe or recipe_values(), *rest, **more)

    return make


@pytest.fixture
def digits_run(make_run: MakeRun) -> Record:
    """A finished run on digits: 9 of 360 test images wrong."""
    recipe = recipe_values()
    predictions = {"val": answers(10, 360, 8), "test": answers(10, 360, 9)}
    return make_run("digits-resnet20-small-s0", recipe, metric_lines(), result_values(recipe), predictions)
