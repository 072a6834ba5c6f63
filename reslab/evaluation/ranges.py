"""What a net is quantised with: photographs for the ranges of its activations, and others that say what it costs."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data import NAMES, Dataset, Images, evenly, find_folder, is_table
from reslab.errors import DataError, UsageError, no_text
from reslab.evaluation.kept_out import photographs_to_fit
from reslab.evaluation.source import Lost, Tested, by_name, own_index, tested_on, whereabouts
from reslab.evaluation.trained_on import learned_by_net
from reslab.progress import Say, silent
from reslab.store import Classifier

COUNT = 512  # photographs for ranges: a few seconds, and among them what is rare
JUDGED = 10_000  # images that judge, at most: where 2 % of the answers change, the standard error is 0.14 points then
TRAIN, VAL = "train", "val"
INSTEAD = "--images FOLDER takes the ranges of activations from other photographs"


class Looked(NamedTuple):
    """Images of the net's size: some that it may be fitted to, and those that it is judged by; what both are."""

    pixels: NDArray[np.uint8]  # (N, size, size, 3)
    source: str
    held_out: Images | None
    held_out_source: str  # or why there are none
    notes: tuple[str, ...] = ()  # what is to be said of these


def looked_at(
    net: Classifier,
    images: Path | None = None,
    root: Path | None = None,
    say: Say = silent,
    unjudged: Say = silent,
) -> Looked:
    """The net's own training and validation images; with `images`, photographs of that folder, or table, in place of
    the first.

    Those that the net held out are never among them, nor those in folders called val or test. Where the net's own
    validation images are not at hand, those in `images`/val judge, if their classes are the net's. `root` is where data
    sets lie. `unjudged` is told why no images judge, where there are none: before others are decoded, so that it may
    raise an error.

    Raises UsageError where it is not known what the net was trained on, DataError where photographs are not there.
    """
    own, moved, why = _own_of(net, images, root, say)
    judges, why = _own_judges(net, own), why or "none were held out in its training"
    if judges is None and images:
        judges, why = _judges_in(net, images, root, say, why)
    none = f"no validation images of {net.identity.model} are at hand: {why}"
    if judges is None:
        unjudged(none)
    notes: tuple[str, ...] = ()
    if images and not moved:
        pixels, left_out = photographs_to_fit(net, images, own, judges, COUNT)
        source = f"{len(pixels):,} photographs in {_name(images)}"
        notes = (f"{_name(images)}: {left_out}",) if left_out else ()
    else:
        assert own
        train = own.splits[TRAIN].pixels
        pixels = np.array(train[evenly(len(train), COUNT)])
        source = f"{len(pixels):,} training images of {own.name}"
    if judges is None:
        return Looked(pixels, source, None, none, notes)
    held_out = judges.images.only(evenly(len(judges.images), JUDGED))
    count = (
        f"{len(held_out):,} of {len(judges.images):,}" if len(held_out) < len(judges.images) else f"{len(held_out):,}"
    )
    notes += learned_by_net(net, replace(judges, images=held_out))
    return Looked(pixels, source, held_out, f"{count} validation images of {judges.dataset.name}", notes)


def _own_of(net: Classifier, images: Path | None, root: Path | None, say: Say) -> tuple[Dataset | None, bool, str]:
    """What the net was trained on, whole; whether it lies in `images`; or why it is not at hand.

    Without `images` what goes wrong is raised.
    """
    if images is None:
        try:
            return _own(net, None, root, say), False, ""
        except DataError as error:
            raise DataError(f"{error}; {INSTEAD}") from error
        except UsageError as error:
            raise UsageError(f"{error}; {INSTEAD}") from error
    found, _ = _tried(net, images, root, say)
    if found:
        return found, True, ""
    found, why = _tried(net, None, root, say)
    return found, False, why


def _tried(net: Classifier, place: Path | None, root: Path | None, say: Say) -> tuple[Dataset | None, str]:
    """As `_own`, or why not."""
    try:
        return _own(net, place, root, say), ""
    except (UsageError, DataError) as error:
        return None, str(error)


def _own(net: Classifier, place: Path | None, root: Path | None, say: Say) -> Dataset:
    """What the net was trained on, whole, if it lies in `place`, or where the net knows. Raises as `looked_at`."""
    asked = place or whereabouts(net)
    if isinstance(asked, Lost):
        raise UsageError(asked.why)
    if asked not in NAMES and own_index(net, find_folder(asked, root), "error", say) is None:
        raise DataError(f"the photographs in {asked} are not those that {net.identity.model} was trained on")
    return tested_on(net, place, TRAIN, root, "error", say).dataset


def _own_judges(net: Classifier, own: Dataset | None) -> Tested | None:
    if own is None or VAL not in own.splits:
        return None
    return Tested(own, VAL, by_name(own, VAL, net.classes), own.index)


def _judges_in(net: Classifier, images: Path, root: Path | None, say: Say, why: str) -> tuple[Tested | None, str]:
    """Validation images in a folder that is named; or why there are none there, nor of the net's own."""
    try:
        return tested_on(net, images, VAL, root, "error", say), ""
    except UsageError as error:
        here = (
            str(error)
            if no_text(str(images.resolve()))
            else f"{_name(images)} {'names no val' if is_table(images) else 'has no val/'}"
        )
    except DataError as error:
        here = str(error)
    return None, f"{why}; and {here}"


def _name(folder: Path) -> str:
    """As it can be written into a file."""
    name = folder.resolve().name
    return no_text(name) or name
