"""What programs do where no file says it, and chenyaofo's nets, whose scores are those of a forward pass by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reslab.data.cifar_official import CIFAR10, CIFAR100
from reslab.errors import RunError
from reslab.interop import load
from reslab.interop.asked import Asked
from reslab.interop.foreign import read_foreign
from reslab.interop.layouts import AKAMASTER, CHENYAOFO, HUGGING_FACE, TORCHVISION
from reslab.interop.usual import AT_FIRST, IMAGENET, OF_CIFAR10, OF_CIFAR100, usual_of
from reslab.nets import spec
from reslab.store import UNTOLD
from tests.interop.foreign_weights import chenyaofo_shapes, filled, pixels


def scores_by_hand(weights: dict[str, Tensor], images: np.ndarray, mean, std) -> Tensor:
    """Of its CIFAR nets, written from their description alone: (B, classes) of uint8 images (B, 32, 32, 3)."""

    def normalised(name: str, maps: Tensor) -> Tensor:
        of = {kind: weights[f"{name}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias")}
        return F.batch_norm(maps, *of.values())

    maps = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    maps = (maps - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    maps = F.relu(normalised("bn1", F.conv2d(maps, weights["conv1.weight"], padding=1)))
    for block in sorted({name.rpartition(".conv1")[0] for name in weights if name.endswith("conv1.weight")} - {""}):
        stride = 2 if block in ("layer2.0", "layer3.0") else 1
        inner = F.conv2d(maps, weights[f"{block}.conv1.weight"], stride=stride, padding=1)
        inner = F.conv2d(F.relu(normalised(f"{block}.bn1", inner)), weights[f"{block}.conv2.weight"], padding=1)
        if stride == 2:
            maps = F.conv2d(maps, weights[f"{block}.downsample.0.weight"], stride=2)
            maps = normalised(f"{block}.downsample.1", maps)
        maps = F.relu(normalised(f"{block}.bn2", inner) + maps)
    return F.linear(maps.mean((2, 3)), weights["fc.weight"], weights["fc.bias"])


@pytest.mark.parametrize(
    ("name", "classes", "mean", "std", "data"),
    [
        ("cifar10_resnet20-4118986f.pt", 10, (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010), CIFAR10),
        ("cifar100_resnet20-23dac2f1.pt", 100, (0.5070, 0.4865, 0.4409), (0.2673, 0.2564, 0.2761), CIFAR100),
        (
            "cifar10-resnet20-30abc31d.pth",
            10,
            (0.49139968, 0.48215827, 0.44653124),
            (0.24703233, 0.24348505, 0.26158768),
            CIFAR10,
        ),
    ],
)
def test_chenyaofos_nets(tmp_path, name, classes, mean, std, data):
    weights = filled(chenyaofo_shapes(3, classes))
    torch.save(weights, tmp_path / name)
    said = []
    net = read_foreign(tmp_path / name, say=said.append)
    images = pixels(32)
    expected, found = scores_by_hand(weights, images, mean, std), net(images)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert (expected[0] - expected[1:]).abs().max() > 100 * 1e-4 * expected.abs().max(), "images are told apart"
    about = net.identity
    assert (about.model, about.spec) == ("resnet20", spec("resnet20", "B", classes))
    assert (about.classes, about.data, about.split) == (data.classes, data.name, "50k")
    assert said[0].endswith(f"resnet20 as chenyaofo names it, 32 px, {classes} classes")
    assert said[1].endswith(f"assumed: 32 px, {data.title}'s mean and std, the classes of {data.title}")


def test_other_colours_make_other_scores(tmp_path):
    """The test above could tell."""
    torch.save(filled(chenyaofo_shapes(1, 10)), tmp_path / "net.pt")
    usual, first = load(tmp_path / "net.pt"), read_foreign(tmp_path / "net.pt", Asked(std=AT_FIRST.std))
    difference = (usual(pixels(32)) - first(pixels(32))).abs().max()
    assert difference > 100 * 1e-4 * usual(pixels(32)).abs().max()


def test_nets_of_other_classes_were_trained_on_nobody_knows_what(tmp_path):
    torch.save(filled(chenyaofo_shapes(1, 7)), tmp_path / "net.pt")
    about = load(tmp_path / "net.pt").identity
    assert (about.classes, about.data, about.split) == (tuple("0123456"), UNTOLD, None)
    assert about.origin.assumed.endswith("assumed: 32 px, CIFAR-10's mean and std")
    torch.save(filled(chenyaofo_shapes(1, 10)), tmp_path / "net.pt")
    digits = read_foreign(tmp_path / "net.pt", Asked(classes=tuple("0123456789"))).identity
    assert (digits.data, digits.split) == (UNTOLD, None) and "the classes of" not in digits.origin.assumed


def test_shortcuts_of_zeros_are_not_guessed(tmp_path):
    """Under these names nothing tells where zeros would lie."""
    torch.save(filled(chenyaofo_shapes(1, 10, projections=False)), tmp_path / "net.pt")
    with pytest.raises(RunError, match=r"nearest is resnet8, of which 'layer2\.0\.downsample\.0\.weight' is missing"):
        load(tmp_path / "net.pt")


def test_who_does_what():
    assert usual_of(TORCHVISION, "cifar10_resnet20.pt", 10) == usual_of(HUGGING_FACE, "", 100) == IMAGENET
    assert usual_of(TORCHVISION, "", 1000).classes[134] == "crane (bird)" and not IMAGENET.classes
    assert usual_of(CHENYAOFO, "", 1000).classes is None and usual_of(AKAMASTER, "", 1000).classes is None
    assert usual_of(AKAMASTER, "", 10).trained_on is CIFAR10 and usual_of(AKAMASTER, "", 10).mean == IMAGENET.mean
    assert usual_of(AKAMASTER, "", 100) == IMAGENET
    assert usual_of(CHENYAOFO, "cifar100-resnet20-8412cc70.pth", 100).std == AT_FIRST.std
    assert usual_of(CHENYAOFO, "resnet20.pt", 100).std == OF_CIFAR100.std
    assert usual_of(CHENYAOFO, "resnet20.pt", 3) == OF_CIFAR10 and OF_CIFAR10.classes is None


def test_the_order_of_classes_is_that_of_the_archives():
    """Of which torchvision's data sets, that these nets were trained on, take it; and ours do."""
    assert CIFAR10.classes[:3] == ("airplane", "automobile", "bird") and CIFAR10.classes[-1] == "truck"
    assert list(CIFAR100.classes) == sorted(CIFAR100.classes) and len(CIFAR100.classes) == 100
