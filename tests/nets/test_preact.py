"""Identity mappings and stochastic depth: what a block hands on."""

import pytest
import torch
from torch import nn

from reslab.nets import PreactBlock, create, initialise, spec
from reslab.nets.blocks import Block, ZeroPad, basic, make_shortcut, survive
from reslab.nets.preact import basic_preact, make_preact_shortcut


def blocks_of(net: nn.Module) -> list[Block | PreactBlock]:
    return [module for module in net.modules() if isinstance(module, Block | PreactBlock)]


def test_a_block_whose_residual_function_is_zero_is_the_identity():
    block = PreactBlock(basic_preact(8, 8, 1), nn.Identity(), 8).eval()
    nn.init.zeros_(block.residual[-1].weight)
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(x), x), "negative values, too: nothing stands after the addition"


def test_block_against_its_formula():
    torch.manual_seed(0)
    block = PreactBlock(basic_preact(8, 8, 1), nn.Identity(), 8).train()
    x = torch.randn(4, 8, 5, 5)
    first, bn, _, second = block.residual
    activated = nn.functional.relu(nn.functional.batch_norm(x, None, None, training=True))
    response = nn.functional.relu(nn.functional.batch_norm(first(activated), None, None, training=True))
    assert torch.allclose(block(x), x + second(response), atol=1e-5) and isinstance(bn, nn.BatchNorm2d)


def test_a_projection_sees_what_is_activated_and_padding_what_comes_in():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 6)
    for option in ("B", "A"):
        block = PreactBlock(basic_preact(4, 8, 2), make_preact_shortcut(option, 4, 8, 2), 4).eval()
        nn.init.zeros_(block.residual[-1].weight)
        expected = block.shortcut(x.relu()) if option == "B" else ZeroPad(4, 8, 2)(x)
        assert torch.allclose(block(x), expected, atol=1e-4)
    assert isinstance(make_preact_shortcut("B", 4, 8, 2), nn.Conv2d), "no batch normalisation behind it"


@pytest.mark.parametrize("name", ["preact20", "preact29", "preact18"])
def test_where_a_net_activates(name):
    net = create(name, size=16)
    first, *others = blocks_of(net)
    assert isinstance(first.activation, nn.Identity), "the stem is activated already"
    assert all(isinstance(block.activation[0], nn.BatchNorm2d) for block in others)
    assert isinstance(net.head[0], nn.BatchNorm2d) and isinstance(net.head[1], nn.ReLU)
    scores = net(torch.randn(2, 3, 16, 16))
    scores.sum().backward()
    assert scores.shape[0] == 2 and all(p.grad is not None for p in net.parameters())


def test_a_signal_passes_a_stage_unchanged():
    net = create("preact20").eval()
    for block in blocks_of(net):
        nn.init.zeros_(block.residual[-1].weight)
    x = torch.randn(1, 16, 8, 8)
    assert torch.equal(net.stage1(x), x)


def test_identity_initialisation_finds_the_blocks():
    net = create("preact20")
    initialise(net, "identity", torch.Generator().manual_seed(0))
    x = torch.randn(1, 16, 4, 4)
    assert torch.equal(blocks_of(net)[0].residual[0](x), x)


def test_survival_falls_linearly():
    net = create("resnet20", survival=0.5)
    assert [block.survival for block in blocks_of(net)] == pytest.approx([1 - (i + 1) / 18 for i in range(9)])
    assert {block.survival for block in blocks_of(create("resnet20"))} == {1.0}


def test_a_response_counts_or_not_in_training_and_by_its_expectation_in_testing():
    response = torch.randn(3, 4)
    torch.manual_seed(0)
    drawn = [survive(response, 0.7, training=True) for _ in range(1000)]
    kept = [bool(torch.equal(one, response)) for one in drawn]
    assert all(k or not one.any() for k, one in zip(kept, drawn, strict=True))
    assert sum(kept) / 1000 == pytest.approx(0.7, abs=0.05)
    assert torch.equal(survive(response, 0.7, training=False), response * 0.7)
    assert survive(response, 1.0, training=True) is response


@pytest.mark.parametrize("kind", ["resnet", "preact"])
def test_stochastic_depth_is_a_function_of_the_seed_and_scales_in_testing(kind):
    net = create(f"{kind}20", survival=0.2)
    x = torch.randn(2, 3, 8, 8)
    outputs = []
    for seed in (1, 1, 2, 3, 4):
        torch.manual_seed(seed)
        outputs.append(net(x))
    assert torch.equal(outputs[0], outputs[1])
    assert any(not torch.equal(outputs[0], other) for other in outputs[2:])
    assert torch.equal(net.eval()(x), net(x))


def test_a_block_in_testing_adds_its_expected_response():
    block = Block(basic(4, 4, 1), make_shortcut("A", 4, 4, 1), survival=0.25).eval()
    x = torch.randn(2, 4, 5, 5)
    assert torch.allclose(block(x), (x + 0.25 * block.residual(x)).relu())


def test_survival_survives_the_file():
    found = spec("resnet20", survival=0.5)
    assert type(found).from_dict(found.to_dict()) == found
    old = {field: value for field, value in found.to_dict().items() if field not in ("survival", "activation")}
    assert type(found).from_dict(old) == spec("resnet20"), "files of before have neither"
