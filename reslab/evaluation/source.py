"""What a net is tested on: its own data set in the splits that it was trained with, or another one."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from reslab.data import (
    ALL,
    NAMES,
    Dataset,
    FolderIndex,
    Images,
    chosen_split,
    class_numbers,
    everything,
    find_folder,
    folders,
    index_folder,
    index_tested,
    load_dataset,
    load_folder,
    others_note,
    places_among,
    root_of,
)
from reslab.errors import DataError, UsageError, as_typed
from reslab.progress import Say
from reslab.store import SPLIT, UNTOLD, Classifier, ExportedNet, RunFolder, run_around

Net = Classifier | ExportedNet


@dataclass(frozen=True)
class Tested:
    """A split of a data set, labelled with the net's numbers of classes."""

    dataset: Dataset
    split: str  # "all": every photograph of a folder
    images: Images
    own: FolderIndex | None = None  # the photographs of the net's training, if it is tested on some of them


def tested_on(net: Net, data: str | Path | None, split: str | None, root: Path | None, on_bad: str, say: Say) -> Tested:
    """The split that is asked for of `data`, or of what the net was trained on, for None.

    Of a folder that is not the net's own, only what is tested is read. Raises UsageError for what is not there, and
    DataError for a class that the net does not know, before any photograph is read.
    """
    asked = _asked(net, data)
    hint = _naming(net)
    if asked in NAMES:
        about = net.identity
        held = about.split if asked == about.data and about.fingerprint is None else None
        dataset = load_dataset(asked, split=held, size=net.size, root=root, on_bad=on_bad, say=say)
        chosen = chosen_split(split, dataset.splits, dataset.name)
        return Tested(dataset, chosen, by_name(dataset, chosen, net.classes, hint))
    place = find_folder(asked, root)
    written = own_index(net, place, on_bad, say)
    index = written or index_tested(place, split, on_bad == "skip")
    name = index.table or place.resolve().name
    chosen = chosen_split(split, [*index.files, ALL], name) if written else next(iter(index.files))
    if written and chosen == ALL:
        index = everything(written, place)
    class_numbers(index.classes, net.classes, name, hint or _deeper(place, index, net))
    dataset = load_folder(place, net.size, on_bad, index, say)
    if written and chosen != ALL and (note := others_note(written, place)):
        dataset = replace(dataset, notes=(*dataset.notes, note))
    return Tested(dataset, chosen, by_name(dataset, chosen, net.classes, hint), written)


def run_of(net: Net) -> RunFolder | None:
    """The run folder that the net is from, or that its model file lies in; None for a file by itself."""
    return run_around(net.place)


def own_index(net: Net, place: Path, on_bad: str, say: Say) -> FolderIndex | None:
    """The net's own photographs and splits, if a folder holds them, or a table; None where it is another data set.

    Of a run they are what it wrote down: in the folder that it knows, whatever has become of them there, and anywhere
    else if all of these files lie there in the same lengths, and a few look as they did. A table, wherever it lies, has
    to say the same of them. A model file knows their fingerprint.
    """
    run, about = run_of(net), net.identity
    written = run.read(SPLIT) if run else None
    if run and written:
        return _index_in(place, FolderIndex.from_dict(written), run, say)
    if about.fingerprint is None:
        return None
    try:
        if on_bad == "skip" and place.resolve().name == about.data:  # what could not be read was not counted
            found = load_folder(place, net.size, on_bad, say=say, split=about.split).index
        else:
            found = index_folder(place, split=about.split)
    except (DataError, UsageError):
        return None
    return found if found and found.fingerprint == about.fingerprint else None


def _index_in(place: Path, index: FolderIndex, run: RunFolder, say: Say) -> FolderIndex | None:
    """A run's own index, if `place` holds its photographs."""
    where = run.photographs()
    if where is not None and where.resolve() == root_of(place).resolve() and index.is_said_by(place):
        return index
    if not index.samples and where is not None and where.is_dir():  # a run of an earlier version: as they look there
        index = index.sampled(where)
    if not index.lies_in(place):
        return None
    if not index.samples:
        say(f"the photographs in {place} are taken for those of {run.path} by names and lengths, all that it recorded")
    return index


class Lost(NamedTuple):
    """Why nobody can say where the images lie that a net was trained on, and, to end the sentence, what to do."""

    why: str
    way: str


def whereabouts(net: Net) -> str | Lost:
    """Name or folder of the images that the net was trained on."""
    about, run = net.identity, run_of(net)
    name = net.place or about.model
    if about.data == UNTOLD:
        return Lost(f"{name} was trained on {UNTOLD}", ": name a data set (reslab eval FILE DATA)")
    if run and (where := run.photographs()):
        gone = Lost(
            f"the photographs of {run.path} are not in {where} any more",
            f"; reslab eval {as_typed(run.path)} NEW_PLACE",
        )
        return str(where) if where.is_dir() else gone
    if about.data not in NAMES and not Path(about.data).exists():
        return Lost(
            f"{name} was trained on the photographs '{about.data}', and does not know where they lie",
            ": name their folder (reslab eval FILE FOLDER)",
        )
    return about.data


def _asked(net: Net, data: str | Path | None) -> str | Path:
    """The data set's name or folder. Raises UsageError where nobody names one, and the net does not know its own."""
    found = data if data is not None else whereabouts(net)
    if not isinstance(found, Lost):
        return found
    raise UsageError(found.why + found.way)


def by_name(dataset: Dataset, split: str, classes: tuple[str, ...], hint: str = "") -> Images:
    """A split with its labels renumbered to the net's classes, matched by name.

    Raises DataError, which ends with `hint`, for a class that the net does not know.
    """
    images = dataset.splits[split]
    return replace(images, labels=class_numbers(dataset.classes, classes, dataset.name, hint)[images.labels])


def _deeper(folder: Path, index: FolderIndex, net: Net) -> str:
    """The way out where the only class folder is a folder of class folders that the net knows, as archives unpack."""
    inside = folder / index.classes[0]
    names = [place.name for place in folders(inside)] if len(index.classes) == 1 and inside.is_dir() else []
    if not names or None in places_among(names, net.classes):
        return ""
    return f"; the folders in {inside} have names that it knows: name that one"


def _naming(net: Net) -> str:
    """What to do about classes that have numbers for names: another program's weights know no others."""
    origin, numbers = net.identity.origin, tuple(map(str, range(len(net.classes))))
    if origin is None or net.classes != numbers:
        return ""
    file = origin.seen_from(net.place)
    return f". Their names are not in {file}: reslab convert {as_typed(file)} --classes FILE takes them from a text"
