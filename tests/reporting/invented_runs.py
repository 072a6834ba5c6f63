"""Real run folders with invented results, written through the store as training writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from reslab.store import (
    ENVIRONMENT,
    PREDICTIONS,
    RESULT,
    Predictions,
    Record,
    RunFolder,
    predictions_bytes,
    read_record,
    write_bytes,
)

DIGITS = tuple("0123456789")
ENVIRONMENT_VALUES = {
    "announcement": "engine torch on 2 threads of the CPU, fp32, channels_last (the processor has no bf16 units)",
    "execution": {"engine": "torch", "device": "cpu", "precision": "fp32", "channels_last": True, "compiled": False}
    | {"threads": 2},
    "machine": {"processor": "Some Processor 9000", "features": ["avx2", "avx512f"], "cores": 2, "memory_gb": 7.8}
    | {"gpu": None, "system": "Linux x86_64", "python": "3.11.2", "torch": "2.13.0"},
    "versions": {"reslab": "0.1.0", "torch": "2.13.0", "numpy": "2.4.0"},
    "commit": "0123abcdef",
    "exact": True,
}


def recipe_values(model: str = "resnet20", seed: int = 0, data: str = "digits", **changes: Any) -> dict[str, Any]:
    residual = {} if model.startswith("plain") else {"shortcut": "A"}
    return {
        "name": "small",
        "seed": seed,
        "batch": 64,
        "data": {"name": data, "size": 8, "mean": "pixel"},
        "model": {"name": model, **residual, "classes": 10},
        "augment": {"pad": 1, "flip": False},
        "optimizer": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4, "decay_on": "weights"},
        "schedule": {"kind": "linear", "steps": 507, "drops": [], "warmup_steps": 25},
        **changes,
    }


def metric_lines(final: float = 2.2, steps: int = 507, until: int | None = None, seed: int = 0) -> list[dict[str, Any]]:
    """Curves that fall from chance to `final`, as noisy as real ones."""
    random = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for step in range(10, (until or steps) + 1, 10):
        error = final + 88 * np.exp(-9 * step / steps)
        noisy = float(max(error * 1.3 + random.normal(0, 0.06 * error + 0.3), 0))
        clock = {"epoch": 30 * step / steps, "seconds": step / 10}
        rates = {"lr": 0.1 * (1 - step / steps), "loss": noisy / 30, "train_error": noisy, "images_per_second": 1100.0}
        lines.append({"step": step, **clock, **rates})
        if step % 30 == 0:
            held_out = float(max(error + random.normal(0, 0.04 * error), 0))
            evaluated = {"val_loss": held_out / 28, "val_error": held_out, "val_images": 360}
            lines.append({"step": step, **clock, **evaluated})
    return lines


def answers(
    classes: int, images: int, wrong: int, size: int = 8, seed: int = 0, pictures: np.ndarray | None = None
) -> Predictions:
    """Labels in turn, `wrong` of them taken for another class."""
    random = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    probabilities = np.full((images, classes), 0.1 / classes, np.float32)
    answered = labels.copy()
    mistaken = random.choice(images, wrong, replace=False)
    answered[mistaken] = (labels[mistaken] + 1 + random.integers(0, min(3, classes - 1), wrong)) % classes
    probabilities[np.arange(images), answered] = 0.5 + 0.5 * random.random(images)
    worst = mistaken[np.argsort(-probabilities[mistaken].max(axis=1))][:24]
    shown = random.integers(0, 255, (len(worst), size, size, 3)) if pictures is None else pictures[worst]
    return Predictions(labels.astype(np.int64), probabilities, worst.astype(np.int64), shown.astype(np.uint8))


def result_values(recipe: dict[str, Any], test_error: float | None = 2.5, **changes: Any) -> dict[str, Any]:
    return {
        "run": "runs/x",
        "data": recipe["data"]["name"],
        "model": recipe["model"]["name"],
        "recipe": recipe["name"],
        "seed": recipe["seed"],
        "steps": 507,
        "epochs": 30.13,
        "params": 272474,
        "engine": "torch",
        "precision": "fp32",
        "compiled": False,
        "train_error": 0.0,
        "train_images": 1077,
        "val_error": 2.2222,
        "val_images": 360,
        "test_error": test_error,
        "test_images": 360 if test_error is not None else 0,
        "seconds": 31.4,
        "images_per_second": 1123.4,
        "exact": True,
        **changes,
    }


MakeRun = Callable[..., Record]


def write_run(
    path: Path,
    recipe: dict[str, Any],
    metrics: list[dict[str, Any]],
    result: dict[str, Any] | None,
    predictions: dict[str, Predictions] | None = None,
    classes: tuple[str, ...] = DIGITS,
    environment: dict[str, Any] | None = None,
) -> Record:
    """A run folder as training leaves it, read again; `result=None` leaves the run unfinished."""
    folder = RunFolder(path)
    with folder.locked():
        folder.write_recipe(recipe)
        folder.write(ENVIRONMENT, ENVIRONMENT_VALUES if environment is None else environment)
        for line in metrics:
            folder.append_metrics(line)
        if predictions:
            write_bytes(path / PREDICTIONS, predictions_bytes(predictions, classes))
        if result is not None:
            folder.write(RESULT, json.loads(json.dumps(result)))
    return read_record(path)
