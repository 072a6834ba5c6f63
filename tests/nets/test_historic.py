"""The nets of the comparison: what their layers compute, against their papers' formulas."""

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import HISTORIC, Historic, architecture_from, build, companions_of, create, initialise, spec
from reslab.nets.blocks import basic
from reslab.nets.historic import Maxout
from reslab.nets.historic.alexnet import alexnet
from reslab.nets.historic.googlenet import INCEPTIONS, Inception
from reslab.nets.historic.highway import HighwayLayer
from reslab.nets.historic.layers import map_size

CIFAR = [name for name, row in HISTORIC.items() if row.size == 32]
SUPERVISED = {"dsn": 10, "googlenet": 32}  # and the smallest size to try them at


@pytest.mark.parametrize("size", [8, 9, 13])
@pytest.mark.parametrize("name", CIFAR)
def test_scores_for_any_number_of_classes(name, size):
    net = create(name, classes=7, size=size).eval()
    assert net(torch.randn(2, 3, size, size)).shape == (2, 7)


@pytest.mark.parametrize("name", HISTORIC)
def test_a_value_survives_the_file(name):
    found = spec(name, classes=7)
    assert architecture_from(found.to_dict()) == found and isinstance(found, Historic)
    assert architecture_from(spec("preact20").to_dict()) == spec("preact20")


def test_a_field_that_no_net_has():
    with pytest.raises(UsageError, match="unknown field of a network 'width'"):
        architecture_from({"name": "nin", "classes": 10, "size": 32, "width": 4})
    with pytest.raises(UsageError, match="unknown net of the comparison 'nim': did you mean nin"):
        architecture_from({"name": "nim", "classes": 10, "size": 32})


def test_a_residual_function_has_no_place_there():
    with pytest.raises(UsageError, match="nin has no residual functions to replace"):
        build(spec("nin"), basic)


@pytest.mark.parametrize("name", SUPERVISED)
def test_companions_are_heard_in_training_alone(name):
    net = create(name, classes=5, size=SUPERVISED[name])
    x = torch.randn(2, 3, SUPERVISED[name], SUPERVISED[name])
    companions = companions_of(net)
    assert len(companions) == {"dsn": 3, "googlenet": 2}[name]
    assert net.train()(x).shape == (2, 5)
    assert [companion.take().shape for companion in companions] == [(2, 5)] * len(companions)
    for companion in companions:
        assert companion.scores is None, "handed out once"
        companion.asked = False
    net(x)
    assert all(companion.scores is None for companion in companions)
    for companion in companions:
        companion.asked = True
    before = net.eval()(x)
    assert all(companion.scores is None for companion in companions)
    for companion in companions:
        nn.init.constant_(companion.head[-1].weight, 3.0)
    assert torch.equal(net(x), before), "the scores are those of the net's own head"


def test_dsns_companions_see_what_the_convolution_gives():
    net = create("dsn", size=8).train()
    x = torch.randn(2, 3, 8, 8)
    net(x)
    companion = companions_of(net)[0]
    seen = net.stage1[0](0.25 * x)
    assert (seen < 0).any() and torch.allclose(companion.take(), companion.head(seen))


def test_a_maxout_unit_is_the_maximum_of_its_linear_functions():
    torch.manual_seed(0)
    layer, x = nn.Linear(6, 4 * 5), torch.randn(3, 6)
    expected = torch.stack([torch.stack([layer(x)[:, 5 * u + p] for p in range(5)]).amax(0) for u in range(4)], 1)
    assert torch.equal(Maxout(5)(layer(x)), expected)
    images = torch.randn(2, 8, 3, 3)
    assert torch.equal(Maxout(2)(images)[:, 1], torch.maximum(images[:, 2], images[:, 3]))


def test_pools_commute_with_maxout():
    x = torch.randn(2, 8, 9, 9)
    pool, units = nn.MaxPool2d(4, 2, ceil_mode=True), Maxout(2)
    assert torch.equal(pool(units(x)), units(pool(x)))


def test_maps_of_the_maxout_net():
    sizes, size = [], 32
    for name in ("stage1", "stage2", "stage3"):
        _, convolution, _, pool = getattr(create("maxout"), name)
        for layer in (convolution, pool):
            size = map_size(layer, size)
            sizes.append(size)
    assert sizes == [33, 16, 15, 7, 9, 5]


@pytest.mark.parametrize("size", [7, 8, 9, 32])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 4, 5, 2, 1),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(3, 2),
        nn.AvgPool2d(5, 3),
        nn.MaxPool2d(2),
    ],
    ids=repr,
)
def test_map_sizes_are_pytorchs(layer, size):
    assert map_size(layer, size) == layer(torch.zeros(1, 3, size, size)).shape[-1]


def test_a_1x1_convolution_is_a_fully_connected_layer_at_every_position():
    torch.manual_seed(0)
    x, layer = torch.randn(2, 32, 6, 6), nn.Conv2d(32, 5, 1)
    filters = layer.weight[:, :, 0, 0]
    for i in range(6):
        for j in range(6):
            assert torch.allclose(layer(x)[:, :, i, j], x[:, :, i, j] @ filters.T + layer.bias, atol=1e-5)


def test_highway_layer():
    torch.manual_seed(0)
    layer, x = HighwayLayer(8, 3), torch.randn(2, 8, 5, 5)
    gate, response = torch.sigmoid(layer.gate(x)), layer.transform(x).relu()
    assert torch.allclose(layer(x), response * gate + x * (1 - gate), atol=1e-6)
    nn.init.constant_(layer.gate.bias, -100.0)
    assert torch.equal(layer(x), x), "a closed gate hands its input on"


@pytest.mark.parametrize("how", ["xavier", "he"])
def test_gates_start_nearly_closed_however_the_weights_start(how):
    net = create("highway19", size=8)
    initialise(net, how, torch.Generator().manual_seed(0))
    gates = [m.gate.bias for m in net.modules() if isinstance(m, HighwayLayer)]
    assert len(gates) == 14 and all((bias == -2).all() for bias in gates)
    assert net.stage1[1].bias.abs().sum() == 0


def test_highway_32_alternates_its_kernels():
    kernels = [m.transform.kernel_size[0] for m in create("highway32").stage2 if isinstance(m, HighwayLayer)]
    assert kernels == [1, 3, 1, 3, 1, 3, 1, 3, 1]


def test_alexnets_response_normalisation_is_the_papers():
    x = torch.rand(1, 9, 2, 2) * 50
    _, _, normalise, _ = alexnet(10, 63).stage1
    for i in range(9):
        squares = x[0, max(0, i - 2) : i + 3].square().sum(0)
        assert torch.allclose(normalise(x)[0, i], x[0, i] / (2 + 1e-4 * squares) ** 0.75, rtol=1e-4)


def test_biases_of_alexnet_start_at_0_and_1():
    with torch.device("cpu"):
        net = create("alexnet", size=63)
    assert [getattr(net, f"stage{i}")[0].bias.mean().item() for i in range(1, 6)] == [0, 1, 0, 1, 1]


def test_inception_modules_fit_together():
    rows = list(INCEPTIONS.values())
    out = [one + three + five + pool for _, one, _, three, _, five, pool in rows]
    assert [row[0] for row in rows[1:]] == out[:-1] and out[-1] == 1024
    assert Inception(*rows[0])(torch.randn(1, 192, 5, 5)).shape == (1, 256, 5, 5)
    kernels = {m.kernel_size for m in Inception(*rows[0]).five if isinstance(m, nn.Conv2d)}
    assert kernels == {(1, 1), (5, 5)}


@pytest.mark.parametrize(("name", "layer", "spread"), [("nin", "stage2", 0.05), ("maxout", "stage2", 0.005 / 3**0.5)])
def test_weights_start_as_the_papers_say(name, layer, spread):
    torch.manual_seed(0)
    weights = next(m for m in getattr(create(name), layer) if isinstance(m, nn.Conv2d)).weight
    assert weights.std().item() == pytest.approx(spread, rel=0.02)
    assert name != "maxout" or weights.abs().max() <= 0.005


def test_companions_of_dsn_start_by_their_fan():
    torch.manual_seed(0)
    last = companions_of(create("dsn"))[0].head[-1]
    assert last.weight.std().item() == pytest.approx((2 / (192 * 32 * 32 + 10)) ** 0.5, rel=0.02)
