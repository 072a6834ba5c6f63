"""How files end that are no photographs to Pillow, in words; and the way out where a phone took them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

PHONES = (".heic", ".heif")  # Pillow does not decode them by itself
MOST_SUFFIXES = 5  # that are named


def suffixes_in_words(files: Iterable[PurePath | str]) -> str:
    """ "2 .heic, 1 .txt; save .heic photographs as .jpg": the most frequent first, in lower case; "" for no files."""
    counts = _counted(files)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count:,} {suffix or 'without any'}" for suffix, count in ordered[:MOST_SUFFIXES]]
    if rest := sum(count for _, count in ordered[MOST_SUFFIXES:]):
        named.append(f"{rest:,} of others")
    way = _way_out(counts)
    return ", ".join(named) + (f"; {way}" if way else "")


def way_out(files: Iterable[PurePath | str]) -> str:
    """What to do with those that are photographs nevertheless; "" where there are none."""
    return _way_out(_counted(files))


def _way_out(counts: Counter[str]) -> str:
    return "save .heic photographs as .jpg" if any(suffix in counts for suffix in PHONES) else ""


def _counted(files: Iterable[PurePath | str]) -> Counter[str]:
    return Counter(PurePath(file).suffix.lower() for file in files)
