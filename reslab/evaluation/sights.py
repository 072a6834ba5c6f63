"""What nets see of pictures: each at the size, or the scales, at which one of them looks."""

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data import in_threads, picture_at, quiet
from reslab.errors import DataError
from reslab.evaluation.pictures import Named
from reslab.evaluation.views import Views


class Look(NamedTuple):
    """How a picture is scaled, and what is left of it."""

    side: int  # the shorter one, in pixels
    whole: bool  # or the square in the centre


Sight = dict[Look, NDArray[np.uint8]]  # (H, W, 3) for each


def looks_of(views: Views, size: int) -> tuple[Look, ...]:
    """What a net of `size` pixels looks at: the centre square, or the whole picture at each scale."""
    return tuple(Look(scale, whole=True) for scale in views.scales) or (Look(size, whole=False),)


def sights_of(batch: list[Named], looks: Collection[Look], threads: int) -> list[Sight | DataError]:
    """Every picture as it is looked at, or why it cannot be read.

    Files are read in so many threads; what is in memory is not for several at once.
    """
    files = [named for named in batch if isinstance(named[1], Path)]
    read = iter(list(in_threads(partial(_sight, looks=looks), files, threads=threads)))
    with quiet():
        return [next(read) if isinstance(named[1], Path) else _sight(named, looks) for named in batch]


def _sight(named: Named, looks: Collection[Look]) -> Sight | DataError:
    name, picture = named
    try:
        return {look: picture_at(picture, look.side, look.whole, name) for look in looks}
    except DataError as error:
        return error
