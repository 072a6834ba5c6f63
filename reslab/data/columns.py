"""A table of photographs read as text: which of its columns says what, and its rows; no photograph is looked for."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from reslab.data.contents import SPLIT_FOLDERS, legible
from reslab.errors import DataError

DELIMITERS = ",;\t"
# What a column is called, in any case: a name of an earlier line is taken before those of a later one.
PATHS = (
    {"path", "filepath", "file_path", "file", "filename", "file_name", "fname", "image_path", "img_path"},
    {"image", "img", "photo", "photograph", "picture", "image_name", "img_name", "image_file", "name"},
    {"image_id", "img_id", "id"},
)
CLASSES = (
    {"class_name", "classname", "label_name", "category_name"},
    {"class", "label", "target", "category", "classes", "labels"},
    {"class_id", "label_id", "category_id"},
)
SPLITS = ({"split", "subset", "partition", "set"},)
MOST_COLUMNS = 10  # that are named


class Row(NamedTuple):
    """What one row says of one photograph."""

    line: int  # of the file, from 1
    path: str
    label: str  # "": it has none
    split: str  # train, val or test; "" where the table has no column of splits


class Rows(NamedTuple):
    """All rows of a table, in order, and which columns were taken where names did not tell; "" where they did."""

    rows: list[Row]
    taken: str


class _Columns(NamedTuple):
    path: int
    label: int | None  # not looked for
    split: int | None
    taken: str = ""


def read_rows(table: Path, classes: bool = True) -> Rows:
    """All that a table says. DataError for what is no table, for columns that are not clear, and for a row that is odd.

    Without `classes` the paths alone are read: there need be no other column, and what the others say is no matter.
    """
    lines = _lines(table)
    _, header = next(lines, (0, [""]))
    if not any(header):
        raise DataError(f"{table}: the table is empty; its first row names the columns, as path,label")
    columns = _columns(table, header, classes)
    rows = [_row(table, number, cells, len(header), columns) for number, cells in lines]
    if not rows:
        raise DataError(f"{table}: holds no row but that of its columns ({_named(header)})")
    return Rows(rows, columns.taken)


def _lines(table: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, without spaces around them, and its number."""
    text = _text(table)
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(
        io.StringIO(text), delimiter=max(DELIMITERS, key=first.count), skipinitialspace=True, strict=True
    )
    begun = 1  # a row may reach over several lines, and one whose quote is never closed over all that follow
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield begun, stripped
            begun = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{table}: no row of a table begins in line {begun} ({error}); a quote within quotes is written twice"
        ) from error


def _text(table: Path) -> str:
    with legible():
        content = table.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table}: is not UTF-8; save the table as CSV in UTF-8") from error
    if "\0" in text:
        raise DataError(f"{table}: holds bytes that are no text; save the table as CSV in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _columns(table: Path, header: Sequence[str], classes: bool) -> _Columns:
    path = _column(table, header, PATHS, "paths")
    if path is None:
        _refuse(table, header, "paths", "path")
    if not classes:
        return _Columns(path, None, None)
    split = _column(table, header, SPLITS, "splits")
    label, taken = _column(table, header, CLASSES, "classes"), ""
    if label is None:
        usual = set().union(*PATHS, *SPLITS)  # an id says nothing of the class
        others = [number for number, name in enumerate(header) if name and _usual(name) not in usual]
        if len(others) != 1:
            _refuse(table, header, "classes", "label")
        label = others[0]
        taken = f"no column is called label, class or the like: classes are those of {header[label]}"
        taken += f", paths those of {header[path]}"
    return _Columns(path, label, split, taken)


def _column(table: Path, header: Sequence[str], names: Sequence[set[str]], what: str) -> int | None:
    """The number of the column that is called by one of the `names`. DataError where several are."""
    usual = [_usual(name) for name in header]
    for alike in names:
        found = [number for number, name in enumerate(usual) if name in alike]
        if len(found) > 1:
            raise DataError(
                f"{table}: the columns {' and '.join(header[number] for number in found)} may both be that of {what}; "
                "rename all but one"
            )
        if found:
            return found[0]
    return None


def _usual(name: str) -> str:
    """A column's name as it is looked for."""
    return name.lower().replace(" ", "_").replace("-", "_")


def _refuse(table: Path, header: Sequence[str], what: str, name: str) -> NoReturn:
    raise DataError(
        f"{table}: which column is that of {what}? The first row has: {_named(header)}; call it {name}"
        f"{' (the first row names the columns, as path,label)' if name == 'path' else ''}"
    )


def _named(header: Sequence[str]) -> str:
    """The first few, those without a name in quotes."""
    return ", ".join(name or "''" for name in header[:MOST_COLUMNS]) + (" ..." if len(header) > MOST_COLUMNS else "")


def _row(table: Path, number: int, cells: Sequence[str], width: int, columns: _Columns) -> Row:
    if len(cells) != width:
        count = "1 cell" if len(cells) == 1 else f"{len(cells):,} cells"
        raise DataError(
            f"{table}, line {number}: has {count}, and the first row {width:,}; what holds a separator goes in quotes"
        )
    if not cells[columns.path]:
        raise DataError(f"{table}, line {number}: names no photograph")
    label, split = "" if columns.label is None else " ".join(cells[columns.label].split()), ""
    if label and columns.split is not None:  # a row without a class is not used, whatever its split
        split = SPLIT_FOLDERS.get(cells[columns.split].lower(), "")
        if not split:
            raise DataError(
                f"{table}, line {number}: the split '{cells[columns.split]}' is none of train, val and test; "
                "write one of them, or name the column otherwise"
            )
    return Row(number, cells[columns.path], label, split)
