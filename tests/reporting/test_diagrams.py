"""Drawings of nets: every layer is in them, shortcuts are dotted where dimensions grow, and they are the same twice."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from reslab.nets import MODELS, Architecture, Block, build, layers_of, spec
from reslab.nets.blocks import basic, bottleneck
from reslab.reporting import (
    Column,
    Diagram,
    NetColumn,
    architecture_figure,
    block_figure,
    columns_figure,
    first_blocks,
    inception_diagrams,
    weights_of,
)
from reslab.reporting.columns import MOST_ROWS


def net_of(name: str, option: str | None = None) -> tuple[Architecture, nn.Sequential]:
    found = spec(name, option)
    with torch.device("meta"):
        return found, build(found)


def column(name: str, option: str | None = None) -> Column:
    found, net = net_of(name, option)
    return Column(name, "", layers_of(net, found.size))


def words(svg: bytes) -> list[str]:
    ElementTree.fromstring(svg.decode())
    return re.findall(r">([^<>\n]+)</text>", svg.decode())


def heights(svg: bytes) -> list[float]:
    """Where the words in a column's boxes stand, in their order: words of this size are nowhere else."""
    found = re.findall(r'font-size: 10.5px[^>]* y="([\d.]+)"', svg.decode())
    return [float(y) for y in found]


def bypasses(svg: bytes) -> tuple[int, int]:
    """Shortcuts drawn, and those of them that are dotted: paths with four bends are nothing else."""
    paths = re.findall(r'<path d="M[^"zQ]*Q[^"zQ]*Q[^"z]*"[^>]*>', svg.decode())
    return len(paths), sum("dasharray" in tag for tag in paths)


def test_columns_have_a_box_for_every_layer():
    picture = columns_figure([column("plain34"), column("resnet34", "A")])
    assert picture == columns_figure([column("plain34"), column("resnet34", "A")])
    found = words(picture)
    for text, times in (("7×7 conv, 64, /2", 1), ("3×3 conv, 64", 6), ("3×3 conv, 256", 11), ("fc 1000", 1)):
        assert found.count(text) == 2 * times, text
    assert [size for size in found if size.isdigit()] == ["112", "56", "28", "14", "7", "1"]


@pytest.mark.parametrize("name", [name for name in MODELS if spec(name).depth <= 60 or name == "resnet110"])
def test_every_net_is_read_downwards(name):
    drawn = column(name)
    places = heights(columns_figure([drawn]))
    assert len(places) == len(drawn.layers) or len(drawn.layers) > MOST_ROWS > len(places) > 0
    assert all(above < below for above, below in pairwise(places)), name


def test_maps_that_grow_have_a_band_of_their_own():
    maxout = columns_figure([column("maxout")])
    assert [size for size in words(maxout) if size.isdigit()] == ["33", "16", "15", "7", "9", "5", "1"]
    two = columns_figure([column("maxout"), column("resnet20")])
    sizes = [size for size in words(two) if size.isdigit()]
    assert sizes == ["33", "32", "16", "15", "8", "7", "9", "5", "1"], "each column keeps its order"


def test_highway_layers_and_inception_modules_are_boxes():
    picture = columns_figure([column("highway19")])
    assert bypasses(picture) == (14, 0) and words(picture).count("1 − T(x)") == 14
    assert words(picture).count("T(x) · 3×3 conv, 80") == 5
    found = words(columns_figure([column("googlenet")]))
    assert sum(text.startswith("inception, ") for text in found) == 9 and found.count("inception, 1024") == 1
    assert found[found.index("LRN") - 1] == "pool, /2" and found.count("LRN") == 2, "as its authors' Figure 3 has it"


@pytest.mark.parametrize(
    ("name", "option", "drawn", "dotted"),
    [("plain34", None, 0, 0), ("resnet34", "A", 16, 3), ("resnet34", "C", 16, 3), ("resnet50", "B", 16, 4)],
)
def test_shortcuts_are_dotted_where_dimensions_grow(name, option, drawn, dotted):
    assert bypasses(columns_figure([column(name, option)])) == (drawn, dotted)


def test_a_very_deep_net_is_folded():
    found = words(columns_figure([column("resnet110")]))
    assert found.count("3×3 conv, 16") == 3 and "17 more of these" in found and found.count("16 more of these") == 2


def test_figure_5_has_the_papers_weights():
    narrow = Block(basic(64, 64, 1), nn.Identity())
    wide = Block(bottleneck(256, 64, 1), nn.Identity())
    assert (weights_of(narrow), weights_of(wide)) == (73_728, 69_632)
    picture = block_figure([Diagram(narrow, "basic", "73,728 weights"), Diagram(wide, "bottleneck", "")])
    found = words(picture)
    assert found.count("3×3, 64") == 3 and "1×1, 64" in found and "1×1, 256" in found
    assert found.count("relu") == 2 + 3 and found.count("identity") == 2 and "73,728 weights" in found
    assert bypasses(picture) == (2, 0)


def test_figure_2_speaks_of_weight_layers():
    found = words(block_figure([Diagram(Block(basic(64, 64, 1), nn.Identity()), "", "", general=True)]))
    assert found.count("weight layer") == 2 and "F(x) + x" in found and found.count("x") == 2
    plain = words(block_figure([Diagram(Block(basic(64, 64, 1), None), "", "")]))
    assert "F(x)" not in plain and "identity" not in plain


def test_the_blocks_beside_a_net_are_of_each_kind():
    _, net = net_of("resnet50")
    assert [diagram.title for diagram in first_blocks(net)] == ["stage1, block 1", "stage1, block 2"]
    found = words(columns_figure([column("resnet50")], diagrams=first_blocks(net)))
    assert "1×1 projection" in found and "identity" in found


def test_an_inception_module_is_drawn_with_its_branches_and_the_widths_of_all():
    _, net = net_of("googlenet")
    diagrams = inception_diagrams(net)
    found = words(columns_figure([column("googlenet")], diagrams=diagrams))
    for text in ("inception 3a", "192 channels", "1×1 conv, 96", "3×3 conv, 128", "5×5 conv, 32", "3×3 max pool"):
        assert found.count(text) == 1, text
    assert "side by side, 256 channels" in found and {"3a", "4c", "5b", "384 (192)", "128 (48)"} <= set(found)
    assert "in training, a companion head behind 4a and 4d, of weight 0.3:" in found
    assert "avg pool, /3; 1×1 conv, 128; fc 1024; fc 1000" in found
    _, other = net_of("resnet20")
    assert inception_diagrams(other) == []


def test_ones_own_residual_function_is_drawn_by_what_it_is_made_of():
    own = nn.Sequential(nn.Conv2d(16, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.Dropout(0.1))
    found = words(block_figure([Diagram(Block(own, nn.Identity()), "mine & <yours>", "")]))
    assert (
        "5×5, 16" in found and "Dropout" in found and found.count("relu") == 2 and "mine &amp; &lt;yours&gt;" in found
    )


def test_table_1_has_blocks_in_brackets():
    nets = []
    for name in ("resnet34", "resnet152"):
        found, net = net_of(name)
        nets.append(NetColumn(name, layers_of(net, found.size), ("3.6e9",)))
    picture = architecture_figure(nets, ("FLOPs",))
    found = words(picture)
    assert picture == architecture_figure(nets, ("FLOPs",))
    for text in ("× 36", "× 8", "× 6", "1×1, 2048", "56×56", "FLOPs", "resnet152"):
        assert text in found
    assert found.count("7×7, 64, stride 2") == 1 and found.count("3.6e9") == 2


def test_table_1_has_the_papers_rows():
    found, net = net_of("resnet18")
    told = words(architecture_figure([NetColumn("18-layer", layers_of(net, found.size), ())], ()))
    assert [text for text in told if text.startswith("conv")] == ["conv1", "conv2_x", "conv3_x", "conv4_x", "conv5_x"]
    assert [text for text in told if re.fullmatch(r"(\d+)×\1", text)] == [
        "112×112", "56×56", "28×28", "14×14", "7×7", "1×1"
    ]  # fmt: skip
    place = told.index("3×3 max pool, stride 2")
    assert told.index("conv2_x") < place < told.index("3×3, 64"), "the pool belongs to conv2_x"
    assert "average pool, 1000-d fc, softmax" in told


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_every_form_is_what_it_says(form, begins):
    assert columns_figure([column("resnet20")], form).startswith(begins)
    assert columns_figure([column("resnet20")], form) == columns_figure([column("resnet20")], form)
