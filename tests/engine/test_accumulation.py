"""A batch in parts: the gradient of the whole where images are alone, the mean over parts where they are normalised."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reslab.data import Preprocessing, draw_mixing
from reslab.engine import Batch, Engine, Execution, TorchEngine
from reslab.nets import create

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
COUNT, SIZE = 7, 16  # images of a batch: in three parts, two of each but three of the last


def of_net(net: nn.Module) -> TorchEngine:
    return TorchEngine(net, Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, SIZE), FP32)


def weights_of(engine: Engine) -> Tensor:
    return torch.randn(engine.parameters.total, generator=torch.Generator().manual_seed(0)) / 10


def some_batch(**changes) -> Batch:
    """Images that are weighted and augmented each in a way of its own."""
    random = np.random.default_rng(0)
    return Batch(
        random.integers(0, 256, (COUNT, SIZE, SIZE, 3), np.uint8),
        random.integers(0, 10, COUNT),
        crops=random.integers(0, 5, (COUNT, 2)),
        flips=random.integers(0, 2, COUNT).astype(bool),
        weights=random.uniform(0.5, 2, COUNT).astype(np.float32),
        pad=2,
        smoothing=0.1,
        **changes,
    )


def step(engine: Engine, batch: Batch) -> dict[str, Tensor]:
    return {name: value.clone().float() for name, value in vars(engine.step(weights_of(engine), batch)).items()}


def alike(ours: dict[str, Tensor], theirs: dict[str, Tensor], *names: str) -> None:
    for name in names or ours:
        away = (ours[name] - theirs[name]).norm()
        assert ours[name].shape == theirs[name].shape and away <= 1e-5 * theirs[name].norm(), name


def test_parts_are_all_of_the_batch_in_its_order():
    batch = replace(some_batch(), parts=3)
    parts = batch.divided()
    assert [len(part.labels) for part in parts] == [2, 2, 3] and {part.parts for part in parts} == {1}
    for name in ("images", "labels", "crops", "flips", "weights"):
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(batch, name)), name


@pytest.mark.parametrize("parts", [2, 3, COUNT])
def test_where_each_image_is_alone_parts_are_the_whole(parts):
    engine = of_net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14**2, 10)))
    alike(step(engine, replace(some_batch(), parts=parts)), step(engine, some_batch()))


def test_with_batch_normalisation_it_is_the_mean_over_parts_by_images():
    engine = of_net(create("resnet8"))
    whole = replace(some_batch(), parts=3)
    parts = [step(engine, part) for part in whole.divided()]
    expected = {
        name: (2 * parts[0][name] + 2 * parts[1][name] + 3 * parts[2][name]) / COUNT
        for name in ("gradient", "statistics", "loss")
    }
    found = step(engine, whole)
    alike(found, expected, *expected)
    alike(found, {name: torch.cat([part[name] for part in parts]) for name in ("losses", "errors")}, "losses", "errors")
    undivided = step(engine, some_batch())
    assert not torch.allclose(found["gradient"], undivided["gradient"], rtol=0.1), "other statistics, other gradients"


def test_images_are_mixed_with_others_of_their_part():
    engine = of_net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14**2, 10)))
    whole = some_batch(mixing=draw_mixing(0.5, 0.0, SIZE, seed=0, step=0), parts=2)
    first, second = (step(engine, part) for part in whole.divided())
    expected = {name: (3 * first[name] + 4 * second[name]) / COUNT for name in ("gradient", "loss")}
    alike(step(engine, whole), expected, *expected)
    assert not torch.allclose(expected["loss"], step(engine, replace(whole, parts=1))["loss"], rtol=0.01)


def test_the_next_step_begins_anew():
    engine = of_net(create("resnet8"))
    batch = replace(some_batch(), parts=2)
    first = step(engine, batch)
    alike(step(engine, batch), first)


def test_companions_learn_and_teach_in_each_part():
    net = create("dsn", size=SIZE)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    engine = of_net(net)
    batch = replace(some_batch(loss="squared_hinge"), smoothing=0.0)
    found = step(engine, replace(batch, parts=3))
    alike(found, step(engine, batch))
    assert not torch.allclose(found["gradient"], step(engine, replace(batch, parts=3, companions=False))["gradient"])


def test_parts_draw_noise_of_their_own_and_the_same_at_every_call():
    """One image four times: without noise all its losses were equal."""
    engine = of_net(nn.Sequential(nn.Dropout(0.5), nn.Flatten(), nn.Linear(3 * SIZE**2, 10)))
    image = np.full((4, SIZE, SIZE, 3), 200, np.uint8)
    batch = Batch(image, np.zeros(4, np.int64), parts=2, seed=5)
    losses = step(engine, batch)["losses"]
    assert len(set(losses.tolist())) == 4
    assert torch.equal(losses, step(engine, batch)["losses"])
    assert not torch.equal(losses, step(engine, replace(batch, seed=6))["losses"])


def test_memory_holds_the_activations_of_one_part():
    """What the net sees at a time is never more than a part, there and back."""
    net = create("resnet8")
    seen: list[int] = []
    net.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    step(of_net(net), replace(some_batch(), parts=3))
    assert seen == [2, 2, 3]
