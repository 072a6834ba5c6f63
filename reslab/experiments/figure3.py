"""Figure 3: VGG-19, the 34-layer plain net and the 34-layer residual net, drawn layer by layer from the nets."""

from functools import cache

import torch

from reslab.experiments.counts import counted
from reslab.experiments.experiment import Experiment, Finding, Row, Runs
from reslab.experiments.paper import as_printed, paper
from reslab.nets import Layer, blocks_of, build, layers_of, spec
from reslab.reporting import Column, columns_figure

# The residual net of the figure has the plain net's FLOPs, and so shortcuts without parameters: option A.
NETS = {"vgg19": ("VGG-19", None), "plain34": ("34-layer plain", None), "resnet34": ("34-layer residual", "A")}
FLOPS, COUNT = "1e9 multiply-adds", "count"


@cache
def layers(name: str) -> tuple[tuple[Layer, ...], float]:
    """The net's layers, and its multiply-adds in 1e9."""
    found = spec(name, NETS[name][1])
    with torch.device("meta"):
        net = build(found)
    return layers_of(net, found.size), counted(name, NETS[name][1]).macs / 1e9


def rows(_: Runs) -> list[Row]:
    told, found = paper()["figure3"], []
    for name, (title, _option) in NETS.items():
        drawn, macs = layers(name)
        weighted = sum(layer.weights > 0 for layer in drawn)
        found.append(Row(f"{title}: FLOPs", told[name], round(macs, 3), unit=FLOPS))
        found.append(Row(f"{title}: weight layers", told[f"{name} layers"], weighted, unit=COUNT))
    blocks = [group[0] for group in blocks_of(layers("resnet34")[0]) if group[0].shortcut]
    dotted = sum(layer.widens for layer in blocks)
    found.append(Row("34-layer residual: shortcuts", told["shortcuts"], len(blocks), unit=COUNT))
    return [*found, Row("34-layer residual: dotted shortcuts", told["dotted"], dotted, unit=COUNT)]


def picture(_: Runs, __: list[Row]) -> bytes:
    columns = []
    for name, (title, _option) in NETS.items():
        drawn, macs = layers(name)
        columns.append(Column(title, f"{macs:.1f}e9 multiply-adds", drawn))
    return columns_figure(columns)


def finding(runs: Runs) -> Finding:
    found = rows(runs)
    same = all(row.deviation == 0 for row in found if row.unit == COUNT)
    close = all(as_printed(row.ours or 0.0, row.paper or 0.0) for row in found if row.unit == FLOPS)
    small, large = "resnet34", "vgg19"
    told, exact = paper()["figure3"], layers(small)[1] / layers(large)[1]
    words = (
        f"the residual net needs {100 * told[small] / told[large]:.0f} % of VGG-19's multiply-adds ({told[small]} of "
        f"{told[large]} as printed, {100 * exact:.1f} % exactly); the paper's figures are "
    )
    met = "met with their one decimal" if close else "not met"
    counts = "are met exactly" if same else "are not met"
    return Finding(same and close, f"{words}{met}, and its numbers of layers and shortcuts {counts}")


FIGURE3 = Experiment(
    name="figure3",
    title="VGG-19, 34-layer plain, 34-layer residual",
    claim="The 34-layer nets need 18 % of VGG-19's multiply-adds (3.6 of 19.6, as printed), and shortcuts add none; "
    "dotted where dimensions increase.",
    place="Figure 3, sec. 3.3",
    rows=rows,
    picture=picture,
    finding=finding,
    about="Every box is a layer of the net as this code builds it, at 224 px.",
    caption="VGG-19, the plain and the residual net, drawn from the modules; dotted shortcuts where dimensions grow.",
)
