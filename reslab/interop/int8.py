"""An ONNX graph in whole numbers of 8 bits: weights, and activations in ranges that photographs showed."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from reslab.data import Images
from reslab.errors import RunError, UsageError
from reslab.interop.deployed import INPUT
from reslab.interop.onnx_graph import read_onnx
from reslab.interop.price import Price, price_of
from reslab.interop.torch_program import first_line
from reslab.interop.verify import Pixels
from reslab.progress import Progress, unseen
from reslab.store import Classifier

PRECISION = "int8"
BATCH = 16  # photographs, of which the smallest and largest activation are taken; a range is the mean over batches

# What ONNX Runtime computes in whole numbers, or passes on as it is. Other operations stay in fp32: the normalisation,
# the mean over the last map, the softmax, batch normalisation that stands by itself (`preact20`).
OPERATORS = ("Conv", "Relu", "Add", "MaxPool", "AveragePool", "Slice", "Pad", "Concat", "Gemm")


@dataclass(frozen=True)
class Int8:
    """What quantisation looks at, and what it may cost."""

    pixels: NDArray[np.uint8]  # (N, size, size, 3), of which the ranges of activations are taken
    source: str  # what these are, in words
    held_out: Images | None  # that the error is measured on; None: there are none
    held_out_source: str  # what these are, or why there are none, in words
    notes: tuple[str, ...] = ()  # what is to be said of them
    most: float = 1.0  # points by which the error may rise; infinity: by any number, known or not


Look = Callable[[Classifier], Int8]


def refuse_other_format(to: str) -> None:
    """Raises UsageError for a format whose files ONNX Runtime does not run."""
    if to != "onnx":
        raise UsageError(f"--int8: files for {to} stay in fp32; --to onnx writes one that ONNX Runtime runs in int8")


def refuse_unjudged(why: str, most: float) -> None:
    """Raises RunError where no images can tell how much the error rises, for `why`, and somebody wants to know."""
    if most < inf:
        raise RunError(f"nothing tells what int8 costs: {why}; --max-rise inf writes the file all the same")


def in_int8(data: bytes, int8: Int8, scores: bool, progress: Progress = unseen) -> tuple[bytes, Price]:
    """A graph of `onnx_bytes`, quantised, and what that costs: the very bytes are run.

    Raises RunError where the error rises by more than it may, or nothing can tell how much.
    """
    if int8.held_out is None:
        refuse_unjudged(int8.held_out_source, int8.most)
    made = int8_bytes(data, int8.pixels, int8.source)
    before, after = read_onnx(data)[0], read_onnx(made)[0]
    if held_out := int8.held_out:
        seen = (held_out.pixels, held_out.labels, int8.held_out_source)
        price = price_of(before, after, scores, *seen, progress=progress)
    else:
        price = price_of(before, after, scores, int8.pixels, None, int8.source, progress)
    if not price.within(int8.most):
        raise RunError(_too_much(price, int8.most))
    return made, price


def _too_much(price: Price, most: float) -> str:
    spread = "" if price.error_spread is None else f" ± {price.error_spread:.2f}"
    alone = f"; {note}" if (note := few_images(price, most)) else ""
    return (
        f"int8 has {price.error_after:.2f} % of {price.source} wrong, fp32 {price.error_before:.2f} %: "
        f"{price.rise:.2f}{spread} points more ({price.more_wrong:,} of {price.images:,} images), and {most:g} are "
        f"allowed (--max-rise){alone}; nothing was written; without --int8 scores stay as they are"
    )


def few_images(price: Price, most: float) -> str:
    """What to say where so few images judge that one of them decides; "" where more do."""
    if price.rise is None or not 0 < most < price.one:
        return ""
    return f"of so few images each is {price.one:.2f} points: one that is wrong in int8 alone would be too many"


def int8_bytes(data: bytes, pixels: Pixels, source: str) -> bytes:
    """The graph that `onnx_bytes` made, quantised; it says so of itself, and that its ranges are of `source`.

    `pixels` are uint8 (N, size, size, 3). Raises RunError where it cannot be quantised.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    graph = onnx.load_model_from_string(data)
    about = {entry.key: entry.value for entry in graph.metadata_props}
    # Else it advises, by the root logger, to infer shapes and fold batch normalisation: PyTorch's exporter did.
    onnx.helper.set_model_props(graph, {**about, "onnx.quant.pre_process": "onnxruntime.quant"})
    try:
        with TemporaryDirectory(prefix="reslab-") as folder:
            file = Path(folder) / "int8.onnx"
            quantize_static(
                graph,
                file,
                _Photographs(pixels),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(OPERATORS),
                calibrate_method=CalibrationMethod.MinMax,
                activation_type=QuantType.QUInt8,  # a ReLU is a range that begins at 0
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,  # weights of 7 bits: see DECISIONS.md
                extra_options={
                    "CalibMovingAverage": True,  # the mean: one photograph in 512 may have ten times the activations
                    "OpTypesToExcludeOutputQuantization": ["Gemm"],  # 256 different scores would be few
                },
            )
            made = onnx.load_model(file)
    except Exception as error:  # whatever somebody's own operations may raise there
        raise RunError(f"onnxruntime does not quantise this graph: {first_line(error)}") from error
    onnx.helper.set_model_props(made, {**about, "precision": PRECISION, "ranges": source})
    return made.SerializeToString(deterministic=True)


class _Photographs:
    """Images as the quantiser asks for them, batch by batch, each with some from everywhere."""

    def __init__(self, pixels: Pixels) -> None:
        count = -(-len(pixels) // BATCH)
        self._remaining = iter([np.ascontiguousarray(pixels[first::count]) for first in range(count)])

    def get_next(self) -> dict[str, Pixels] | None:
        batch = next(self._remaining, None)
        return None if batch is None else {INPUT: batch}
