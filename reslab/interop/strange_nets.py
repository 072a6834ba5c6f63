"""What a file of weights that is none of our nets may be: told by names and shapes of its tensors, or by its name."""

import re
from collections.abc import Iterable, Mapping

Shapes = Mapping[str, tuple[int, ...]]

# Names that only they have.
SIGNS = (
    (r"cls_token|pos_embed|patch_embed|encoder_layer|attn\.qkv|attention\.", "a vision transformer, or has attention"),
    (r"(^|\.)se\d?\.|se_module", "a net with squeeze-and-excitation"),
    (
        r"^(module\.)?(stages\.\d+\.blocks|stages\.\d+\.\d+|trunk_output)",
        "a net of another family, as ConvNeXt or RegNet",
    ),
    (r"^features\.|^classifier\.\d", "a net of another family, as VGG, AlexNet, DenseNet or MobileNet"),
    (r"^conv1\.\d", "a net with a stem of several convolutions (ResNet-C, ResNet-D)"),
    (r"^stem\.conv1|^res2\.0", "the backbone of a detector (detectron2)"),
    (r"\.filt$", "a net that blurs before it subsamples (antialiased-cnns)"),
    (r"\.zero_point$|_packed_params", "a quantised net"),
    (r"^(backbone|encoder|encoder_q|student|teacher|fpn|rpn)\.", "a part of a larger model"),
)
# Nets with the very tensors of one of ours, that compute something else. Names of files and folders tell, if anything.
VARIANTS = (
    (r"resnetaa\d+[a-z]*", "that averages before it subsamples (timm's)"),
    (r"resnetblur\d+[a-z]*", "that blurs before it subsamples (timm's)"),
    (
        r"resnet[-_]?\d+[-_](caffe|msra)|(caffe|msra)[-_]resnet[-_]?\d+",
        "that takes blue before green and red, and subsamples in the first 1x1 (Caffe's)",
    ),
)
WIDTH = 64  # of Table 1's first stage


def known_as(shapes: Shapes) -> str:
    """In a few words: "a net with grouped convolutions (ResNeXt)"; "" where nothing tells."""
    for pattern, words in SIGNS:
        if any(re.search(pattern, name) for name in shapes):
            return words
    if not any(name.endswith("running_mean") for name in shapes) and any(".bn1." in name for name in shapes):
        return "a net with another normalisation"
    return _by_shape(shapes)


def variant(names: Iterable[str]) -> str:
    """In a few words, the net with our tensors that is none of ours: "resnetblur50, a net that ..."; "" for none.

    `names` are those that somebody gave it, the most telling first: the first that speaks of a residual net decides.
    """
    said = next((name.lower() for name in names if "resnet" in name.lower()), "")
    found = ((re.search(pattern, said), words) for pattern, words in VARIANTS)
    return next((f"{match[0]}, a net {words}" for match, words in found if match), "")


def _by_shape(shapes: Shapes) -> str:
    stem, inner = shapes.get("conv1.weight", ()), shapes.get("layer1.0.conv2.weight", ())
    if len(stem) == 4 and stem[1] != 3:
        return f"a net for images of {stem[1]} channel{'' if stem[1] == 1 else 's'}"
    if len(stem) == 4 and stem[0] == WIDTH and stem[2] < 7:
        return (
            f"a net of ImageNet's widths behind a {stem[2]}x{stem[3]} stem, as several repositories have it for CIFAR "
            "(the paper's nets for CIFAR are narrower)"
        )
    if len(inner) != 4:
        return ""
    if inner[1] < inner[0]:
        return "a net with grouped convolutions (ResNeXt)"
    if stem[:1] == (WIDTH,) and inner[0] != WIDTH:
        return (
            f"a {'wide' if inner[0] > WIDTH else 'narrow or pruned'} net ({inner[0]} filters where Table 1 has {WIDTH})"
        )
    return ""
