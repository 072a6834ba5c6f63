"""Classifiers that no training made, with statistics of batch normalisation that tell layers apart."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from reslab.data import Preprocessing
from reslab.nets import build, spec
from reslab.store import Classifier, Identity, model_bytes


def preprocessing_of(size: int, mean: str) -> Preprocessing:
    """The mean of a gradient from dark to bright ("pixel"), or one number a colour ("channel")."""
    rows = np.linspace(60, 180, size, dtype=np.float32)[:, None, None] + np.zeros((size, size, 3), np.float32)
    values = rows if mean == "pixel" else np.array([110, 120, 130], np.float32).reshape(1, 1, 3)
    return Preprocessing(values, 57.5, size)


def classifier(name: str, size: int | None = None, mean: str = "channel", residual=None, **more) -> Classifier:
    """A net of four classes, unless `more` says otherwise, as `load` gives it."""
    found = spec(name, size=size, **{"classes": 4, **more})
    torch.manual_seed(0)
    net = build(found, residual)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    names = ("Ängström", "犬", "cat", "dog", *map(str, range(4, found.classes)))
    identity = Identity(name, found, names, "pets")
    net.requires_grad_(False).eval()
    return Classifier(net, identity, preprocessing_of(found.size, mean), residual)


def described(name: str, mean: str = "channel", residual=None, **more) -> Classifier:
    """A classifier whose net has no layers: for what is decided by its description alone."""
    found = spec(name, **more)
    identity = Identity(name, found, tuple(map(str, range(found.classes))), "pets")
    return Classifier(nn.Sequential(), identity, preprocessing_of(found.size, mean), residual)


def saved(path: Path, made: Classifier) -> Path:
    path.write_bytes(model_bytes(dict(made.net.state_dict()), made.identity, made.preprocessing))
    return path


def noise(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3)).astype(np.uint8)
