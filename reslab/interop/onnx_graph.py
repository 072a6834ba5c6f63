"""The net as an ONNX graph, written by PyTorch's exporter and run by onnxruntime."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from reslab.errors import RunError, UsageError
from reslab.interop.deployed import INPUT, OURS, TEXTS, description, output_name
from reslab.interop.torch_program import as_is, first_line, program_of
from reslab.interop.verify import Pixels, Runner
from reslab.store import Classifier

PACKAGES = ("onnx", "onnxscript", "onnxruntime")  # to write graphs, to translate PyTorch's, to run them
BATCH = "batch"  # the name of the open dimension


def require_onnx() -> None:
    """Raises UsageError where a package is missing that writing or verifying needs."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UsageError(
            f'--to onnx needs {", ".join(missing)}: pip install "reslab[onnx]"; '
            "--to torch-export and --to torchvision work without"
        )


def require_runtime(what: str) -> None:
    """Raises UsageError, naming `what`, where onnxruntime is missing."""
    if find_spec("onnxruntime") is None:
        raise UsageError(f'{what} needs onnxruntime: pip install "reslab[onnx]"')


def onnx_bytes(classifier: Classifier, scores: bool) -> bytes:
    """The content of an .onnx file, weights inside; what it says of itself is its metadata, lists as JSON."""
    import onnx

    program = program_of(classifier, scores)
    try:
        with as_is(), _silent():
            made = torch.onnx.export(
                program, input_names=[INPUT], output_names=[output_name(scores)], dynamo=True, verbose=False
            )
    except Exception as error:  # an operation that ONNX does not have, in somebody's own residual function
        raise RunError(f"this net cannot be written as ONNX: {first_line(error)}") from error
    assert made is not None
    graph = made.model_proto
    _name_batch(graph)
    _forget_traces(graph)
    about = {**description(classifier), "input": INPUT, "output": output_name(scores)}
    onnx.helper.set_model_props(graph, {name: _text(value) for name, value in about.items() if value is not None})
    return graph.SerializeToString(deterministic=True)


def read_onnx(data: bytes) -> tuple[Runner, dict[str, Any]]:
    """What an ONNX file computes, on the CPU, and what it says of itself. Raises RunError where it runs not.

    It has as many threads as PyTorch has at the time.
    """
    import onnxruntime

    @lru_cache(maxsize=1)
    def session(threads: int) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        try:
            return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has an exception for each of its status codes
            raise RunError(f"onnxruntime does not run the graph: {first_line(error)}") from error

    def run(pixels: Pixels) -> Any:
        return session(torch.get_num_threads()).run(None, {INPUT: pixels})[0]

    about = session(torch.get_num_threads()).get_modelmeta().custom_metadata_map
    return run, {name: _value(name, text) for name, text in about.items()}


def own_graph(file: Path) -> bool:
    """Is it an ONNX file that `reslab export` wrote? It is not run."""
    import onnx

    try:
        graph = onnx.load_model(file, load_external_data=False)
    except Exception:  # whatever foreign bytes may raise
        return False
    return any(entry.key == OURS for entry in graph.metadata_props)


def opset(data: bytes) -> int:
    """The version of ONNX's operators that a file needs."""
    import onnx

    return onnx.load_model_from_string(data).opset_import[0].version


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(name: str, text: str) -> Any:
    if name in TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _name_batch(graph: Any) -> None:
    """Call the open dimension "batch", wherever the exporter has its own symbol for it."""
    symbol = graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.graph.input, *graph.graph.output, *graph.graph.value_info):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param == symbol:
                dimension.dim_param = BATCH


def _forget_traces(graph: Any) -> None:
    """What the exporter wrote of where the code of each node lies: it would name folders of this machine."""
    for node in graph.graph.node:
        kept = [entry for entry in node.metadata_props if not entry.key.endswith("stack_trace")]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)


@contextmanager
def _silent() -> Iterator[None]:
    """The exporter logs which packages it could do without."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
