"""What a fine-tuned net began from or learned of, and those before: each net, and what it was trained on, if known.

A run writes it down when it begins: the run folders before it may be moved and deleted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reslab.data import NAMES, FolderIndex, Samples
from reslab.errors import ReslabError, RunError
from reslab.store.classifier import UNTOLD, Classifier
from reslab.store.model_file import load
from reslab.store.run_files import LINEAGE, MODEL_FILE, SPLIT
from reslab.store.run_folder import RunFolder

UNRECORDED = "images that nothing was written down of"  # what a net was trained on that cannot be looked at any more


@dataclass(frozen=True)
class Ancestor:
    """One net of a lineage."""

    name: str  # its run folder, file or trained net, as it was called then
    data: str  # the data set that it was trained on; UNTOLD and UNRECORDED for what nobody knows
    photographs: bool = True  # may it be a folder of them? No: a named data set, whose images are no files
    folder: str | None = None  # where its photographs lay then
    files: tuple[str, ...] | None = None  # those that it learned, relative to the folder; None: not known
    samples: Samples = field(default_factory=dict)  # of the bytes that files there had; {}: not known
    taught: bool | None = False  # was it the teacher of a net, and not what that began from? None: its file is silent

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Ancestor":
        """Back from the values of JSON."""
        folder, files = plain.get("folder"), plain.get("files")
        told = None if files is None else tuple(map(str, files))
        name, data = str(plain["name"]), str(plain["data"])
        samples = {str(path): str(digest) for path, digest in plain.get("samples", {}).items()}
        where = None if folder is None else str(folder)
        return cls(name, data, bool(plain["photographs"]), where, told, samples, plain.get("taught", False))


Lineage = tuple[Ancestor, ...]  # the nearest first


def run_around(place: Path | None) -> RunFolder | None:
    """The run folder that a net is from: `place` itself, or that in which the model file `place` lies."""
    if place is None or place.is_dir():
        return RunFolder(place) if place else None
    beside = RunFolder(place.parent)
    return beside if place.name == MODEL_FILE and place.is_file() and beside.recipe() is not None else None


def learned_files(run: RunFolder) -> tuple[str, ...] | None:
    """The photographs that a run was trained on, relative to their folder; None for a named data set."""
    written = run.read(SPLIT)
    images = (run.recipe() or {}).get("data", {}).get("images")
    return FolderIndex.from_dict(written).trained_on(None if images is None else int(images)) if written else None


def sampled_bytes(run: RunFolder) -> Samples:
    """Samples of the photographs that a run was begun on; {} where it wrote none down."""
    written = run.read(SPLIT)
    return FolderIndex.from_dict(written).samples if written else {}


def lineage_from(source: Classifier, taught: bool = False) -> Lineage:
    """The lineage of a net that begins from `source`, or is `taught` by it."""
    about, run = source.identity, run_around(source.place)
    files, folder = (learned_files(run), run.photographs()) if run else (None, None)
    photographs = about.fingerprint is not None or about.data not in NAMES
    name = str(source.place or about.model)
    samples = sampled_bytes(run) if run else {}
    itself = Ancestor(name, about.data, photographs, str(folder) if folder else None, files, samples, taught)
    return (itself, *(lineage_of(run) if run else _told(about.before)))


def lineage_of_net(place: Path | None, before: tuple[str, ...]) -> Lineage:
    """The lineage of the net in a run folder or file; of a lone file what it says itself, names of data sets."""
    run = run_around(place)
    return lineage_of(run) if run else _told(before)


def lineage_of(run: RunFolder) -> Lineage:
    """What a run wrote down; of one that an earlier version began, what can still be seen. RunError if it is torn."""
    written = run.read(LINEAGE)
    if written is None:
        return _followed((run.recipe() or {}).get("model", {}))
    try:
        if not isinstance(written, list):
            raise TypeError("no list")
        return tuple(Ancestor.from_dict(plain) for plain in written)
    except (TypeError, KeyError, AttributeError) as error:
        raise RunError(
            f"{run.path / LINEAGE} is no lineage of reslab's; delete it, and nothing is known of it"
        ) from error


def write_lineage(run: RunFolder, lineage: Lineage) -> None:
    """Write down what a run began from or learns of."""
    run.write(LINEAGE, [asdict(ancestor) for ancestor in lineage])


def _followed(model: Mapping[str, Any]) -> Lineage:
    """From the place that a recipe names, if the same weights are still there."""
    if (start := model.get("start")) is None:
        return ()
    try:
        source = load(start)
    except ReslabError:  # gone, or another program's
        return (Ancestor(start, UNTOLD if Path(start).exists() else UNRECORDED),)
    return lineage_from(source) if source.digest() == model.get("start_digest") else (Ancestor(start, UNRECORDED),)


def unknown_of(lineage: Lineage) -> tuple[str, ...]:
    """What a lone file says of its lineage: what there were photographs in, since it names none of them."""
    return tuple(ancestor.data for ancestor in lineage if ancestor.photographs)


def _told(before: tuple[str, ...]) -> Lineage:
    return tuple(Ancestor(data, data, taught=None) for data in before)
