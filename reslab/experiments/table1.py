"""Table 1: the ImageNet nets and what they cost, counted on the nets themselves."""

import torch

from reslab.experiments.counts import counted
from reslab.experiments.experiment import Experiment, Finding, Row, Runs
from reslab.experiments.paper import as_printed, printed
from reslab.nets import Layer, build, layers_of, spec
from reslab.reporting import NetColumn, architecture_figure

# The paper's FLOPs of 18 and 34 layers are those of the plain nets, and so of option A.
NETS = {"resnet18": "A", "resnet34": "A", "resnet50": "B", "resnet101": "B", "resnet152": "B"}
# Label -> net, and whether its fully connected layers are counted: the paper counts them of VGG-19, not of VGG-16.
VGG = {
    "vgg16, convolutions alone": ("vgg16", False),
    "vgg16 with fully connected layers": ("vgg16", True),
    "vgg19 with fully connected layers": ("vgg19", True),
}
PAPERS_VGG = (
    "vgg16, convolutions alone",
    "vgg19 with fully connected layers",
)  # sec. 4.1; the other counting has no number there
UNIT = "1e9 multiply-adds"


def rows(_: Runs) -> list[Row]:
    own = [
        Row(f"{name} {option}", printed(name)["macs"] / 1e9, counted(name, option).macs / 1e9, unit=UNIT)
        for name, option in NETS.items()
    ]
    return own + [_vgg(label, *net) for label, net in VGG.items()]


def _vgg(label: str, name: str, whole: bool) -> Row:
    told = printed(name)["macs"] / 1e9 if label in PAPERS_VGG else None
    macs = sum(stage.macs for stage in counted(name).stages if whole or stage.name != "head")
    return Row(label, told, macs / 1e9, unit=UNIT)


def picture(_: Runs, found: list[Row]) -> bytes:
    nets = []
    for (name, option), row in zip(NETS.items(), found, strict=False):  # the rows of VGG are behind those
        costs = (f"{row.ours or 0:.3f}e9", f"{row.paper or 0:.1f}e9")
        nets.append(NetColumn(f"{spec(name).depth}-layer", _layers(name, option), costs))
    return architecture_figure(nets, ("multiply-adds", "the paper's FLOPs"))


def finding(runs: Runs) -> Finding:
    found = rows(runs)
    told = [(row.label, row.ours or 0.0, row.paper) for row in found if row.paper is not None]
    same = all(as_printed(ours, papers) for _, ours, papers in told)
    cut = [
        f"{label} has {ours:.3f}e9, printed {papers:g}e9" for label, ours, papers in told if round(ours, 1) != papers
    ]
    words = "the paper's figures are ours, rounded" if same else "not all of the paper's figures are ours, rounded"
    words += f", or cut off ({', '.join(cut)})" if same and cut else f": {', '.join(cut)}" if cut else ""
    most = max(row.ours or 0.0 for row in found if row.label not in VGG)
    least = min((row for row in found if row.label in VGG), key=lambda row: row.ours or 0.0)
    less = most < (least.ours or 0.0)
    words += f"; the deepest net has {most:.1f}e9, {'less' if less else 'not less'} than VGG however that is counted"
    return Finding(same and less, f"{words}: {least.label}, {least.ours or 0:.1f}e9")


def _layers(name: str, option: str) -> tuple[Layer, ...]:
    found = spec(name, option)
    with torch.device("meta"):
        return layers_of(build(found), found.size)


TABLE1 = Experiment(
    name="table1",
    title="The ImageNet nets and their FLOPs",
    claim="Nets of 18 to 152 layers cost 1.8e9 to 11.3e9 multiply-adds, less than VGG-16.",
    place="Table 1, sec. 3.3, 4.1",
    rows=rows,
    picture=picture,
    finding=finding,
    about="Multiply-adds of convolutions and the fully connected layers at 224 px, with the stride on the first 1x1. "
    "Of VGG-16 the paper's figure has its convolutions alone, without its three fully connected layers; that of VGG-19 "
    "has them.",
    caption="The paper's table, filled from the modules; below, their multiply-adds beside the paper's FLOPs.",
)
