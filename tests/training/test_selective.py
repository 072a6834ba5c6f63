"""Selective backpropagation: which images are kept, and that they are trained on as they were drawn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reslab.data import measure
from reslab.engine import Execution, make_engine
from reslab.training import lasting
from reslab.training.feed import batch_at
from reslab.training.presets import spec_of
from reslab.training.selective import hardest, selected
from reslab.training.state import initial_state
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)


@pytest.fixture
def selective(digits):
    recipe = short_recipe(digits)
    return replace(recipe, selective=0.25, augment=replace(recipe.augment, flip=True))


def test_the_largest_losses_are_kept_and_of_equal_ones_the_first():
    losses = torch.tensor([0.5, 2.0, 0.5, 3.0, 0.5, 0.1])
    assert hardest(losses, 2).tolist() == [1, 3]
    assert hardest(losses, 3).tolist() == [0, 1, 3]
    assert hardest(losses, 4).tolist() == [0, 1, 2, 3]
    assert hardest(torch.full((200,), 0.7), 64).tolist() == list(range(64))


def test_the_candidates_that_the_net_finds_hardest_are_kept_as_they_were_drawn(digits, selective):
    images = digits.splits["train"]
    engine = make_engine(spec_of(selective), measure(images, "pixel"), FP32)
    state = initial_state(selective, engine, spec_of(selective), None)
    for step in range(5):  # statistics of some images, so that losses differ
        state.statistics.copy_(engine.step(state.weights, batch_at(selective, images, step)).statistics)
    candidates = batch_at(selective, images, 5)
    kept = selected(selective, state, engine, candidates)
    assert len(candidates.labels) == 256 and len(kept.labels) == len(kept.images) == len(kept.crops) == 64
    scores = engine.logits(state.weights, state.statistics, candidates.images)
    losses = -scores.log_softmax(1)[torch.arange(256), torch.from_numpy(candidates.labels)]
    chosen = sorted(range(256), key=lambda i: -losses[i].item())[:64]
    assert losses[chosen].min() > losses.median()
    for name in ("images", "labels", "crops", "flips"):
        assert np.array_equal(getattr(kept, name), getattr(candidates, name)[sorted(chosen)]), name
    assert (kept.pad, kept.seed, kept.smoothing) == (candidates.pad, candidates.seed, candidates.smoothing)


def test_what_was_not_drawn_is_not_chosen_from(digits):
    plain = batch_at(short_recipe(digits), digits.splits["train"], 0)
    kept = plain.only(np.array([3, 5]))
    assert kept.flips is None and kept.weights is None and np.array_equal(kept.labels, plain.labels[[3, 5]])


def test_where_all_are_taken_nothing_is_judged(digits, recipe):
    batch = batch_at(recipe, digits.splits["train"], 0)
    assert selected(recipe, None, None, batch) is batch


def test_images_that_are_drawn_count_as_epochs(selective):
    assert selective.epochs(1077) == pytest.approx(12 * 256 / 1077)
    assert lasting(selective, 1077, None, 10).steps == round(10 * 1077 / 256)


def test_every_image_is_drawn_once_an_epoch(digits, selective):
    images = digits.splits["train"]
    labels = np.concatenate([batch_at(selective, images, step).labels for step in range(5)])[: len(images)]
    assert np.array_equal(np.sort(labels), np.sort(images.labels))
