"""Layer responses against numbers worked out by hand, and on which layers they are taken."""

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import layer_responses, responses, sample
from reslab.data import Preprocessing
from reslab.errors import DataError, UsageError
from reslab.nets import create, spec
from reslab.store import Classifier, Identity


def classifier(name: str, size: int = 32, **more) -> Classifier:
    found = spec(name, size=size, **more)
    preprocessing = Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, size)
    identity = Identity(name, found, tuple(map(str, range(found.classes))), "digits")
    return Classifier(create(name, size=size, **more).eval(), identity, preprocessing)


def noise(count: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


@pytest.mark.parametrize(("name", "layers"), [("plain20", 19), ("resnet20", 19), ("resnet56", 55)])
def test_every_3x3_layer_the_first_one_too(name, layers):
    found = responses(classifier(name), noise(2))
    assert [response.layer for response in found] == list(range(1, layers + 1))
    assert found[0].name == "stem.1" and found[-1].stage == "stage3"


def test_bottlenecks_have_one_3x3_layer_each_and_projections_none():
    found = responses(classifier("resnet50", 64, classes=10), noise(1, 64))
    assert len(found) == 3 + 4 + 6 + 3 and all(".residual.4" in response.name for response in found)


def test_numbers_are_those_of_the_outputs_of_batch_normalisation():
    net = classifier("resnet8")
    images = noise(600)  # more than one batch
    seen = []
    hook = net.net.get_submodule("stage2.0.residual.4").register_forward_hook(lambda _, __, out: seen.append(out))
    with torch.no_grad():
        for part in (images[:250], images[250:500], images[500:]):
            net(part)
    hook.remove()
    values = torch.cat(seen).double().numpy()
    found = {response.name: response for response in responses(net, images)}["stage2.0.residual.4"]
    assert found.std == pytest.approx(values.std(), rel=1e-5) and found.mean == pytest.approx(values.mean(), abs=1e-5)


def test_a_normalised_layer_has_the_deviation_that_its_scale_says():
    """With scale g and shift b, and statistics that are those of its input, std is |g| and mean is b."""
    net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.BatchNorm2d(1, eps=0.0))
    nn.init.dirac_(net[0].weight)
    images = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]])
    with torch.no_grad():
        net[1].running_mean.fill_(4.0)
        net[1].running_var.fill_(5.0)
        net[1].weight.fill_(-0.5)
        net[1].bias.fill_(2.0)
    (found,) = layer_responses(net, [images], net)
    assert (found.std, found.mean) == (0.5, 2.0)


def test_looking_changes_nothing():
    net = classifier("resnet8")
    net.net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    responses(net, noise(3))
    assert net.net.training and all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


def test_a_net_without_responses_is_refused():
    net = nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(), nn.BatchNorm2d(3))
    with pytest.raises(UsageError, match="mine has no 3x3 layer"):
        layer_responses(net, [torch.zeros(1, 3, 8, 8)], net, "mine")
    with pytest.raises(UsageError, match="nin has no 3x3 layer with batch normalisation"):
        responses(classifier("nin"), noise(1, 32))
    with pytest.raises(UsageError, match="at least one"):
        responses(classifier("resnet8"), noise(0))


def test_samples_are_spread_over_the_split(tmp_path):
    net = classifier("resnet8", 8)
    whole = sample(tmp_path / "model.safetensors", net)
    some = sample(tmp_path / "model.safetensors", net, count=10)
    assert whole.source == "digits, val" and len(whole) == 360 and len(some) == 10
    assert (some.pixels[0] == whole.pixels[0]).all() and (some.pixels[-1] == whole.pixels[-1]).all()
    assert sample(tmp_path / "x", net, split="test").source == "digits, test"
    with pytest.raises(UsageError, match="did you mean train"):
        sample(tmp_path / "x", net, split="trains")
    with pytest.raises(UsageError, match="at least 1"):
        sample(tmp_path / "x", net, count=0)


def test_photographs_of_anybodys(tmp_path):
    from PIL import Image

    for place, size in enumerate(((40, 30), (9, 9), (8, 20))):
        Image.fromarray(noise(1, 64)[0][: size[1], : size[0]]).save(tmp_path / f"{place}.png")
    found = sample(tmp_path / "x", classifier("resnet8", 8), images=tmp_path, count=2)
    assert found.pixels.shape == (2, 8, 8, 3) and found.source == tmp_path.name
    with pytest.raises(DataError, match="no folder"):
        sample(tmp_path / "x", classifier("resnet8", 8), images=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no photograph"):
        sample(tmp_path / "x", classifier("resnet8", 8), images=tmp_path / "empty")


def test_missing_data_tells_of_photographs(tmp_path):
    net = classifier("resnet8", 32)
    other = Classifier(net.net, Identity("resnet8", net.identity.spec, net.classes, "cifar10"), net.preprocessing)
    with pytest.raises(DataError, match="--images"):
        sample(tmp_path / "x", other, data_root=tmp_path)
