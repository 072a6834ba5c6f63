"""Back from a file that `export` wrote to something that is tested and asked like the net it came from."""

from pathlib import Path
from typing import Any

import numpy as np

from reslab.errors import ReslabError, RunError
from reslab.interop.deployed import NEEDED, identity_of
from reslab.interop.onnx_graph import read_onnx, require_runtime
from reslab.interop.program_check import refuse_code
from reslab.interop.torch_program import read_program
from reslab.interop.verify import Runner
from reslab.store import ExportedNet, exported_as, read_bytes


def read_exported(place: Path) -> ExportedNet:
    """The net in a file that is named as `export` names them (.onnx, .pt2).

    Raises RunError for a file that is absent, torn or foreign, UsageError where onnxruntime is missing.
    """
    form = exported_as(place)
    assert form is not None
    if form == "onnx":
        require_runtime(str(place))
    data = read_bytes(place, f"; reslab export RUN --to {form} writes one")
    try:
        return _net(place, form, data)
    except ReslabError as error:
        raise RunError(f"{place}: {error}") from error


def _net(place: Path, form: str, data: bytes) -> ExportedNet:
    """The net in a file's content, which has answered once. Raises RunError for what is none of ours."""
    if form == "torch-export":
        refuse_code(data)
    run, about = (read_onnx if form == "onnx" else read_program)(data)
    missing = [name for name in NEEDED if name not in about]
    if missing:
        raise RunError(
            f"it does not say what it is (no {', '.join(missing)} in its metadata): reslab runs the files that "
            f"reslab export --to {form} wrote"
        )
    try:
        net = ExportedNet(
            identity=identity_of(about),
            size=int(about["size"]),
            preprocessing=tuple(about["preprocessing"]),
            format=form,
            runtime="onnxruntime" if form == "onnx" else "torch",
            scores=about["output"] == "scores",
            version=about["reslab"],
            precision=about.get("precision", "fp32"),
            ranges=about.get("ranges", ""),
            place=place,
            run=run,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"what it says of itself is not to be understood: {error}") from error
    _try(run, net)
    return net


def _try(run: Runner, net: ExportedNet) -> None:
    """Does the graph do what its description says? Raises RunError where not."""
    expected = (1, len(net.classes))
    try:
        found: Any = run(np.zeros((1, net.size, net.size, 3), np.uint8))
    except Exception as error:  # each runtime has exceptions of its own
        raise RunError(
            f"its graph takes no images of {net.size} x {net.size} pixels, as it says: {str(error).splitlines()[0]}"
        ) from error
    if found.shape != expected or found.dtype != np.float32:
        raise RunError(f"it says that it knows {expected[1]:,} classes, and gives {found.dtype} of shape {found.shape}")
