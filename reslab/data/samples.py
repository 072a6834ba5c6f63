"""A few bytes of a few photographs: what tells folders apart whose files have the same names and lengths.

Cameras number their files alike, and pictures that are not compressed (BMP, PPM) are all of one length.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MOST = 16  # photographs that are looked at, however many there are
PIECE = 4096  # bytes at the beginning, in the middle and at the end: edges may be white in all of them

Samples = Mapping[str, str]  # path relative to the folder, with / -> digest of these pieces


def samples_of(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Of at most 16 of the `files`, evenly spread over them; what cannot be read is left out."""
    return _looked_at(folder, _spread(sorted(files)))


def agree(folder: Path, samples: Samples) -> bool:
    """Are most of the sampled photographs in `folder` as they were? True where nothing was sampled.

    Not all have to be: one that was touched up since makes no other folder.
    """
    return 2 * differing(folder, samples) <= len(samples)


def differing(folder: Path, samples: Samples) -> int:
    """How many of the sampled photographs are not in `folder` as they were."""
    there = _looked_at(folder, list(samples))
    return sum(there.get(file) != digest for file, digest in samples.items())


def replaced(folder: Path, samples: Samples) -> bool:
    """Have most of the sampled photographs that are still in `folder` other bytes? No, where none is there."""
    there = _looked_at(folder, list(samples))
    return 2 * sum(digest != samples[file] for file, digest in there.items()) > len(there)


def _spread(files: list[str]) -> list[str]:
    last, parts = len(files) - 1, MOST - 1
    return files if len(files) <= MOST else [files[number * last // parts] for number in range(MOST)]


def _looked_at(folder: Path, files: Sequence[str]) -> dict[str, str]:
    found = {}
    for file in files:
        with suppress(OSError):
            found[file] = _digest(folder / file)
    return found


def _digest(path: Path) -> str:
    """12 hex digits of the three pieces, which are one and the same in a short file."""
    pieces = hashlib.sha256()
    with path.open("rb") as bytes_:
        length = os.fstat(bytes_.fileno()).st_size
        for start in (0, (length - PIECE) // 2, length - PIECE):
            bytes_.seek(max(0, start))
            pieces.update(bytes_.read(PIECE))
    return pieces.hexdigest()[:12]
