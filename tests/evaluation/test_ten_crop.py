"""Ten-crop testing against torchvision's TenCrop: the same net, the same images, the same probabilities.

`torchvision_ten_crop.json` was made in an environment of its own with the versions that it names, on a CPU in fp32:
`torchvision.models.resnet18(num_classes=10)` in evaluation mode, every parameter set by the formula of `by_formula`
(in the order of `parameters()`, which is ours too; batch-norm statistics 0 and 1). For each of the `shapes`, the image
of `picture` went through `Compose([Resize(shorter, InterpolationMode.BICUBIC), TenCrop(size)])`, then
`(pixels - mean) / std`, the net and the softmax. `probabilities` are the means over an image's ten crops,
`crops_of_the_sixth` those of each crop of the sixth image, whose height leaves two middles.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from reslab.data import Preprocessing
from reslab.engine import Request
from reslab.evaluation import Views, evaluate, probabilities, softmax, ten_crop
from reslab.evaluation.scores import execution_for
from reslab.nets import create, spec
from reslab.store import Classifier, Identity, model_bytes

EXPECTED = json.loads(Path(__file__).with_name("torchvision_ten_crop.json").read_text(encoding="utf-8"))
SIZE, CLASSES = EXPECTED["size"], tuple(f"class {number}" for number in range(EXPECTED["classes"]))


def by_formula(net: torch.nn.Module) -> None:
    for number, parameter in enumerate(net.parameters()):
        index = torch.arange(parameter.numel(), dtype=torch.float64)
        wave = torch.sin(index * index * 0.37 + index * 1.7 + number).reshape(parameter.shape)
        if parameter.ndim == 4:
            values = 2 * wave / math.sqrt(parameter[0].numel())
        elif parameter.ndim == 2:
            values = 0.3 * wave
        else:
            values = 0.7 + 0.1 * wave if number % 3 == 1 else 0 * wave
        parameter.data = values.float()


def picture(number: int, height: int, width: int) -> NDArray[np.uint8]:
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.float64)
    wave = np.sin(x * (0.11 + 0.02 * number) + c) + np.sin(y * (0.17 - 0.01 * number) + 2 * c)
    return np.rint(127.5 + 42 * (wave + np.sin(x * y * 0.003 + number))).astype(np.uint8)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    net = create("resnet18", classes=len(CLASSES), size=SIZE)
    by_formula(net)
    net.requires_grad_(False).eval()
    identity = Identity("resnet18", spec("resnet18", None, len(CLASSES), SIZE), CLASSES, "waves")
    mean = np.array(EXPECTED["mean"], np.float32).reshape(1, 1, 3)
    return Classifier(net, identity, Preprocessing(mean, EXPECTED["std"], SIZE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Image n in the folder of class n; the last two classes have the first two images once more."""
    place = tmp_path_factory.mktemp("waves") / "waves"
    for number, name in enumerate(CLASSES):
        shape = EXPECTED["shapes"][number % len(EXPECTED["shapes"])]
        for split in ("train", "test"):
            (place / split / name).mkdir(parents=True)
            image = Image.fromarray(picture(number % len(EXPECTED["shapes"]), *shape))
            image.save(place / split / name / "wave.png")
    return place


def expected_probabilities() -> NDArray[np.float64]:
    return np.array([*EXPECTED["probabilities"], *EXPECTED["probabilities"][:2]])


def test_each_crop_is_torchvisions(classifier):
    height, width = EXPECTED["shapes"][5]
    assert height == EXPECTED["shorter"] and (width - SIZE) % 2 == 0 and (height - SIZE) % 2 == 1
    crops = ten_crop(picture(5, height, width), SIZE)
    found = softmax(classifier(crops).numpy())
    assert found == pytest.approx(np.array(EXPECTED["crops_of_the_sixth"]), abs=2e-5)
    assert np.ptp(found, axis=0).max() > 0.01, "the crops differ by much more than the tolerance"


def test_probabilities_are_torchvisions(classifier, folder):
    from reslab.data import load_dataset

    images = load_dataset(folder, size=SIZE).splits["test"]
    execution = execution_for(None, Request(precision="fp32", threads=1), classifier, print)
    found = probabilities(classifier, images, Views("10", (EXPECTED["shorter"],)), execution)
    assert found == pytest.approx(expected_probabilities(), abs=2e-5)


def test_errors_are_those_of_torchvisions_probabilities(classifier, folder, tmp_path):
    state = classifier.net.state_dict()
    weights = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    file = tmp_path / "waves.safetensors"
    file.write_bytes(model_bytes(weights, classifier.identity, classifier.preprocessing))
    found = evaluate(file, folder, views=10, request=Request(precision="fp32", threads=1))
    assert (found.views, found.scales, found.images) == (10, (EXPECTED["shorter"],), len(CLASSES))
    order = np.argsort(-expected_probabilities(), axis=1)
    right = order == np.arange(len(CLASSES))[:, None]
    assert found.top1_error == pytest.approx(100 * (1 - right[:, 0].mean()))
    assert found.top5_error == pytest.approx(100 * (1 - right[:, :5].any(axis=1).mean()))
