"""Files of other programs' weights: wherever a trainer put them, and what is said of those that hold something else."""

import argparse
import io
import os
import pickle
import tarfile
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from torch import nn

from reslab.errors import RunError
from reslab.interop.checkpoint import read_checkpoint, weights_file
from reslab.interop.layouts import AKAMASTER, CHENYAOFO, HUGGING_FACE, TORCHVISION, layout_of, net_of, our_weights
from reslab.interop.opening import load
from reslab.interop.torch_file import Beside, read_torch_file
from reslab.nets import spec
from tests.interop.classifiers import classifier, saved
from tests.interop.foreign_weights import (
    akamaster_shapes,
    chenyaofo_shapes,
    filled,
    hugging_face_shapes,
    torchvision_shapes,
)

TINY = {"conv1.weight": torch.zeros(1), "fc.bias": torch.ones(2)}
TWO = (2, 2, 2, 2)


def prefixed(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in TINY.items()}


def written(value, **how) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **how)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TINY,
        OrderedDict(TINY),
        prefixed("module."),
        prefixed("_orig_mod.module."),
        {"state_dict": TINY, "best_acc1": torch.tensor(76.1), "epoch": 3, "optimizer": {"state": {}}},
        {"model": TINY, "args": argparse.Namespace(lr=0.1)},
        {"state_dict": prefixed("model."), "state_dict_ema": TINY},
        {"model": prefixed("x."), "model_ema": {"n_averaged": torch.tensor(5), **prefixed("module.")}},
        {"state_dict": {"model": TINY}},
        {"epoch": 5, "model_state_dict": TINY, "optimizer_state_dict": {"state": {}, "param_groups": []}},
        {"net": prefixed("module."), "acc": 95.1},
        {"state_dict": prefixed("model."), "pytorch-lightning_version": "2.5"},
        {"state_dict": TINY, "best_acc1": np.float64(76.1), "epoch": np.int64(3), "best": np.bool_(True)},
        {"state_dict": TINY, "losses": np.arange(3.0), "args": argparse.Namespace(out=Path("runs"), lr=np.float32(1))},
    ],
    ids=lambda content: ",".join(content),
)
@pytest.mark.parametrize("zipped", [True, False])
def test_weights_are_found_wherever_they_are(tmp_path, content, zipped):
    path = tmp_path / "net.pth"
    path.write_bytes(written(content, _use_new_zipfile_serialization=zipped))
    found = read_checkpoint(path)
    assert found.tensors.keys() == TINY.keys() and torch.equal(found.tensors["fc.bias"], torch.ones(2))
    assert (found.place, found.file, found.config) == (path, path, {})


def test_numbers_of_numpy_1_are_let_be(tmp_path):
    content = written({"state_dict": TINY, "best_acc1": np.float64(76.1)}, _use_new_zipfile_serialization=False)
    older = content.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    assert older != content
    (tmp_path / "net.pth").write_bytes(older)
    assert read_checkpoint(tmp_path / "net.pth").tensors.keys() == TINY.keys()


def test_what_the_trainer_called_the_net(tmp_path):
    path = tmp_path / "net.pth"
    for content, name in (({"arch": "resnet50", "state_dict": TINY}, "resnet50"), ({"arch": 5, "net": TINY}, "")):
        path.write_bytes(written(content))
        assert read_checkpoint(path).architecture == name


@pytest.mark.parametrize("prefix", ["", "module."])
def test_counts_of_operations_are_left_out(tmp_path, prefix):
    """thop leaves them in every module, the outermost too, whatever prefix others have."""
    modules = ("", prefix, f"{prefix}conv1.", f"{prefix}layer1.0.bn1.")
    counts = {f"{module}{count}": torch.zeros(1) for module in modules for count in ("total_ops", "total_params")}
    path = tmp_path / "net.pth"
    torch.save({"state_dict": {**prefixed(prefix), **counts}}, path)
    found = read_checkpoint(path)
    assert (found.tensors.keys(), found.counts) == (TINY.keys(), len(counts))
    torch.save(counts, path)
    with pytest.raises(RunError, match="holds no weights by name"):
        read_checkpoint(path)


def test_names_of_classes_beside_the_weights_are_no_weights(tmp_path):
    path, names = tmp_path / "net.pth", {"class_to_idx": {"cat": 0, "dog": 1}}
    for content in ({"model": TINY, **names}, {"model": {"state_dict": TINY, **names}}, {**TINY, **names}):
        torch.save({**content, "classes": 2}, path)
        found = read_checkpoint(path)
        assert found.tensors.keys() == TINY.keys() and found.names == names
    torch.save({**names, "classes": ["cat", "dog"]}, path)
    with pytest.raises(RunError, match="holds no weights by name"):
        read_checkpoint(path)


class Somebody:
    pass


class Calls:
    """Unpickled by calling `what`."""

    def __init__(self, what, *arguments) -> None:
        self.what, self.arguments = what, arguments

    def __reduce__(self):
        return self.what, self.arguments


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("what", "named"), [(os.system, "system"), (eval, "eval"), (np.load, "numpy.load"), (Path.touch, "getattr")]
)
def test_a_file_that_would_run_something_is_refused(tmp_path, monkeypatch, what, named, zipped):
    monkeypatch.chdir(tmp_path)
    evil = Calls(what, {os.system: "touch harm", eval: "open('harm', 'w')"}.get(what, "harm"))
    content = {"state_dict": TINY, "best_acc1": np.float64(76.1), "more": evil}
    Path("net.pth").write_bytes(written(content, _use_new_zipfile_serialization=zipped))
    with pytest.raises(
        RunError, match=rf"Python objects beside tensors \(\S*{named}\), and reslab runs no code"
    ) as error:
        load("net.pth")
    assert "\n" not in str(error.value) and not Path("harm").exists()


def test_nothing_of_numpys_is_called():
    """What a file says of a value's layout in memory would be believed."""
    before, scalar = set(torch.serialization.get_safe_globals()), np.float64(1).__reduce__()[0]
    crafted = {"state_dict": TINY, "x": Calls(scalar, np.dtype("O"), b"12345678"), "y": np.arange(3)}
    found = read_torch_file(Path("net.pth"), written(crafted))
    assert type(found["x"]) is type(found["y"]) is Beside and vars(found["x"]) == vars(found["y"]) == {}
    assert set(torch.serialization.get_safe_globals()) == before, "let be in this one file alone"


def archive() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        made.addfile(tarfile.TarInfo("resnet50.pth"))
    return file.getvalue()


def torchscript() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is out of fashion
        torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is torn, or no file of torch.save's"),
        (b"hello" * 100, "is torn, or no file of torch.save's$"),
        (written(TINY)[:300], r"is torn, or no file of torch.save's \([^.]* failed finding central directory\)$"),
        (written(TINY, _use_new_zipfile_serialization=False)[:-5], "is torn, or no file of torch.save's"),
        (written(nn.Linear(2, 2)), r"Python objects beside tensors \(torch.nn.modules.linear.Linear\)"),
        (written({"state_dict": TINY, "who": Somebody()}), r"reslab runs no code of files: .*net\.state_dict\(\)"),
        (pickle.dumps({"a": np.zeros(3)}), "is torn, or no file of torch.save's$"),
        (b"<!DOCTYPE html><html>not found", "is torn, or no file of torch.save's"),
        (torchscript(), "is a TorchScript program, not weights"),
        (save(TINY), r"is a safetensors file: give it a name that ends in \.safetensors"),
        (written({"state_dict": np.zeros(3)}), "'state_dict' is no tensor"),
        (archive(), r"is an archive \(tar\): unpack it"),
        (b"version https://git-lfs and so on", "is a pointer of Git LFS, without the weights: git lfs pull"),
        (written([1, 2]), "holds no weights by name, as .* but a list"),
        (written({}), "holds no weights by name"),
        (written({"a": torch.zeros(1), "epoch": 5}), "'epoch' is no tensor"),
        (written({3: torch.zeros(1)}), "'3' is no tensor"),
    ],
)
def test_what_holds_no_weights(tmp_path, content, message):
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(RunError, match=message) as error:
        load(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "program"), [("net.caffemodel", "Caffe"), ("net.h5", "Keras"), ("net.keras", "Keras")]
)
def test_caffe_and_keras_are_refused_by_name(tmp_path, name, program):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(RunError, match=f"{name} is a file of {program}'s, which reslab does not read"):
        load(tmp_path / name)


def test_what_is_ours_is_not_foreign(tmp_path):
    ours = saved(tmp_path / "model.safetensors", classifier("resnet8", 8))
    assert weights_file(ours) is None and weights_file(tmp_path) is None
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    save_file(TINY, theirs / "model.safetensors")
    assert weights_file(theirs) == theirs / "model.safetensors"
    (theirs / "recipe.toml").touch()
    assert weights_file(theirs) is None, "a run folder"
    (tmp_path / "torn.safetensors").write_bytes(save(TINY)[:20])
    assert weights_file(tmp_path / "torn.safetensors") is None
    with pytest.raises(RunError, match="is torn, or no file of reslab's") as error:
        load(tmp_path / "torn.safetensors")
    assert "other programs" not in str(error.value), "it was asked to read just these"


def test_a_folder_that_git_took_without_its_content(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"version https://git-lfs and so on")
    for place in (tmp_path, tmp_path / "model.safetensors"):
        with pytest.raises(RunError, match=r"model\.safetensors is a pointer of Git LFS"):
            load(place)


def test_layouts_are_told_by_names(tmp_path):
    for shapes, layout, model, shortcut in (
        (torchvision_shapes(TWO), TORCHVISION, "resnet18", "B"),
        (torchvision_shapes((3, 4, 6, 3)), TORCHVISION, "resnet34", "B"),
        (torchvision_shapes((3, 4, 23, 3), bottleneck=True), TORCHVISION, "resnet101", "B"),
        (torchvision_shapes((3, 8, 36, 3), bottleneck=True), TORCHVISION, "resnet152", "B"),
        (hugging_face_shapes(TWO), HUGGING_FACE, "resnet18", "B"),
        (akamaster_shapes(9), AKAMASTER, "resnet56", "A"),
        (akamaster_shapes(18), AKAMASTER, "resnet110", "A"),
        (akamaster_shapes(1, projections=True), AKAMASTER, "resnet8", "B"),
        (chenyaofo_shapes(3), CHENYAOFO, "resnet20", "B"),
        (chenyaofo_shapes(7), CHENYAOFO, "resnet44", "B"),
    ):
        tensors = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
        assert layout_of(tensors) is layout
        found, net = net_of(tmp_path, tensors, layout)
        stride = {"stride_in": "3x3"} if net.block == "bottleneck" else {}
        assert (found, net) == (model, spec(model, shortcut, 5, **stride))


def changed(more=None, without=(), **shape) -> dict[str, tuple[int, ...]]:
    kept = {name: size for name, size in torchvision_shapes(TWO).items() if name not in without}
    return {**kept, **(more or {}), **shape}


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (torchvision_shapes((1, 1, 1, 1)), "it has stages of 1, 1, 1, 1 basic blocks"),
        (torchvision_shapes(TWO, stem=3), "'conv1.weight' is 64 x 3 x 3 x 3, not 64 x 3 x 7 x 7; .* behind a 3x3 stem"),
        (torchvision_shapes(TWO, widths=(48, 96, 192, 384)), "'conv1.weight' is 48 x 3 x 7 x 7"),
        (
            torchvision_shapes((3, 3, 3), widths=(32, 64, 128), stem=3),
            "nearest is resnet20, of which 'conv1.weight' is 32",
        ),
        (chenyaofo_shapes(3, projections=False), "'layer2.0.downsample.0.weight' is missing"),
        (chenyaofo_shapes(8), "stages of 8, 8, 8 basic blocks"),
        (akamaster_shapes(8), "stages of 8, 8, 8 basic blocks"),
        (changed(without=("fc.weight", "fc.bias")), r"has no classifier \(fc.weight, fc.bias\): it is the body"),
        (changed({"fc.weight": (0, 512), "fc.bias": (0,)}), "has no classes: 'fc.weight' is 0 x 512"),
        (changed(without=("layer3.0.bn2.bias",)), "'layer3.0.bn2.bias' is missing$"),
        (changed({"layer1.0.se.fc1.weight": (4, 64, 1, 1)}), "has no place; it may be a net with squeeze"),
        (changed({"conv1.bias": (64,)}), "'conv1.bias' has no place$"),
        (changed({"linear.weight": (5, 512)}), "stages of 2, 2, 2, 2 basic blocks"),
        (changed({"conv1.weight": (64, 1, 7, 7)}), "images of 1 channel$"),
        ({"cls_token": (1, 1, 8), "patch_embed.proj.weight": (8, 3, 4, 4)}, "no blocks of theirs.*vision transformer"),
        (changed({"layer2.0.conv2.filt": (64, 1, 4, 4)}), "a net that blurs before it subsamples"),
        (changed({"conv1.zero_point": (1,)}), "a quantised net"),
        ({"features.0.weight": (64, 3, 3, 3)}, "VGG"),
    ],
)
def test_other_nets_are_refused_by_name(tmp_path, shapes, message):
    path = tmp_path / "net.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in shapes.items()}, path)
    with pytest.raises(RunError, match=message) as error:
        load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("more", [{"bottleneck": True, "factor": 2}, {"bottleneck": True, "groups": 2}])
def test_wide_and_grouped_nets_are_named(tmp_path, more):
    shapes = torchvision_shapes((3, 4, 6, 3), bottleneck=True)
    shapes["layer1.0.conv2.weight"] = (128, 128, 3, 3) if "factor" in more else (128, 4, 3, 3)
    tensors = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    model, net = net_of(tmp_path, tensors, TORCHVISION)
    with pytest.raises(RunError, match="a wide net" if "factor" in more else "grouped convolutions"):
        our_weights(tmp_path, tensors, TORCHVISION, model, net)


def test_integers_are_refused_and_half_precision_is_not(tmp_path):
    weights = filled(akamaster_shapes(1))
    torch.save({name: tensor.half() for name, tensor in weights.items()}, tmp_path / "half.pth")
    assert next(load(tmp_path / "half.pth").net.parameters()).dtype == torch.float32
    torch.save({**weights, "linear.bias": torch.zeros(5, dtype=torch.int8)}, tmp_path / "int8.pth")
    with pytest.raises(RunError, match=r"'linear\.bias' in int8"):
        load(tmp_path / "int8.pth")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (torch.full((5,), torch.nan), "NaN or infinity in 'linear.bias'"),
        (torch.full((5,), 1e39, dtype=torch.float64), "NaN or infinity in 'linear.bias'"),
        (torch.zeros(5, device="meta"), "the shape of 'linear.bias' alone"),
        (torch.zeros(5).to_sparse(), "'linear.bias' as a sparse tensor"),
    ],
)
def test_values_that_no_score_can_be_made_of_are_refused(tmp_path, values, message):
    torch.save({**filled(akamaster_shapes(1)), "linear.bias": values}, tmp_path / "net.pth")
    with pytest.raises(RunError, match=message):
        load(tmp_path / "net.pth")


def test_negative_variances_are_refused(tmp_path):
    """Their roots are no numbers, nor are scores then."""
    weights = filled(akamaster_shapes(1))
    weights["layer2.0.bn1.running_var"][3] = -0.1
    torch.save(weights, tmp_path / "net.pth")
    with pytest.raises(RunError, match=r"net\.pth holds negative variances in 'layer2\.0\.bn1\.running_var'"):
        load(tmp_path / "net.pth")
