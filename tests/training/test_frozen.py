"""Frozen parts of a trained net: byte for byte as they came, whatever trains the rest; what is refused of them."""

import os
import shutil
import signal
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reslab.data import Preprocessing, load_dataset
from reslab.engine import Execution, Request
from reslab.errors import RunError, UsageError
from reslab.store import RunFolder, load, model_bytes
from reslab.training import (
    Interrupted,
    Recipe,
    Surroundings,
    estimate,
    facts_of,
    read_fields,
    recipe_for,
    refuse_idle,
    train_on,
    with_fields,
    with_start,
)
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.normalisation import normalisation_of
from reslab.training.presets import work_of
from reslab.training.statistics import settle_statistics
from reslab.training.suitable import check, check_parts
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
ONE_THREAD = Surroundings(Request(threads=1))


@pytest.fixture(scope="module")
def source(digits, tmp_path_factory) -> Path:
    """A trained net, one of whose frozen numbers is -0.0, which arithmetic would turn into 0.0."""
    run = tmp_path_factory.mktemp("source") / "run"
    train_on(digits, short_recipe(digits, 20), run, ONE_THREAD)
    file = run / "model.safetensors"
    classifier = load(run)
    classifier.net.stem[1].running_mean[0] = classifier.net.stem[0].weight[0, 0, 0, 0] = -0.0
    weights = {name: t for name, t in classifier.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    file.write_bytes(model_bytes(weights, classifier.identity, classifier.preprocessing))
    return run


def freezing(digits, source: Path, *changes: str, steps: int = 3, last: str = "stage2") -> Recipe:
    return with_fields(with_start(short_recipe(digits, steps), str(source)), [f"model.frozen={last}", *changes])


def bytes_of(run: Path) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in load(run).net.state_dict().items() if tensor.ndim}


OTHERS = {
    "plain": [],
    "average": ["average=0.8"],
    "statistics": ["average=0.8", "statistics_batches=2"],
    "decay and lengths": ["optimizer.decay_on=all", "optimizer.max_norms=*=0.5", "optimizer.rates=*=2"],
    "muon": ["optimizer.kind=muon", "optimizer.muon_lr=0.1", "optimizer.bn_bias_lr=8"],
    "rmsprop": ["optimizer.kind=rmsprop", "optimizer.lr=0.001", "optimizer.weight_decay=0.01"],
    "mixed": ["mixup=0.4", "cutmix=1", "selective=0.5"],
    "parts": ["accumulate=3"],
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_frozen_is_byte_for_byte_as_it_came_and_all_else_learns(digits, source, tmp_path, other):
    train_on(digits, freezing(digits, source, *OTHERS[other]), tmp_path / "run", ONE_THREAD)
    before, after = bytes_of(source), bytes_of(tmp_path / "run")
    assert before.keys() == after.keys() and {name.partition(".")[0] for name in before} > {"stem", "head"}
    for name, tensor in before.items():
        frozen = name.partition(".")[0] in ("stem", "stage1", "stage2")
        assert (after[name] == tensor) is frozen, name


def test_with_a_frozen_body_the_net_sees_in_images_what_it_saw(digits, source, tmp_path):
    """Normalisation included, though the images that it learns now have another mean."""
    darker = {name: replace(images, pixels=images.pixels // 2) for name, images in digits.splits.items()}
    recipe = freezing(digits, source, last="body")
    train_on(replace(digits, splits=darker), recipe, tmp_path / "run", ONE_THREAD)
    ours, theirs, images = load(tmp_path / "run"), load(source), digits.splits["test"].pixels[:9]
    assert torch.equal(ours.features(images), theirs.features(images))
    assert not torch.equal(ours(images), theirs(images)), "the head has learned"


def test_frozen_blocks_count_as_they_did_with_stochastic_depth(digits, tmp_path):
    start = tmp_path / "start"
    train_on(digits, with_fields(short_recipe(digits, 5), ["model.survival=0.5"]), start, ONE_THREAD)
    with pytest.raises(UsageError, match=r"trained with model.survival 0.5, .* --set model\.survival=0\.5"):
        train_on(digits, freezing(digits, start, last="body"), tmp_path / "run", ONE_THREAD)
    assert not (tmp_path / "run" / "state.safetensors").exists()
    train_on(digits, freezing(digits, start, "model.survival=0.5", last="body"), tmp_path / "run", ONE_THREAD)
    images = digits.splits["test"].pixels[:9]
    assert torch.equal(load(tmp_path / "run").features(images), load(start).features(images))


def test_survival_other_than_the_starts_is_refused(digits, source, tmp_path):
    with pytest.raises(UsageError, match=r"--set model\.survival=1"):
        train_on(digits, freezing(digits, source, "model.survival=0.5"), tmp_path / "run", ONE_THREAD)


@pytest.mark.parametrize(("last", "batches"), [("body", 0), ("stage2", 2)])
def test_statistics_that_are_all_frozen_are_not_taken_anew(digits, source, tmp_path, monkeypatch, last, batches):
    taken = []
    monkeypatch.setitem(
        settle_statistics.__globals__, "batch_at", lambda *given: (taken.append(given[2]), batch_at(*given))[1]
    )
    train_on(digits, freezing(digits, source, "statistics_batches=2", last=last), tmp_path / "run", ONE_THREAD)
    assert len(taken) == batches


def test_other_classes_have_a_head_of_their_own(digits, source, tmp_path):
    others = replace(digits, classes=tuple("abcdefghij"))
    train_on(others, freezing(digits, source, last="body"), tmp_path / "run", ONE_THREAD)
    before, after = bytes_of(source), bytes_of(tmp_path / "run")
    assert {name for name in before if before[name] != after[name]} == {"head.2.weight", "head.2.bias"}


@pytest.mark.parametrize("changes", [["average=0.8", "statistics_batches=2"], ["selective=0.5", "mixup=0.4"]])
def test_stopped_and_continued_is_as_if_never_stopped_though_the_start_is_gone(
    digits, source, tmp_path, monkeypatch, changes
):
    start = tmp_path / "start"
    shutil.copytree(source, start)
    recipe = freezing(digits, start, *changes, steps=9)
    train_on(digits, recipe, tmp_path / "whole", ONE_THREAD)

    def line(self, written, write=RunFolder.append_metrics):
        if written["step"] == 5 and "loss" in written:
            os.kill(os.getpid(), signal.SIGINT)
        write(self, written)

    with monkeypatch.context() as patch, pytest.raises(Interrupted, match="stopped at step 5"):
        patch.setattr(RunFolder, "append_metrics", line)
        train_on(digits, recipe, tmp_path / "stopped", ONE_THREAD)
    shutil.rmtree(start)
    train_on(digits, recipe, tmp_path / "stopped", ONE_THREAD)
    for name in ("model.safetensors", "predictions.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()


def test_without_its_normalisation_a_run_does_not_go_on(digits, source, tmp_path):
    recipe, folder = freezing(digits, source), RunFolder(tmp_path)
    with pytest.raises(RunError, match=r"normalisation.json is gone or torn: put it back, or train anew \(reslab"):
        normalisation_of(recipe, digits.splits["train"], folder, None)
    for torn in ('{"mean": 3, "std": 1}', '{"mean": [[[0', "[]"):
        (tmp_path / "normalisation.json").write_text(torn)
        with pytest.raises(RunError, match="gone or torn"):
            normalisation_of(recipe, digits.splits["train"], folder, None)


@pytest.mark.parametrize("last", ["stage2", "none"])
def test_a_start_of_the_same_weights_that_normalises_otherwise_is_said(digits, source, tmp_path, last):
    start, run, said = shutil.copytree(source, tmp_path / "start"), tmp_path / "run", []
    around = Surroundings(Request(threads=1), say=said.append)
    recipe = freezing(digits, start, last=last)
    train_on(digits, recipe, run, around)
    train_on(digits, recipe, run, around)
    assert "normalises" not in str(said)
    theirs = load(start)
    weights = {name: t for name, t in theirs.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    brighter = replace(theirs.preprocessing, mean=theirs.preprocessing.mean + 1)
    (start / "model.safetensors").write_bytes(model_bytes(weights, theirs.identity, brighter))
    train_on(digits, freezing(digits, start, last=last), run, around)
    words = f"{run} normalises images as {start} did when it began, and that has the same weights but another mean"
    assert any(line.startswith(words) for line in said) is (last != "none"), "what is not frozen has a mean of its own"
    shutil.rmtree(start)
    said.clear()
    train_on(digits, recipe, run, around)
    assert "normalises" not in str(said)


def test_images_of_another_size_have_the_mean_colour(digits, source, tmp_path):
    recipe, theirs = freezing(digits, source), load(source)
    assert isinstance(theirs.preprocessing, Preprocessing) and theirs.preprocessing.mean.shape == (8, 8, 3)
    for name in ("same", "larger"):
        (tmp_path / name).mkdir()
    same = normalisation_of(recipe, digits.splits["train"], RunFolder(tmp_path / "same"), theirs)
    assert np.array_equal(same.mean, theirs.preprocessing.mean) and same.std == theirs.preprocessing.std
    larger = load_dataset("digits", size=12).splits["train"]
    found = normalisation_of(recipe, larger, RunFolder(tmp_path / "larger"), theirs)
    assert found.size == 12 and found.mean.shape == (1, 1, 3)
    assert np.allclose(found.mean, theirs.preprocessing.mean.mean((0, 1)))


def test_it_is_another_run_of_one_spelling(digits, source):
    body, stage3, stage2 = (freezing(digits, source, last=last) for last in ("body", "stage3", "stage2"))
    assert body == stage3 and body.model.frozen == "stage3"
    plain = with_start(short_recipe(digits, 3), str(source))
    assert len({each.digest() for each in (body, stage2, plain)}) == 3
    assert with_fields(body, ["model.frozen=none"]) == plain
    assert Recipe.from_dict(body.to_dict()) == body


def test_a_recipe_in_python_freezes(source):
    recipe = recipe_for("digits", start=source, freeze="body", steps=5)
    assert (recipe.model.name, recipe.model.frozen) == ("resnet8", "stage3")


@pytest.mark.parametrize("freeze", ["stage9", "head", "body"])
def test_what_cannot_be_frozen_is_refused_before_any_image_is_read(source, monkeypatch, freeze):
    monkeypatch.setitem(recipe_for.__globals__, "read_data", lambda *_: pytest.fail("images were read"))
    with pytest.raises(UsageError, match="freeze"):
        recipe_for("digits", start=None if freeze == "body" else source, freeze=freeze)


def test_without_a_start_there_is_nothing_to_freeze(digits):
    with pytest.raises(UsageError, match=r"frozen stage2: .* name them by --from"):
        with_fields(short_recipe(digits), ["model.frozen=stage2"])


@pytest.mark.parametrize(("last", "message"), [("head", "nothing to learn"), ("stage4", "did you mean stage")])
def test_parts_that_cannot_be_frozen_are_refused_before_anything_is_written(digits, source, tmp_path, last, message):
    recipe = freezing(digits, source, last=last)
    with pytest.raises(UsageError, match=message):
        check(recipe, facts_of(digits))
    with pytest.raises(UsageError, match=message):
        train_on(digits, recipe, tmp_path / "run", ONE_THREAD)
    assert not (tmp_path / "run").exists()


def test_a_mean_that_would_not_be_subtracted_is_refused(digits, source):
    refuse_idle(freezing(digits, source, "data.mean=channel"), read_fields(["augment.pad=1"]))
    with pytest.raises(UsageError, match=r"^data\.mean: frozen parts see images normalised as they learned them"):
        refuse_idle(freezing(digits, source, "data.mean=channel"), read_fields(["data.mean=channel"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer.kind=muon", "no convolution learns that Muon would step; freeze less"),
        ("optimizer.muon_lr=0.1", "no convolution learns"),
        ("optimizer.muon_momentum=0.5", "no convolution learns"),
        ("optimizer.bn_bias_lr=8", "no batch normalisation learns; freeze less, or leave it out"),
        ("statistics_batches=2", "no batch normalisation learns"),
        ("optimizer.rates=head.*=2,stage1.*=0.1", "what a pattern names is all frozen"),
        ("optimizer.max_norms=stage1.*=1", "what a pattern names is all frozen"),
    ],
)
def test_what_would_say_nothing_is_refused(digits, source, change, message):
    changes = [change, *(["optimizer.kind=muon"] if "muon_" in change else [])]
    with pytest.raises(UsageError, match=rf"^{change.partition('=')[0]}: {message}"):
        refuse_idle(freezing(digits, source, *changes, last="body"), read_fields([change]))
    refuse_idle(freezing(digits, source, *changes, last="stem"), read_fields([change]))


def test_what_learns_is_told_by_the_net(digits, source):
    refuse_idle(
        freezing(digits, source, "optimizer.rates=*.bias=2", last="body"), read_fields(["optimizer.rates=*.bias=2"])
    )
    preact = freezing(digits, source, "model.name=preact20", "optimizer.bn_bias_lr=8", last="body")
    refuse_idle(preact, read_fields(["optimizer.bn_bias_lr=8"]))  # its head normalises
    with pytest.raises(UsageError, match="did you mean stage"):
        refuse_idle(
            freezing(digits, source, "optimizer.bn_bias_lr=8", last="stage4"), read_fields(["optimizer.bn_bias_lr=8"])
        )


def test_what_a_preset_says_of_nothing_is_said(digits, source, tmp_path):
    said = []
    recipe = freezing(digits, source, "optimizer.kind=muon", "optimizer.bn_bias_lr=8", last="body")
    train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1), say=said.append))
    [line] = [line for line in said if "stays as it came" in line]
    assert "no convolution is among them, and Muon steps nothing" in line
    assert "no batch normalisation is among them, and optimizer.bn_bias_lr says nothing" in line


def test_native_kernels_are_refused_and_how_much_learns_is_said(digits, source, tmp_path):
    recipe, said = freezing(digits, source), []
    assert work_of(recipe).frozen and not work_of(short_recipe(digits)).frozen
    with pytest.raises(UsageError, match="--engine native: they are not made for"):
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(engine="native")))
    result = train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1), say=said.append))
    learned = sum(p.numel() for part in ("stage3", "head") for p in load(source).net.get_submodule(part).parameters())
    assert f"all up to stage2 stays as it came: {learned:,} of {result['params']:,} parameters learn" in said


def test_a_trial_is_of_the_frozen_net(digits, source, monkeypatch):
    seen = []

    def step(recipe, state, engine, batch, terms):
        seen.append((engine.parameters.frozen > 0, terms.frozen == engine.parameters.frozen))
        update(recipe, state, engine, batch, terms)

    monkeypatch.setitem(estimate.__globals__, "update", step)
    estimate(freezing(digits, source), digits, FP32, 0.0)
    assert seen and all(each == (True, True) for each in seen)


@pytest.mark.parametrize(("model", "fits"), [("resnet18", True), ("preact18", False)])
def test_one_image_is_enough_where_nothing_normalises_by_the_batch(digits, model, fits):
    """Of 8 px these nets leave one; the head of a pre-activation net normalises it."""
    recipe = short_recipe(digits, model=model, batch=1)
    body = replace(recipe.model, start="a net", start_digest="0", frozen="body")
    for each in (recipe, replace(recipe, model=replace(body, frozen="stage3"))):
        with pytest.raises(UsageError, match="one value a channel"):
            check(each, facts_of(digits))
    with nullcontext() if fits else pytest.raises(UsageError, match="one value a channel"):
        check(replace(recipe, model=body), facts_of(digits))
    with nullcontext() if fits else pytest.raises(UsageError, match="one value a channel"):
        check_parts(replace(recipe, model=body, batch=2), 2)
