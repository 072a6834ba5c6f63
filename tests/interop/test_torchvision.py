"""Weights under torchvision's names: in a net that is built as theirs is, and which nets are refused."""

import json

import pytest
import torch
from safetensors.torch import load
from torch import nn
from torch.nn.functional import relu

from reslab.errors import UsageError
from reslab.interop.torchvision_names import first_version, obstacle, torchvision_names
from reslab.interop.torchvision_weights import (
    STRIDE_NOTE,
    read_torchvision,
    timm_config,
    torchvision_bytes,
)
from reslab.interop.verify import compare
from reslab.nets import spec
from tests.interop.classifiers import classifier, described, noise


class Theirs(nn.Module):
    """A block as torchvision lays it out: stride in the 3x3, also of bottlenecks."""

    def __init__(self, channels: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        kernels = (1, 3, 1) if bottleneck else (3, 3)
        widths = (channels, width, width, 4 * width) if bottleneck else (channels, width, width)
        strides = (1, stride, 1) if bottleneck else (stride, 1)
        for i, (kernel, step) in enumerate(zip(kernels, strides, strict=True)):
            self.add_module(f"conv{i + 1}", nn.Conv2d(widths[i], widths[i + 1], kernel, step, kernel // 2, bias=False))
            self.add_module(f"bn{i + 1}", nn.BatchNorm2d(widths[i + 1]))
        self.layers = len(kernels)
        if stride > 1 or channels != widths[-1]:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, widths[-1], 1, stride, bias=False), nn.BatchNorm2d(widths[-1])
            )

    def forward(self, x):
        y = x
        for i in range(1, self.layers + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = relu(y) if i < self.layers else y
        return relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class TheirNet(nn.Module):
    def __init__(self, depths: tuple[int, ...], bottleneck: bool, classes: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for stage, depth in enumerate(depths):
            width, blocks = 64 * 2**stage, []
            for block in range(depth):
                blocks.append(Theirs(channels, width, 2 if stage and not block else 1, bottleneck))
                channels = width * (4 if bottleneck else 1)
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean(dim=(2, 3)))


def metadata(data: bytes) -> dict:
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["reslab"])


def theirs(data: bytes, depths: tuple[int, ...], bottleneck: bool) -> TheirNet:
    net = TheirNet(depths, bottleneck, 4)
    net.load_state_dict(load(data))
    return net.eval()


def scores(net: nn.Module, data: bytes, pixels) -> torch.Tensor:
    about = metadata(data)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(about[name]).view(3, 1, 1) for name in ("mean", "std"))
    with torch.no_grad():
        return net((images - mean) / std)


@pytest.fixture(scope="module")
def resnet18():
    return classifier("resnet18", 32)


def test_a_basic_net_gives_the_same_scores_there(resnet18):
    data, pixels = torchvision_bytes(resnet18), noise(3, 32)
    torch.testing.assert_close(
        scores(theirs(data, (2, 2, 2, 2), False), data, pixels), resnet18(pixels), rtol=1e-4, atol=1e-4
    )
    about = metadata(data)
    assert about["architecture"] == "resnet18" and about["classes"] == ["Ängström", "犬", "cat", "dog"]
    assert about["note"] is None and about["stride_in"] is None and about["size"] == 32
    assert torchvision_bytes(resnet18) == data


def test_a_bottleneck_net_with_the_stride_on_the_3x3_does_too():
    ours, pixels = classifier("resnet50", 32, stride_in="3x3"), noise(2, 32)
    data = torchvision_bytes(ours)
    torch.testing.assert_close(
        scores(theirs(data, (3, 4, 6, 3), True), data, pixels), ours(pixels), rtol=1e-4, atol=1e-4
    )
    assert metadata(data)["note"] is None and metadata(data)["stride_in"] == "3x3"


def test_the_papers_stride_needs_what_the_note_says():
    ours, pixels = classifier("resnet50", 32), noise(2, 32)
    data = torchvision_bytes(ours)
    net = theirs(data, (3, 4, 6, 3), True)
    with pytest.raises(AssertionError, match="not close"):
        torch.testing.assert_close(scores(net, data, pixels), ours(pixels), rtol=1e-4, atol=1e-4)
    assert metadata(data)["note"] == STRIDE_NOTE and metadata(data)["stride_in"] == "1x1"
    loop = STRIDE_NOTE[STRIDE_NOTE.index("for s in") :]
    exec(loop, {"net": net})
    torch.testing.assert_close(scores(net, data, pixels), ours(pixels), rtol=1e-4, atol=1e-4)


def test_names_are_those_of_all_weights_and_of_no_two_the_same():
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        net = spec(name)
        names = torchvision_names(net)
        assert len(set(names.values())) == len(names)
        projections = sum(theirs.endswith("downsample.0") for theirs in names.values())
        layers = sum(theirs.startswith("layer") and ".conv" in theirs for theirs in names.values())
        assert layers + 2 == net.depth and projections == (4 if net.block == "bottleneck" else 3)


def test_a_file_that_is_read_back_is_the_same_function_and_a_spoilt_one_is_not(resnet18):
    data = torchvision_bytes(resnet18)
    run, about = read_torchvision(data)
    good = compare(run, resnet18, scores=True)
    assert good.good and good.same_class == good.random_images == 8 and about["kind"] == "torchvision"
    spoilt = bytearray(data)
    spoilt[-2_000_000:-1_990_000] = spoilt[-1_000_000:-990_000]
    run, _ = read_torchvision(bytes(spoilt))
    assert not compare(run, resnet18, scores=True).good


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("resnet20", {}, "no CIFAR nets"),
        ("plain18", {}, "a plain net"),
        ("resnet18", {"shortcut": "A"}, "option A, and torchvision's are of option B"),
        ("resnet50", {"shortcut": "C"}, "option C"),
        ("preact18", {}, "activates after each convolution"),
        ("preact200", {}, "activates after each convolution"),
        ("vgg16", {}, "another net than torchvision's of that name"),
        ("resnet18", {"survival": 0.5}, "stochastic depth"),
        ("resnet18", {"mean": "pixel"}, "its mean is an image"),
        ("resnet18", {"residual": lambda *_: nn.Identity()}, "a residual function of its own"),
    ],
)
def test_what_has_no_equal_there_is_refused_with_the_way_out(name, more, reason):
    found = described(name, **more)
    assert reason in obstacle(found)
    for write in (torchvision_bytes, timm_config):
        with pytest.raises(UsageError, match="--to onnx and --to torch-export take every net") as error:
            write(found)
        assert name in str(error.value) and reason in str(error.value)


def test_timm_is_told_labels_and_preprocessing_and_given_no_first_version():
    found = json.loads(timm_config(described("resnet34", classes=7, size=96)))
    assert found["architecture"] == "resnet34" and found["num_classes"] == 7 and found["num_features"] == 512
    config = found["pretrained_cfg"]
    assert config["input_size"] == [3, 96, 96] and config["pool_size"] == [3, 3] and config["crop_pct"] == 1.0
    assert config["label_names"] == [str(i) for i in range(7)] and config["interpolation"] == "bicubic"
    assert config["mean"] == pytest.approx([110 / 255, 120 / 255, 130 / 255]) and config["std"] == [57.5 / 255] * 3
    assert first_version(spec("resnet50")) and not first_version(spec("resnet34"))
    assert json.loads(timm_config(described("resnet50", stride_in="3x3")))["num_features"] == 2048
    with pytest.raises(UsageError, match=r"stride of this net's bottlenecks is on the 1x1 .* without a word"):
        timm_config(described("resnet50"))
