"""The nets of the comparison (Tables 3 and 6, Figure 3) as rows of a table."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from reslab.nets.historic.alexnet import alexnet
from reslab.nets.historic.dsn import dsn
from reslab.nets.historic.fitnet import fitnet19
from reslab.nets.historic.googlenet import googlenet
from reslab.nets.historic.highway import highway19, highway32
from reslab.nets.historic.maxout import maxout
from reslab.nets.historic.nin import nin
from reslab.nets.historic.vgg import vgg16, vgg19


@dataclass(frozen=True)
class Row:
    """What is fixed of one net."""

    layers: Callable[[int, int], nn.Sequential]  # (classes, size) -> the net, not initialised
    depth: int  # weighted layers from input to output, companions not counted
    classes: int
    size: int
    smallest: int  # height = width of the smallest input, in pixels
    init: str  # how its paper, or else ours, draws its weights; see `initialisation.initialise`
    init_scale: float = 0.0


# fmt: off
HISTORIC = {
    "alexnet":   Row(alexnet,    8, 1000, 224, 63, "normal", 0.01),
    "vgg16":     Row(vgg16,     16, 1000, 224, 32, "xavier"),
    "vgg19":     Row(vgg19,     19, 1000, 224, 32, "xavier"),
    "googlenet": Row(googlenet, 22, 1000, 224, 32, "xavier"),
    "maxout":    Row(maxout,     5,   10,  32,  8, "uniform", 0.005),
    "nin":       Row(nin,        9,   10,  32,  8, "normal", 0.05),
    "dsn":       Row(dsn,        9,   10,  32,  8, "normal", 0.05),
    "fitnet19":  Row(fitnet19,  19,   10,  32,  8, "he"),  # its uniform 0.005 needs the teacher's hints
    "highway19": Row(highway19, 19,   10,  32,  8, "xavier"),
    "highway32": Row(highway32, 32,   10,  32,  8, "xavier"),
}
# fmt: on
