"""Trainings on images of one contrast: the same scores wherever the net is, and what cannot be had of them."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from reslab.analysis.landscape import execution_to_look
from reslab.data import Contrast
from reslab.engine import Batch, Execution, NativeEngine, Request, make_engine
from reslab.engine.work import lacking
from reslab.errors import RunError, UsageError
from reslab.evaluation import Views, probabilities
from reslab.evaluation.scores import work_of as work_of_classifier
from reslab.interop import export
from reslab.interop import load as load_exported
from reslab.interop.torchvision_names import obstacle
from reslab.store import Classifier, RunFolder, load
from reslab.training import (
    Facts,
    Recipe,
    Surroundings,
    estimate,
    facts_of,
    make_recipe,
    read_fields,
    refuse_idle,
    together,
    train_on,
    with_fields,
    with_start,
)
from reslab.training.normalisation import normalisation_of, normalised_otherwise
from reslab.training.presets import spec_of, work_of
from reslab.training.stem import stem_filters
from reslab.training.suitable import check
from tests.conftest import short_recipe
from tests.interop.classifiers import classifier

CIFAR10 = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
ALONE = Surroundings(Request(threads=1, precision="fp32"))
FIELDS = {"contrast": ["data.gcn=true"], "whitened": ["data.gcn=true", "data.zca=true"]}


@pytest.fixture(scope="module", params=FIELDS)
def run(request, digits, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param) / "run"
    train_on(digits, with_fields(short_recipe(digits, 6), FIELDS[request.param]), place, ALONE)
    return place


def test_engine_classifier_and_exported_files_give_the_same_probabilities(run, digits):
    images, classifier = digits.splits["val"].only(np.arange(40)), load(run)
    ours = classifier(images.pixels).softmax(1).double().numpy()
    assert ours.max(axis=1).std() > 1e-3, "images that differ"
    assert np.allclose(probabilities(classifier, images, Views(), FP32), ours, atol=1e-5)
    for to in ("onnx", "torch-export"):
        exported = load_exported(export(run, to).path)
        assert np.allclose(exported.probabilities(images.pixels), ours, atol=1e-5)


def test_a_model_file_keeps_it_and_older_versions_would_refuse_it(run, digits, tmp_path):
    recipe = Recipe.from_dict(RunFolder(run).recipe())
    expected = normalisation_of(recipe, digits.splits["train"], made(tmp_path), None).contrast
    found = load(run).preprocessing.contrast
    assert np.allclose(found.centre, expected.centre, atol=1e-5)
    assert (found.whitening is None) == (expected.whitening is None) == (not recipe.data.zca)
    assert found.whitening is None or np.allclose(found.whitening, expected.whitening, atol=1e-4)
    assert b'\\"format\\": 2' in (run / "model.safetensors").read_bytes()
    assert not (run / "contrast.safetensors").exists(), "needed by runs under way alone"


def made(place) -> RunFolder:
    place.mkdir(exist_ok=True)
    return RunFolder(place)


def test_what_was_measured_when_a_run_began_is_what_it_goes_on_with(digits, tmp_path):
    recipe, images, folder = (
        with_fields(short_recipe(digits), FIELDS["whitened"]),
        digits.splits["train"],
        made(tmp_path),
    )
    first = normalisation_of(recipe, images, folder, None).contrast
    folder.save_state({}, {"step": 1})
    again = normalisation_of(recipe, images.only(np.arange(300)), folder, None).contrast
    assert np.array_equal(first.whitening, again.whitening)
    file = tmp_path / "contrast.safetensors"
    kept = file.read_bytes()
    for content in (kept[:-9], None):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(RunError, match=r"contrast\.safetensors is gone or torn: put it back, or train anew"):
            normalisation_of(recipe, images, folder, None)


def test_images_are_cropped_after_they_are_whitened(digits, run):
    """As Maxout's authors do it: what is padded is zero to the net, and no edge is whitened."""
    images, preprocessing = digits.splits["train"].only(np.arange(8)), load(run).preprocessing
    recipe = short_recipe(digits)
    engine = make_engine(spec_of(recipe), preprocessing, FP32)
    seen = engine._pictures.augmented(Batch(images.pixels, images.labels, np.zeros((8, 2), np.int64), pad=2))
    assert not seen[:, :, :2].any() and not seen[:, :, :, :2].any()
    whole = engine._pictures.augmented(Batch(images.pixels, images.labels))
    assert torch.equal(seen[:, :, 2:, 2:], whole[:, :, :-2, :-2]) and whole[:, :, 0].any()


def test_a_whitening_stem_is_measured_on_what_the_net_sees(digits, run):
    recipe = with_fields(short_recipe(digits), ["model.stem_init=whitening"])
    preprocessing = load(run).preprocessing
    engine = make_engine(spec_of(recipe), preprocessing, FP32)
    filters = stem_filters(recipe, engine, digits.splits["train"], preprocessing)
    seen = engine._pictures.plain(digits.splits["train"].pixels)
    responses = torch.nn.functional.conv2d(seen, filters[:3])
    assert torch.allclose(responses.square().mean(dim=(0, 2, 3)), torch.ones(3), atol=0.02)


def test_a_training_from_such_a_net_sees_images_as_that_did(digits, run, tmp_path):
    theirs = load(run).preprocessing.contrast
    recipe = with_start(short_recipe(digits), str(run))
    assert recipe.data.gcn and recipe.data.zca == (theirs.whitening is not None)
    few = digits.splits["train"].only(np.arange(30))
    ours = normalisation_of(recipe, few, made(tmp_path), load(run)).contrast
    assert np.array_equal(ours.centre, theirs.centre)
    assert theirs.whitening is None or np.array_equal(ours.whitening, theirs.whitening)


def test_so_does_one_with_frozen_parts_and_no_other(digits, run, tmp_path):
    recipe = with_start(short_recipe(digits), str(run))
    train_on(digits, with_fields(recipe, ["model.frozen=stem"]).stretched(2), tmp_path / "run", ALONE)
    theirs, ours = (load(place).preprocessing.contrast for place in (run, tmp_path / "run"))
    assert np.array_equal(ours.centre, theirs.centre)
    other = with_fields(recipe, ["data.gcn=false", "data.zca=false", "model.frozen=stem"])
    with pytest.raises(UsageError, match=r"its frozen parts would see other images: --set data\.gcn=true"):
        train_on(digits, other, tmp_path / "other", ALONE)
    assert not (tmp_path / "other").exists(), "refused before anything is written"


def test_photographs_with_their_mean_colour_may_start_from_it(run, digits):
    """What a folder's preset says otherwise gives way: its mean, its colours."""
    white = load(run).preprocessing.contrast.whitening is not None
    facts = replace(facts_of(digits), name="photos", official=False)
    recipe = with_start(make_recipe(facts, "resnet8"), str(run))
    assert make_recipe(facts, "resnet8").data.mean == "channel"
    assert recipe.data.mean == "pixel", "the start's centre is an image"
    with pytest.raises(UsageError, match="and so does what starts from images of one contrast"):
        refuse_idle(recipe, read_fields(["data.mean=pixel"]))
    larger = make_recipe(replace(facts, size=16), "resnet8")
    if white:
        with pytest.raises(
            UsageError, match="learned on whitened images of 8 px, and its matrix has that size: --size 8"
        ):
            with_start(larger, str(run))
    else:
        assert (with_start(larger, str(run)).data.gcn, with_start(larger, str(run)).data.mean) == (True, "channel")


def test_too_few_images_are_not_whitened(digits):
    recipe, facts = with_fields(short_recipe(digits), FIELDS["whitened"]), facts_of(digits)
    check(recipe, facts)
    check(recipe, replace(facts, train_images=192))
    with pytest.raises(UsageError, match="an image has 192 numbers, and 191 training images are too few"):
        check(with_fields(recipe, ["data.images=191"]), facts)
    assert make_recipe(replace(facts, train_images=192), "nin", "original").data.zca
    assert not make_recipe(replace(facts, train_images=191), "nin", "original").data.zca


def test_nor_are_they_where_a_start_has_no_matrix(digits, tmp_path):
    train_on(digits, short_recipe(digits, 2), tmp_path / "plain", ALONE)
    few = replace(digits, splits={**digits.splits, "train": digits.splits["train"].only(np.arange(150))})
    recipe = with_fields(with_start(short_recipe(digits, 2), str(tmp_path / "plain")), FIELDS["whitened"])
    with pytest.raises(UsageError, match="150 training images are too few"):
        train_on(few, recipe, tmp_path / "run", ALONE)
    assert not (tmp_path / "run").exists()


def test_weights_that_learned_without_it_go_on_without_it(digits, tmp_path):
    train_on(digits, short_recipe(digits, 2, "nin"), tmp_path / "plain", ALONE)
    original = make_recipe(facts_of(digits), "nin", "original")
    assert original.data.gcn and not with_start(original, str(tmp_path / "plain")).data.gcn


def test_another_matrix_of_a_start_with_frozen_parts_is_told(digits, run, tmp_path):
    recipe = with_fields(with_start(short_recipe(digits), str(run)), ["model.frozen=stem"])
    folder, source = made(tmp_path), load(run)
    normalisation_of(recipe, digits.splits["train"], folder, source)
    assert normalised_otherwise(recipe, folder) is None
    folder.keep_contrast(replace(source.preprocessing.contrast, centre=source.preprocessing.contrast.centre + 1))
    assert "has the same weights but another mean" in (normalised_otherwise(recipe, folder) or "")


def test_jitter_that_it_would_take_back_is_refused(digits):
    recipe = with_fields(short_recipe(digits), [*FIELDS["contrast"], "augment.brightness=0.4"])
    with pytest.raises(UsageError, match="which takes it back"):
        refuse_idle(recipe, read_fields(["augment.brightness=0.4"]))


def test_it_is_pytorchs_alone_whoever_asks():
    recipe = make_recipe(CIFAR10, "resnet20", "fast")
    assert lacking(work_of(recipe)) is None
    assert lacking(work_of(with_fields(recipe, FIELDS["contrast"]))) == "global contrast normalisation (data.gcn)"
    net = net_of_32("resnet20")
    assert lacking(work_of_classifier(net)) == "global contrast normalisation (data.gcn)"
    said = []
    assert execution_to_look(net, 10**9, say=said.append).engine == "torch"
    assert "global contrast normalisation" in said[0]
    with pytest.raises(AssertionError):
        NativeEngine(net.identity.spec, net.preprocessing, replace(FP32, engine="native"))
    assert "contrast" in (obstacle(net_of_32("resnet18")) or "")


def net_of_32(name: str):
    made = classifier(name, 32, mean="pixel")
    contrast = Contrast(np.zeros((32, 32, 3), np.float32))
    return Classifier(made.net, made.identity, replace(made.preprocessing, contrast=contrast)).eval()


def test_its_time_is_estimated_with_a_matrix(digits, monkeypatch):
    made, module = [], sys.modules["reslab.training.estimate"]
    make = module.make_engine
    monkeypatch.setattr(module, "make_engine", lambda *words: made.append(make(*words)) or made[-1])
    for name, fields in FIELDS.items():
        estimate(with_fields(short_recipe(digits), fields), digits, FP32, seconds=0.05)
        assert (made[-1]._pictures._contrast.whitening is not None) == (name == "whitened")


def test_a_classifier_in_half_precision_keeps_its_matrix(run, digits):
    pixels, whole = digits.splits["val"].pixels[:8], load(run)
    half = load(run).bfloat16()
    assert half.contrast.centre.dtype == torch.float32
    assert torch.equal(half.contrast(torch.from_numpy(pixels)), whole.contrast(torch.from_numpy(pixels)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["data.zca=true"], "zca: images of one contrast are whitened; set data.gcn=true, too"),
        ([*FIELDS["whitened"], "data.mean=channel"], "centred by the mean image; set data.mean=pixel"),
        ([*FIELDS["whitened"], "data.size=64"], "for images of 64 px would have 150,994,944 numbers; 32 px at most"),
        (["data.gcn=true", "augment.lighting=0.1"], "images of their own contrast; set augment.lighting=0"),
    ],
)
def test_what_goes_not_together_is_refused(digits, fields, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        with_fields(short_recipe(digits), fields)


def test_who_follows_gets_the_leading_processes_matrix(monkeypatch):
    told = {"centre": np.ones((2, 2, 3)).tolist(), "whitened": True}
    monkeypatch.setattr(together, "spread", lambda values: values.copy_(torch.full((12, 12), 3.0)))
    found = together._contrast(told)
    assert isinstance(found, Contrast) and found.centre.shape == (2, 2, 3) and (found.whitening == 3).all()
    assert together._contrast({**told, "whitened": False}).whitening is None
    assert together._contrast({"centre": None, "whitened": False}) is None


def test_it_is_another_run(digits):
    recipe = short_recipe(digits)
    digests = {recipe.digest(), *(with_fields(recipe, fields).digest() for fields in FIELDS.values())}
    assert len(digests) == 3
