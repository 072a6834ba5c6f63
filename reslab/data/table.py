"""What a table of photographs and their classes says lies in its folder: the same that a folder of class folders shows.

Paths are relative to the table's folder, or absolute and below it. A bare name may lie in a folder beside the table,
and without its ending where one photograph alone is called so: Kaggle's `image_id`. A file is one photograph, by
however many names: in a folder each link is there on purpose, in a table it is a row too many.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from reslab.data.columns import Row, read_rows
from reslab.data.contents import SPLITS, Contents, SplitFolder, folders, is_photo, is_seen, legible
from reslab.data.places import root_of
from reslab.errors import DataError, no_text

_File = tuple[int, int]  # device and number on it: the same file, whatever it is called


class _Said(NamedTuple):
    """What a table says of a photograph, and where."""

    path: str
    label: str
    split: str
    line: int


def scan_table(table: Path, training: bool = True) -> Contents:
    """What `table` says, as `scan_folder` finds it. DataError where it cannot be understood, or nothing is there.

    A table that is only tested on (not `training`) may have rows of test or val without any of train.
    """
    rows, taken = read_rows(table)
    finder = _Finder(table)
    said: dict[_File, _Said] = {}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if not row.label:
            continue
        path = finder.find(row)
        if path is None:
            missing[row.split].append(row.path)
        else:
            _note(table, said, finder.file(path), _Said(path, row.label, row.split, row.line))
    labelled = [row for row in rows if row.label]
    _refuse_nothing(table, rows, labelled, said)
    parts = {row.split: None for row in labelled}
    if training and "train" not in parts and "" not in parts:
        raise DataError(f"{table}: has rows of {next(iter(parts))} but none of train; some have to be learned from")
    unlabelled = [row.path for row in rows if not row.label]
    contents: dict[str, SplitFolder] = {}
    for split in (split for split in ("", *SPLITS) if split in parts):
        classes = {row.label for row in labelled if row.split == split}
        photos = _by_class(classes, ((what.path, what.label) for what in said.values() if what.split == split))
        part = SplitFolder(table, photos, [], [], [], [], [], bool(split), tuple(missing[split]))
        contents[split or "train"] = part if contents else part._replace(unlabelled=tuple(unlabelled), taken=taken)
    return contents


def listed(table: Path) -> list[Path]:
    """The photographs that a table names, each once, in the order of its rows, whatever else it says of them.

    DataError for what is no table, and where photographs are not there.
    """
    finder = _Finder(table)
    found: dict[_File, str] = {}
    missing = []
    for row in read_rows(table, classes=False).rows:
        path = finder.find(row)
        if path is None:
            missing.append(row.path)
        else:
            file = finder.file(path)
            found[file] = min(found.get(file, path), path)
    if missing:
        what = "a photograph that is" if len(missing) == 1 else f"{len(missing):,} photographs that are"
        raise DataError(
            f"{table}: names {what} not there, such as {missing[0]}; paths are relative to the table's folder; take "
            "such rows out to go on without"
        )
    return [table.parent / path for path in found.values()]


def _note(table: Path, said: dict[_File, _Said], file: _File, now: _Said) -> None:
    """Remember what a row says. DataError where another one says something else of the same photograph."""
    before = said.setdefault(file, now)
    same = now.path if before.path == now.path else f"{now.path}, the same file as {before.path},"
    for what, one, other in (("classes", before.label, now.label), ("splits", before.split, now.split)):
        if one != other:
            raise DataError(
                f"{table}: {same} has two {what}, {one} (line {before.line}) and {other} (line {now.line}); keep one"
            )
    said[file] = before._replace(path=min(before.path, now.path))  # in whatever order the rows are


def _refuse_nothing(table: Path, rows: list[Row], labelled: list[Row], said: Mapping[_File, _Said]) -> None:
    """DataError where no row has a class, or none of the photographs is there."""
    if not labelled:
        raise DataError(f"{table}: not one of its rows ({len(rows):,}) has a class")
    if not said:
        raise DataError(
            f"{table}: not one of its photographs ({len(labelled):,}) is there, the first is {labelled[0].path}; "
            f"paths are relative to the table's folder"
        )


def _by_class(classes: Iterable[str], labels: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Of each class its photographs, sorted as folders of them are: the order of rows says nothing."""
    photos: dict[str, list[str]] = {name: [] for name in sorted(classes)}
    for path, label in labels:
        photos[label].append(path)
    for paths in photos.values():
        paths.sort()
    return photos


class _Finder:
    """From what a table calls its photographs to their paths, relative to its folder, with /."""

    def __init__(self, table: Path) -> None:
        self._table, self._root = table, root_of(table)
        self._named: dict[str, Mapping[str, list[str]]] = {}  # of a folder, by name and by stem
        self._beside: Mapping[str, list[str]] | None = None

    def find(self, row: Row) -> str | None:
        """None where there is no such file. DataError for one outside of the folder, and where several may be meant."""
        forms = _forms(self._within(row))
        return next((found for path in forms if (found := self._found(path, row)) is not None), None)

    def _found(self, path: str, row: Row) -> str | None:
        """The file that `path` means, letter by letter."""
        if self._is_file(path):
            return path
        folder, _, name = path.rpartition("/")
        found = self._in(folder).get(name) or ([] if folder else self._in_folders_beside().get(name, []))
        found = [photo for photo in found if self._is_file(photo)]
        if len(found) > 1:
            raise DataError(
                f"{self._table}, line {row.line}: {row.path} may be {found[0]} or {found[1]}; write the path that is "
                "meant"
            )
        return found[0] if found else None

    def file(self, path: str) -> _File:
        """Which file it is. DataError where it may not be looked at."""
        with legible():
            found = os.stat(self._root / path)  # noqa: PTH116 - as below
        return found.st_dev, found.st_ino

    def _is_file(self, path: str) -> bool:
        return os.path.isfile(self._root / path)  # noqa: PTH113 - False, too, for what can be no path

    def _within(self, row: Row) -> str:
        """The path below the table's folder. DataError for one that leads out of it."""
        given = row.path
        if "\\" in given and not self._is_file(given):  # written on Windows
            given = given.replace("\\", "/")
        if Path(given).is_absolute():
            given = self._relative(Path(given))
        path = Path(os.path.normpath(given)).as_posix()
        if path == ".." or path.startswith("../") or Path(path).is_absolute():
            raise DataError(
                f"{self._table}, line {row.line}: {row.path} lies outside of the table's folder; put the table into a "
                "folder that is above all of its photographs"
            )
        return path

    def _relative(self, path: Path) -> str:
        """To the table's folder, however that is reached; as it is where it is not below."""
        here = (self._root.absolute(), self._root.resolve())
        for place in (path, path.parent.resolve() / path.name):
            for root in here:
                if place.is_relative_to(root):
                    return place.relative_to(root).as_posix()
        return str(path)

    def _in(self, folder: str) -> Mapping[str, list[str]]:
        """Of a folder, whose path is relative, its photographs by their stems."""
        if folder not in self._named:
            self._named[folder] = _by_name(self._root, [self._root / folder], whole=False)
        return self._named[folder]

    def _in_folders_beside(self) -> Mapping[str, list[str]]:
        """Of all folders beside the table, their photographs by names and by stems."""
        if self._beside is None:
            with legible():
                beside = sorted(place for place in folders(self._root) if not no_text(place.name))
            self._beside = _by_name(self._root, beside, whole=True)
        return self._beside


def _forms(path: str) -> Iterable[str]:
    """As it is, and in Unicode's normal forms: other systems may have composed the letters of the file's name so."""
    return dict.fromkeys((path, normalize("NFC", path), normalize("NFD", path)))


def _by_name(root: Path, places: Iterable[Path], whole: bool) -> Mapping[str, list[str]]:
    """Photographs that lie in these folders by their stems, and by `whole` names; none of what may not be seen."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for place in places:
        with suppress(OSError, ValueError):
            within = "" if place == root else f"{place.relative_to(root).as_posix()}/"
            for name in sorted(os.listdir(place)):  # noqa: PTH208 - a path object a file is slow
                if is_seen(name) and is_photo(name):
                    for key in {os.path.splitext(name)[0], *([name] if whole else [])}:  # noqa: PTH122
                        named[key].append(within + name)
    return named
