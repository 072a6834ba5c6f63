"""The net as a program of torch.export: a graph without our code, for any batch size; kept in a .pt2 file."""

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from reslab.errors import RunError
from reslab.interop.deployed import INPUT, Deployed, description, output_name
from reslab.interop.verify import Pixels, Runner
from reslab.store import Classifier

if TYPE_CHECKING:
    from torch.export import ExportedProgram

ABOUT = "reslab.json"  # among the extra files of a .pt2


def program_of(classifier: Classifier, scores: bool) -> "ExportedProgram":
    """The graph of the net with all that stands around it (`Deployed`), batch size left open.

    Raises RunError for a net that PyTorch cannot turn into a graph: a residual function of one's own may be any Python.
    """
    from torch.export import Dim, export  # a second to load: for whoever writes or runs a program alone

    size = classifier.size
    example = torch.zeros(2, size, size, 3, dtype=torch.uint8)  # of one image a size would be taken for fixed
    try:
        with as_is():
            program = export(Deployed(classifier, scores).eval(), (example,), dynamic_shapes={INPUT: {0: Dim("batch")}})
    except Exception as error:  # whatever the tracing of somebody's code may raise
        raise RunError(f"torch.export makes no graph of this net: {first_line(error)}") from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would carry the paths of this machine's files
    return program


def program_bytes(classifier: Classifier, scores: bool) -> bytes:
    """The content of a .pt2 file; what it says of itself is its extra file `ABOUT`.

    Nothing in it is pickled: weights lie as bytes, the graph and their shapes as JSON. (The example that
    `torch.export.save` would pickle is left out.)
    """
    from torch.export import save

    program = program_of(classifier, scores)
    program.example_inputs = None
    about = {**description(classifier), "input": INPUT, "output": output_name(scores)}
    file = io.BytesIO()
    with as_is():
        save(program, file, extra_files={ABOUT: json.dumps(about, ensure_ascii=False)})
    return file.getvalue()


def read_program(data: bytes) -> tuple[Runner, dict[str, Any]]:
    """What a .pt2 file computes, and what it says of itself. Raises RunError where PyTorch does not read it.

    Only for what we wrote ourselves, or `program_check.refuse_code` let pass: PyTorch unpickles what files hold.
    """
    from torch.export import load

    extra = {ABOUT: "{}"}
    try:
        with as_is():
            module = load(io.BytesIO(data), extra_files=extra).module()
    except Exception as error:  # whatever a damaged graph may raise
        raise RunError(f"PyTorch does not read the program: {first_line(error)}") from error

    def run(pixels: Pixels) -> Any:
        with torch.no_grad():
            return module(torch.from_numpy(pixels)).numpy()

    return run, json.loads(extra[ABOUT])


def own_program(file: Path) -> bool:
    """Is it a program that `reslab export` wrote? Nothing in it is loaded."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith(f"/{ABOUT}") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def first_line(error: Exception) -> str:
    """What an exporter complains of, without the pages that follow."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def as_is() -> Iterator[None]:
    """PyTorch's exporters warn of what is their own affair (deprecations among themselves): nothing of it is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
