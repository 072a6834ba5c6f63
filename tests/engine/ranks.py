"""What each of two processes does and finds, for test_distribution.py: run by torchrun."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reslab.data import Mixing, load_dataset, measure
from reslab.engine import (
    Batch,
    Distributed,
    Engine,
    Execution,
    Lost,
    Teaching,
    TorchEngine,
    agreed,
    join,
    leave,
    make_engine,
    share,
    spread,
)
from reslab.nets import create
from reslab.processes import this_team
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of
from reslab.training.state import initial_state
from tests.conftest import short_recipe

ALONE = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
TOGETHER = replace(ALONE, processes=2, backend="gloo")
COUNT = 7  # images of a batch: 3 of the first process, 4 of the second
FROZEN = "stage1"


def recipe_of(digits):
    """With what might differ between processes: candidates that are judged, an average, mixed images."""
    return replace(short_recipe(digits, 4), batch=COUNT, selective=0.5, average=0.9, mixup=0.4)


def batch_of(digits) -> Batch:
    return batch_at(replace(recipe_of(digits), selective=1.0, mixup=0.0), digits.splits["train"], 0)


def mixed_batch(digits) -> Batch:
    """Each process mixes its own images, of 7 classes in turn: the net is right about one label of some of them."""
    batch = batch_of(digits)
    return replace(batch, labels=np.arange(len(batch.labels)), mixing=Mixing(0.3))


def teaching(preprocessing) -> Teaching:
    """A net that teaches by its answers or by its maps, the same in every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = create("resnet14", size=8).eval()
    return Teaching(net, preprocessing, temperature=3.0, hints=("stage2", "stage2"))


def taught_batch(digits) -> Batch:
    return replace(batch_of(digits), teaching=2.0)


def hinted_batch(digits) -> Batch:
    return replace(batch_of(digits), hints=True, companions=False)


def weights_of(engine: Engine) -> Tensor:
    return engine.buffer(torch.randn(engine.parameters.total, generator=torch.Generator().manual_seed(0)) / 10)


def without_normalisation(preprocessing) -> TorchEngine:
    """A net that looks at each image alone."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 10))
    return TorchEngine(net, preprocessing, ALONE)


def output_of(engine: Engine, batch: Batch, prefix: str) -> dict[str, Tensor]:
    """One step from drawn weights, by name."""
    output = engine.step(weights_of(engine), batch)
    return {f"{prefix} {name}": value.clone() for name, value in vars(output).items()}


def trained(digits, engine: Engine, prefix: str = "state") -> dict[str, Tensor]:
    """The state after a few steps of a recipe."""
    recipe, train = recipe_of(digits), digits.splits["train"]
    state = initial_state(recipe, engine, spec_of(recipe), None)
    for step in range(recipe.steps):
        update(recipe, state, engine, batch_at(recipe, train, step), terms_of(engine, recipe.optimizer))
    return {f"{prefix} {name}": value for name, value in state.tensors().items()}


def main(place: Path) -> None:
    team = this_team()
    join(team)
    digits = load_dataset("digits")
    preprocessing, spec = measure(digits.splits["train"], "pixel"), spec_of(recipe_of(digits))
    engine, plain = make_engine(spec, preprocessing, TOGETHER), Distributed(without_normalisation(preprocessing), team)
    found = output_of(engine, batch_of(digits), "normalised") | output_of(plain, batch_of(digits), "plain")
    found |= output_of(engine, replace(batch_of(digits), parts=2), "parted")
    found |= output_of(engine, mixed_batch(digits), "mixed")
    taught = make_engine(spec, preprocessing, TOGETHER, teaching=teaching(preprocessing))
    found |= output_of(taught, taught_batch(digits), "taught") | output_of(taught, hinted_batch(digits), "hinted")
    found |= trained(digits, engine)
    found |= trained(digits, make_engine(spec, preprocessing, TOGETHER, frozen=FROZEN), "frozen state")
    for count in (5, 1):
        images = digits.splits["test"].pixels[:count]
        found[f"logits {count}"] = plain.logits(weights_of(plain), torch.empty(0), images)
    told = torch.full((3,), float(team.rank + 1))
    spread(told)
    found["told"], found["said"] = told, torch.tensor(share({"é": [0.1]} if team.leads else None)["é"])
    asked = agreed(plain, lambda: team.rank == 1)
    plain.step(weights_of(plain), batch_of(digits))
    found["asked"] = torch.tensor(asked())
    if team.rank == 1:
        torch.save(found, place / "1.pt")
        os._exit(0)  # without a word
    try:
        for _ in range(2):
            plain.step(weights_of(plain), batch_of(digits))
    except Lost as lost:
        found["lost"] = torch.tensor("another process of this training has ended" in str(lost))
    torch.save(found, place / "0.pt")
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
