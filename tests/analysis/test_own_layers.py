"""Residual functions of one's own: every convolution in them is looked at, by the response before its activation."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import relu

from reslab.analysis import gradients, lesions, responses
from reslab.data import Preprocessing
from reslab.errors import UsageError
from reslab.nets import create, spec
from reslab.store import Classifier, Identity
from tests.analysis.test_responses import noise

LABELS = np.arange(4) % 10


def classifier(residual, name: str = "resnet8") -> Classifier:
    found = spec(name, size=8)
    preprocessing = Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, 8)
    net = create(name, size=8, residual=residual).eval()
    return Classifier(net, Identity(name, found, tuple(map(str, range(10))), "digits"), preprocessing, residual)


def wide(channels_in, width, stride, stride_in):
    """5x5, a depthwise 3x3, 1x3: none of which the paper has."""
    return nn.Sequential(
        nn.Conv2d(channels_in, width, 5, stride, 2),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, padding=1, groups=width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, (1, 3), padding=(0, 1)),
        nn.GroupNorm(4, width),
    )


class Branches(nn.Module):
    """Two convolutions beside each other, and one that runs twice."""

    def __init__(self, channels_in, width, stride):
        super().__init__()
        self.one, self.other = (nn.Conv2d(channels_in, width, size, stride, size // 2) for size in (1, 3))
        self.one_bn, self.other_bn = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.again = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        one, other = self.one(x), self.other(x)
        return self.again(relu(self.again(relu(self.other_bn(other) + self.one_bn(one)))))


def branches(channels_in, width, stride, stride_in):
    return Branches(channels_in, width, stride)


def lone(channels_in, width, stride, stride_in):
    return nn.Conv2d(channels_in, width, 3, stride, 1)


def pooled(channels_in, width, stride, stride_in):
    return nn.Sequential(nn.AvgPool2d(stride), nn.ZeroPad3d((0, 0, 0, 0, 0, width - channels_in)))


IN_A_BLOCK = [
    (wide, ["1", "3", "6"]),  # the depthwise one has no normalisation behind it: its own output
    (branches, ["one_bn", "other_bn", "again", "again (run 2)"]),
    (lone, [""]),
]


@pytest.mark.parametrize(("residual", "layers"), IN_A_BLOCK)
def test_every_convolution_is_looked_at_in_its_order(residual, layers):
    net = classifier(residual)
    names = [f"stage{stage}.0.residual.{layer}".removesuffix(".") for stage in (1, 2, 3) for layer in layers]
    assert [found.name for found in responses(net, noise(4, 8))] == ["stem.1", *names]
    signals = gradients(net, noise(4, 8), LABELS)
    assert [(found.layer, found.name) for found in signals] == list(enumerate(["stem.1", *names], 1))
    assert all(found.gradient > 0 for found in signals)
    assert len(lesions(net, noise(4, 8), LABELS)[1]) == 3
    assert not any(module._forward_hooks for module in net.modules())


def test_a_response_is_that_before_an_activation_that_works_in_place():
    net, images = classifier(wide), noise(4, 8)
    seen = {}
    for layer in (1, 3, 6):
        module = net.net.get_submodule(f"stage1.0.residual.{layer}")
        module.register_forward_hook(lambda _, __, out, at=layer: seen.__setitem__(at, out.clone()))
    with torch.no_grad():
        plain_scores = net(images)
    for layer in (1, 3, 6):
        net.net.get_submodule(f"stage1.0.residual.{layer}")._forward_hooks.clear()
    found = {response.name: response.std for response in responses(net, images)}
    for layer, output in seen.items():
        assert found[f"stage1.0.residual.{layer}"] == pytest.approx(output.double().std(correction=0).item(), abs=1e-5)
    with torch.no_grad():
        assert torch.equal(net(images), plain_scores)


def test_gradients_are_those_at_the_response_before_an_activation_that_works_in_place():
    def out_of_place(*asked):
        made = wide(*asked)
        made[2], made[4] = nn.ReLU(), nn.ReLU()
        return made

    net, same = classifier(wide), classifier(out_of_place)
    same.net.load_state_dict(net.net.state_dict())
    assert gradients(net, noise(4, 8), LABELS) == gradients(same, noise(4, 8), LABELS)
    first = gradients(net, noise(4, 8), LABELS)[1]
    assert first.std == pytest.approx(1, abs=1e-3)  # of a normalised batch; less where half of it is 0


def test_the_paper_s_functions_keep_their_layers():
    """The same net, said to be of one's own: its 3x3 layers, and those alone, are all convolutions that it has."""
    from reslab.nets.blocks import basic

    own, theirs = classifier(basic), classifier(None)
    own.net.load_state_dict(theirs.net.state_dict())
    assert responses(own, noise(4, 8)) == responses(theirs, noise(4, 8))
    assert gradients(own, noise(4, 8), LABELS) == gradients(theirs, noise(4, 8), LABELS)


def sharing(*shared):
    """A function of two convolutions whose modules at the places `shared` are one for all blocks of a shape."""
    kept = {}

    def made(channels_in, width, stride, stride_in):
        own = wide(channels_in, width, stride, stride_in)
        first = kept.setdefault((channels_in, width, stride), own)
        return nn.Sequential(*(first[at] if at in shared else module for at, module in enumerate(own)))

    def whole(*asked):
        return kept.setdefault(asked, wide(*asked))

    return made if shared else whole


@pytest.mark.parametrize("shared", [(), (0,), (1, 3, 6)])
def test_layers_that_blocks_share_are_each_block_s_own(shared):
    """As in the same net whose blocks share nothing, and have the same weights."""
    net, apart = classifier(sharing(*shared), "resnet14"), classifier(wide, "resnet14")
    apart.net.load_state_dict(net.net.state_dict())
    one, other = (block.residual for block in net.net.stage1)
    assert one is other if not shared else all(one[at] is other[at] for at in shared)
    assert responses(net, noise(4, 8)) == responses(apart, noise(4, 8))
    assert gradients(net, noise(4, 8), LABELS) == gradients(apart, noise(4, 8), LABELS)
    assert lesions(net, noise(4, 8), LABELS) == lesions(apart, noise(4, 8), LABELS)


@pytest.mark.parametrize("inplace", [True, False])
def test_a_normalisation_behind_an_activation_is_not_right_behind(inplace):
    def function(channels_in, width, stride, stride_in):
        return nn.Sequential(
            nn.Conv2d(channels_in, width, 3, stride, 1), nn.ReLU(inplace=inplace), nn.BatchNorm2d(width)
        )

    names = ["stem.1", *(f"stage{stage}.0.residual.0" for stage in (1, 2, 3))]
    net = classifier(function)
    assert [found.name for found in responses(net, noise(4, 8))] == names
    with torch.inference_mode():
        assert [found.name for found in responses(net, noise(4, 8))] == names
    assert [found.name for found in gradients(net, noise(4, 8), LABELS)] == names


def test_convolutions_of_any_kind_and_synchronised_batch_normalisation():
    def function(channels_in, width, stride, stride_in):
        return nn.Sequential(
            nn.ConvTranspose2d(channels_in, width, 3, padding=1),
            nn.AvgPool2d(stride),
            nn.Conv2d(width, width, 1),
            nn.SyncBatchNorm(width),
        )

    found = gradients(classifier(function), noise(4, 8), LABELS)
    assert [signal.name for signal in found[1:3]] == ["stage1.0.residual.0", "stage1.0.residual.3"]
    assert found[2].std == pytest.approx(1, abs=1e-3)  # of the batch's own statistics


def test_what_no_gradient_reaches_has_none():
    class Constant(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).detach() if x.shape[1] == self.out_channels else super().forward(x)

    def function(channels_in, width, stride, stride_in):
        return Constant(channels_in, width, 3, stride, 1)

    found = {signal.name: signal.gradient for signal in gradients(classifier(function), noise(4, 8), LABELS)}
    assert found["stage1.0.residual"] == 0 < found["stage2.0.residual"]


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_what_torchscript_compiled_is_refused_and_keeps_no_hooks():
    net = classifier(lone)
    net.net.stage3[0].residual = torch.jit.trace(lone(32, 64, 2, "1x1"), torch.zeros(1, 32, 4, 4))
    for look in (lambda: responses(net, noise(2, 8)), lambda: gradients(net, noise(2, 8), LABELS[:2])):
        with pytest.raises(UsageError, match=r"resnet8: stage3\.0\.residual is compiled by TorchScript"):
            look()
    assert not any(module._forward_hooks for module in net.modules())


def test_a_module_that_takes_no_hook_leaves_none_on_the_others():
    class Stubborn(nn.Conv2d):
        def register_forward_hook(self, *_, **__):
            raise RuntimeError("no hooks")

    net = classifier(lambda channels_in, width, stride, _: Stubborn(channels_in, width, 3, stride, 1))
    with pytest.raises(RuntimeError, match="no hooks"):
        responses(net, noise(2, 8))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_functions_without_a_convolution_are_refused():
    with pytest.raises(UsageError, match="resnet8: its residual functions run no convolution"):
        responses(classifier(pooled), noise(2, 8))
