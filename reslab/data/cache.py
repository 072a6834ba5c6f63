"""Photographs decoded once, into a memory-mapped array of uint8 pixels in the user's cache folder."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.caches import cache_dir
from reslab.data.copies import Comparison, Copies
from reslab.data.photo import read_photo
from reslab.data.threads import in_threads
from reslab.errors import DataError
from reslab.locks import alone
from reslab.processor import usable_memory
from reslab.progress import Progress, Say, silent, unseen

DECODER = 1  # goes up when the pixels that a photograph becomes change
# About 100,000 photographs of 224 pixels: decoding them takes minutes, and a machine's memory may hold what is read
# again and again. The validation images of ImageNet are 7.5 GB, its training images 193.
MOST_BYTES = 16_000_000_000


class Decoded(NamedTuple):
    """The photographs that could be read, in the order asked for, and why the others could not."""

    pixels: NDArray[np.uint8]  # (N, size, size, 3), read-only
    bad: dict[str, str]  # path -> reason; such a photograph has no row
    copies: Copies = ()  # paths of photographs that are the same, byte for byte


def packed(
    folder: Path, files: Sequence[str], size: int, say: Say = silent, progress: Progress = unseen
) -> Decoded | None:
    """Pixels of the `files` (relative to `folder`) from the cache, which is made at the first time.

    In memory where the cache folder cannot be used or the disk is too full. None, without reading one, where they are
    too many for that: more than `MOST_BYTES`, or than half of the free disk and a quarter of the memory hold.
    """
    needed = len(files) * size * size * 3
    if needed > MOST_BYTES:
        return None
    shelf = cache_dir() / "folders"
    key = key_of(folder, files, f"{DECODER} {size}")
    found, _ = _find(shelf, key, folder, len(files), size, silent)  # without the lock: the shelf may be read-only
    try:
        if found is None:
            shelf.mkdir(parents=True, exist_ok=True)
            with alone(shelf / f".{key}.lock", f"decoding the images of {folder}", say):
                found, free = _find(shelf, key, folder, len(files), size, say)
                if found is None and free is not None:
                    _refuse_too_much(shelf, needed)
                    _build(free, folder, files, size, say, progress)
                    found = _open(free, folder, len(files), size, say)
    except OSError as error:
        reason = f"the cache folder {shelf} cannot be used ({error.strerror or error})"
        if needed > usable_memory() / 4:
            say(f"{reason}, and {needed / 1e9:,.1f} GB of images are more than a quarter of the memory")
            return None
        say(f"{reason}: images are decoded into memory")
    return found or _in_memory(folder, files, size, progress)


def _refuse_too_much(shelf: Path, needed: int) -> None:
    """An OSError before hours of decoding, not after, and before the user's disk is full."""
    free = shutil.disk_usage(shelf).free
    if needed > free / 2:
        raise OSError(errno.ENOSPC, f"{needed / 1e9:,.1f} GB of images, and {free / 1e9:,.1f} GB are free")


def _find(shelf: Path, key: str, folder: Path, total: int, size: int, say: Say) -> tuple[Decoded | None, Path | None]:
    """The cache of this key, and the first free name for one.

    A damaged cache stays where it is: Windows cannot replace a file that another process has mapped.
    """
    for place in (shelf / key, *(shelf / f"{key}-{number}" for number in range(2, 100))):
        if not place.exists():
            return None, place
        found = _open(place, folder, total, size, say)
        if found is not None:
            return found, None
    return None, None


def key_of(folder: Path, files: Sequence[str], what: str) -> str:
    """Changes with `what` is made of the files, and with anything of them that can change it, or their order."""
    lines = [f"{what} {folder.resolve()}"]
    for path in files:
        try:
            stat = (folder / path).stat()
            lines.append(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}")
        except OSError:
            lines.append(f"{path}\0gone")
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:20]


def _open(place: Path, folder: Path, total: int, size: int, say: Say) -> Decoded | None:
    """The cache at `place`, or None if it is damaged, or left out what can be read by now."""
    try:
        about = json.loads((place / "index.json").read_text(encoding="utf-8"))
        bad = {str(path): str(reason) for path, reason in about["bad"].items()}
        copies = tuple(tuple(map(str, group)) for group in about.get("copies", ()))  # older caches know of none
        pixels = np.lib.format.open_memmap(place / "pixels.npy", mode="r")
        whole = about["decoder"] == DECODER and pixels.dtype == np.uint8
        whole = whole and pixels.shape == (total - len(bad), size, size, 3)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        say(f"the cache {place} is damaged; making another one")
        return None
    if any(isinstance(_read(folder / path, size), np.ndarray) for path in bad):
        return None
    return Decoded(pixels, bad, copies)


def _build(place: Path, folder: Path, files: Sequence[str], size: int, say: Say, progress: Progress) -> None:
    """Write the cache beside its place, then rename it. Only called by who holds the lock."""
    part = place.with_name(f".{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    part.mkdir()
    say(f"decoding {len(files):,} images of {folder} to {size} x {size} pixels, once")
    try:
        with (part / "pixels.npy").open("wb") as out:
            bad, copies = _write(out, folder, files, size, progress)
        about = {"decoder": DECODER, "folder": str(folder), "size": size, "bad": bad, "copies": copies}
        (part / "index.json").write_text(json.dumps(about), encoding="utf-8")
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(
    out: BinaryIO, folder: Path, files: Sequence[str], size: int, progress: Progress
) -> tuple[dict[str, str], Copies]:
    """All pixels as one .npy; returns path and reason of the photographs that cannot be read, and which are copies."""
    bad: dict[str, str] = {}
    comparison = Comparison(folder, files)
    start = _write_header(out, len(files), size)
    for path, pixels in zip(files, _decode(folder, files, size, progress, comparison), strict=True):
        if isinstance(pixels, str):
            bad[path] = pixels
        else:
            out.write(pixels.data)
    out.seek(0)
    assert _write_header(out, len(files) - len(bad), size) == start  # NumPy leaves room for any number of rows
    out.flush()
    os.fsync(out.fileno())  # else a power failure could leave a file of the right length and the wrong content
    return bad, comparison.found()


def _write_header(out: BinaryIO, rows: int, size: int) -> int:
    shape = (rows, size, size, 3)
    np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return out.tell()


def _in_memory(folder: Path, files: Sequence[str], size: int, progress: Progress) -> Decoded:
    pixels = np.empty((len(files), size, size, 3), np.uint8)
    bad: dict[str, str] = {}
    comparison, rows = Comparison(folder, files), 0
    for path, image in zip(files, _decode(folder, files, size, progress, comparison), strict=True):
        if isinstance(image, str):
            bad[path] = image
        else:
            pixels[rows] = image
            rows += 1
    return Decoded(pixels[:rows], bad, comparison.found())


def _decode(
    folder: Path, files: Sequence[str], size: int, progress: Progress, comparison: Comparison
) -> Iterator[NDArray[np.uint8] | str]:
    """Pixels (size, size, 3) of each photograph, or why it cannot be read."""

    def read(path: str) -> NDArray[np.uint8] | str:
        comparison.look(path)
        return _read(folder / path, size)

    return in_threads(read, files, progress)


def _read(path: Path, size: int) -> NDArray[np.uint8] | str:
    try:
        return read_photo(path, size)
    except DataError as error:
        return str(error)
