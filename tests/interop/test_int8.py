"""ONNX files in int8: what they are made of, that they run, and that none is kept which loses too much."""

import re
import sys
from dataclasses import replace
from importlib.util import find_spec
from math import inf
from pathlib import Path

import numpy as np
import pytest

from reslab.data import Images
from reslab.errors import RunError, UsageError
from reslab.interop import Int8, Price, export, int8, load
from reslab.interop.int8 import BATCH, _Photographs, few_images, in_int8, int8_bytes, refuse_other_format
from reslab.interop.onnx_graph import PACKAGES, onnx_bytes, read_onnx
from tests.interop.classifiers import classifier, noise, saved


@pytest.fixture(scope="module")
def graph() -> bytes:
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    return onnx_bytes(classifier("resnet8", 16, mean="pixel"), scores=False)


@pytest.fixture(scope="module")
def quantised(graph) -> bytes:
    return int8_bytes(graph, noise(40, 16), "40 images of noise")


def held_out(graph: bytes) -> Images:
    """Images whose labels are the answers of the file in fp32."""
    pixels = noise(60, 16)
    return Images(pixels, read_onnx(graph)[0](pixels).argmax(axis=1).astype(np.int64))


@pytest.mark.slow
def test_it_gives_nearly_the_same_for_every_batch_size_and_says_what_it_is(graph, quantised):
    (first, about), (second, said) = read_onnx(graph), read_onnx(quantised)
    for count in (1, 5, 11):
        apart = np.abs(first(noise(count, 16)) - second(noise(count, 16)))
        assert apart.shape == (count, 4) and 0 < apart.max() < 0.1
    assert said == {**about, "precision": "int8", "ranges": "40 images of noise"}
    assert len(quantised) < 0.4 * len(graph)


@pytest.mark.slow
def test_every_layer_has_weights_of_seven_bits_and_scores_stay_fp32(quantised):
    import onnx

    found = onnx.load_model_from_string(quantised).graph
    made_by = {name: node for node in found.node for name in node.output}
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in found.initializer}
    layers = [node for node in found.node if node.op_type in ("Conv", "Gemm")]
    assert len(layers) == 8
    for node in layers:
        weights = values[made_by[node.input[1]].input[0]]
        assert weights.dtype == np.int8 and 60 < np.abs(weights.astype(int)).max() <= 64
        assert made_by[node.input[0]].op_type == "DequantizeLinear"
    assert [node.op_type for node in found.node if layers[-1].output[0] in node.input] == ["Softmax"]


@pytest.mark.slow
def test_the_same_photographs_make_the_same_bytes(graph, quantised):
    assert int8_bytes(graph, noise(40, 16), "40 images of noise") == quantised


@pytest.mark.slow
def test_one_strange_photograph_stretches_no_range(graph):
    import onnx

    def widest(pixels) -> float:
        made = onnx.load_model_from_string(int8_bytes(graph, pixels, "")).graph
        scales = [tensor for tensor in made.initializer if tensor.name.endswith("relu_scale")]
        return float(onnx.numpy_helper.to_array(scales[0]))

    grey = np.full((4 * BATCH, 16, 16, 3), 120, np.uint8)
    strange = np.concatenate([grey[1:], noise(1, 16)])
    assert widest(grey) < widest(strange) < 0.6 * widest(noise(BATCH, 16))


def test_each_batch_has_photographs_from_everywhere():
    photographs = _Photographs(np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1))
    found = []
    while batch := photographs.get_next():
        found.append(batch["pixels"].ravel().tolist())
    assert found == [list(range(first, 40, 3)) for first in range(3)]


@pytest.mark.slow
def test_what_it_costs_is_measured_on_images_that_are_held_out(graph):
    made, price = in_int8(graph, Int8(noise(40, 16), "noise", held_out(graph), "60 of noise", most=9), scores=False)
    assert price.error_before == 0 and price.images == 60 and price.source == "60 of noise"
    changed = read_onnx(made)[0](held_out(graph).pixels).argmax(axis=1) != held_out(graph).labels
    assert price.changed == changed.sum() and price.error_after == pytest.approx(100 * changed.mean())


@pytest.mark.slow
def test_what_loses_too_much_is_not_kept(graph, tmp_path):
    black = np.zeros((4, 16, 16, 3), np.uint8)  # whose ranges are no other photograph's
    spoilt = Int8(black, "black", held_out(graph), "60 of noise", most=2)
    with pytest.raises(RunError, match=r"int8 has .* % of 60 of noise wrong, fp32 0\.00 %: .* 2 are allowed") as error:
        in_int8(graph, spoilt, scores=False)
    assert "--max-rise" in str(error.value) and "nothing was written" in str(error.value)
    assert re.search(r"\d+\.\d\d ± .* points more \(\d+ of 60 images\)", str(error.value))
    _, price = in_int8(graph, Int8(black, "black", held_out(graph), "60 of noise", most=inf), scores=False)
    assert price.rise > 2


@pytest.mark.parametrize("more", [12, 13])
def test_a_rise_of_exactly_what_is_allowed_is_kept(more, monkeypatch):
    costs = Price(5_000, "5,000 of noise", 20, 0, 0, 478, 478 + more, 0.1)  # 9.8 - 9.56 > 0.24, to a computer
    monkeypatch.setattr(int8, "int8_bytes", lambda *words: b"made")
    monkeypatch.setattr(int8, "read_onnx", lambda data: (None, {}))
    monkeypatch.setattr(int8, "price_of", lambda *words, **choices: costs)
    asked = Int8(noise(1, 8), "", Images(noise(1, 8), np.zeros(1, np.int64)), "", most=0.24)
    if more == 12:
        assert in_int8(b"", asked, scores=False) == (b"made", costs)
        return
    with pytest.raises(RunError, match=r"0\.26 ± 0\.10 points more \(13 of 5,000 images\), and 0\.24 are allowed"):
        in_int8(b"", asked, scores=False)


def test_that_one_image_decides_is_said():
    few = Price(60, "60 of noise", 1, 0, 0, 5, 6, 1.7)
    assert (
        few_images(few, 1) == "of so few images each is 1.67 points: one that is wrong in int8 alone would be too many"
    )
    assert not any(few_images(few, most) for most in (0, 1.7, inf))
    assert not few_images(replace(few, wrong_before=None), 1)


def test_that_nothing_can_tell_is_said_before_anything_is_written(tmp_path, monkeypatch):
    def writing(*words):
        raise AssertionError("written")

    module = sys.modules["reslab.interop.export"]
    monkeypatch.setattr(module, "_made", writing)
    monkeypatch.setattr(module, "require_onnx", lambda: None)
    net = saved(tmp_path / "net.safetensors", classifier("resnet8", 8))
    with pytest.raises(RunError, match="nothing tells what int8 costs: none here"):
        export(net, int8=lambda found: Int8(noise(1, 8), "", None, "none here"))


@pytest.mark.slow
def test_where_nothing_can_tell_only_who_says_so_gets_a_file(graph):
    with pytest.raises(RunError, match=r"nothing tells what int8 costs: none here; --max-rise inf writes"):
        in_int8(graph, Int8(noise(8, 16), "8 of noise", None, "none here", most=99), scores=False)
    _, price = in_int8(graph, Int8(noise(8, 16), "8 of noise", None, "none here", most=inf), scores=False)
    assert price.rise is None and (price.images, price.source) == (8, "8 of noise")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "preact8"])
def test_it_lies_beside_the_file_in_fp32_and_is_read_back(name, tmp_path, capfd, caplog):
    if missing := [package for package in PACKAGES if find_spec(package) is None]:
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    net = saved(tmp_path / "net.safetensors", classifier(name, 16))
    pixels = noise(16, 16)

    def look(made) -> Int8:
        labels = made(pixels).argmax(dim=1).numpy()
        return Int8(pixels, "16 of noise", Images(pixels, labels), "them", ("what is said of them",), most=inf)

    found = export(net, "onnx", int8=look, scores=True)
    assert found.notes[-1] == "what is said of them"
    assert found.path == tmp_path / "net-int8.onnx" and found.agreement.good and found.price.images == 16
    assert (found.to_dict()["precision"], found.to_dict()["int8"]["source"]) == ("int8", "them")
    made = load(found.path)
    assert (made.precision, made.ranges, made.scores) == ("int8", "16 of noise", True)
    assert made.probabilities(pixels).sum(axis=1) == pytest.approx(1, abs=1e-5)
    out, err = capfd.readouterr()
    assert (out, err, [r for r in caplog.records if r.levelname != "DEBUG"]) == ("", "", []), (
        "the quantiser keeps its advice to itself"
    )


@pytest.mark.parametrize("to", ["torch-export", "torchvision", "timm"])
def test_other_formats_stay_in_fp32(to, tmp_path):
    with pytest.raises(UsageError, match=f"--int8: files for {to} stay in fp32; --to onnx writes"):
        refuse_other_format(to)
    with pytest.raises(UsageError, match="--to onnx writes"):
        export(Path("no such net"), to, int8=lambda net: Int8(noise(1, 8), "", None, ""))
