"""The construction of sec. 1: a deeper net that computes what a shallower one does."""

import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets.blocks import Block
from reslab.nets.initialisation import silence_residual
from reslab.nets.resnet import layers
from reslab.nets.spec import Spec


def deeper(net: nn.Module, shallow: Spec, deep: Spec) -> nn.Sequential:
    """`deep`'s net, with the layers of `net`, which is `shallow`'s, copied, and blocks at the end of each stage that
    hand on what they get: for evaluation, the same function.

    A residual block does nothing where its residual function is silent, and its projection, if it has one, the
    identity; a plain one where its convolutions are the identity, since what reaches it is behind a ReLU, and so not
    negative. Raises UsageError for nets that differ in more than their depth, for a net that is not deeper, and for
    plain blocks that are narrower inside (bottlenecks).
    """
    _refuse_other(shallow, deep)
    made = layers(deep)
    missing, unexpected = made.load_state_dict(net.state_dict(), strict=False)
    assert missing and not unexpected, "the nets were compared"
    for stage, depth in enumerate(shallow.depths, start=1):
        for block in made.get_submodule(f"stage{stage}")[depth:]:  # type: ignore[index]
            do_nothing(block)
    return made.eval()


def do_nothing(block: Block) -> None:
    """A block that hands on an input which is not negative, in evaluation (sec. 1, "identity mapping")."""
    if block.shortcut is not None:
        silence_residual(block)
    hand_on(block.residual if block.shortcut is None else block.shortcut)


def hand_on(layers: nn.Module) -> None:
    """Its convolutions and batch normalisations become the identity; there may be none."""
    for module in layers.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.dirac_(module.weight)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
            with torch.no_grad():  # scaled by what it divides by: the root of a variance of 1, and a little more
                module.weight.fill_((1.0 + module.eps) ** 0.5)


def _refuse_other(shallow: Spec, deep: Spec) -> None:
    alike = ("block", "widths", "stem", "classes", "shortcut", "activation", "stride_in", "survival")
    if differing := [name for name in alike if getattr(shallow, name) != getattr(deep, name)]:
        raise UsageError(f"nets that differ in more than their depth: {', '.join(differing)}")
    if any(ours > theirs for ours, theirs in zip(shallow.depths, deep.depths, strict=True)) or shallow == deep:
        raise UsageError(f"{deep.depth} layers are not more than {shallow.depth}; ask for more")
    if deep.activation == "pre":
        raise UsageError("a net with pre-activation does nothing in other ways: take one of the paper's own nets")
    if deep.block == "bottleneck" and deep.shortcut is None:
        raise UsageError("a plain bottleneck block is narrower inside than its input, and cannot hand it on")
