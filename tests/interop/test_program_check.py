"""Which .pt2 files are let in: ours, of nets of every kind, and nothing that might run code."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable

import pytest
from torch import nn

from reslab.errors import RunError
from reslab.interop.program_check import refuse_code
from reslab.interop.torch_program import program_bytes
from tests.interop.classifiers import classifier

CONFIG = {"config": {"net.weight": {"path_name": "weight_0", "use_pickle": False, "tensor_meta": {}}}}
NODE = {"target": "torch.ops.aten.conv2d.default", "name": "conv2d", "metadata": {"nn_module_stack": "L['self'],,x"}}
SPEC = '[1, {"type": "builtins.dict", "context": "[]", "children_spec": []}]'
GRAPH = {
    "graph_module": {"graph": {"nodes": [NODE]}, "in_spec": SPEC, "out_spec": ""},
    "guards_code": [],
    "range_constraints": {"s81": {"min_val": 0}},
    "size": {"expr_str": "2*Symbol('s81', positive=True, integer=True) + 1"},
    "torch_version": "2.13.0+cpu",
}


def program(graph: dict = GRAPH, config: dict = CONFIG, **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/data/weights/weight_0", b"\x80\x04 bytes of weights may look like anything")
        archive.writestr("net/data/weights/model_weights_config.json", json.dumps(config))
        archive.writestr("net/data/constants/model_constants_config.json", json.dumps({"config": {}}))
        archive.writestr("net/models/model.json", json.dumps(graph))
        archive.writestr("net/data/sample_inputs/model.pt", more.pop("example", b""))
        archive.writestr("net/extra/reslab.json", "{}")
        archive.writestr("net/archive_format", "pt2")
        for name, content in more.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def changed(change: Callable[[dict], None]) -> dict:
    graph = json.loads(json.dumps(GRAPH))
    change(graph)
    return graph


class Reshaping(nn.Module):
    """A residual function of one's own that reckons with the size of the batch."""

    def __init__(self, channels_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, width, 3, stride, 1)

    def forward(self, x):
        y = self.convolution(x)
        images, channels, height, width = y.shape
        rows = y.reshape(images * channels, height * width)
        return (rows * rows.mean(1, keepdim=True).sigmoid()).reshape(images, channels, height, width)


def test_a_graph_of_tensors_is_let_in():
    refuse_code(program())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (program(example=pickle.dumps(1)), "a pickled example"),
        (program(net__data__weights__model=b""), "an entry net/data/weights/model"),
        (program(version=b"8"), "an entry version"),
        (program(config={"config": {"w": {"path_name": "weight_0", "use_pickle": True}}}), r"pickled values \(w\)"),
        (
            program(config={"config": {"w": {"path_name": "opaque_obj_0", "use_pickle": False}}}),
            r"pickled values \(w\)",
        ),
        (program(config={"config": {"w": {"path_name": "weight_0"}}}), "torn, or no program"),
        (program(config=[]), "torn, or no program"),
        (program(changed(lambda g: g.update(guards_code=["print(1)"]))), "guards, which are Python"),
    ],
)
def test_pickles_and_what_is_not_known(data, message):
    with pytest.raises(RunError, match=message):
        refuse_code(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g["graph_module"]["graph"]["nodes"][0].update(target="torch.load"),
        lambda g: g["graph_module"]["graph"]["nodes"][0].update(target="torch.ops.load_library"),
        lambda g: g["graph_module"]["graph"]["nodes"][0].update(target="torch.ops.aten.__class__.x.y"),
        lambda g: g["graph_module"]["graph"]["nodes"][0].update(target="_operator.call"),
        lambda g: g["graph_module"]["graph"]["nodes"][0].update(name="x=print('code')"),
        lambda g: g["graph_module"]["graph"]["nodes"][0].update({"x\ny": 1}),
        lambda g: g["size"].update(expr_str="__import__('os').getcwd()"),
        lambda g: g["size"].update(expr_str="Mul('print(1)', Integer(2))"),
        lambda g: g["size"].update(expr_str="Symbol('x', positive=print(1))"),
        lambda g: g.update(range_constraints={"print(1)": {}}),
        lambda g: g["graph_module"].update(in_spec='[1, {"type": "a b"}]'),
    ],
)
def test_text_that_might_run_as_code(change):
    with pytest.raises(RunError, match="which might run code and is loaded from no file"):
        refuse_code(program(changed(change)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_twice():
    with pytest.raises(RunError, match="an entry twice"):
        refuse_code(program(net__archive_format=b"pt2"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet8", "preact8", "dsn", "maxout", "highway19"])
def test_what_export_writes_is_let_in(name):
    refuse_code(program_bytes(classifier(name), scores=False))


@pytest.mark.slow
def test_a_residual_function_of_ones_own_is_let_in():
    net = classifier("resnet8", 8, residual=lambda channels, width, stride, _: Reshaping(channels, width, stride))
    refuse_code(program_bytes(net, scores=False))
