"""How often and at which scales an image is looked at in testing (sec. 3.4), as a value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index

from reslab.data import LARGEST_SCALE
from reslab.errors import UsageError, unknown
from reslab.nets import SMALLEST_SIZE

Scales = int | Sequence[int] | None
"""Shorter sides in pixels: one, several or none."""

VIEWS = ("1", "flip", "centre", "10")
PAPER_SCALES = (224, 256, 384, 480, 640)  # sec. 3.4, for nets that were trained on 224 pixels


@dataclass(frozen=True)
class Views:
    """What is done to each image before the scores are averaged.

    | kind | without scales | with scales |
    |---|---|---|
    | 1 | the image as it is stored (sec. 4.2) | whole, fully-convolutional (sec. 3.4) |
    | flip | that and its mirror | that and its mirror |
    | centre | the centre crop at 8/7 of the net's size | the centre crop at each scale |
    | 10 | ten crops at 8/7 of the net's size: 256 for 224 | ten crops at each scale |
    """

    kind: str = "1"
    scales: tuple[int, ...] = ()  # shorter sides in pixels; (): the stored image

    @property
    def dense(self) -> bool:
        """Is the net applied convolutionally to whole images?"""
        return bool(self.scales) and self.kind in ("1", "flip")

    @property
    def flip(self) -> bool:
        return self.kind in ("flip", "10")

    @property
    def count(self) -> int:
        """Views of an image that are averaged."""
        return {"1": 1, "flip": 2, "centre": 1, "10": 10}[self.kind] * max(1, len(self.scales))


def scales_of(scales: Scales) -> tuple[int, ...]:
    """As many as are given, of which there may be one. Raises UsageError for what is no whole number."""
    if scales is None:
        return ()
    try:
        return tuple(map(index, scales if isinstance(scales, Iterable) else (scales,)))
    except TypeError as error:
        raise UsageError(f"scales={scales!r}: whole numbers of pixels are needed, as (224, 256, 384)") from error


def views_of(views: str | int | None, scales: Sequence[int], size: int) -> Views:
    """What was asked for, completed for a net of `size` pixels; without `views` nothing is mirrored, as in the paper.

    Raises UsageError for what cannot be done.
    """
    name = "1" if views is None else str(views)
    if name not in VIEWS:
        raise unknown("views", name, VIEWS)
    crops = name in ("centre", "10")
    chosen = tuple(scales) or ((round(size * 8 / 7),) if crops else ())
    smallest = size if crops else SMALLEST_SIZE
    for scale in chosen:
        if not smallest <= scale <= LARGEST_SCALE:
            what = f"crops of {size} pixels need" if crops else "the net needs"
            raise UsageError(f"scale {scale}: {what} a shorter side from {smallest} to {LARGEST_SCALE:,} pixels")
        if chosen.count(scale) > 1:
            raise UsageError(f"scale {scale} is named more than once; each counts as much as every other")
    return Views(name, chosen)


def mirror_note(data: str) -> str:
    """What to say of mirrors of a data set whose mirrored images may be none of their class."""
    return f"a mirrored image of {data} may be none of its class: --views 1 leaves mirrors out"
