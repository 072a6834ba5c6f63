"""Ways to start: what each does to the weights, and to what a block computes."""

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import Block, build, create, he_initialise, initialise, spec, unfilled


def seeded(how: str, model: str = "resnet14", **choices) -> nn.Module:
    net = create(model, **choices)
    initialise(net, how, torch.Generator().manual_seed(0))
    return net


def blocks(net: nn.Module) -> list[Block]:
    return [module for module in net.modules() if isinstance(module, Block)]


@pytest.mark.parametrize("model", ["resnet14", "plain14", "resnet34"])
def test_identity_hands_the_input_on(model):
    torch.manual_seed(0)
    net, convolutions = seeded("identity", model), 0
    for block in blocks(net):
        for conv in (m for m in block.residual.modules() if isinstance(m, nn.Conv2d)):
            x = torch.randn(2, conv.in_channels, 8, 8)
            handed_on = conv(x)[:, : conv.in_channels]
            assert torch.equal(handed_on, x[:, :, :: conv.stride[0], :: conv.stride[0]])
            convolutions += 1
    assert convolutions == {"resnet14": 12, "plain14": 12, "resnet34": 32}[model]


def test_identity_leaves_everything_else_to_he():
    net, he = seeded("identity", "resnet50", shortcut="B"), create("resnet50")
    he_initialise(he, torch.Generator().manual_seed(0))
    changed = 0
    for (name, ours), theirs in zip(net.named_parameters(), he.parameters(), strict=True):
        if ours.shape[2:] == (3, 3):
            assert torch.equal(ours[ours.shape[1] :], theirs[ours.shape[1] :]), name
            changed += 1
        else:
            assert torch.equal(ours, theirs), name
    assert changed == 16, "the 3x3 convolutions of ResNet-50"


def test_identity_keeps_the_stem_and_the_filters_beyond_the_inputs_channels():
    net, he = seeded("identity"), seeded("he")
    assert torch.equal(net.stem[0].weight, he.stem[0].weight)
    wider = next(m for m in net.stage2[0].residual if isinstance(m, nn.Conv2d))
    theirs = next(m for m in he.stage2[0].residual if isinstance(m, nn.Conv2d))
    assert torch.equal(wider.weight[16:], theirs.weight[16:]) and wider.weight[16:].std() > 0.05


@pytest.mark.parametrize(("model", "shortcut"), [("resnet14", "A"), ("resnet14", "C"), ("resnet50", "B")])
def test_zero_gamma_makes_a_block_its_shortcut_wherever_that_is_not_zero(model, shortcut):
    torch.manual_seed(0)
    net = seeded("zero_gamma", model, shortcut=shortcut).train()
    for block in blocks(net):
        channels = next(m for m in block.residual.modules() if isinstance(m, nn.Conv2d)).in_channels
        x = torch.randn(4, channels, 8, 8)
        handed_on = block.shortcut(x)
        carrying = handed_on.flatten(2).any(2).any(0)
        assert torch.equal(block(x)[:, carrying], handed_on[:, carrying].relu())
        assert (block(x)[:, ~carrying] > 0).flatten(2).any(2).all(), "new channels of option A must not be dead"


@pytest.mark.parametrize("shortcut", ["A", "B"])
def test_zero_gamma_leaves_no_scale_without_a_gradient(shortcut):
    net = seeded("zero_gamma", "resnet14", shortcut=shortcut)
    torch.manual_seed(0)
    nn.functional.cross_entropy(net(torch.randn(8, 3, 8, 8)), torch.arange(8)).backward()
    for block in blocks(net):
        *_, last = block.residual.modules()
        assert last.weight.grad.abs().min() > 0


@pytest.mark.parametrize("how", ["identity", "zero_gamma"])
def test_a_net_without_blocks_is_refused(how):
    with pytest.raises(UsageError, match=f"model.init={how}: this net has no blocks"):
        initialise(nn.Sequential(nn.Conv2d(3, 8, 3)), how)


def test_a_net_of_shapes_alone_draws_nothing(monkeypatch):
    monkeypatch.setattr(nn.init, "kaiming_normal_", lambda *_, **__: pytest.fail("drawn"))
    with torch.device("meta"):
        net = create("resnet20")
    assert sum(parameter.numel() for parameter in net.parameters()) > 0
    with pytest.raises(pytest.fail.Exception):
        create("resnet20")


@pytest.mark.parametrize(
    "model", ["resnet14", "plain34", "preact164", "nin", "maxout", "dsn", "highway19", "googlenet"]
)
def test_what_is_not_drawn_is_filled_by_an_initialisation(model):
    """Whatever memory held is nowhere left, and the random stream of the caller stands where it stood."""
    found, before = spec(model), torch.get_rng_state()
    net = unfilled(found)
    assert torch.equal(torch.get_rng_state(), before)
    built = build(found)
    assert {n: t.shape for n, t in net.state_dict().items()} == {n: t.shape for n, t in built.state_dict().items()}
    for parameter in net.parameters():
        parameter.data.fill_(float("nan"))
    for one in (net, built):
        initialise(one, found.init, torch.Generator().manual_seed(0), found.init_scale)
    assert all(torch.equal(t, built.state_dict()[n]) for n, t in net.state_dict().items())


def test_what_a_residual_function_of_ones_own_draws_is_drawn():
    def scaled(channels_in, width, stride, stride_in):
        layer = nn.Conv2d(channels_in, width, 3, stride, 1, bias=False)
        layer.constant = torch.rand(1)
        return layer

    torch.manual_seed(0)
    first, second = (unfilled(spec("resnet8"), scaled) for _ in range(2))
    one, other = (next(m.constant for m in net.modules() if hasattr(m, "constant")) for net in (first, second))
    assert not torch.equal(one, other)
