"""CIFAR-10 and CIFAR-100 as they are published: binary or Python form, in the archive or unpacked."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data.archives import ReadMember, folder_reader, tar_reader
from reslab.data.cifar_official import CIFAR10, CIFAR100, SITE, TEST_IMAGES, TRAIN_IMAGES, Cifar, Form
from reslab.data.dataset import Dataset, Images
from reslab.data.fetch import fetch, mismatch
from reslab.data.pickles import read_pickle
from reslab.data.places import data_root
from reslab.errors import DataError, as_typed, unknown
from reslab.progress import Progress, Say, silent, unseen

CIFAR = {kind.name: kind for kind in (CIFAR10, CIFAR100)}
SIZE = 32
PIXEL_BYTES = 3 * SIZE * SIZE  # of one image: the red, green and blue plane, each row by row

# Where train ends and where val ends, in official order. What lies behind is not loaded into any split.
SPLITS = {"45k/5k": (45_000, 50_000), "40k/5k/5k": (40_000, 45_000), "50k": (50_000, 50_000)}
DEFAULT_SPLIT = "45k/5k"


class Source(NamedTuple):
    """Where a data set was found: an archive or an unpacked folder of this form."""

    place: Path
    form: Form


class Batch(NamedTuple):
    """The images of one official file."""

    planes: NDArray[np.uint8]  # (N, 3072)
    labels: NDArray[np.int64]  # (N,)


def load_cifar(kind: Cifar, root: Path, split: str | None = None) -> Dataset:
    """The data set found under `root`, (N,32,32,3), split as one of SPLITS. DataError if missing or damaged."""
    wanted = DEFAULT_SPLIT if split is None or split == "default" else split
    if wanted not in SPLITS:
        raise unknown(f"split of {kind.title}", wanted, SPLITS)
    source = find_cifar(kind, root)
    if source is None:
        raise _absent(kind, root)
    read = _reader(source)
    train = _train_images(kind, source, read)
    test = _test_images(kind, source, read)
    classes = _class_names(kind, source, read)
    train_end, val_end = SPLITS[wanted]
    splits = {"train": _part(train, 0, train_end), "val": _part(train, train_end, val_end), "test": test}
    notes = _notes(source, len(test))
    return Dataset(kind.name, classes, {name: part for name, part in splits.items() if len(part)}, notes=notes)


def find_cifar(kind: Cifar, root: Path) -> Source | None:
    """Where the data set lies: in an unpacked folder under `root`, in `root` itself, or in an archive there."""
    forms = (kind.binary, kind.python)
    unpacked = [Source(root / form.folder, form) for form in forms if (root / form.folder).is_dir()]
    itself = [Source(root, form) for form in forms if root.name == form.folder or (root / form.train[0]).is_file()]
    packed = [Source(root / form.archive, form) for form in forms if (root / form.archive).is_file()]
    return next(iter([*unpacked, *(source for source in itself if root.is_dir()), *packed]), None)


def fetch_cifar(
    kind: Cifar, root: Path, url: str | None = None, say: Say = silent, progress: Progress = unseen
) -> Path:
    """Download the binary archive into `root`; `url` is either archive, or a folder that has the binary one."""
    given = (url or SITE).rstrip("/")
    named = [form for form in (kind.binary, kind.python) if given.endswith(f"/{form.archive}")]
    form = named[0] if named else kind.binary
    return fetch(given if named else f"{given}/{form.archive}", root / form.archive, form.checksum, say, progress)


def _absent(kind: Cifar, root: Path) -> DataError:
    names = ", ".join(name for form in (kind.binary, kind.python) for name in (form.folder, form.archive))
    there = "" if root == data_root() else f" --data-root {as_typed(root)}"
    return DataError(
        f"{kind.title} is not in {root} (looked for {names}): fetch it with `reslab data fetch {kind.name}{there}`"
        " (from elsewhere with --data-url), or name the folder that has it with --data-root"
    )


def _reader(source: Source) -> ReadMember:
    if source.place.is_dir():
        return folder_reader(source.place)
    wrong = mismatch(source.place, source.form.checksum)
    if wrong:
        raise DataError(
            f"{source.place}: not the official archive, its {wrong}; delete it and fetch it again,"
            f" or unpack what you trust to {source.place.parent / source.form.folder}"
        )
    return tar_reader(source.place, {*source.form.train, source.form.test, source.form.classes})


def _train_images(kind: Cifar, source: Source, read: ReadMember) -> Images:
    expected = TRAIN_IMAGES // len(source.form.train)

    def batches() -> Iterator[Batch]:
        for name in source.form.train:
            batch = _batch(kind, source, read, name)
            if len(batch.labels) != expected:
                raise DataError(f"{source.place / name}: holds {len(batch.labels):,} images, not {expected:,}")
            yield batch

    return _images(batches(), TRAIN_IMAGES)


def _images(batches: Iterable[Batch], total: int) -> Images:
    """Planes to (N,32,32,3), a plane at a time: ten times faster than one transposition."""
    pixels = np.empty((total, SIZE * SIZE, 3), np.uint8)
    labels = np.empty(total, np.int64)
    end = 0
    for batch in batches:
        start, end = end, end + len(batch.labels)
        labels[start:end] = batch.labels
        for channel, plane in enumerate(np.split(batch.planes, 3, axis=1)):
            pixels[start:end, :, channel] = plane
    return Images(pixels.reshape(total, SIZE, SIZE, 3), labels)


def _batch(kind: Cifar, source: Source, read: ReadMember, name: str) -> Batch:
    """One official file, with its labels checked."""
    where = str(source.place / name)
    content = read(name)
    batch = _binary(content, kind, where) if source.form is kind.binary else _python(content, kind, where)
    wrong = np.flatnonzero((batch.labels < 0) | (batch.labels >= len(kind.classes)))
    if len(wrong):
        raise DataError(
            f"{where}: image {wrong[0]:,} has label {batch.labels[wrong[0]]},"
            f" but {kind.title} has classes 0 to {len(kind.classes) - 1}"
        )
    return batch


def _binary(content: bytes, kind: Cifar, where: str) -> Batch:
    record = kind.label_bytes + PIXEL_BYTES
    if len(content) % record:
        raise DataError(f"{where}: {len(content):,} bytes are no whole number of records of {record:,} bytes")
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    return Batch(records[:, kind.label_bytes :], records[:, kind.label_bytes - 1].astype(np.int64))


def _python(content: bytes, kind: Cifar, where: str) -> Batch:
    batch = read_pickle(content, where)
    try:
        planes, labels = batch["data"], np.array(batch[kind.label_key])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: no batch of {kind.title}, it has no data and {kind.label_key}") from error
    if not (isinstance(planes, np.ndarray) and planes.dtype == np.uint8 and planes.shape[1:] == (PIXEL_BYTES,)):
        raise DataError(f"{where}: no batch of {kind.title}, its data are not bytes in rows of {PIXEL_BYTES:,}")
    if labels.shape != planes.shape[:1] or labels.dtype.kind not in "iu":
        raise DataError(f"{where}: no batch of {kind.title}, it has not one whole number as label for each image")
    return Batch(planes, labels.astype(np.int64))


def _test_images(kind: Cifar, source: Source, read: ReadMember) -> Images:
    """All or the first of the 10,000 test images; fewer are a matter for a note, not an error."""
    batch = _batch(kind, source, read, source.form.test)
    count = len(batch.labels)
    if not 0 < count <= TEST_IMAGES:
        raise DataError(f"{source.place / source.form.test}: holds {count:,} images, not {TEST_IMAGES:,}")
    return _images([batch], count)


def _part(images: Images, start: int, end: int) -> Images:
    return Images(images.pixels[start:end], images.labels[start:end])


def _notes(source: Source, test_images: int) -> tuple[str, ...]:
    if test_images == TEST_IMAGES:
        return ()
    return (f"{source.form.test} holds {test_images:,} of {TEST_IMAGES:,} images; errors are measured on those",)


def _class_names(kind: Cifar, source: Source, read: ReadMember) -> tuple[str, ...]:
    """From the data set's own list, if it has one."""
    where = str(source.place / source.form.classes)
    try:
        content = read(source.form.classes)
    except DataError:
        return kind.classes
    if source.form is kind.binary:
        names = content.decode("utf-8", errors="replace").split()
    else:
        listed = read_pickle(content, where)
        names = listed.get(kind.classes_key, []) if isinstance(listed, dict) else []
    if len(names) != len(kind.classes) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{where}: does not name the {len(kind.classes)} classes of {kind.title}")
    return tuple(names)
