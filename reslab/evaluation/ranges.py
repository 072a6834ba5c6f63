"""What a net is quantised with: photographs for the ranges of its activations, and others that say what it costs."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data import NAMES, Dataset, Images, evenly, find_folder, photographs_below
from reslab.errors import DataError, UsageError
from reslab.evaluation.source import Lost, Tested, by_name, own_index, tested_on, whereabouts
from reslab.progress import Say, silent
from reslab.store import Classifier

COUNT = 512  # photographs for ranges: a few seconds, and among them what is rare
TRAIN, VAL = "train", "val"
INSTEAD = "--images FOLDER takes the ranges of activations from other photographs"


class Looked(NamedTuple):
    """Images of the net's size: some that it may be fitted to, and those that it is judged by; what both are."""

    pixels: NDArray[np.uint8]  # (N, size, size, 3)
    source: str
    held_out: Images | None
    held_out_source: str  # or why there are none


def looked_at(net: Classifier, images: Path | None = None, root: Path | None = None, say: Say = silent) -> Looked:
    """The net's own training and validation images; with `images`, photographs of that folder in place of the first.

    Test images are never among them. Where the net's own validation images are not at hand, those in `images`/val
    judge, if their classes are the net's. `root` is where data sets lie.

    Raises UsageError where it is not known what the net was trained on, DataError where photographs are not there.
    """
    moved = _if_there(net, images, root, say) if images else None
    own = moved or (_if_there(net, None, root, say) if images else _own(net, None, root, say))
    if images and not moved:
        pixels = photographs_below(images, net.size, COUNT, training=True)
        source = f"{len(pixels):,} photographs in {images.resolve().name}"
    else:
        assert own
        train = own.splits[TRAIN].pixels
        pixels = np.array(train[evenly(len(train), COUNT)])
        source = f"{len(pixels):,} training images of {own.name}"
    held_out = _held_out(net, own, images, root, say)
    if held_out is None:
        return Looked(pixels, source, None, f"no validation images of {net.identity.model} are at hand")
    return Looked(
        pixels, source, held_out.images, f"{len(held_out.images):,} validation images of {held_out.dataset.name}"
    )


def _own(net: Classifier, place: Path | None, root: Path | None, say: Say) -> Dataset:
    """What the net was trained on, whole, if it lies in `place`, or where the net knows. Raises as `looked_at`."""
    asked = place or whereabouts(net)
    if isinstance(asked, Lost):
        raise UsageError(f"{asked.why}; {INSTEAD}")
    try:
        if asked not in NAMES and own_index(net, find_folder(asked, root), "error", say) is None:
            raise DataError(f"the photographs in {asked} are not those that {net.identity.model} was trained on")
        return tested_on(net, place, TRAIN, root, "error", say).dataset
    except DataError as error:
        raise DataError(f"{error}; {INSTEAD}") from error


def _if_there(net: Classifier, place: Path | None, root: Path | None, say: Say) -> Dataset | None:
    with suppress(UsageError, DataError):
        return _own(net, place, root, say)
    return None


def _held_out(net: Classifier, own: Dataset | None, images: Path | None, root: Path | None, say: Say) -> Tested | None:
    """Validation images of the net's own, else those in a folder that is named."""
    if own and VAL in own.splits:
        return Tested(own, VAL, by_name(own, VAL, net.classes))
    if images:
        with suppress(UsageError, DataError):
            return tested_on(net, images, VAL, root, "error", say)
    return None
