"""Parameters and multiply-adds against the golden values, the paper's rounded ones, and PyTorch's own counter."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from reslab.experiments import paper
from reslab.nets import Architecture, build, complexity, create, spec

ROWS = paper()["counts"]


def on_meta(found: Architecture):
    with torch.device("meta"):
        return build(found)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['model']}-{r['shortcut']}-{r['stride_in']}")
def test_counts_are_golden(row):
    found = spec(row["model"], row["shortcut"], stride_in=row["stride_in"])
    cost = complexity(on_meta(found), found.size)
    assert (cost.params, cost.macs) == (row["params"], row["macs"])


TABLE_1 = [n for n, p in paper()["printed"].items() if "macs" in p and n.startswith(("resnet", "plain"))]


@pytest.mark.parametrize("name", TABLE_1)
def test_multiply_adds_are_those_of_table_1(name):
    # Plain/A for the basic nets and B for the bottleneck nets: all agree with the paper within 0.06e9.
    found = spec(name, None if name.startswith("plain") else "A" if name in ("resnet18", "resnet34") else "B")
    assert abs(complexity(on_meta(found), 224).macs - paper()["printed"][name]["macs"]) < 0.06e9


TABLE_6 = [n for n, p in paper()["printed"].items() if "params" in p and n != "fitnet19"]


@pytest.mark.parametrize("name", TABLE_6)
def test_parameters_round_to_those_of_table_6(name):
    printed = paper()["printed"][name]["params"]
    digits = 10_000 if printed < 1e6 else 100_000  # 0.27M but 1.7M
    assert abs(complexity(on_meta(spec(name)), 32).params - printed) < digits


@pytest.mark.parametrize("depth", [20, 56, 110])
def test_plain_and_option_a_cost_the_same(depth):
    plain, residual = (complexity(on_meta(spec(f"{kind}{depth}")), 32) for kind in ("plain", "resnet"))
    assert (plain.params, plain.macs) == (residual.params, residual.macs)


@pytest.mark.parametrize(
    ("name", "size"),
    [("resnet20", 32), ("resnet50", 64), ("plain18", 64), ("nin", 16), ("highway32", 16), ("googlenet", 32)],
)
def test_pytorch_counts_the_same(name, size):
    net = create(name, size=size).eval()
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, size, size))
    assert counter.get_total_flops() == 2 * complexity(net, size).macs


def test_vgg_in_the_papers_words():
    # 15.3e9 are the convolutions of VGG-16 alone, 19.6e9 all of VGG-19 (sec. 3.3, Figure 3).
    sixteen, nineteen = (complexity(on_meta(spec(name)), 224) for name in ("vgg16", "vgg19"))
    convolutions = sum(stage.macs for stage in sixteen.stages if stage.name != "head")
    assert round(convolutions / 1e9, 1) == paper()["printed"]["vgg16"]["macs"] / 1e9 == 15.3
    assert round(nineteen.macs / 1e9, 1) == paper()["printed"]["vgg19"]["macs"] / 1e9 == 19.6


def test_fitnets_own_count_is_that_of_its_weights():
    # The authors' script leaves biases out; the printed 2.5M are lower than either.
    net = on_meta(spec("fitnet19"))
    weights = sum(p.numel() for p in net.parameters() if p.dim() > 1)
    assert f"{weights:,}" in paper()["published"]["fitnet19"]["text"] and f"{weights:,}" == "2,736,712"


@pytest.mark.parametrize("name", [n for n, p in paper()["published"].items() if len(p) > 1])
def test_counts_are_near_those_of_the_nets_own_papers(name):
    found, told = spec(name), paper()["published"][name]
    cost = complexity(on_meta(found), found.size)
    for ours, theirs in ((cost.params, told.get("params")), (cost.macs, told.get("macs"))):
        assert theirs is None or abs(ours / theirs - 1) < 0.06


def test_heads_for_training_alone_are_counted_apart():
    for name, companions in (("dsn", 2_580_510), ("googlenet", 6_379_728), ("nin", 0)):
        net = on_meta(spec(name))
        cost = complexity(net, spec(name).size)
        assert cost.companion_params == companions
        assert cost.params + companions == sum(p.numel() for p in net.parameters())
        assert sum(stage.params for stage in cost.stages) == cost.params
        assert sum(stage.macs for stage in cost.stages) == cost.macs


def test_counting_changes_nothing():
    net = create("resnet20")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    complexity(net, 32)
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_stages_are_those_of_table_1():
    found = spec("resnet50")
    stages = complexity(on_meta(found), 224).stages
    assert [s.name for s in stages] == ["stem", "stage1", "stage2", "stage3", "stage4", "head"]
    assert [s.output for s in stages] == [56, 56, 28, 14, 7, 1]
    assert [s.channels for s in stages] == [64, 256, 512, 1024, 2048, 1000]
    assert [s.blocks for s in stages] == [0, 3, 4, 6, 3, 0]
