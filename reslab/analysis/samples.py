"""Images to look at a net with: some of a split of its own data set, or photographs of anybody's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data import (
    ALL,
    Dataset,
    FolderIndex,
    class_numbers,
    evenly,
    find_folder,
    index_tested,
    load_dataset,
    photographs_below,
    read_evenly,
    root_of,
)
from reslab.errors import DataError, UsageError, unknown
from reslab.progress import Say, silent
from reslab.store import ENVIRONMENT, SPLIT, UNTOLD, Classifier, RunFolder

COUNT = 1000  # images, where nobody asks for another number


@dataclass(frozen=True)
class Sample:
    """Some images, uint8 (N, H, W, 3), where they are from, "cifar10, val", and their labels (N,), where known."""

    pixels: NDArray[np.uint8]
    source: str
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.pixels)


def sample(
    place: str | Path,
    classifier: Classifier,
    *,
    images: str | Path | None = None,
    split: str | None = None,
    count: int = COUNT,
    data_root: Path | None = None,
    labelled: bool = False,
    say: Say = silent,
) -> Sample:
    """`count` images for the classifier that was loaded from `place`, evenly taken from all that there are.

    From the folder or table `images`, else from a split of the data set that it was trained on: "val", or what there
    is. Where they have to be `labelled`, `images` is a folder of class folders, or a table, with classes of the
    classifier alone, and `split` one of its own; by default test, val or train, as far as it has such.
    Raises DataError where there are none, and for a class that the classifier does not know, UsageError for a split
    that is not there.
    """
    if count < 1:
        raise UsageError(f"--count {count}: look with at least 1 image")
    if images is not None:
        folder = Path(images)
        if labelled:
            return _of_classes(find_folder(folder, data_root), classifier, split, count)
        return Sample(photographs_below(folder, classifier.size, count), folder.resolve().name)
    try:
        dataset = _own_data(Path(place), classifier, data_root, say)
    except (DataError, UsageError) as error:
        which = "photographs in folders named as the net's classes" if labelled else "any photographs"
        raise DataError(f"{error}; --images FOLDER looks with {which} instead") from error
    return sample_of(dataset, split, count)


def _of_classes(place: Path, classifier: Classifier, split: str | None, count: int) -> Sample:
    """Photographs of class folders, or of a table, with the classifier's own numbers of these classes."""
    index = index_tested(place, split)
    name = index.table or place.resolve().name
    numbers = class_numbers(index.classes, classifier.classes, str(place), "; leave other classes out")
    ((chosen, files),) = index.files.items()
    pixels = read_evenly([root_of(place) / file for file in files], classifier.size, count)
    labels = numbers[[index.labels[chosen][row] for row in evenly(len(files), count)]]
    return Sample(pixels, name if chosen == ALL else f"{name}, {chosen}", labels)


def sample_of(dataset: Dataset, split: str | None = None, count: int = COUNT) -> Sample:
    """`count` images of a split, evenly taken; of "val", or what there is. UsageError for a split that is not there."""
    if not isinstance(dataset, Dataset):
        raise UsageError(f"sample_of takes a data set, as reslab.data.load_dataset('digits'), not {dataset!r:.60}")
    if count < 1:
        raise UsageError(f"count={count}: look with at least 1 image")
    split = split or next((name for name in ("val", "test") if name in dataset.splits), "train")
    if split not in dataset.splits:
        raise unknown(f"split of {dataset.name}", split, dataset.splits)
    images = dataset.splits[split]
    chosen = evenly(len(images), count)
    labels = np.asarray(images.labels)[chosen].astype(np.int64)
    return Sample(np.array(images.pixels[chosen]), f"{dataset.name}, {split}", labels)


def _own_data(place: Path, classifier: Classifier, data_root: Path | None, say: Say) -> Dataset:
    about, folder = classifier.identity, RunFolder(place) if place.is_dir() else None
    if about.data == UNTOLD:
        raise UsageError(f"{place} was trained on {UNTOLD}")
    where = (folder.read(ENVIRONMENT) or {}).get("folder") if folder else None
    written = folder.read(SPLIT) if folder else None
    return load_dataset(
        where or about.data,
        split=about.split,
        size=classifier.size,
        root=data_root,
        index=FolderIndex.from_dict(written) if written else None,
        say=say,
    )
