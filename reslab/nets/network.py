"""A net as `create` gives it: layers that know which net they are, for a loop of one's own."""

from typing import ClassVar

from torch import nn

from reslab.nets.architecture import Architecture


class Network(nn.Sequential):
    """Stem, stages, head: normalised images (B, 3, H, W) in, scores before the softmax (B, classes) out.

    A module like any other. Trained, `reslab.classifier` makes of it what predicts, is tested and exported. A slice of
    one, `net[:-1]`, is no named net any more.
    """

    __jit_ignored_attributes__: ClassVar = ["architecture"]  # a value of ours: torch.jit.script would read its source

    name: str | None = None  # "resnet20"
    architecture: Architecture | None = None
