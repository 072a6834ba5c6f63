"""Recipes whose batches are in parts: which are refused, what is said of them, how a trial of them is made."""

import re
from dataclasses import replace

import pytest
import torch

from reslab.data import measure
from reslab.engine import Execution, Request, make_engine
from reslab.errors import UsageError
from reslab.training import Estimate, Surroundings, estimate, facts_of, train_on
from reslab.training.estimate import _smaller
from reslab.training.feed import batch_at
from reslab.training.presets import spec_of, work_of
from reslab.training.run import _division
from reslab.training.selective import selected
from reslab.training.state import initial_state
from reslab.training.suitable import check, check_parts
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)


def test_a_batch_is_handed_to_the_engine_with_its_parts(digits, recipe):
    assert batch_at(replace(recipe, accumulate=4), digits.splits["train"], 0).parts == 4
    assert work_of(replace(recipe, accumulate=4)).parts == 4, "no work for the native kernels"


def test_parts_are_a_part_of_a_runs_identity(recipe):
    assert recipe.digest() != replace(recipe, accumulate=2).digest()


def test_parts_too_small_for_batch_normalisation_are_refused(digits):
    """Of 8 px ResNet-18 leaves one, so that one image has one value a channel."""
    recipe = replace(short_recipe(digits, model="resnet18", batch=8), accumulate=8)
    with pytest.raises(UsageError, match=r"batch 8 in 8 parts on 8 px .*: --batch 16, or fewer parts"):
        check(recipe, facts_of(digits))
    check(replace(recipe, accumulate=4), facts_of(digits))


@pytest.mark.parametrize(
    ("model", "batch", "message"),
    [("resnet8", 7, "--batch 8 at least"), ("resnet18", 15, "--batch 16, or fewer parts")],
)
def test_several_processes_have_parts_of_their_parts(digits, model, batch, message):
    recipe = replace(short_recipe(digits, model=model, batch=batch), accumulate=2)
    with pytest.raises(UsageError, match=rf"4 processes with 2 parts each .*{message}"):
        check_parts(recipe, 4)
    check_parts(replace(recipe, batch=16), 4)


@pytest.mark.parametrize(
    ("batch", "accumulate", "processes", "words"),
    [
        (32, 1, 1, ""),
        (33, 1, 2, "2 processes train together, each on 16 or 17 images of a batch of 33; .* a process's own images"),
        (32, 4, 1, "training is on 4 parts of 8 images of a batch of 32; batch normalisation is over a part's images"),
        (32, 4, 2, "2 processes train together, each on 4 parts of 4 images of a batch of 32; .* a part's images"),
    ],
)
def test_it_is_said_how_a_batch_is_divided(recipe, batch, accumulate, processes, words):
    assert re.fullmatch(words, _division(replace(recipe, batch=batch, accumulate=accumulate), processes))


def test_a_run_says_so(digits, recipe, tmp_path):
    said: list[str] = []
    train_on(digits, replace(recipe, accumulate=4), tmp_path / "run", Surroundings(Request(threads=1), say=said.append))
    assert any("4 parts of 16 images of a batch of 64" in line for line in said)


def test_candidates_are_judged_in_parts_and_the_same_are_chosen(digits, recipe, monkeypatch):
    recipe = replace(recipe, selective=0.5)
    images = digits.splits["train"]
    engine = make_engine(spec_of(recipe), measure(images, "pixel"), FP32)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    whole = selected(recipe, state, engine, batch_at(recipe, images, 0))
    looked: list[int] = []
    judge = engine.logits
    monkeypatch.setattr(engine, "logits", lambda w, s, some: looked.append(len(some)) or judge(w, s, some))
    divided = replace(recipe, accumulate=4)
    chosen = selected(divided, state, engine, batch_at(divided, images, 0))
    assert looked == [32] * 4 and chosen.parts == 4
    assert torch.equal(torch.from_numpy(chosen.images), torch.from_numpy(whole.images))


@pytest.mark.parametrize(("batch", "parts"), [(4, [4]), (16, [8, 8]), (None, [8] * 8)])
def test_a_trial_has_parts_as_large_as_the_trainings(digits, recipe, monkeypatch, batch, parts):
    from reslab.training import loop

    seen: list[list[int]] = []

    def update(recipe, state, engine, drawn, terms):
        seen.append([len(part.labels) for part in drawn.divided()])
        loop.update(recipe, state, engine, drawn, terms)

    monkeypatch.setitem(estimate.__globals__, "update", update)
    found = estimate(replace(recipe, accumulate=8), digits, FP32, 0.0, batch)
    assert isinstance(found, Estimate) and all(each == parts for each in seen)


def test_a_trial_of_more_images_than_a_batch_has_no_parts(recipe):
    assert _smaller(replace(recipe, batch=1), 2).accumulate == 1
    assert _smaller(replace(recipe, batch=8, accumulate=4), 4).accumulate == 2
