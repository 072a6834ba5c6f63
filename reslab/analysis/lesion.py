"""What a trained net can do without: one block left out at a time (Veit, Wilber, Belongie 2016, arXiv 1605.06431)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from reslab.analysis.checked import checked_classifier, checked_images, checked_labels
from reslab.analysis.construction import scores
from reslab.analysis.layers import stage_of
from reslab.errors import UsageError
from reslab.nets import Block, PreactBlock
from reslab.store import Classifier


@dataclass(frozen=True)
class Lesion:
    """One block of the net left out, counted from 1 in the order in which an image meets them."""

    block: int
    name: str  # in the net: "stage1.0"
    stage: str
    error: float  # of the net without it, in percent

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def blocks_in(classifier: Classifier) -> dict[str, Block | PreactBlock]:
    """All blocks by their names in the net, in the order in which an image meets them."""
    net = checked_classifier(classifier).net
    return {name: module for name, module in net.named_modules() if isinstance(module, Block | PreactBlock)}


def lesions(
    classifier: Classifier, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]
) -> tuple[float, tuple[Lesion, ...]]:
    """The error of a net on uint8 RGB images (N, H, W, 3) with labels (N,), in percent, and that without each block.

    A residual block without its residual function hands on its shortcut; a plain one is left out where its output has
    the shape of its input, and is not looked at where it has not. Raises UsageError for a net that has no such block,
    and for other labels than one of its classes each. Not for several
    threads at once on one classifier.
    """
    classifier = checked_classifier(classifier)
    blocks = blocks_in(classifier)
    images = checked_images(classifier, images)
    labels = checked_labels(classifier, labels, images)
    shaped = _same_shape(classifier, blocks, images[:1])
    removable = {name: block for name, block in blocks.items() if block.shortcut is not None or name in shaped}
    if not removable:
        raise UsageError(f"{classifier.identity.model}: no block of it can be left out: take a plain or residual net")
    found = []
    for place, (name, block) in enumerate(blocks.items(), 1):
        if name in removable:
            with _without(block):
                found.append(Lesion(place, name, stage_of(name), _error(classifier, images, labels)))
    return _error(classifier, images, labels), tuple(found)


@contextmanager
def _without(block: Block | PreactBlock) -> Iterator[None]:
    hooks = _cut(block) if block.shortcut is not None else [block.register_forward_hook(lambda _, given, __: given[0])]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _cut(block: Block | PreactBlock) -> list[RemovableHandle]:
    """Its residual function gives 0 while this block runs: other blocks may have the same function."""
    running: list[bool] = []
    return [
        block.register_forward_pre_hook(lambda *_: running.append(True)),
        block.residual.register_forward_hook(lambda _, __, out: torch.zeros_like(out) if running else None),
        block.register_forward_hook(lambda *_: running.clear()),
    ]


def _same_shape(classifier: Classifier, blocks: dict[str, Any], image: NDArray[np.uint8]) -> set[str]:
    """Names of the blocks whose output has the shape of their input."""
    found: set[str] = set()

    def seen(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if inputs[0].shape == output.shape:
                found.add(name)

        return hook

    hooks = [block.register_forward_hook(seen(name)) for name, block in blocks.items()]
    try:
        scores(classifier, image)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _error(classifier: Classifier, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]) -> float:
    wrong = scores(classifier, images).argmax(1) != labels
    return round(100 * float(wrong.mean()), 4)
