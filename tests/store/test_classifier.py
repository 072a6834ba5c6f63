"""A loaded classifier is a module like any other: modes, types, copies, exports; and refuses what it does not take."""

import copy
import hashlib

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from reslab.data import Preprocessing
from reslab.errors import UsageError
from reslab.nets import create, spec
from reslab.store import Classifier, Identity, Origin, load, model_bytes

SIZE = 16
CLASSES = ("cat", "dog", "owl")


def preprocessing_by(mean: str) -> Preprocessing:
    shape = (SIZE, SIZE, 3) if mean == "pixel" else (1, 1, 3)
    return Preprocessing(np.random.default_rng(0).uniform(90, 150, shape).astype(np.float32), 60.0, SIZE)


def classifier_of(name: str, mean: str) -> Classifier:
    net = create(name, classes=3, size=SIZE).requires_grad_(False).eval()
    return Classifier(net, Identity(name, spec(name, None, 3, SIZE), CLASSES, "pets"), preprocessing_by(mean))


def loaded(tmp_path, mean: str = "pixel") -> Classifier:
    """Through the file, its batch-norm statistics as if it had been trained."""
    torch.manual_seed(0)
    made = classifier_of("resnet8", mean)
    for module in made.net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    weights = {name: t for name, t in made.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    (tmp_path / "m.safetensors").write_bytes(model_bytes(weights, made.identity, made.preprocessing))
    return load(tmp_path / "m.safetensors")


def some(images: int, size: int = SIZE) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (images, size, size, 3)).astype(np.uint8)


def test_the_mode_can_be_put_back_as_it_was(tmp_path):
    model = loaded(tmp_path)
    before = model(some(4))
    was = model.training
    model.eval()
    model.train(was)
    assert not was and not any(module.training for module in model.modules())
    assert torch.equal(model(some(4)), before)
    assert not any(p.requires_grad for p in model.parameters())


def test_it_knows_where_it_is_from(tmp_path):
    assert loaded(tmp_path).place == tmp_path / "m.safetensors"


def test_its_state_is_that_of_the_net(tmp_path):
    model = loaded(tmp_path)
    assert list(model.state_dict()) == [f"net.{name}" for name in model.net.state_dict()]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_computes_in_the_type_of_its_weights(tmp_path, dtype):
    model = loaded(tmp_path)
    expected = model(some(4)).double()
    found = model.to(dtype)(some(4))
    assert found.dtype == dtype
    assert torch.allclose(found.double(), expected, atol=0.1 * float(expected.std()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("mean", ["pixel", "channel"])
def test_the_mean_stays_exact_in_whatever_type_the_weights_are(dtype, mean):
    model, exact = classifier_of("resnet8", mean), torch.from_numpy(preprocessing_by(mean).mean)
    assert torch.equal(model.to(dtype).mean, exact) and torch.equal(model.float().mean, exact)
    assert "mean" not in model.state_dict() and copy.deepcopy(model).mean.dtype == torch.float32


def test_a_digest_is_that_of_the_bytes_in_whatever_type():
    torch.manual_seed(0)
    model = classifier_of("resnet8", "channel")
    found = hashlib.sha256()
    for name, tensor in model.net.state_dict().items():
        found.update(name.encode() + tensor.numpy().tobytes())
    assert model.digest() == model.to(memory_format=torch.channels_last).digest() == found.hexdigest()[:8]
    assert len({model.digest(), model.half().digest(), model.bfloat16().digest()}) == 3


def test_the_mean_goes_where_the_weights_go(tmp_path):
    model = loaded(tmp_path).to("meta")
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {"meta"}
    assert model.mean.device.type == "meta"


def test_a_copy_is_one_of_its_own(tmp_path):
    model = loaded(tmp_path)
    other, before = copy.deepcopy(model), model(some(4))
    assert torch.equal(other(some(4)), before) and other.classes == CLASSES
    other.mean += 50
    assert torch.equal(model(some(4)), before) and not torch.equal(other(some(4)), before)
    assert torch.equal(load(tmp_path / "m.safetensors")(some(4)), before)


def test_it_is_exported_with_its_normalisation(tmp_path):
    model, pixels = loaded(tmp_path), torch.from_numpy(some(5))
    batch = {0: torch.export.Dim("batch", min=1)}
    program = torch.export.export(model, (pixels[:3],), dynamic_shapes=(batch,)).module()
    assert torch.allclose(program(pixels), model(pixels), atol=1e-5)


def test_features_are_normalised_and_make_the_scores(tmp_path):
    model = loaded(tmp_path)
    found = model.features(some(4))
    assert found.shape == (4, 64)
    assert torch.allclose(model.net[-1][-1](found), model(some(4)), atol=1e-6)
    with pytest.raises(UsageError, match=r"not uint8 of shape \(16, 16, 3\)"):
        model.features(some(1)[0])


def test_arrays_lists_and_tensors_are_the_same_images(tmp_path):
    model, pixels = loaded(tmp_path), some(3)
    expected = model(pixels)
    pixels.flags.writeable = False
    for images in (pixels, list(pixels), torch.from_numpy(pixels.copy()), pixels[:, ::1, ::-1][:, :, ::-1]):
        assert torch.equal(model(images), expected)


@pytest.mark.parametrize(
    ("images", "got"),
    [
        (some(1)[0], r"uint8 of shape \(16, 16, 3\)"),
        (torch.zeros(2, 3, SIZE, SIZE), r"float32 of shape \(2, 3, 16, 16\)"),
        (torch.zeros(2, 3, SIZE, SIZE, dtype=torch.uint8), r"uint8 of shape \(2, 3, 16, 16\)"),
        (some(2) / 255, r"float64 of shape \(2, 16, 16, 3\)"),
        (some(2, 24), r"uint8 of shape \(2, 24, 24, 3\)"),
        (some(2)[:, :12], r"uint8 of shape \(2, 12, 16, 3\)"),
        ([some(1)[0], some(1, 24)[0]], "images of several shapes"),
        ("photo.jpg", r"<U9 of shape \(\)"),
    ],
)
def test_what_it_does_not_take_is_refused_in_one_sentence(images, got):
    with pytest.raises(UsageError, match=rf"resnet8 takes uint8 RGB images \(B, 16, 16, 3\) from 0 to 255, not {got}"):
        classifier_of("resnet8", "pixel")(images)


def test_with_a_mean_colour_images_may_have_any_size():
    model = classifier_of("resnet8", "channel")
    assert model(some(2, 24)).shape == model(some(2)[:, :12]).shape == (2, 3)
    with pytest.raises(UsageError, match=r"images \(B, H, W, 3\) from 0 to 255, not uint8 of shape \(24, 24, 3\)"):
        model(some(1, 24)[0])


def test_a_historic_net_has_one_size():
    model = classifier_of("maxout", "channel")
    assert model(some(2)).shape == (2, 3)
    with pytest.raises(UsageError, match=r"maxout takes uint8 RGB images \(B, 16, 16, 3\)"):
        model(some(2, 24))


def test_a_file_of_origin_is_called_by_the_place_that_was_opened_where_that_is_itself(tmp_path):
    origin = Origin("model.bin", "0" * 64, "torchvision")
    assert origin.seen_from(tmp_path) == str(tmp_path) and origin.seen_from(None) == "model.bin"
    assert origin.seen_from(tmp_path / "model.bin") == str(tmp_path / "model.bin")
    assert origin.seen_from(tmp_path / "converted.safetensors") == "model.bin"
