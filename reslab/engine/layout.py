"""One flat buffer for all the numbers of one kind: where each tensor lies in it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod

import torch
from torch import Tensor, nn

from reslab.errors import UsageError


@dataclass(frozen=True)
class Layout:
    """Names and shapes of tensors that lie one after another in a flat fp32 buffer."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    frozen: int = 0  # so many numbers, the first, stay as they are in a training (`freezing`)
    fixed: frozenset[str] = frozenset()  # names of those, anywhere, that a net holds without a gradient: they stay, too
    beside: int = 0  # so many tensors, the last, are there for training alone, and no part of the net (`with_beside`)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(prod(shape) for shape in self.shapes)

    @property
    def total(self) -> int:
        return sum(self.sizes)

    @property
    def learned(self) -> slice:
        """Where in a buffer the numbers are that are not frozen."""
        return slice(self.frozen, None)

    def freezing(self, parts: Collection[str]) -> "Layout":
        """The same layout, the tensors of these parts of a net frozen, which must be the first."""
        inside = [name.partition(".")[0] in parts for name in self.names]
        assert inside == sorted(inside, reverse=True), f"{parts} are not the first parts"
        return replace(self, frozen=sum(size for size, frozen in zip(self.sizes, inside, strict=True) if frozen))

    def with_beside(self, name: str, other: "Layout") -> "Layout":
        """This layout, and behind it the tensors of another, which have `name` before theirs."""
        names = tuple(f"{name}.{inside}" for inside in other.names)
        fixed = self.fixed | {f"{name}.{inside}" for inside in other.fixed}
        return replace(
            self, names=self.names + names, shapes=self.shapes + other.shapes, fixed=fixed, beside=len(names)
        )

    @property
    def of_net(self) -> "Layout":
        """The layout without what is no part of the net."""
        count = len(self.names) - self.beside
        return replace(self, names=self.names[:count], shapes=self.shapes[:count], beside=0)

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Each tensor as a view of the buffer: writing to one writes to the other."""
        assert flat.shape == (self.total,), f"{tuple(flat.shape)} is no buffer of {self.total}"
        offsets = (0, *accumulate(self.sizes))
        return {
            name: flat[start : start + size].view(shape)
            for name, shape, start, size in zip(self.names, self.shapes, offsets, self.sizes, strict=False)
        }

    def pack(self, tensors: dict[str, Tensor]) -> Tensor:
        """The buffer that holds copies of `tensors`, on the CPU."""
        parts = [tensors[name].detach().to("cpu", torch.float32).reshape(-1) for name in self.names]
        return torch.cat(parts) if parts else torch.empty(0)  # a net without batch normalisation has no statistics


def parameter_layout(net: nn.Module) -> Layout:
    """Everything that is learned, in the order of definition, and what could be, but has no gradient (`fixed`)."""
    named = dict(net.named_parameters())
    fixed = frozenset(name for name, parameter in named.items() if not parameter.requires_grad)
    return Layout(tuple(named), tuple(tuple(p.shape) for p in named.values()), fixed=fixed)


def statistics_layout(net: nn.Module) -> Layout:
    """Means and variances of every batch normalisation, in the order of definition.

    Raises UsageError where a net keeps anything else from step to step: nobody would save or average it.
    """
    names = [f"{name}.{kind}" for name, _ in batch_normalisations(net) for kind in ("running_mean", "running_var")]
    buffers = {name: b for name, b in net.named_buffers() if not name.endswith("num_batches_tracked")}
    strange = [name for name in buffers if name not in names]
    if strange:
        raise UsageError(f"the net keeps {strange[0]}: only the running statistics of nn.BatchNorm2d can be kept")
    return Layout(tuple(names), tuple(tuple(buffers[name].shape) for name in names))


def batch_normalisations(net: nn.Module) -> list[tuple[str, nn.BatchNorm2d]]:
    """Every batch normalisation that keeps running statistics, by name."""
    found = [(name, m) for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)]
    return [(name, m) for name, m in found if m.running_mean is not None]
