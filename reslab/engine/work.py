"""What an engine is chosen for, and what the native kernels lack of it."""

from dataclasses import dataclass

from reslab.native import SIZE, WIDTHS
from reslab.nets import Architecture, Historic

KNOWN = f"CIFAR nets of widths {', '.join(map(str, WIDTHS))} on images of {SIZE} px"


@dataclass(frozen=True)
class Work:
    """What an engine is to be chosen for."""

    spec: Architecture
    images: int  # that will go through the net, there and back
    own: bool = False  # has the net a residual function of one's own?
    lighting: bool = False  # are colours augmented?
    mixing: bool = False  # are images mixed with each other?
    size: int | None = None  # of the smallest images in training, where it is not the net's
    loss: str = "cross_entropy"  # of `losses.LOSSES`
    parts: int = 1  # that a batch is trained on in
    frozen: bool = False  # do parts of the net stay as they came?
    taught: bool = False  # does a trained net teach?
    gcn: bool = False  # global contrast normalisation of images?


def tiny(work: Work) -> bool:
    """Does a 3x3 convolution of stride 2 meet a map of one pixel?

    There PyTorch's bf16 (2.13, on a CPU) gives a weight gradient that differs at every call, and may be no number.
    """
    spec, side = work.spec, work.size or work.spec.size
    if isinstance(spec, Historic):  # they subsample by pooling, or early
        return False
    if spec.stem == "imagenet":
        side = -(-side // 4)
    return len(spec.depths) > 1 and -(-side // 2 ** (len(spec.depths) - 2)) <= 1


def lacking(work: Work) -> str | None:
    """What the kernels have not got that this work needs, in words; None where they have it all."""
    spec = work.spec
    if isinstance(spec, Historic):
        return f"the layers of {spec.name}"
    for reason, true in (
        ("batch normalisation before convolutions", spec.activation != "post"),
        ("stochastic depth", spec.survival < 1),
        (f"the loss {work.loss}", work.loss != "cross_entropy"),
        (f"{spec.block} blocks", spec.block != "basic"),
        ("a stem for ImageNet", spec.stem != "cifar"),
        (f"stages of widths {', '.join(map(str, spec.widths))}", spec.widths != WIDTHS),
        ("a residual function of one's own", work.own),
        ("colour augmentation", work.lighting),
        ("images that are mixed (mixup, cutmix)", work.mixing),
        (f"images of {spec.size} px", spec.size != SIZE),
        (f"crops of {work.size} px", work.size not in (None, SIZE)),
        (f"batches in {work.parts} parts (accumulate), and need little memory", work.parts > 1),
        ("frozen parts of a net (model.frozen)", work.frozen),
        ("a net that teaches (teacher.net)", work.taught),
        ("global contrast normalisation (data.gcn)", work.gcn),
    ):
        if true:
            return reason
    return None
