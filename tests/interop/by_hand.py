"""Exported files that no exporter wrote: in a moment, and with every mistake that one likes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reslab.interop import description
from reslab.store import Classifier
from tests.interop.classifiers import classifier


def weights(classes: int, size: int) -> np.ndarray:
    """(size x size x 3, classes) of a net without layers, whose answers differ from image to image."""
    return np.random.default_rng(5).normal(0, 3e-3, (size * size * 3, classes)).astype(np.float32)


def probabilities(pixels: np.ndarray, classes: int) -> np.ndarray:
    """What the graph of `onnx_by_hand` gives."""
    scores = pixels.reshape(len(pixels), -1).astype(np.float32) @ weights(classes, pixels.shape[1])
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def about(made: Classifier, output: str = "probabilities") -> dict[str, Any]:
    return {**description(made), "input": "pixels", "output": output}


def onnx_by_hand(path: Path, made: Classifier | None = None, said: dict[str, Any] | None = None, scores: bool = False):
    """An ONNX file that says it were `made`, or what is `said`; its graph is one matrix. Skips without onnx."""
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    from onnx import TensorProto, helper, numpy_helper

    made = made or classifier("resnet8", 8)
    size, classes = made.size, len(made.classes)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["found" if scores else "scores"]),
        *([] if scores else [helper.make_node("Softmax", ["scores"], ["found"], axis=1)]),
    ]
    graph = helper.make_graph(
        nodes,
        "by hand",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", size, size, 3])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["batch", classes])],
        [
            numpy_helper.from_array(np.array([-1, size * size * 3]), "shape"),
            numpy_helper.from_array(weights(classes, size), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    said = about(made, "scores" if scores else "probabilities") if said is None else said
    texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in said.items() if v is not None}
    helper.set_model_props(model, texts)
    onnx.save_model(model, path)
    return path
