"""Claims in popular notes about the paper that are loose or wrong, what is right, and the command that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import nn

from reslab.nets import Block, blocks_of, build, layers_of, spec
from reslab.nets.blocks import bottleneck, conv_bn
from reslab.reporting import markdown_table, weights_of


@dataclass(frozen=True)
class Loose:
    """`said` by notes; `right` is what the paper, or counting, says; `place` has it, and `command` shows it."""

    said: str
    right: str
    place: str
    command: str


@lru_cache(maxsize=1)
def loose_claims() -> tuple[Loose, ...]:
    """In the order of the paper; every count in them is taken from the nets."""
    of_b, of_c = projections("B"), projections("C")
    every = len(_shortcuts("C"))
    return (
        Loose(
            "Normalised initialisation and batch normalisation are means of regularisation.",
            "They are normalisation: they let deep nets begin to converge. What regularises in the paper is weight "
            "decay, and augmented images; there is no dropout.",
            "sec. 1, 3.4",
            "reslab train cifar10 --recipe paper --dry-run --json",
        ),
        Loose(
            "In F = W2 σ(W1 x), σ stands for weights.",
            "σ is ReLU, and biases are left out to keep the formula short. A second ReLU follows the addition.",
            "sec. 3.2",
            "reslab reproduce figure2",
        ),
        Loose(
            "A block must have at least two layers, else the addition is useless.",
            "The paper only reports that it saw no advantage of one layer, where y = W1 x + x is much like a linear "
            "layer. Its authors trained 110 layers with shortcuts over single ones later: 9.90 % wrong on CIFAR-10, "
            "against 6.61 over pairs, and with pre-activation 8.91 against 6.37. Blocks of one layer can be trained "
            "here, as with any residual function of your own.",
            "sec. 3.2; arXiv 1603.05027, Table 3",
            f"reslab train digits --model resnet20 --set model.residual={__name__}:{one_layer.__name__}",
        ),
        Loose(
            "Between stages maps are halved by pooling.",
            "By convolutions of stride 2. Only the stem of the ImageNet nets has a max pool, and the head an average.",
            "sec. 3.3",
            "reslab info resnet34 --draw resnet34.svg",
        ),
        Loose(
            "The residual nets are built on the VGG net.",
            "The plain net is inspired by VGG, and has other layers, 34 of them, and about a fifth of the "
            "multiply-adds. Figure 3 shows three nets: VGG-19, 34-layer plain, 34-layer residual.",
            "sec. 3.3, Figure 3",
            "reslab reproduce figure3",
        ),
        Loose(
            "H(x) becomes x.",
            "What is learned is F(x) = H(x) - x, and the block gives F(x) + x.",
            "sec. 3.1",
            "reslab reproduce figure2",
        ),
        Loose(
            "Errors on ImageNet are on 50,000 test images.",
            "The 50,000 are validation images; the 100,000 test images are scored by a server (Table 5).",
            "sec. 4.1",
            "reslab info resnet152",
        ),
        Loose(
            f"Option C has {of_c - of_b} projections.",
            f"ResNet-34 has {every} shortcuts. Option B projects {of_b} of them and option C all {of_c}: "
            f"{of_c - of_b} is what C adds to B.",
            "sec. 4.1",
            "reslab info resnet34 --shortcut C",
        ),
        Loose(
            "A projection shortcut doubles time and size of a bottleneck net.",
            f"Of one bottleneck block: {growth():.2f} times the weights and multiply-adds. A whole net has a stem, a "
            f"head and projections already, and grows less.",
            "sec. 4.1",
            "reslab reproduce bottleneck",
        ),
        Loose(
            "The net of 1202 layers over-fits.",
            "The paper argues so: its training error is as low as that of 110 layers, and its test error higher.",
            "sec. 4.2",
            "reslab reproduce overfit --scale small",
        ),
        Loose(
            "AlexNet has 7 layers.",
            f"It has {spec('alexnet').depth} with weights: five convolutions and three fully connected layers.",
            "",
            "reslab info alexnet",
        ),
        Loose(
            "A 1x1 filter on a map of 6x6x32 multiplies 36 numbers.",
            "It multiplies the 32 numbers of one position by its 32 weights, and adds them up; 36 is the number of "
            "positions at which it does so. It is a fully connected layer of the channels, at each position.",
            "",
            'python -c "from torch import nn, rand; x = rand(1, 32, 6, 6); f = nn.Conv2d(32, 5, 1); '
            'print((f(x)[0, :, 2, 3] - (f.weight[:, :, 0, 0] @ x[0, :, 2, 3] + f.bias)).abs().max())"',
        ),
        Loose(
            "Network in Network is by 林敏, 陈强 and 杨学成.",
            "By Min Lin, Qiang Chen and Shuicheng Yan (颜水成).",
            "arXiv 1312.4400",
            "reslab info nin",
        ),
        Loose(
            "Correlation of gradients decays as 1/√L in residual nets, against 1/2ᴸ in plain ones.",
            "1/√L is the theorem's with batch normalisation; what is measured with it is a power, too, but somewhat "
            "steeper. Without it, correlation in residual nets falls much faster, by the theorem as (3/4)ᴸ (Balduzzi "
            "et al.); 1/2ᴸ is seen in plain nets that have it. That the difficulty grows polynomially is the notes' "
            "own gloss.",
            "arXiv 1702.08591",
            "reslab reproduce shattered --scale small",
        ),
    )


def loose_table(claims: Sequence[Loose] | None = None) -> str:
    """The claims as Markdown."""
    rows = [(claim.said, claim.right, claim.place, f"`{claim.command}`") for claim in claims or loose_claims()]
    return markdown_table(rows, ("what notes say", "what is right", "place", "command that shows it"))


def one_layer(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    """A residual function of a single layer, y = W1 x (sec. 3.2): what the paper saw no advantage of."""
    return nn.Sequential(*conv_bn(channels_in, width, 3, stride))


def projections(option: str) -> int:
    """Shortcuts of ResNet-34 that are projections."""
    return _shortcuts(option).count("projection")


def growth() -> float:
    """Weights of a bottleneck block on 256 channels with a projection shortcut over those with the identity."""
    with torch.device("meta"):
        residual = bottleneck(256, 64, 1)
        projection = nn.Conv2d(256, 256, 1, bias=False)
        return weights_of(Block(residual, projection)) / weights_of(Block(residual, nn.Identity()))


def _shortcuts(option: str) -> list[str | None]:
    found = spec("resnet34", option)
    with torch.device("meta"):
        net = build(found)
    return [group[0].shortcut for group in blocks_of(layers_of(net, found.size)) if group[0].block]
