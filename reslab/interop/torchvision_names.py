"""The names that torchvision and timm give to the layers of a residual net, and which of our nets are theirs.

One table serves both ways: turned round, it reads their files.
"""

from reslab.nets import Spec
from reslab.nets.names import IMAGENET, IMAGENET_WIDTHS
from reslab.store import Classifier

# Left ours, right theirs. Numbers are places in an `nn.Sequential`; what is not named has no weights.
OUTSIDE = {"stem.0": "conv1", "stem.1": "bn1", "head.2": "fc"}
BASIC = {"residual.0": "conv1", "residual.1": "bn1", "residual.3": "conv2", "residual.4": "bn2"}
BLOCKS = {"basic": BASIC, "bottleneck": {**BASIC, "residual.6": "conv3", "residual.7": "bn3"}}
PROJECTION = {"shortcut.0": "downsample.0", "shortcut.1": "downsample.1"}

THEIRS = {(depths, IMAGENET_WIDTHS, block) for block, depths in IMAGENET.values()}  # those of Table 1


def torchvision_names(net: Spec) -> dict[str, str]:
    """Module names here -> there, of everything with weights: "stage2.0.shortcut.0" -> "layer2.0.downsample.0".

    `net` is a residual net that activates after each convolution, with shortcuts of option A or B.
    """
    names = dict(OUTSIDE)
    for stage, depth in enumerate(net.depths, start=1):
        for block in range(depth):
            projects = net.shortcut == "B" and block == 0 and (stage > 1 or net.expansion > 1)
            inside = {**BLOCKS[net.block], **(PROJECTION if projects else {})}
            names |= {
                f"stage{stage}.{block}.{ours}": f"layer{stage}.{block}.{theirs}" for ours, theirs in inside.items()
            }
    return names


def torchvision_model(net: Spec) -> str:
    """Its name there: "resnet50"."""
    return f"resnet{net.depth}"


def obstacle(classifier: Classifier) -> str | None:
    """Why torchvision has no net that could take these weights, in words; None where it has one."""
    net = classifier.identity.spec
    if not isinstance(net, Spec):
        return f"it is another net than torchvision's of that name, if there is one ({classifier.identity.model})"
    shape = (net.depths, net.widths, net.block)
    for reason, true in (
        ("it has a residual function of its own", classifier.residual is not None),
        ("it is a plain net", net.shortcut is None),
        ("torchvision activates after each convolution, not before", net.activation == "pre"),
        ("torchvision has no CIFAR nets", net.stem == "cifar"),
        (
            "torchvision has no nets of these depths and widths",
            shape not in THEIRS,
        ),
        (
            f"it has shortcuts of option {net.shortcut}, and torchvision's are of option B (--shortcut B)",
            net.shortcut != "B",
        ),
        ("in stochastic depth residual functions count in part, and torchvision's in full", net.survival < 1),
        ("it normalises the contrast of images (data.gcn)", classifier.preprocessing.contrast is not None),
        (
            "its mean is an image, and torchvision subtracts a colour (train with --set data.mean=channel)",
            classifier.preprocessing.mean.shape[:2] != (1, 1),
        ),
    ):
        if true:
            return reason
    return None


def first_version(net: Spec) -> bool:
    """Does it subsample where torchvision does not: in a bottleneck's first 1x1, as in the paper (v1)?"""
    return net.block == "bottleneck" and net.stride_in == "1x1"
