"""Which photographs a data set consists of, of which class and in which split; and what identifies them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reslab.data.class_names import places_among
from reslab.data.contents import Contents, SplitFolder, scan_folder
from reslab.data.places import is_table, root_of
from reslab.data.samples import Samples, agree, differing, samples_of
from reslab.data.splits import chosen_part
from reslab.data.table import scan_table
from reslab.errors import DataError

ALL = "all"  # the split that is everything in a folder


@dataclass(frozen=True)
class FolderIndex:
    """Which files a folder data set consists of; a run writes it down to be judged on the same files for ever.

    A table of photographs is one of them, too: `folder` is the one that it lies in, a `place` the table or a folder.
    """

    classes: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]  # of each split, paths relative to the folder, with /
    labels: Mapping[str, tuple[int, ...]]  # of each split, index into classes, one a file
    fingerprint: str  # of all paths and lengths in bytes, wherever the folder lies, and of the division
    notes: tuple[str, ...] = ()
    samples: Samples = field(default_factory=dict)  # of the files' bytes; {}: an earlier version wrote none down
    table: str = ""  # the name of the table that says classes and splits; "": folders do, by their names
    division: str = ""  # 12 hex digits of all that the table says; "" for folders, whose paths say it
    fold: str = ""  # of such a division the fold that is held out as val, "fold2/5"; "" for any other

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON or TOML. Notes belong to the moment and are left out."""
        return {
            "classes": list(self.classes),
            "files": {split: list(files) for split, files in self.files.items()},
            "labels": {split: list(labels) for split, labels in self.labels.items()},
            "fingerprint": self.fingerprint,
            **({"samples": dict(self.samples)} if self.samples else {}),
            **({"table": self.table, "division": self.division} if self.table else {}),
            **({"fold": self.fold} if self.fold else {}),
        }

    @classmethod
    def of(
        cls,
        place: Path,
        contents: Contents,
        classes: tuple[str, ...],
        files: Mapping[str, tuple[str, ...]],
        labels: Mapping[str, tuple[int, ...]],
        notes: Iterable[str],
        fold: str = "",
    ) -> "FolderIndex":
        """These `files` of the `contents` of `place`, as they lie there now."""
        table, division = (place.name, division_of(contents)) if is_table(place) else ("", "")
        identity = fingerprint(root_of(place), files, division)
        return cls(classes, files, labels, identity, tuple(notes), table=table, division=division, fold=fold)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "FolderIndex":
        """Back from `to_dict`. DataError if it is no whole index."""
        try:
            files = {str(split): tuple(map(str, paths)) for split, paths in plain["files"].items()}
            labels = {str(split): tuple(map(int, numbers)) for split, numbers in plain["labels"].items()}
            samples = {str(path): str(digest) for path, digest in plain.get("samples", {}).items()}
            classes = tuple(map(str, plain["classes"]))
            told = (str(plain.get(name, "")) for name in ("table", "division", "fold"))
            index = cls(classes, files, labels, str(plain["fingerprint"]), (), samples, *told)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"the written-down split of a folder is damaged ({type(error).__name__}: {error})"
            ) from error
        if {split: len(part) for split, part in files.items()} != {split: len(part) for split, part in labels.items()}:
            raise DataError("the written-down split of a folder is damaged (files and labels do not match)")
        return index

    def trained_on(self, images: int | None) -> tuple[str, ...]:
        """Paths of the training photographs; where so many `images` were learned alone, of these."""
        files = self.files["train"]
        if images is None or images >= len(files):
            return files
        return tuple(files[row] for row in chosen_part(self.labels["train"], images))

    def sampled(self, folder: Path) -> "FolderIndex":
        """The same with samples of the bytes that the files have in `folder`."""
        files = [path for paths in self.files.values() for path in paths]
        return replace(self, samples=samples_of(folder, files))

    def looks_as_in(self, folder: Path) -> bool:
        """Have most of the files that were sampled the same bytes in `folder`? True where none was."""
        return agree(folder, self.samples)

    def fingerprint_in(self, folder: Path) -> str:
        """What identifies the files as they lie in `folder` now. DataError, naming one, where files are gone."""
        return fingerprint(folder, self.files, self.division)

    def changes_in(self, place: Path) -> str | None:
        """What to say of files in `place` that are not as they were when this was written down; None for nothing.

        DataError, naming one, where files are gone, and for a table that says something else.
        """
        folder = root_of(place)
        now = self.fingerprint_in(folder)  # first: it names what is gone, and a table then says something else, too
        if not self.is_said_by(place):
            raise DataError(f"{place} names other photographs, classes or splits than were written down")
        if not self.looks_as_in(folder):
            return "most images have changed since their split was written down: they may be other photographs"
        if now != self.fingerprint or differing(folder, self.samples):
            return "some images have changed since their split was written down"
        return None

    def lies_in(self, place: Path) -> bool:
        """Are all of these files in `place`, in the lengths that were written down, and do they look as they did?

        A table has to say the same of them, too.
        """
        folder = root_of(place)
        try:
            same = self.is_said_by(place) and self.fingerprint_in(folder) == self.fingerprint
        except DataError:
            return False
        return same and self.looks_as_in(folder)

    def is_said_by(self, place: Path) -> bool:
        """Says a table this of these files, or at least that there are such? A folder says nothing against it.

        What else it names is no matter, as other files in a folder are not.
        """
        if not is_table(place):
            return True
        contents = scan(place, training=False)
        missing = {path for split in contents.values() for path in split.missing}
        said = {
            path: (label, name if split.named else None)
            for name, split in contents.items()
            for label, paths in split.photos.items()
            for path in paths
        }
        divided = "val" not in contents  # by us, then, if at all
        return all(
            path in missing or (path in said and _says(said[path], self.classes[label], split, divided))
            for split, paths in self.files.items()
            for path, label in zip(paths, self.labels[split], strict=True)
        )


def _says(said: tuple[str, str | None], label: str, split: str, divided: bool) -> bool:
    """Is what a table says of a photograph, class and split (None: it names none), what an index has of it?

    Where the table has no rows of val, some of its rows of train were held out as such (`divided`). Whoever tests
    everything as one split asks for no other.
    """
    its_label, its_split = said
    held_out = divided and (split, its_split) == ("val", "train")
    return its_label == label and (its_split in (None, split) or split == ALL or held_out)


def scan(place: Path, training: bool = True) -> Contents:
    """What lies in a folder, or what a table says; DataError as `scan_folder` and `scan_table`.

    Classes have the names that they have in the first split, train: in another one their letters may be composed
    otherwise.
    """
    contents = scan_table(place, training) if is_table(place) else scan_folder(place, training)
    names = tuple(next(iter(contents.values())).photos)
    return {name: _called_as(names, split) for name, split in contents.items()}


def _called_as(names: Sequence[str], split: SplitFolder) -> SplitFolder:
    """The same with those of these `names` for its classes that look the same; others keep their own."""
    found = places_among(tuple(split.photos), names)
    called = [name if place is None else names[place] for name, place in zip(split.photos, found, strict=True)]
    if called == list(split.photos):
        return split
    photos: dict[str, list[str]] = {name: [] for name in sorted(called)}
    for name, paths in zip(called, split.photos.values(), strict=True):
        photos[name].extend(paths)
    return split._replace(photos=photos)


def division_of(contents: Contents) -> str:
    """12 hex digits of what a table says of which photograph, in whatever order of rows."""
    lines = sorted(
        f"{path}\0{label}\0{name if split.named else ''}\n"
        for name, split in contents.items()
        for label, paths in split.photos.items()
        for path in paths
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]


def fingerprint(folder: Path, files: Mapping[str, tuple[str, ...]], division: str = "") -> str:
    """12 hex digits that change when a file comes, goes, is renamed or changes its length, and with the division.

    DataError if a file is gone.
    """
    lines = []
    missing = []
    for path in sorted(path for paths in files.values() for path in paths):
        try:
            lines.append(f"{path}\0{(folder / path).stat().st_size}\n")
        except OSError:
            missing.append(path)
    if missing:
        raise DataError(f"{folder}: images of the data set are gone ({len(missing):,}), the first is {missing[0]}")
    whole = "".join([*lines, division])
    return hashlib.sha256(whole.encode(errors="surrogateescape")).hexdigest()[:12]
