"""PyTorch's answer to the question of `reslab.native.known_answer`; as a program, it writes the known answers."""

import json
from dataclasses import asdict

import numpy as np
import torch

from reslab.data import Preprocessing
from reslab.engine import Batch, Execution, TorchEngine
from reslab.native import known_answer
from reslab.native.self_test import KNOWN
from reslab.nets import Spec, build, spec

DIGITS = 7


def net() -> Spec:
    return spec("resnet8", "B", known_answer.CLASSES, 32)


def pytorchs() -> dict[str, list[float]]:
    """In fp32, on one thread."""
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    mean = np.full((32, 32, 3), known_answer.MEAN, np.float32)
    engine = TorchEngine(build(net()), Preprocessing(mean, known_answer.STD, 32), execution)
    values = engine.buffer(torch.from_numpy(known_answer.parameters()))
    given = known_answer.images()
    output = engine.step(values, Batch(**asdict(given), pad=known_answer.PAD))
    losses, statistics, gradient = (t.clone() for t in (output.losses, output.statistics, output.gradient))
    scores = engine.logits(values, statistics, given.images)
    return known_answer.told(losses.numpy(), statistics.numpy(), scores.float().numpy(), gradient.numpy())


if __name__ == "__main__":
    rounded = {name: [float(f"{value:.{DIGITS}g}") for value in values] for name, values in pytorchs().items()}
    KNOWN.write_text(json.dumps(rounded, indent=0).replace(",\n", ", ").replace("], ", "],\n") + "\n")
