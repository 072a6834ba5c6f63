"""Testing: the error of a run or model file on a split of a data set."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from reslab.data import Dataset, FolderIndex, Images, load_dataset
from reslab.engine import Request
from reslab.errors import DataError, unknown
from reslab.evaluation.error import top_error
from reslab.evaluation.scores import execution_for, scores_of
from reslab.nets import Residual
from reslab.store import ENVIRONMENT, SPLIT, Classifier, RunFolder, load


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and on how many images. `top5_error` is None where there are no more than 5 classes."""

    model: str
    data: str
    split: str
    views: int
    images: int
    top1_error: float
    top5_error: float | None
    precision: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(
    run_or_file: str | Path,
    data: str | Path | None = None,
    split: str | None = None,
    *,
    data_root: Path | None = None,
    request: Request | None = None,
    residual: Residual | None = None,
    on_bad: str = "error",
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Top-1 and top-5 error of a run folder or model file, single view.

    `data` defaults to what the net was trained on, with the run's own split; `split` to "test" where there is one, else
    "val". Classes are matched by name. `residual` is the net's residual function, where it is one's own. Raises
    UsageError for a split that is not there, DataError for a data set whose classes the net does not know.
    """
    path = Path(run_or_file)
    classifier = load(path, residual)
    execution = execution_for(path, request, classifier, say)
    dataset = _dataset(path, classifier, data, data_root, on_bad, say)
    split = split or ("test" if "test" in dataset.splits else "val" if "val" in dataset.splits else "train")
    if split not in dataset.splits:
        raise unknown(f"split of {dataset.name}", split, dataset.splits)
    images = by_name(dataset, split, classifier.classes)
    scores = scores_of(classifier, images, execution)
    top1 = top_error(scores, images.labels)
    return Evaluation(
        model=classifier.identity.model,
        data=dataset.name,
        split=split,
        views=1,
        images=len(images),
        top1_error=0.0 if top1 is None else top1,
        top5_error=top_error(scores, images.labels, 5),
        precision=execution.precision,
        notes=dataset.notes,
    )


def by_name(dataset: Dataset, split: str, classes: tuple[str, ...]) -> Images:
    """A split with its labels renumbered to the net's classes, matched by name."""
    images = dataset.splits[split]
    if dataset.classes == classes:
        return images
    strange = [name for name in dataset.classes if name not in classes]
    if strange:
        raise DataError(
            f"the net does not know class '{strange[0]}' of {dataset.name}"
            f"{f' and {len(strange) - 1} more' if len(strange) > 1 else ''}; it knows {', '.join(classes[:10])}"
        )
    numbers = np.array([classes.index(name) for name in dataset.classes], np.int64)
    return Images(images.pixels, numbers[images.labels])


def _dataset(
    path: Path,
    classifier: Classifier,
    data: str | Path | None,
    data_root: Path | None,
    on_bad: str,
    say: Callable[[str], None],
) -> Dataset:
    """The data set to test on; where it is the one that was trained on, in the split that was trained with."""
    about, folder = classifier.identity, RunFolder(path) if path.is_dir() else None
    place = (folder.read(ENVIRONMENT) or {}).get("folder") if folder else None
    asked = data or place or about.data
    own = Path(asked).resolve().name == about.data
    written = folder.read(SPLIT) if folder and own else None
    dataset = load_dataset(
        asked,
        split=about.split if own else None,
        size=classifier.size,
        root=data_root,
        on_bad=on_bad,
        index=FolderIndex.from_dict(written) if written else None,
        say=say,
    )
    if own and written is None and (dataset.fingerprint or None) != about.fingerprint:
        note = "these photographs are not exactly those of the training: some held out here may have been trained on"
        return replace(dataset, notes=(*dataset.notes, note))
    return dataset
