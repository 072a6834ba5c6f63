"""Trainings on images of one contrast: the same scores wherever the net is, and what cannot be had of them."""

import re

import numpy as np
import pytest
import torch

from reslab.data import Contrast
from reslab.engine import Batch, Execution, Request, make_engine
from reslab.errors import RunError, UsageError
from reslab.evaluation import Views, probabilities
from reslab.interop import export
from reslab.interop import load as load_exported
from reslab.store import RunFolder, load
from reslab.training import Recipe, Surroundings, together, train_on, with_fields, with_start
from reslab.training.normalisation import normalisation_of
from reslab.training.presets import spec_of
from reslab.training.stem import stem_filters
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
ALONE = Surroundings(Request(threads=1, precision="fp32"))
FIELDS = {"contrast": ["data.contrast=true"], "whitened": ["data.contrast=true", "data.whiten=true"]}


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
    assert (found.whitening is None) == (expected.whitening is None) == (not recipe.data.whiten)
    assert found.whitening is None or np.allclose(found.whitening, expected.whitening, atol=1e-4)
    assert b'\\"format\\": 2' in (run / "model.safetensors").read_bytes()
    assert not (run / "contrast.safetensors").exists(), "needed by runs under way alone"


def made(place) -> RunFolder:
    place.mkdir(exist_ok=True)
    return RunFolder(place)


def test_what_was_measured_when_a_run_began_is_what_it_goes_on_with(digits, tmp_path):
    recipe, images = with_fields(short_recipe(digits), FIELDS["whitened"]), digits.splits["train"]
    first = normalisation_of(recipe, images, made(tmp_path), None)
    other = normalisation_of(recipe, images.only(np.arange(100)), made(tmp_path), None)
    assert np.array_equal(first.contrast.whitening, other.contrast.whitening)
    file = tmp_path / "contrast.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(RunError, match=r"contrast\.safetensors is torn.*to train this run anew, delete it and"):
        normalisation_of(recipe, images, made(tmp_path), None)


def test_images_are_cropped_after_they_are_whitened(digits, run):
    """As Maxout's authors do it: what is padded is zero to the net, and no edge is whitened."""
    images, preprocessing = digits.splits["train"].only(np.arange(8)), load(run).preprocessing
    recipe = short_recipe(digits)
    engine = make_engine(spec_of(recipe), preprocessing, FP32)
    seen = engine._augmented(Batch(images.pixels, images.labels, np.zeros((8, 2), np.int64), pad=2))
    assert not seen[:, :, :2].any() and not seen[:, :, :, :2].any()
    whole = engine._augmented(Batch(images.pixels, images.labels))
    assert torch.equal(seen[:, :, 2:, 2:], whole[:, :, :-2, :-2]) and whole[:, :, 0].any()


def test_a_whitening_stem_is_measured_on_what_the_net_sees(digits, run):
    recipe = with_fields(short_recipe(digits), ["model.stem_init=whitening"])
    preprocessing = load(run).preprocessing
    engine = make_engine(spec_of(recipe), preprocessing, FP32)
    filters = stem_filters(recipe, engine, digits.splits["train"], preprocessing)
    seen = engine._normalised(digits.splits["train"].pixels).permute(0, 3, 1, 2)
    responses = torch.nn.functional.conv2d(seen, filters[:3])
    assert torch.allclose(responses.square().mean(dim=(0, 2, 3)), torch.ones(3), atol=0.02)


def test_a_training_from_such_a_net_sees_images_alike(digits, run):
    theirs = load(run).preprocessing.contrast
    begun = with_start(short_recipe(digits), str(run)).data
    assert begun.contrast and begun.whiten == (theirs.whitening is not None)
    with pytest.raises(UsageError, match=r"freeze nothing, or set data\.contrast=false"):
        with_fields(with_start(short_recipe(digits), str(run)), ["model.frozen=stem"])
    frozen = with_fields(
        with_start(short_recipe(digits), str(run)), ["data.contrast=false", "data.whiten=false", "model.frozen=stem"]
    )
    with pytest.raises(UsageError, match="learned on images brought to one contrast, and frozen parts would see"):
        normalisation_of(frozen, digits.splits["train"], RunFolder(run.parent / "other"), load(run))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["data.whiten=true"], "whiten: images of one contrast are whitened; set data.contrast=true, too"),
        ([*FIELDS["whitened"], "data.mean=channel"], "centred by the mean image; set data.mean=pixel"),
        ([*FIELDS["whitened"], "data.size=64"], "for images of 64 px would have 150,994,944 numbers; 32 px at most"),
        (["data.contrast=true", "augment.lighting=0.1"], "images of their own contrast; set augment.lighting=0"),
    ],
)
def test_what_goes_not_together_is_refused(digits, fields, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        with_fields(short_recipe(digits), fields)


def test_who_follows_gets_the_leading_processes_matrix(monkeypatch):
    told = {"centre": np.ones((2, 2, 3)).tolist(), "whitened": True}
    monkeypatch.setattr(together, "spread", lambda values: values.copy_(torch.full((12, 12), 3.0)))
    found = together._even(told)
    assert isinstance(found, Contrast) and found.centre.shape == (2, 2, 3) and (found.whitening == 3).all()
    assert together._even({**told, "whitened": False}).whitening is None
    assert together._even({"centre": None, "whitened": False}) is None


def test_it_is_another_run(digits):
    recipe = short_recipe(digits)
    digests = {recipe.digest(), *(with_fields(recipe, fields).digest() for fields in FIELDS.values())}
    assert len(digests) == 3
