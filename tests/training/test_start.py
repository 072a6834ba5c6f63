"""Fine-tuning starts from a trained net's weights, takes its head for the same classes, and knows them again."""

import importlib
import shutil
import sys
from dataclasses import replace
from unicodedata import normalize

import numpy as np
import pytest
import torch

from reslab.data import Images
from reslab.errors import RunError, UsageError
from reslab.store import RunFolder, load
from reslab.training import (
    Asked,
    Surroundings,
    like,
    recipe_for,
    train,
    train_on,
    with_fields,
    with_residual,
    with_start,
)
from reslab.training.feed import batch_at, class_weights
from reslab.training.start import start_of, starting_weights
from tests.conftest import short_recipe

LEARNED_LITTLE = ["optimizer.lr=1e-9", "optimizer.weight_decay=0"]  # so that a run shows what it started from


@pytest.fixture(scope="module")
def source(digits, tmp_path_factory):
    run = tmp_path_factory.mktemp("source") / "run"
    train_on(digits, short_recipe(digits, 20), run, Surroundings())
    return run


def tuned(digits, source, steps=2, changes=(), **fields):
    recipe = with_start(replace(short_recipe(digits, steps), **fields), str(source))
    return with_fields(recipe, list(changes))


def test_a_run_goes_on_from_another_ones_weights(digits, source, tmp_path):
    train_on(digits, tuned(digits, source, changes=LEARNED_LITTLE), tmp_path / "tuned", Surroundings())
    before, after = load(source).net.state_dict(), load(tmp_path / "tuned").net.state_dict()
    for name, tensor in before.items():
        if tensor.ndim:
            assert name.endswith(("running_mean", "running_var")) or torch.allclose(after[name], tensor, atol=1e-5), (
                name
            )


def test_other_classes_have_a_head_of_their_own(digits, source):
    recipe = tuned(digits, source)
    whole, body = (
        starting_weights(start_of(recipe), digits.classes),
        starting_weights(start_of(recipe), tuple("abcdefghij")),
    )
    assert whole.keys() == load(source).net.state_dict().keys()
    assert {name.partition(".")[0] for name in whole.keys() - body.keys()} == {"head"}
    fewer = with_start(
        replace(recipe, model=replace(recipe.model, classes=3, start=None, start_digest=None)), str(source)
    )
    assert starting_weights(start_of(fewer), ("a", "b", "c")).keys() == body.keys()


def test_classes_that_look_the_same_keep_their_head(digits, tmp_path):
    composed, decomposed = ((normalize(form, "café"), *digits.classes[1:]) for form in ("NFC", "NFD"))
    train_on(replace(digits, classes=composed), short_recipe(digits, 1), tmp_path / "run", Surroundings())
    recipe = tuned(digits, tmp_path / "run")
    whole = load(tmp_path / "run").net.state_dict().keys()
    assert (
        starting_weights(start_of(recipe), decomposed).keys()
        == starting_weights(start_of(recipe), composed).keys()
        == whole
    )


@pytest.mark.parametrize(("model", "shortcut"), [("resnet14", "A"), ("resnet8", "B"), ("plain8", None)])
def test_another_net_is_refused(digits, source, model, shortcut):
    recipe = short_recipe(digits, 2)
    other = replace(recipe, model=replace(recipe.model, name=model, shortcut=shortcut))
    with pytest.raises(UsageError, match=rf"is resnet8 \(shortcut A.*to be trained is {model}"):
        with_start(other, str(source))


def test_what_is_no_trained_net_is_refused(digits, tmp_path):
    with pytest.raises(RunError, match="no run folder or model file"):
        with_start(short_recipe(digits, 2), str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match="named by --from"):
        with_fields(short_recipe(digits, 2), ["model.start=resnet56-cifar10"])


def test_other_weights_in_the_same_place_are_another_run(digits, source, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(source, copy)
    recipe = tuned(digits, copy)
    shutil.rmtree(copy)
    train_on(digits, short_recipe(digits, 21), copy, Surroundings())
    assert with_start(short_recipe(digits, 2), str(copy)).digest() != recipe.digest()
    with pytest.raises(UsageError, match="other weights than when this run was begun"):
        train_on(digits, recipe, tmp_path / "tuned", Surroundings())


def test_a_rate_of_zero_leaves_weights_alone(digits, source, tmp_path):
    recipe = tuned(digits, source, steps=3, changes=["optimizer.rates=stem.*=0, stage*=0"])
    train_on(digits, recipe, tmp_path / "tuned", Surroundings())
    before, after = load(source).net.state_dict(), load(tmp_path / "tuned").net.state_dict()
    for name, _ in load(source).net.named_parameters():
        assert torch.equal(before[name], after[name]) != name.startswith("head"), name


def test_the_net_is_the_trained_ones_unless_told_otherwise():
    asked = like("resnet56-cifar10", Asked(), "photographs")
    assert asked == Asked("resnet56", "A", "1x1", 32)
    assert like("resnet56-cifar10", Asked(size=64), "photographs").size == 64
    assert like("resnet56-cifar10", Asked(), "cifar10").size is None, "CIFAR-10 has one size"
    assert like(None, Asked("resnet20"), "photographs") == Asked("resnet20")
    assert like("resnet56-cifar10", Asked("resnet20"), "photographs") == Asked("resnet20")


def test_a_recipe_in_python_starts_from_a_net(source):
    recipe = recipe_for("digits", start=source, steps=5)
    assert (recipe.model.name, recipe.model.start, len(recipe.model.start_digest)) == ("resnet8", str(source), 8)


def test_a_preset_with_a_stem_of_its_own_starts_from_a_net_all_the_same():
    alone = recipe_for("digits", model="resnet20", recipe="record", size=32)
    recipe = recipe_for("digits", start="resnet20-cifar10", recipe="record", size=32)
    assert (alone.model.stem_init, recipe.model.stem_init) == ("whitening", "he")
    assert recipe.optimizer == alone.optimizer and recipe.model.start == "resnet20-cifar10"
    with pytest.raises(UsageError, match=r"leave model\.stem_init out"):
        recipe_for("digits", start="resnet20-cifar10", size=32, fields={"model.stem_init": "whitening"})


def test_rare_classes_weigh_more(digits):
    labels = np.array([0] * 90 + [1] * 9 + [3])
    weights = class_weights(labels, 1.0)
    assert weights[labels].mean() == pytest.approx(1)
    assert [weights[c] * (labels == c).sum() for c in (0, 1, 3)] == pytest.approx([100 / 3] * 3)
    half = class_weights(labels, 0.5)
    assert half[1] / half[0] == pytest.approx(10**0.5)
    train = digits.splits["train"]
    few = Images(train.pixels[:100], labels)
    recipe = short_recipe(digits, 5)
    assert batch_at(recipe, few, 0).weights is None
    batch = batch_at(replace(recipe, balance=1.0), few, 0)
    assert batch.weights == pytest.approx(weights[batch.labels])


def test_what_it_cannot_begin_from_is_refused_before_anything_is_written(digits, source, tmp_path):
    torn = shutil.copytree(source, tmp_path / "torn")
    (torn / "lineage.json").write_text("{}")
    with pytest.raises(RunError, match=r"torn.lineage\.json is no lineage"):
        tuned(digits, torn)
    (torn / "lineage.json").unlink()
    recipe = tuned(digits, torn)
    (torn / "lineage.json").write_text("{}")
    with pytest.raises(RunError, match=r"torn.lineage\.json is no lineage"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    shutil.rmtree(torn)
    with pytest.raises(RunError, match="no run folder or model file"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert not (tmp_path / "run").exists()


OWN = """
from torch import nn


def mine(channels_in, width, stride, stride_in):
    return nn.Sequential(nn.Conv2d(channels_in, width, 3, stride, 1), nn.BatchNorm2d(width))
"""


@pytest.fixture
def own_run(digits, tmp_path, monkeypatch):
    """A run whose net has a residual function of one's own, which lies where one stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_start.py").write_text(OWN)
    monkeypatch.delitem(sys.modules, "own_start", raising=False)
    importlib.invalidate_caches()
    recipe = with_residual(with_fields(short_recipe(digits, 2), ["model.residual=own_start:mine"]))
    train_on(digits, recipe, tmp_path / "own", Surroundings())
    return tmp_path / "own"


def test_a_run_brings_its_own_residual_function(own_run, tmp_path):
    begun = RunFolder(own_run).recipe()["model"]
    result = train("digits", tmp_path / "tuned", asked={"start": own_run, "steps": 2})
    recorded = RunFolder(tmp_path / "tuned").recipe()["model"]
    assert recorded["residual"] == begun["residual"] == "own_start:mine"
    assert recorded["residual_digest"] == begun["residual_digest"]
    assert result["params"] == RunFolder(own_run).read("result.json")["params"]


def test_where_that_function_is_not_found_the_way_out_is_said(own_run, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "own_start")
    (tmp_path / "own_start.py").rename(tmp_path / "own_moved.py")
    importlib.invalidate_caches()
    with pytest.raises(UsageError, match=r"not found here \(No module named 'own_start'\).*--set model\.residual=mod"):
        recipe_for("digits", start=own_run)
    with pytest.raises(UsageError, match=r"the net that teaches: .* not found here .* on PYTHONPATH$"):
        recipe_for("digits", teacher=own_run)  # the recipe's function is that of the net which learns
    moved = recipe_for("digits", start=own_run, fields={"model.residual": "own_moved:mine"})
    assert moved.model.residual == "own_moved:mine"


def test_a_lone_file_runs_no_code(own_run, tmp_path):
    lone = shutil.copy(own_run / "model.safetensors", tmp_path / "lone.safetensors")
    with pytest.raises(UsageError, match=r"files run no code: name it by --set model\.residual=own_start:mine"):
        recipe_for("digits", start=lone)
    with pytest.raises(UsageError, match=r"files run no code: name its run folder"):
        recipe_for("digits", teacher=lone)
    made = importlib.import_module("own_start").mine
    assert train("digits", tmp_path / "tuned", residual=made, asked={"start": lone, "steps": 1})["steps"] == 1
