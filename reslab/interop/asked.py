"""What the user says of another program's weights, for files that do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from reslab.data import LARGEST_SCALE
from reslab.errors import UsageError, unknown
from reslab.nets import SMALLEST_SIZE, STRIDES_IN

BYTE = 255  # the largest


@dataclass(frozen=True)
class Asked:
    """By the user, of one file of weights; None: nothing. Raises UsageError for what no file can be meant by."""

    classes: tuple[str, ...] | None = None  # their names, in the order of the scores
    stride_in: str | None = None  # of bottlenecks: "1x1" (v1), which weights do not tell
    size: int | None = None  # height = width in pixels of its images
    mean: tuple[float, ...] | None = None  # a colour, of images in [0, 1]
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.stride_in is not None and self.stride_in not in STRIDES_IN:
            raise unknown("stride of a bottleneck", self.stride_in, STRIDES_IN)
        if self.size is not None and self.size < SMALLEST_SIZE:
            raise UsageError(f"--size {self.size}: a net needs images of at least {SMALLEST_SIZE} pixels")
        if self.size is not None and self.size > LARGEST_SCALE:
            raise UsageError(f"--size {self.size}: images of {LARGEST_SCALE:,} pixels at most")
        for option, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and (len(values) != 3 or not all(isfinite(v) and v >= 0 for v in values)):
                raise UsageError(f"--{option} {text(values)}: three numbers from 0 to 1, for red, green and blue")
        if self.std is not None and min(self.std) == 0:
            raise UsageError(f"--std {text(self.std)}: nothing can be divided by 0")
        self._refuse_bytes()

    def _refuse_bytes(self) -> None:
        """Raises UsageError, which says what is meant, for numbers of pixels from 0 to 255."""
        of_bytes = self.mean is not None and max(self.mean) > 1
        given = {"mean": self.mean} if self.mean is not None and of_bytes else {}
        if self.std is not None and (of_bytes or max(self.std) > 1):
            given["std"] = self.std
        if given:
            said = " ".join(f"--{option} {text(values)}" for option, values in given.items())
            meant = " ".join(f"--{option} {text(v / BYTE for v in values)}" for option, values in given.items())
            raise UsageError(
                f"{said} is of pixels from 0 to 255; of images from 0 to 1, as torchvision's, it is {meant}"
            )


NOTHING = Asked()


def text(values: Iterable[float]) -> str:
    """As the options take them: "0.485,0.456,0.406"."""
    return ",".join(f"{value:.4g}" for value in values)
