"""Table 1: the ImageNet nets and what they cost, counted on the nets themselves."""

import torch

from reslab.experiments.counts import counted
from reslab.experiments.experiment import Experiment, Finding, Row, Runs
from reslab.experiments.paper import as_printed, printed
from reslab.nets import Layer, build, layers_of, spec
from reslab.reporting import NetColumn, architecture_figure

# The paper's FLOPs of 18 and 34 layers are those of the plain nets, and so of option A.
NETS = {"resnet18": "A", "resnet34": "A", "resnet50": "B", "resnet101": "B", "resnet152": "B"}
VGG = "vgg16"
UNIT = "1e9 multiply-adds"


def rows(_: Runs) -> list[Row]:
    return [
        Row(f"{name} {option}", printed(name)["macs"] / 1e9, counted(name, option).macs / 1e9, unit=UNIT)
        for name, option in NETS.items()
    ]


def picture(_: Runs, found: list[Row]) -> bytes:
    nets = []
    for (name, option), row in zip(NETS.items(), found, strict=True):
        costs = (f"{row.ours or 0:.3f}e9", f"{row.paper or 0:.1f}e9")
        nets.append(NetColumn(f"{spec(name).depth}-layer", _layers(name, option), costs))
    return architecture_figure(nets, ("multiply-adds", "the paper's FLOPs"))


def finding(runs: Runs) -> Finding:
    found = rows(runs)
    values = [(row.label, row.ours or 0.0, row.paper or 0.0) for row in found]
    same = all(as_printed(ours, told) for _, ours, told in values)
    cut = [f"{label} has {ours:.3f}e9, printed {told:g}e9" for label, ours, told in values if round(ours, 1) != told]
    most, vgg = max(ours for _, ours, _ in values), counted(VGG).macs / 1e9
    words = "the paper's figures are ours, rounded" if same else "not all of the paper's figures are ours, rounded"
    words += f", or cut off ({', '.join(cut)})" if same and cut else f": {', '.join(cut)}" if cut else ""
    return Finding(same and most < vgg, f"{words}; the deepest net has {most:.1f}e9, {VGG} {vgg:.1f}e9")


def _layers(name: str, option: str) -> tuple[Layer, ...]:
    found = spec(name, option)
    with torch.device("meta"):
        return layers_of(build(found), found.size)


TABLE1 = Experiment(
    name="table1",
    title="The ImageNet nets and their FLOPs",
    claim="Nets of 18 to 152 layers cost 1.8e9 to 11.3e9 multiply-adds, less than VGG-16.",
    place="Table 1, sec. 3.3",
    rows=rows,
    picture=picture,
    finding=finding,
    about="Multiply-adds of convolutions and the fully connected layer at 224 px, with the stride on the first 1x1.",
    caption="The paper's table, filled from the modules; below, their multiply-adds beside the paper's FLOPs.",
)
