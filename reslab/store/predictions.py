"""What a run answered on its held-out images, and the mistakes it was surest of, as stored beside its model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from reslab.errors import RunError
from reslab.store.model_file import KEY, read_tensors


@dataclass(frozen=True)
class Predictions:
    """Answers on one split of N images, and the M worst mistakes with their pictures."""

    labels: NDArray[np.int64]  # (N,)
    probabilities: NDArray[np.float32]  # (N, classes)
    worst: NDArray[np.int64]  # (M,) indices of mistakes, the surest first
    worst_images: NDArray[np.uint8]  # (M, H, W, 3)


FIELDS = ("labels", "probabilities", "worst", "worst_images")


def predictions_bytes(splits: dict[str, Predictions], classes: tuple[str, ...]) -> bytes:
    """The content of `predictions.safetensors`."""
    tensors = {
        f"{split}.{field}": torch.from_numpy(np.ascontiguousarray(getattr(predictions, field)))
        for split, predictions in splits.items()
        for field in FIELDS
    }
    about = {"kind": "predictions", "splits": list(splits), "classes": list(classes)}
    return save(tensors, {KEY: json.dumps(about, ensure_ascii=False)})


def read_predictions(path: Path) -> tuple[dict[str, Predictions], tuple[str, ...]]:
    """Predictions by split, and the class names. Raises RunError for a torn or foreign file."""
    tensors, about = read_tensors(path, "predictions")
    try:
        splits = {split: _widened(*(tensors[f"{split}.{f}"].numpy() for f in FIELDS)) for split in about["splits"]}
        return splits, tuple(about["classes"])
    except KeyError as error:
        raise RunError(f"{path} holds no whole predictions: {error} is missing") from error


def _widened(
    labels: NDArray[Any], probabilities: NDArray[Any], worst: NDArray[np.int64], images: NDArray[np.uint8]
) -> Predictions:
    """Those of trained nets are stored in fewer bytes."""
    return Predictions(labels.astype(np.int64), probabilities.astype(np.float32), worst, images)
