"""Which photographs cannot be read, found out before a training that reads them step by step, and remembered."""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from reslab.caches import cache_dir
from reslab.data.cache import key_of
from reslab.data.photo import glance, open_photo
from reslab.data.threads import in_threads
from reslab.errors import DataError
from reslab.progress import Progress, Say, silent, unseen


def unreadable(
    folder: Path, files: Sequence[str], whole: bool, say: Say = silent, progress: Progress = unseen
) -> dict[str, str]:
    """Path and reason of those of the `files` (relative to `folder`) that cannot be read.

    `whole` decodes every photograph, which takes as long as an epoch's reading. Else each file's beginning is looked
    at, a fraction of a millisecond each: what is empty or no photograph is found, what is torn further on is not.
    """
    key, shelf = key_of(folder, files, "checked"), cache_dir() / "folders"
    places = {True: shelf / f"{key}-whole.json", False: shelf / f"{key}-beginnings.json"}
    for place in (places[True],) if whole else places.values():
        remembered = _remembered(place)
        if remembered is not None:  # what could not be read for a while is tried again
            return _troubles(folder, remembered, _decode, unseen)
    say(f"looking at {'every pixel' if whole else 'the beginnings'} of {len(files):,} photographs of {folder}, once")
    bad = _troubles(folder, files, _decode if whole else glance, progress)
    with suppress(OSError):  # a shelf that cannot be written remembers nothing
        _remember(places[whole], list(bad))
    return bad


def _troubles(folder: Path, files: Sequence[str], read: Callable[[Path], None], progress: Progress) -> dict[str, str]:
    def trouble(file: str) -> str | None:
        try:
            read(folder / file)
        except DataError as error:
            return str(error)
        return None

    found = zip(files, in_threads(trouble, files, progress), strict=True)
    return {file: reason for file, reason in found if reason}


def _decode(path: Path) -> None:
    open_photo(path, 1)  # an eighth of a JPEG's size is the cheapest, and all of the file is read


def _remembered(place: Path) -> list[str] | None:
    try:
        return [str(path) for path in json.loads(place.read_text(encoding="utf-8"))["bad"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(place: Path, bad: list[str]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    part.write_text(json.dumps({"bad": bad}), encoding="utf-8")
    part.replace(place)
