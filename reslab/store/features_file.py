"""A file of features: what a net made of photographs before it told classes apart, for search and clustering.

`numpy.load` opens it, without pickle: `path`, `class`, `probability` (N,) and `features` (N, F), row by row one
photograph.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from reslab.errors import UsageError
from reslab.store.atomic import write_bytes

SUFFIX = ".npz"
ARRAYS = ("path", "class", "probability", "features")


def write_features(
    file: Path,
    paths: Sequence[str],
    classes: Sequence[str],
    probabilities: Sequence[float],
    features: Sequence[NDArray[np.float32]],
) -> None:
    """Of N photographs: their paths, the most probable class and its probability, their features, (F,) each.

    Raises UsageError as `refuse_other_file`, RunError where the file cannot be written.
    """
    refuse_other_file(file)
    values = (np.array(paths, np.str_), np.array(classes, np.str_), np.array(probabilities), np.stack(features))
    content = io.BytesIO()
    # None of these needs pickle; older versions of NumPy, told so, take `allow_pickle` for one more array.
    np.savez(content, **dict(zip(ARRAYS, values, strict=True)))  # type: ignore[arg-type]  # no array is so called
    write_bytes(file, content.getvalue())


def refuse_other_file(file: Path) -> None:
    """Raises UsageError for a file that is there already, and is none of features."""
    if not file.exists():
        return
    try:
        with ZipFile(file) as archive:
            ours = {f"{name}.npy" for name in ARRAYS} == set(archive.namelist())
    except (OSError, BadZipFile):
        ours = False
    if not ours:
        raise UsageError(f"--features {file} is there already, and is none of reslab predict's: name another file")
