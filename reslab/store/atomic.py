"""Writing so that a reader, or the next start after a crash, sees the old file or the new one and nothing between."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from reslab.errors import RunError

UNFINISHED = ".part"


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, on disk when this returns.

    Raises RunError where the folder is read-only or the disk is full; what was there stays.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex[:8]}{UNFINISHED}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise writing_failed(path, error) from error


def read_bytes(path: Path, way_out: str = "") -> bytes:
    """The content of a file that a user names.

    Raises RunError where it cannot be had; where there is none, the message ends with `way_out`.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(f"no file {path}{way_out}") from error
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error


def make_folder(path: Path) -> None:
    """`path` and what leads to it, where they are not there yet. Raises RunError where nobody can."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise writing_failed(path, error) from error


def clear_leftovers(folder: Path) -> None:
    """Remove what a kill in mid-write left beside the files of `folder`; only for whoever has it locked."""
    for left in folder.glob(f".*{UNFINISHED}"):
        left.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The new name is on disk, too. Windows has no such thing, and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """`write_bytes` of readable JSON; names in any script stay readable."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """JSON of one form for one value: indented, keys as given."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def read_json(path: Path) -> Any:
    """The value in a JSON file of ours. Raises RunError for a torn or foreign file."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}") from error


def writing_failed(path: Path, error: OSError) -> RunError:
    """The error for a file that cannot be written, in the user's words."""
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return RunError(f"cannot write {path}: there is no folder {path.parent}; make it, or name another place")
    reason = error.strerror or str(error)
    return RunError(
        f"cannot write {path}: {reason}; what was saved before is kept. Make room, or name another place (--run, --out)"
    )
