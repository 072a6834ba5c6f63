"""A folder of photographs that another run divided otherwise: the same command makes a new run then, and says so."""

from pathlib import Path

from reslab.data import Dataset, FolderIndex
from reslab.errors import ReslabError, as_typed
from reslab.store import RESULT, SPLIT, RunFolder


def divided_otherwise(dataset: Dataset, run: Path) -> str | None:
    """What to say where the new `run` has a sibling that learns photographs of this folder in other splits or classes.

    Siblings have the same name but for the recipe's digest: `runs/<data>-<model>-<recipe>-<hash>-s<seed>`.
    """
    if dataset.folder is None or dataset.index is None:
        return None
    others = [other for other in _siblings(run) if _otherwise(dataset.index, dataset.folder, other)]
    if not others:
        return None
    last = max(others, key=lambda other: (other / SPLIT).stat().st_mtime)
    way = f"reslab train --run {as_typed(last)}"
    how = f"{way} gives the result of that one" if (last / RESULT).is_file() else f"that one goes on with: {way}"
    return f"{last} has photographs of this folder in other splits or classes; a new run is begun, and {how}"


def _siblings(run: Path) -> list[Path]:
    parts = run.name.rsplit("-", 2)
    if len(parts) < 3 or not run.parent.is_dir():
        return []
    name, _, seed = parts
    found = (path for path in run.parent.iterdir() if path.name.startswith(f"{name}-") and path != run)
    return [path for path in found if path.name.rsplit("-", 2)[::2] == [name, seed] and (path / SPLIT).is_file()]


def _otherwise(index: FolderIndex, folder: Path, other: Path) -> bool:
    """Has `other` these photographs in another division? A torn record says nothing; another fold is asked for."""
    try:
        theirs = FolderIndex.from_dict(RunFolder(other).read(SPLIT))
    except ReslabError:
        return False
    same = (theirs.classes, theirs.files, theirs.labels) == (index.classes, index.files, index.labels)
    return not same and theirs.fold == index.fold and theirs.lies_in(folder)
