"""Photographs that are tested though a net was trained on them: counted and said, and none is left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reslab.data import FolderIndex, Photos, Samples, among, differing, replaced
from reslab.evaluation.ensemble import Member
from reslab.evaluation.source import Net, Tested, own_index, run_of
from reslab.progress import Say
from reslab.store import (
    SPLIT,
    UNRECORDED,
    UNTOLD,
    Ancestor,
    RunFolder,
    learned_files,
    lineage_of,
    lineage_of_net,
    sampled_bytes,
)


class Learned(NamedTuple):
    """What is known of the tested photographs that one net was trained on."""

    files: frozenset[str] = frozenset()  # relative to the tested folder
    own: bool = False  # told by their paths in the net's own folder; else by their bytes
    gone: int = 0  # training photographs that lie nowhere any more, and that nothing can be compared with


def learned_by(members: Sequence[Member], tested: Tested, say: Say) -> tuple[int | None, tuple[str, ...]]:
    """How many of the tested photographs any member, or a net before it, was trained on; and notes of it.

    None where that is not known.
    """
    photos = tested.images.photos
    if photos is None:
        return None, ()
    found: dict[str, Learned | None] = {}
    notes: dict[str, None] = {}  # in order, each once
    for number, member in enumerate(members):
        if member.name in found:
            continue
        net = member.classifier
        own = own_index(net, photos.folder, "error", say) if number else tested.own
        learned, told = _by_one(member.name, net, photos, own, tested.split)
        found |= learned
        notes |= dict.fromkeys(told)
    files: set[str] = set()
    for one in found.values():
        if one is None:
            return None, tuple(notes)
        files |= one.files
    return len(files), tuple(notes)


def learned_by_net(net: Net, tested: Tested) -> tuple[str, ...]:
    """Notes of the tested photographs that a net, or one before it, was trained on."""
    name, photos = str(net.place or net.identity.model), tested.images.photos
    return tuple(_by_one(name, net, photos, tested.own, tested.split)[1]) if photos else ()


def _by_one(
    name: str, net: Net, photos: Photos, own: FolderIndex | None, split: str
) -> tuple[dict[str, Learned | None], list[str]]:
    """What the net `name` learned, and each net before it; and notes of it."""
    found: dict[str, Learned | None] = {}
    found[name] = learned = _learned(net, photos, own)
    told = [_counted(name, learned, len(photos.files))]
    if learned is None and net.identity.fingerprint:
        told = [_not_known(name, _why(net))]
    elif learned is None or (learned.own and split == "train"):
        told = []
    lineage = lineage_of_net(net.place, net.identity.before)
    begun = all(ancestor.taught is False for ancestor in lineage)
    for ancestor in lineage:
        how = f"from which {name} began" if begun else f"a net before {name}"
        one = f"{ancestor.name}, {how},"
        found[one] = before = _learned_before(ancestor, photos)
        told.append(_counted(one, before, len(photos.files)) if before else _not_known(one, _why_not(ancestor)))
    return found, [note for note in told if note]


def learned_before(run: RunFolder) -> int | None:
    """How many of a run's validation photographs a net before it was trained on; None if that is not known.

    0 where they lie nowhere any more. Raises RunError for a torn lineage.
    """
    lineage, written, where = lineage_of(run), run.read(SPLIT), run.photographs()
    if not (lineage and written and where):
        return 0
    index = FolderIndex.from_dict(written)
    if replaced(where, index.samples):
        return 0
    photos = Photos(where, index.files.get("val", ()))
    files: set[str] = set()
    for ancestor in lineage:
        learned = _learned_before(ancestor, photos)
        if learned is None:
            return None
        files |= learned.files
    return len(files)


def of_which_learned(count: int | None) -> str:
    """What to say of validation images, so many of which a net learned before it began from there; "" for none."""
    if count is None:
        return " (whether a net before it was trained on some of them is not known)"
    return f" (a net before it was trained on {count:,} of them)" if count else ""


def _learned(net: Net, photos: Photos, own: FolderIndex | None) -> Learned | None:
    """Of what a run was trained on, its record knows the paths, and its folder, if it is still there, the bytes."""
    run = run_of(net)
    files = learned_files(run) if run else None
    if own:
        return Learned(frozenset(files or own.trained_on(None)) & frozenset(photos.files), own=True)
    return _compared(photos, run.photographs(), files, sampled_bytes(run)) if run and files is not None else None


def _learned_before(ancestor: Ancestor, photos: Photos) -> Learned | None:
    """Of what a net before was trained on; images of a named data set are no files, and so none of these."""
    if not ancestor.photographs:
        return Learned()
    if ancestor.files is None or ancestor.folder is None:
        return None
    found = _compared(photos, Path(ancestor.folder), ancestor.files, ancestor.samples)
    if found is None and ancestor.samples and not differing(photos.folder, ancestor.samples):  # they were moved here
        return _compared(photos, photos.folder, ancestor.files, ancestor.samples)
    return found


def _compared(photos: Photos, where: Path | None, files: Sequence[str], samples: Samples) -> Learned | None:
    """Which of the `photos` have the bytes of one of the `files` that lie in `where`.

    None where nothing lies there, or others that have their names.
    """
    there = [path for file in files if (path := where / file).is_file()] if where else []
    if where is None or not there or replaced(where, samples):
        return None
    ours = {photos.folder / file: file for file in photos.files}
    same = {path.resolve() for path in there} & ours.keys()  # the very file: nothing to be read
    same |= among([path for path in ours if path not in same], there)
    return Learned(frozenset(ours[path] for path in same), gone=len(files) - len(there))


def _why(net: Net) -> str:
    run = run_of(net)
    where = run.photographs() if run else None
    return _not_in(where) if where else "only its run folder names those that it learned"


def _why_not(ancestor: Ancestor) -> str:
    if ancestor.folder is not None:
        return _not_in(Path(ancestor.folder))
    if ancestor.data == UNTOLD:
        return "its file does not name them"
    if ancestor.data == UNRECORDED:
        return "it was not written down when that began, and is not there as it was"
    return "only its run folder names those that it learned"


def _not_in(folder: Path) -> str:
    return f"its own are not in {folder} any more"


def _not_known(name: str, why: str) -> str:
    return f"whether {name} was trained on some of these photographs is not known: {why}"


def _counted(name: str, learned: Learned | None, tested: int) -> str:
    """In words; "" for none."""
    if not learned or not learned.files:
        return ""
    what = f"{len(learned.files):,} of the {tested:,} photographs that are tested are among those that {name} learned"
    gone = f"; {learned.gone:,} of those are gone, and are compared with nothing" if learned.gone else ""
    return f"{what}{'' if learned.own else ', byte for byte'}{gone}"
