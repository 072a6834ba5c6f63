"""The mathematics of blocks and shortcuts."""

import math

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import Block, create, he_initialise, spec
from reslab.nets.blocks import ZeroPad, basic, bottleneck, make_shortcut


def test_option_a_subsamples_and_pads_with_zeros():
    x = torch.randn(2, 16, 8, 8)
    y = ZeroPad(16, 32, 2)(x)
    assert y.shape == (2, 32, 4, 4)
    assert torch.equal(y[:, :16], x[:, :, ::2, ::2])
    assert not y[:, 16:].any()


def test_shortcut_kinds():
    assert make_shortcut(None, 16, 16, 1) is None
    for option in "AB":
        assert isinstance(make_shortcut(option, 16, 16, 1), nn.Identity)
    assert isinstance(make_shortcut("A", 16, 32, 2), ZeroPad)
    for option, stride in (("B", 2), ("C", 2), ("C", 1)):
        projection = make_shortcut(option, 16, 16 * stride, stride)
        assert isinstance(projection, nn.Sequential) and projection[0].kernel_size == (1, 1)


def test_how_many_projections():
    # ResNet-34 has 16 shortcuts: C projects all of them, B the three that widen.
    for option, count in (("A", 0), ("B", 3), ("C", 16)):
        net = create("resnet34", shortcut=option)
        assert sum(isinstance(m.shortcut, nn.Sequential) for m in net.modules() if isinstance(m, Block)) == count


@pytest.mark.parametrize("option", ["A", "B", "C", None])
def test_a_block_whose_last_gamma_is_zero_is_its_shortcut(option):
    block = Block(basic(8, 16, 2), make_shortcut(option, 8, 16, 2)).eval()
    nn.init.zeros_(block.residual[-1].weight)
    x = torch.randn(2, 8, 6, 6)
    expected = torch.zeros(2, 16, 3, 3) if option is None else torch.relu(block.shortcut(x))
    assert torch.allclose(block(x), expected)


@pytest.mark.parametrize(
    ("stride_in", "strides"), [("1x1", [(2, 2), (1, 1), (1, 1)]), ("3x3", [(1, 1), (2, 2), (1, 1)])]
)
def test_stride_of_a_bottleneck(stride_in, strides):
    convolutions = [m for m in bottleneck(256, 128, 2, stride_in) if isinstance(m, nn.Conv2d)]
    assert [c.stride for c in convolutions] == strides
    assert [c.kernel_size for c in convolutions] == [(1, 1), (3, 3), (1, 1)]


def test_basic_and_bottleneck_blocks_weigh_alike():
    weights = [
        sum(m.weight.numel() for m in f if isinstance(m, nn.Conv2d)) for f in (basic(64, 64, 1), bottleneck(256, 64, 1))
    ]
    assert weights == [73_728, 69_632]


@pytest.mark.parametrize("size", [8, 9, 31, 32])
@pytest.mark.parametrize("name", ["resnet20", "plain8", "resnet50", "resnet18"])
def test_any_input_size_from_8_px(name, size):
    net = create(name, classes=7, size=size)
    scores = net(torch.randn(2, 3, size, size))
    assert scores.shape == (2, 7)
    scores.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_evaluation_ignores_batch_mates():
    net = create("resnet20").eval()
    x = torch.randn(4, 3, 32, 32)
    assert torch.allclose(net(x)[:1], net(x[:1]), atol=1e-5)


def test_he_variance_and_initial_loss():
    torch.manual_seed(0)
    net = create("resnet18", size=32, classes=10)
    convolution = net.stage4[1].residual[0]
    assert convolution.weight.std().item() == pytest.approx(math.sqrt(2 / (512 * 9)), rel=0.01)
    plain = create("plain20")
    loss = nn.functional.cross_entropy(plain(torch.randn(64, 3, 32, 32)), torch.randint(10, (64,)))
    assert abs(loss.item() - math.log(10)) < 1.0


def test_he_initialisation_is_a_function_of_its_generator():
    first, second = create("resnet20"), create("resnet20")
    for net in (first, second):
        he_initialise(net, torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def nothing(channels_in, width, stride, stride_in):
    nn.Conv2d(channels_in, width, 3, stride, 1)


@pytest.mark.parametrize(
    ("function", "what"), [(nothing, "nothing does not fit: it returns NoneType"), (lambda *_: 3, "it returns int")]
)
def test_a_residual_function_that_makes_no_module_is_refused_when_it_is_called(function, what):
    with pytest.raises(UsageError, match=rf"{what}. It is called as f\(channels_in"):
        create("resnet8", residual=function)


def test_ones_own_residual_function():
    def wide(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
        return nn.Sequential(nn.Conv2d(channels_in, width, 5, stride, 2, bias=False), nn.BatchNorm2d(width))

    net = create("resnet20", residual=wide)
    assert sum(isinstance(m, nn.Conv2d) and m.kernel_size == (5, 5) for m in net.modules()) == 9
    assert net(torch.randn(1, 3, 32, 32)).shape == (1, 10)


def test_a_spec_survives_the_file():
    found = spec("resnet50", shortcut="C", classes=7, size=64, stride_in="3x3")
    assert type(found).from_dict(found.to_dict()) == found
