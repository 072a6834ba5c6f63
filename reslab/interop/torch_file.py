"""A file of torch.save's, read under `weights_only`: nothing that it holds is run."""

import io
import re
import warnings
from pathlib import Path
from typing import Any

import torch

from reslab.errors import RunError
from reslab.interop.torch_program import first_line


class Beside:
    """Stands for a value beside tensors that nobody asks for: whatever a file wants to make of it, nothing is done.

    NumPy's own functions would believe what a file says of a value's layout in memory.
    """

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...


# What trainers leave beside weights: numbers and arrays of NumPy's (1 and 2), folders, their command line.
LET_BE = (
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *(f"pathlib{part}.{name}" for part in ("", "._local") for name in ("PosixPath", "WindowsPath")),
    "argparse.Namespace",
)


def read_torch_file(file: Path, data: bytes) -> Any:
    """What was given to torch.save, its tensors on the CPU, without the values of `LET_BE`.

    Raises RunError, naming `file`, where its content is torn, or holds anything else than plain values and tensors.
    """
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([(Beside, name) for name in LET_BE]):
            warnings.simplefilter("ignore")  # of what PyTorch thinks of old forms
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever damaged or foreign bytes may raise
        raise RunError(f"{file} {_reason(data, error)}") from error


def _reason(data: bytes, error: Exception) -> str:
    if strange := re.search(r"[Uu]nsupported (?:global: )?GLOBAL (\S+)", str(error)):
        return (
            f"holds Python objects beside tensors ({strange[1]}), and reslab runs no code of files: where it was made, "
            "write the weights alone, torch.save(net.state_dict(), FILE)"
        )
    if "TorchScript" in str(error):
        return "is a TorchScript program, not weights: where its net is, torch.save(net.state_dict(), FILE)"
    if data[8:9] == b"{":  # behind eight bytes that say how long this is
        return "is a safetensors file: give it a name that ends in .safetensors"
    if data[257:262] == b"ustar":
        return "is an archive (tar): unpack it, and name the file of torch.save's in it"
    words = first_line(error).partition(". ")[0]
    # No advice to read it without care, and no mere number, as a text file gives.
    told = "weights_only" not in str(error) and " " in words
    return f"is torn, or no file of torch.save's{f' ({words})' if told else ''}"
