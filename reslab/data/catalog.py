"""The data sets by name: the embedded one, the official ones, any folder of class folders, any table of photographs."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np

from reslab.data.cifar import CIFAR, fetch_cifar, find_cifar, load_cifar
from reslab.data.cifar import SIZE as CIFAR_SIZE
from reslab.data.copies import copies_note
from reslab.data.dataset import Dataset, Images, Photos
from reslab.data.decoding import decode_folder, undecoded
from reslab.data.digits import load_digits
from reslab.data.folder import index_folder
from reslab.data.index import FolderIndex
from reslab.data.places import TABLES, data_root, is_table, root_of
from reslab.errors import DataError, UsageError, either, nearest, refuse_no_text, unknown
from reslab.progress import Progress, Say, silent, unseen

NAMES = {
    "digits": "handwritten digits, 8 x 8 grey, embedded (UCI optdigits)",
    "cifar10": "CIFAR-10: photographs of 10 classes, 32 x 32",
    "cifar100": "CIFAR-100: photographs of 100 classes (the fine labels), 32 x 32",
}
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
PHOTO_SIZE = 224  # pixels, for folders, as in the paper
SPELT, BEGUN = 0.7, 3  # likeness, from 0 to 1, of a folder that may be meant; letters that name one by its beginning


def keeps_mirrors(name: str) -> bool:
    """Does a mirrored image of this data set keep its class? Photographs do, a mirrored 2 is no 2."""
    return name != "digits"


def load_dataset(
    name: str | Path,
    *,
    split: str | None = None,
    size: int | None = None,
    root: Path | None = None,
    download: bool = False,
    url: str | None = None,
    on_bad: str = "error",
    index: FolderIndex | None = None,
    say: Say = silent,
    progress: Progress = unseen,
    counted: bool = False,
) -> Dataset:
    """The data set `name`, one of NAMES, a folder or a table; `index` pins these to files written down earlier.

    `split` is one of CIFAR's, or holds out a fold of photographs, "fold2/5". With `counted` photographs are only
    counted (see `load_folder`). UsageError for what does not exist, DataError for what is missing or damaged.
    """
    if name in CIFAR:
        if size not in (None, CIFAR_SIZE):
            raise UsageError(f"{name} has images of {CIFAR_SIZE} pixels and is not scaled: size {size} is not possible")
        where = data_root(root)
        if download and find_cifar(CIFAR[str(name)], where) is None:
            fetch_cifar(CIFAR[str(name)], where, url, say, progress)
        return load_cifar(CIFAR[str(name)], where, split)
    split = None if split == "default" else split
    if split is not None and name in NAMES:
        raise UsageError(f"split {split!r}: only {' and '.join(CIFAR)} have named splits")
    if size is not None and size < 1:
        raise UsageError(f"size must be at least 1 pixel, not {size}")
    if name == "digits":
        return load_digits(size)
    folder = find_folder(name, root)
    return load_folder(folder, size or PHOTO_SIZE, on_bad, index, say, progress, split, counted)


def find_folder(name: str | Path, root: Path | None = None) -> Path:
    """The folder, or the table, that `name` means: a path, or one under the data root.

    UsageError if there is none, with those beside it that are called nearly so.
    """
    places = (Path(name).expanduser(), data_root(root) / name)
    for place in places:
        if _is_here(place):
            return place
    if (file := next((place for place in places if place.is_file()), None)) is not None:
        unpacked = "; unpack it first" if file.suffix.lower() in ARCHIVES else ""
        raise UsageError(
            f"{file} is a file{unpacked}; name a folder that holds a folder of images for each class, or a table "
            f"({', '.join(TABLES)}) of images and their classes"
        )
    near = list(dict.fromkeys(found for place in places for found in _beside(place)))
    if isinstance(name, Path) or len(Path(name).parts) != 1:
        hint = f"; did you mean {either([str(folder) for folder in near])}?" if near else ""
        raise UsageError(f"no such folder of images: {name}{hint}")
    known = f"known: {', '.join(NAMES)}, or a folder of class folders, or a .csv table"
    meant = nearest(name, [*NAMES, *(found.name for found in near)])
    raise UsageError(f"unknown data set '{name}': {f'did you mean {either(meant)}? ({known})' if meant else known}")


def _is_here(place: Path) -> bool:
    """Is it a folder, or a table?"""
    return place.is_dir() or (is_table(place) and place.is_file())


def _beside(place: Path) -> list[Path]:
    """Folders and tables where `place` would be that are called nearly as it: another spelling, or its end left out.

    In a crowded parent anything is somewhat alike (/nope and /opt), and a wrong folder is worse than none.
    """
    try:
        names = [path.name for path in place.parent.iterdir() if _is_here(path) and not path.name.startswith(".")]
    except OSError:
        return []
    return [place.parent / name for name in nearest(place.name, names) if _spelt_so(place.name.lower(), name.lower())]


def _spelt_so(typed: str, name: str) -> bool:
    return SequenceMatcher(None, typed, name).ratio() >= SPELT or (len(typed) >= BEGUN and name.startswith(typed))


def load_folder(
    place: Path,
    size: int = PHOTO_SIZE,
    on_bad: str = "error",
    index: FolderIndex | None = None,
    say: Say = silent,
    progress: Progress = unseen,
    split: str | None = None,
    counted: bool = False,
) -> Dataset:
    """The photographs of a folder of class folders, or of a table, (N, size, size, 3), decoded once into the cache.

    Of what is too large for that, splits are `LazyPixels`. `split` may be a fold to hold out, where no `index` says it.
    With `counted`, for a plan, splits are that in any case, and no photograph is opened; unless `on_bad` is "skip",
    since which are left out decides what the data set is.

    Row i of a split is file i of that split in the data set's index: what could not be read is in neither.
    """
    refuse_no_text(place.resolve())
    folder = root_of(place)
    chosen = index_folder(place, on_bad == "skip", split) if index is None else index
    changed = index.changes_in(place) if index else None
    if counted and on_bad == "error":
        pixels, bad, copies = undecoded(folder, chosen.files, size)
    else:
        by_name = bool(chosen.fold)
        pixels, bad, copies = decode_folder(folder, chosen.files, size, on_bad, say, progress, place, by_name)
    used = _without(folder, chosen, bad) if bad or changed else chosen
    here = folder.resolve()
    splits = {
        split: Images(pixels[split], np.array(labels, np.int64), Photos(here, used.files[split]))
        for split, labels in used.labels.items()
    }
    notes = chosen.notes + _notes(changed, bad)
    if note := copies_note(used, copies):
        notes += (note,)
    name, table = used.table or here.name, place.absolute() if is_table(place) else None
    return Dataset(name, used.classes, splits, True, used.fingerprint, notes, used, here, table)


def _without(folder: Path, index: FolderIndex, bad: Mapping[str, str]) -> FolderIndex:
    """The index of what is left, with its present fingerprint. DataError if a split or a training class is empty."""
    files: dict[str, tuple[str, ...]] = {}
    labels: dict[str, tuple[int, ...]] = {}
    for split, paths in index.files.items():
        good = [number for number, path in enumerate(paths) if path not in bad]
        if not good:
            raise DataError(f"{folder}: not one image of {split} can be read")
        files[split] = tuple(paths[number] for number in good)
        labels[split] = tuple(index.labels[split][number] for number in good)
    learned = set(labels.get("train", ()))
    for number, name in enumerate(index.classes):
        if "train" in labels and number not in learned:
            raise DataError(f"{folder}: not one training image of the class {name} can be read")
    left = replace(index, files=files, labels=labels)
    return replace(left, fingerprint=left.fingerprint_in(folder))


def _notes(changed: str | None, bad: Mapping[str, str]) -> tuple[str, ...]:
    notes = [changed] if changed else []
    if bad:
        count = "1 image that cannot be read was" if len(bad) == 1 else f"{len(bad):,} images that cannot be read were"
        notes.append(f"{count} left out, the first: {next(iter(bad.values()))}")
    return tuple(notes)


def fetch_dataset(
    name: str, root: Path | None = None, url: str | None = None, say: Say = silent, progress: Progress = unseen
) -> Path | None:
    """Download a data set into the data root and return its file; None if there is nothing to download."""
    if name not in NAMES:
        raise unknown("data set", name, NAMES)
    return fetch_cifar(CIFAR[name], data_root(root), url, say, progress) if name in CIFAR else None


def list_datasets(root: Path | None = None) -> list[dict[str, Any]]:
    """Each named data set: name, description, images, classes, present, where (None if it is nowhere)."""
    found = {name: find_cifar(kind, data_root(root)) for name, kind in CIFAR.items()}
    places: dict[str, str | None] = {name: str(source.place) if source else None for name, source in found.items()}
    facts = {"digits": (1_797, 10), "cifar10": (60_000, 10), "cifar100": (60_000, 100)}
    return [
        {
            "name": name,
            "description": description,
            "images": facts[name][0],
            "classes": facts[name][1],
            "present": name == "digits" or places[name] is not None,
            "where": "embedded" if name == "digits" else places[name],
        }
        for name, description in NAMES.items()
    ]
