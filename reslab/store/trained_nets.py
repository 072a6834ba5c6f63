"""Trained nets that ship with the package: made from a run folder, read like one. No image of a data set is in them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reslab.errors import RunError
from reslab.store.atomic import make_folder, read_json, write_bytes, write_json
from reslab.store.classifier import Classifier
from reslab.store.model_file import model_bytes
from reslab.store.predictions import Predictions, predictions_bytes, read_predictions
from reslab.store.record import Record
from reslab.store.results import kept_of
from reslab.store.trained_places import TRAINED, trained_names

MOST_IN_HALF = 65_504.0


def write_trained_model(name: str, classifier: Classifier, folder: Path | None = None) -> Path:
    """The net in half precision: its weights; what is small (batch normalisation, biases, means) stays as it is.

    Raises RunError where a weight is beyond what half precision can hold.
    """
    folder = folder or TRAINED
    make_folder(folder)
    weights = {n: _halved(n, tensor) for n, tensor in classifier.net.state_dict().items() if _kept(n)}
    path = folder / f"{name}.safetensors"
    write_bytes(path, model_bytes(weights, classifier.identity, classifier.preprocessing))
    return path


def write_trained_record(name: str, record: Record, measured: dict[str, Any], folder: Path | None = None) -> Path:
    """What a finished run recorded, with what was `measured` of its net afterwards; an entry is there from now on.

    Raises RunError where another run has that name.
    """
    folder = folder or TRAINED
    path = folder / f"{name}.json"
    refuse_other(name, record, folder)
    answers = {split: _without_images(predictions) for split, predictions in record.predictions.items()}
    write_bytes(folder / f"{name}.predictions.safetensors", predictions_bytes(answers, record.classes))
    write_json(path, {**kept_of(record), "measured": measured})
    return path


def refuse_other(name: str, record: Record, folder: Path | None = None) -> None:
    """Raises RunError where the trained net `name` is of another run than `record`."""
    path = (folder or TRAINED) / f"{name}.json"
    if path.is_file() and (other := read_json(path)["name"]) != record.name:
        raise RunError(f"the trained net {name} is of the run {other}: remove its files, or keep that one")


def read_trained(name: str) -> dict[str, Any]:
    """The record of a trained net as a value: name of its run, recipe, result, environment, metrics, measured."""
    return read_json(TRAINED / f"{name}.json")


def trained_record(name: str) -> Record:
    """The record of a trained net, as `read_record` gives that of a run folder; without the worst mistakes."""
    values = read_trained(name)
    predictions, classes = read_predictions(TRAINED / f"{name}.predictions.safetensors")
    return Record(
        name=name,
        path=Path(name),
        recipe=values["recipe"],
        environment=values["environment"],
        metrics=values["metrics"],
        result=values["result"],
        classes=classes,
        predictions=predictions,
        measured=values["measured"],
    )


def list_trained() -> list[dict[str, Any]]:
    """Each with its net, data, recipe and errors; null and 0 where a data set had no such split."""
    found = []
    for name in trained_names():
        result = read_trained(name)["result"]
        fields = ("model", "data", "recipe", "epochs", "seed", "val_error", "val_images", "test_error", "test_images")
        found.append({"name": name, **{field: result.get(field) for field in fields}})
    return found


def _kept(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def _halved(name: str, tensor: Tensor) -> Tensor:
    if tensor.dim() < 2:
        return tensor
    if not tensor.abs().max() <= MOST_IN_HALF:
        raise RunError(f"{name} has weights that are no numbers of half precision: this net cannot be kept")
    return tensor.to(torch.float16)


def _without_images(predictions: Predictions) -> Predictions:
    """Labels and probabilities alone, in few bytes; `read_predictions` widens them again."""
    nothing = np.zeros((0, *predictions.worst_images.shape[1:]), np.uint8)
    few: tuple[Any, Any] = (predictions.labels.astype(np.int16), predictions.probabilities.astype(np.float16))
    return Predictions(*few, np.zeros(0, np.int64), nothing)
