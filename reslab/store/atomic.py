"""Writing so that a reader, or the next start after a crash, sees the old file or the new one and nothing between."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from reslab.errors import RunError


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, on disk when this returns.

    Raises RunError where the folder is read-only or the disk is full; what was there stays.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True) if beside.parent.is_dir() else None
        raise writing_failed(path, error) from error


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
    reason = error.strerror or str(error)
    return RunError(f"cannot write {path}: {reason}; what was saved before is kept, make room or choose another --run")
