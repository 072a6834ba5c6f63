"""ONNX files, where the packages are that write and run them; and what is said where they are not."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest

from reslab.errors import UsageError
from reslab.interop.onnx_graph import PACKAGES, onnx_bytes, opset, own_graph, read_onnx, require_onnx
from reslab.interop.verify import compare
from tests.interop.by_hand import onnx_by_hand
from tests.interop.classifiers import classifier, noise


@pytest.fixture(scope="module")
def made():
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    net = classifier("resnet8", 16, mean="pixel", shortcut="B")
    return net, onnx_bytes(net, scores=False)


@pytest.mark.slow
def test_it_is_the_same_function_for_every_batch_size(made):
    net, data = made
    run, _ = read_onnx(data)
    found = compare(run, net, False, noise(9, 16))
    assert found.good and found.same_class == found.random_images + found.real_images == 17
    assert run(noise(11, 16)).shape == (11, 4)


def test_what_reslab_wrote_is_known_without_being_run(tmp_path):
    assert own_graph(onnx_by_hand(tmp_path / "net.onnx"))
    assert not own_graph(onnx_by_hand(tmp_path / "theirs.onnx", said={"author": "somebody"}))
    assert not own_graph(tmp_path / "gone.onnx")


@pytest.mark.slow
def test_it_says_what_it_is(made, tmp_path):
    _, about = read_onnx(made[1])
    (tmp_path / "net.onnx").write_bytes(made[1])
    assert own_graph(tmp_path / "net.onnx")
    assert about["classes"] == ["Ängström", "犬", "cat", "dog"] and about["size"] == 16
    assert (about["model"], about["data"]) == ("resnet8", "pets") and about["spec"]["shortcut"] == "B"
    assert (about["input"], about["output"]) == ("pixels", "probabilities")
    assert len(about["preprocessing"]) == 4 and about["reslab"]


@pytest.mark.slow
def test_names_types_and_shapes_of_what_goes_in_and_out(made):
    import onnx

    graph = onnx.load_model_from_string(made[1])
    onnx.checker.check_model(graph, full_check=True)
    found = {}
    for value in (*graph.graph.input, *graph.graph.output):
        kind = value.type.tensor_type
        found[value.name] = (kind.elem_type, [d.dim_param or d.dim_value for d in kind.shape.dim])
    assert found == {
        "pixels": (onnx.TensorProto.UINT8, ["batch", 16, 16, 3]),
        "probabilities": (onnx.TensorProto.FLOAT, ["batch", 4]),
    }
    assert opset(made[1]) == graph.opset_import[0].version >= 18


@pytest.mark.slow
def test_it_names_no_place_of_this_machine(made):
    assert b"stack_trace" not in made[1] and b"site-packages" not in made[1] and b"reslab/" not in made[1]


@pytest.mark.slow
def test_an_image_of_another_range_or_size_is_refused_by_the_runtime(made):
    run, _ = read_onnx(made[1])
    with pytest.raises(Exception, match="Unexpected input data type"):
        run(noise(1, 16).astype(np.float32) / 255)
    with pytest.raises(Exception, match="invalid dimensions"):
        run(noise(1, 20))


@pytest.mark.parametrize("missing", PACKAGES)
def test_a_missing_package_is_named_with_the_way_to_it(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=r'needs .*pip install "reslab\[onnx\]"') as error:
        require_onnx()
    assert missing in str(error.value).split(":")[0]
