"""What config.json and its like say beside weights, and which nets they name that are none of ours."""

import json
from pathlib import Path

import pytest
import torch

from reslab.errors import RunError
from reslab.interop import load
from reslab.interop.checkpoint import Checkpoint
from reslab.interop.configs import refuse_others, told_by
from reslab.interop.layouts import HUGGING_FACE, TORCHVISION
from reslab.interop.told import Told, View
from tests.interop.foreign_weights import akamaster_shapes, filled


def checkpoint(config=None, images=None) -> Checkpoint:
    return Checkpoint(Path(), Path("net.pth"), "", {}, config or {}, images or {}, {})


def test_where_nothing_is_said_nothing_is_told():
    assert told_by(checkpoint(), TORCHVISION, 7) == Told()
    assert told_by(checkpoint({"architecture": "resnet18"}), TORCHVISION, 7) == Told(named=True)
    assert told_by(checkpoint(), HUGGING_FACE, 7) == Told(named=True)
    assert told_by(checkpoint({"model_type": "resnet"}), HUGGING_FACE, 7) == Told(named=True, stride_in="3x3")


SQUEEZED = "squeezes images into a square"


@pytest.mark.parametrize(
    ("images", "view", "otherwise"),
    [
        ({"size": 224, "crop_pct": 0.875, "resample": 3}, View(224, 256), ()),
        ({"size": {"shortest_edge": 224}, "image_processor_type": "ConvNextImageProcessor"}, View(224, 256), ()),
        ({"size": {"shortest_edge": 384}, "crop_pct": 0.875}, View(384), (SQUEEZED,)),
        (
            {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 2},
            View(224, 256),
            ("scales bilinear",),
        ),
        ({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, View(256), ()),
        ({"size": {"height": 224, "width": 224}}, View(224), (SQUEEZED,)),
        ({"size": {"shortest_edge": 224}, "do_resize": False}, View(224), ("takes images as large as they are",)),
        ({"crop_pct": 0.875}, None, ()),
    ],
)
def test_how_hugging_face_looks_at_images(images, view, otherwise):
    told = told_by(checkpoint({}, images), HUGGING_FACE, 4)
    assert (told.view, told.otherwise) == (view, otherwise)


def test_how_timm_looks_at_images():
    images = {"input_size": [3, 224, 224], "test_input_size": [3, 288, 288], "crop_pct": 0.95, "test_crop_pct": 1.0}
    more = {"interpolation": "bilinear", "crop_mode": "squash", "std": [0.5, 0.5, 0.5]}
    told = told_by(checkpoint({"architecture": "resnet18", "pretrained_cfg": {**images, **more}}), TORCHVISION, 4)
    assert (told.view, told.larger) == (View(224, 235), View(288, 288))
    assert told.otherwise == ("scales bilinear", "has another crop (squash)")
    assert (told.mean, told.std) == (None, (0.5, 0.5, 0.5))


def test_names_that_hugging_face_makes_up_are_none():
    made_up = {str(number): f"LABEL_{number}" for number in range(4)}
    assert told_by(checkpoint({"id2label": made_up}), HUGGING_FACE, 4).classes is None
    own = told_by(checkpoint({"id2label": {**made_up, "2": "owl"}}), HUGGING_FACE, 4)
    assert own.classes == ("LABEL_0", "LABEL_1", "owl", "LABEL_3")


def test_other_arguments_of_timms_that_change_nothing_are_let_be():
    usual = {"num_classes": 7, "in_chans": 3, "global_pool": "avg", "drop_rate": 0.2}
    config = {"architecture": "resnet18", "model_args": usual, "label_names": {"0": "cat", "2": "dog"}}
    assert told_by(checkpoint(config), TORCHVISION, 4).classes == ("cat", "1", "dog", "3")


@pytest.mark.parametrize(
    ("config", "images", "layout", "message"),
    [
        ({"architecture": "resnet18", "global_pool": "max"}, {}, TORCHVISION, "otherwise than usual: global_pool max"),
        ({"architecture": "resnet18", "model_args": {"output_stride": 8}}, {}, TORCHVISION, "output_stride 8"),
        ({"architecture": "resnet18", "model_args": {"aa_layer": "blur"}}, {}, TORCHVISION, "aa_layer blur"),
        ({"architecture": "resnet18", "label_names": {"7": "x"}}, {}, TORCHVISION, "not to be understood"),
        ({"architecture": "resnet18", "input_size": [3, 9, 8]}, {}, TORCHVISION, "9 x 8 pixels"),
        ({"architecture": "resnet18", "mean": [0.5]}, {}, TORCHVISION, "1 colours"),
        ({"architecture": "resnet18", "pretrained_cfg": 5}, {}, TORCHVISION, "not to be understood"),
        ({"hidden_act": "gelu"}, {}, HUGGING_FACE, "hidden_act gelu"),
        ({"downsample_in_first_stage": True}, {}, HUGGING_FACE, "downsample_in_first_stage True"),
        ({}, {"do_rescale": False}, HUGGING_FACE, "do_rescale"),
        ({}, {"size": {"height": 224, "width": 200}}, HUGGING_FACE, "224 x 200 pixels"),
        ({}, {"size": 9999}, HUGGING_FACE, "images of 9999 pixels"),
        ({}, {"size": 224, "crop_pct": "most"}, HUGGING_FACE, "not to be understood"),
        ({}, {"rescale_factor": 1 / 127.5}, HUGGING_FACE, "rescale_factor"),
    ],
)
def test_nets_that_are_built_otherwise_are_refused(config, images, layout, message):
    with pytest.raises(RunError, match=message):
        told_by(checkpoint(config, images), layout, 4)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"model_type": "vit"}, "Hugging Face's vit"),
        ({"architecture": "resnetblur50"}, "timm's resnetblur50, which is none of reslab's nets"),
        ({"architecture": "resnet26"}, "timm's resnet26"),
    ],
)
def test_nets_of_other_names_are_refused_whatever_their_weights_look_like(tmp_path, config, name):
    with pytest.raises(RunError, match=name):
        refuse_others(config)
    (tmp_path / "config.json").write_text(json.dumps(config))
    torch.save(filled(akamaster_shapes(1)), tmp_path / "pytorch_model.bin")
    with pytest.raises(RunError, match=f"{tmp_path}: it is {name}"):
        load(tmp_path)
