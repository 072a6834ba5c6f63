"""Images to look at a net with: some of a split of its own data set, or photographs of anybody's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data import Dataset, FolderIndex, evenly, load_dataset, photographs_below
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
    is. Where they have to be `labelled`, any photographs are no way out.
    Raises DataError where there are none, UsageError for a split that is not there.
    """
    if count < 1:
        raise UsageError(f"--count {count}: look with at least 1 image")
    if images is not None:
        folder = Path(images)
        return Sample(photographs_below(folder, classifier.size, count), folder.resolve().name)
    try:
        dataset = _own_data(Path(place), classifier, data_root, say)
    except (DataError, UsageError) as error:
        if labelled:
            raise
        raise DataError(f"{error}; --images FOLDER looks with any photographs instead") from error
    return sample_of(dataset, split, count)


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
