"""A folder's photographs as pixels: decoded once where that is affordable, else read from their files at each use."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data.cache import Decoded, packed
from reslab.data.checked import unreadable
from reslab.data.copies import Copies
from reslab.data.lazy import LazyPixels
from reslab.data.picked import PickedPixels
from reslab.errors import DataError, as_typed, unknown
from reslab.progress import Progress, Say, silent, unseen

Pixels = NDArray[np.uint8] | LazyPixels
Splits = Mapping[str, Sequence[str]]  # of each split, paths relative to the folder


def decode_folder(
    folder: Path,
    splits: Splits,
    size: int,
    on_bad: str = "error",
    say: Say = silent,
    progress: Progress = unseen,
    place: Path | None = None,
    by_name: bool = False,
) -> tuple[dict[str, Pixels], dict[str, str], Copies]:
    """Pixels (N, size, size, 3) of each split, without those that cannot be read; of these, path and reason.

    Last, paths of photographs that are the same: known of those that were decoded together.

    All are decoded at once if they may be (`packed`), else each split for which that holds, and the others are lazy:
    the same pixels, so that nothing but time depends on it. DataError if any cannot be read, unless `on_bad` is "skip":
    it speaks of `place`, the table that names the files, where there is one. `by_name` decodes all in the order of
    their names, whatever the splits are, so that other divisions of the same files need no decoding of their own.
    """
    if on_bad not in ("error", "skip"):
        raise unknown("on-bad choice", on_bad, ("error", "skip"))
    paths = [path for files in splits.values() for path in files]
    if by_name:
        paths.sort()
    whole = packed(folder, paths, size, say, progress)
    if whole is not None:
        cut = _picked(whole, paths, splits) if by_name else _cut(whole, splits)
        pixels, bad, copies = cut, whole.bad, whole.copies
    else:
        pixels, bad, copies = {}, {}, ()
        for split, files in splits.items():
            part = packed(folder, files, size, say, progress) if len(splits) > 1 else None
            pixels[split], more, same = part or _from_files(folder, files, size, on_bad, say, progress)
            copies += same
            bad |= more
    if bad and on_bad == "error":
        count = len(bad)
        one = next(iter(bad.values()))
        what = "1 image cannot be used" if count == 1 else f"{count:,} images cannot be used, the first of them"
        lists = "" if count == 1 else f"; reslab data check {as_typed(place or folder)} lists them all"
        raise DataError(f"{what}: {one}; use --on-bad skip to go on without {'it' if count == 1 else 'them'}{lists}")
    return pixels, bad, copies


def undecoded(folder: Path, splits: Splits, size: int) -> tuple[dict[str, Pixels], dict[str, str], Copies]:
    """As `decode_folder`, but counted alone: nothing is read until rows are taken, nor found to be spoilt."""
    return {split: LazyPixels(folder.resolve(), tuple(files), size) for split, files in splits.items()}, {}, ()


def _cut(whole: Decoded, splits: Splits) -> dict[str, Pixels]:
    """The rows of each split of all that were decoded together."""
    pixels: dict[str, Pixels] = {}
    end = 0
    for split, files in splits.items():
        start, end = end, end + sum(path not in whole.bad for path in files)
        pixels[split] = whole.pixels[start:end]
    return pixels


def _picked(whole: Decoded, paths: Sequence[str], splits: Splits) -> dict[str, Pixels]:
    """The rows of each split, wherever they are among all, which were decoded in the order of `paths`."""
    rows = {path: row for row, path in enumerate(path for path in paths if path not in whole.bad)}
    chosen = {split: [rows[path] for path in files if path in rows] for split, files in splits.items()}
    return {split: PickedPixels(whole.pixels, np.array(those, np.int64)) for split, those in chosen.items()}


def _from_files(
    folder: Path, files: Sequence[str], size: int, on_bad: str, say: Say, progress: Progress
) -> tuple[LazyPixels, dict[str, str], Copies]:
    needed = len(files) * size * size * 3
    say(f"{len(files):,} images would take {needed / 1e9:,.1f} GB decoded: they are read from their files at each use")
    bad = unreadable(folder, files, on_bad == "skip", say, progress)
    return LazyPixels(folder.resolve(), tuple(path for path in files if path not in bad), size), bad, ()
