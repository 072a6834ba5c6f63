"""What may stand beside foreign weights: class names, normalisation, how images are looked at, the stride."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reslab.data import LARGEST_SCALE
from reslab.interop.usual import IMAGENET, Usual
from reslab.interop.within import NO_NAMES, Within
from reslab.nets import SMALLEST_SIZE
from reslab.store import UNTOLD


@dataclass(frozen=True)
class View:
    """What of an image a program looks at in testing. Raises ValueError for sizes that no net is tested at."""

    size: int  # height = width in pixels of what the net sees
    scale: int | None = None  # the shorter side to which images are scaled, to cut the centre out; None: nobody says

    def __post_init__(self) -> None:
        for pixels in (self.size, self.scale or self.size):
            if not SMALLEST_SIZE <= pixels <= LARGEST_SCALE:
                raise ValueError(f"images of {pixels} pixels")


@dataclass(frozen=True)
class Told:
    """Of one file of weights, by the files; None: they do not say."""

    named: bool = False  # do they name the net, so that it can be no other of the same tensors?
    view: View | None = None
    larger: View | None = None  # another, at which its program tests (timm)
    mean: tuple[float, ...] | None = None  # a colour, of images in [0, 1]
    std: tuple[float, ...] | None = None
    classes: tuple[str, ...] | None = None
    stride_in: str | None = None  # of bottlenecks
    data: str = UNTOLD
    split: str | None = None
    fingerprint: str | None = None
    before: tuple[str, ...] = ()  # photographs that the nets it began from were trained on, the nearest first
    temperature: float = 1.0  # by which the scores of its last layer are divided already
    scaling: str = ""  # how its program scales images: "bilinear"; "": they do not say
    otherwise: tuple[str, ...] = ()  # what its program does to images and is not done here, in words
    within: Within = NO_NAMES  # names of classes in the very file of the weights
    usual: Usual = IMAGENET  # what its program does where they do not say


def colours(values: Sequence[float] | None) -> tuple[float, ...] | None:
    """A number for each of three colours; None for None. Raises ValueError for another number of them."""
    if values is None:
        return None
    found = tuple(float(value) for value in values)
    if len(found) != 3:
        raise ValueError(f"{len(found)} colours")
    return found


def part_of(size: int, part: float | None) -> View:
    """The centre of `size` pixels that is `part` of the scaled image's shorter side (a program's crop_pct)."""
    return View(size, max(size, int(size / part)) if part else None)


def class_names(names: Any, classes: int) -> tuple[str, ...] | None:
    """Of a list, or of numbers -> names, where a class that is left out is called by its number; None where none is."""
    if not names:
        return None
    if isinstance(names, dict):
        by_number = {int(number): str(name) for number, name in names.items()}
        if not set(by_number) <= set(range(classes)):
            raise ValueError(f"names of classes that it does not have, as {max(by_number)}")
        return tuple(by_number.get(number, str(number)) for number in range(classes))
    return tuple(map(str, names))


def given_names(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Names of classes that somebody gave; None for those that transformers makes up: LABEL_0, LABEL_1, ..."""
    return None if names == tuple(f"LABEL_{number}" for number in range(len(names or ()))) else names
