"""Hugging Face's cache: a folder for each repository of its hub, with a folder for each version of it.

models--timm--resnet50.a1_in1k/
    refs/main               the version that was last fetched
    snapshots/<version>/    its files; links into blobs/
"""

from pathlib import Path

from reslab.errors import RunError
from reslab.store import read_bytes

CALLED = "models--"  # and so on, of its data sets otherwise
VERSIONS = "snapshots"
SHOWN = 3  # of them


def snapshot_of(place: Path) -> Path | None:
    """The folder of the version that `place` stands for: the one that refs/main names, else the only one.

    None where `place` is no folder of the cache. Raises RunError where there is no such version, or no telling which.
    """
    if not _is_cached(place):
        return None
    there = sorted(found.name for found in (place / VERSIONS).iterdir() if found.is_dir())
    if not there:
        raise RunError(f"{place} is a folder of the hub's cache without a snapshot: nothing of it was fetched")
    main = place / "refs" / "main"
    if not main.is_file():
        if len(there) > 1:
            raise RunError(
                f"{place} has {len(there)} snapshots, and no refs/main tells which: name {_named(place, there)}"
            )
        return place / VERSIONS / there[0]
    version = read_bytes(main).decode("utf-8", "replace").strip()
    if version not in there:
        raise RunError(
            f"{main} names a snapshot that is not there ({version[:40]!r}): fetch it, or name {_named(place, there)}"
        )
    return place / VERSIONS / version


def name_in_cache(place: Path) -> str:
    """Of the repository whose folder of the cache `place` is or lies in: "resnet50.a1_in1k"; "" where there is none."""
    whole = place.absolute()
    folder = next((folder for folder in (whole, *whole.parents) if _is_cached(folder)), None)
    return folder.name.rpartition("--")[2] if folder else ""


def _is_cached(folder: Path) -> bool:
    return folder.absolute().name.startswith(CALLED) and (folder / VERSIONS).is_dir()


def _named(place: Path, there: list[str]) -> str:
    more = f" or one of {len(there) - SHOWN:,} more" if len(there) > SHOWN else ""
    return " or ".join(str(place / VERSIONS / version) for version in there[:SHOWN]) + more
