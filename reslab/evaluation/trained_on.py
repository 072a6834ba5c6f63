"""Photographs that are tested though a net was trained on them: counted and said, and none is left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reslab.data import FolderIndex, Photos, among
from reslab.evaluation.ensemble import Member
from reslab.evaluation.source import Net, Tested, own_index, place_of_training, run_of
from reslab.progress import Say
from reslab.store import SPLIT, RunFolder


class Learned(NamedTuple):
    """What is known of the tested photographs that one net was trained on."""

    files: frozenset[str]  # relative to the tested folder
    own: bool  # told by their paths in the net's own folder; else by their bytes
    gone: int = 0  # training photographs that lie nowhere any more, and that nothing can be compared with


def learned_by(members: Sequence[Member], tested: Tested, say: Say) -> tuple[int | None, tuple[str, ...]]:
    """How many of the tested photographs any member was trained on, None where that is not known; and notes of it."""
    photos = tested.images.photos
    if photos is None:
        return None, ()
    found: dict[str, Learned | None] = {}
    notes = []
    for number, member in enumerate(members):
        if member.name in found:
            continue
        net = member.classifier
        own = own_index(net, photos.folder, "error", say) if number else tested.own
        found[member.name] = learned = _learned(net, photos, own)
        if learned is None and net.identity.fingerprint:
            notes.append(f"whether {member.name} was trained on some of these photographs is not known: {_why(net)}")
        elif learned and learned.files and not (learned.own and tested.split == "train"):
            notes.append(_counted(member.name, learned, len(photos.files)))
    files: set[str] = set()
    for learned in found.values():
        if learned is None:
            return None, tuple(notes)
        files |= learned.files
    return len(files), tuple(notes)


def _learned(net: Net, photos: Photos, own: FolderIndex | None) -> Learned | None:
    """Of what a run was trained on, its record knows the paths, and its folder, if it is still there, the bytes."""
    run = run_of(net)
    if own:
        return Learned(frozenset(own.trained_on(_images(run))) & frozenset(photos.files), own=True)
    written, where = (run.read(SPLIT), place_of_training(run)) if run else (None, None)
    if not written or where is None or not where.is_dir():
        return None
    theirs = [where / file for file in FolderIndex.from_dict(written).trained_on(_images(run))]
    there = [path for path in theirs if path.is_file()]
    if not there:
        return None
    ours = {photos.folder / file: file for file in photos.files}
    same = among(list(ours), there)
    return Learned(frozenset(ours[path] for path in same), own=False, gone=len(theirs) - len(there))


def _images(run: RunFolder | None) -> int | None:
    """How many of the training photographs were learned; None for all."""
    recipe = (run.recipe() if run else None) or {}
    images = recipe.get("data", {}).get("images")
    return None if images is None else int(images)


def _why(net: Net) -> str:
    run = run_of(net)
    where: Path | None = place_of_training(run) if run else None
    return f"its own are not in {where} any more" if where else "only its run folder names those that it learned"


def _counted(name: str, learned: Learned, tested: int) -> str:
    what = f"{len(learned.files):,} of the {tested:,} photographs that are tested are among those that {name} learned"
    gone = f"; {learned.gone:,} of those are gone, and are compared with nothing" if learned.gone else ""
    return f"{what}{'' if learned.own else ', byte for byte'}{gone}"
