"""Other programs' weights give their scores: the numbers of the programs themselves, on weights that anybody can draw.

`foreign_scores.json` was made in an environment of its own with the versions that it names, on a CPU in fp32, in
evaluation mode (torchvision's compiled operators, which its residual nets do not use, were only declared there; the net
of akamaster/pytorch_resnet_cifar10 is that of its resnet.py, inside DataParallel). Weights are `filled` by the names
that the programs themselves gave, images are `pixels`, over 255, normalised by ImageNet's colours but for timm's, whose
mean and deviations the file has. `scores` are what came out, (3, classes), of 64 pixels, akamaster's of 32.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reslab.errors import RunError, UsageError
from reslab.interop import convert, export, load, trained
from reslab.interop.asked import Asked
from reslab.interop.deployed import description, identity_of
from reslab.interop.foreign import folded, normalisation, read_foreign
from reslab.interop.torchvision_weights import crop_part, timm_config, timm_steps, torchvision_bytes
from reslab.interop.zero_sides import channel_orders
from reslab.nets import spec
from reslab.store import UNTOLD, Classifier
from tests.interop.classifiers import classifier, noise, saved
from tests.interop.foreign_weights import (
    akamaster_shapes,
    filled,
    hugging_face_shapes,
    pixels,
    torchvision_shapes,
)

EXPECTED = json.loads(Path(__file__).with_name("foreign_scores.json").read_text(encoding="utf-8"))
BASIC, DEEP = (2, 2, 2, 2), (3, 4, 6, 3)


def agrees(net: Classifier, name: str, size: int) -> None:
    expected = torch.tensor(EXPECTED["scores"][name])
    found = net(pixels(size))
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert (expected[0] - expected[1:]).abs().max() > 100 * 1e-4 * expected.abs().max(), "images are told apart"


def folder(place: Path, shapes, config: dict, images: dict | None = None) -> Path:
    place.mkdir()
    save_file(filled(shapes), place / "model.safetensors")
    (place / "config.json").write_text(json.dumps(config))
    if images:
        (place / "preprocessor_config.json").write_text(json.dumps(images))
    return place


@pytest.fixture(scope="module")
def eighteen(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("torchvision") / "r18.pth"
    torch.save(filled(torchvision_shapes(BASIC)), path)
    return path


def test_torchvisions_basic_net(eighteen):
    net = load(eighteen)
    agrees(net, "torchvision resnet18", 64)
    assert (net.identity.model, net.classes, net.size) == ("resnet18", ("0", "1", "2", "3", "4"), 224)
    assert net.identity.data == UNTOLD and net.identity.spec == spec("resnet18", classes=5)
    origin = net.identity.origin
    assert (origin.file, origin.layout, len(origin.sha256)) == ("r18.pth", "torchvision", 64)
    assert not net.training and not any(parameter.requires_grad for parameter in net.parameters())


def test_torchvisions_bottlenecks_subsample_in_the_3x3_unless_told_otherwise(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file(filled(torchvision_shapes(DEEP, bottleneck=True)), path)
    said = []
    net = read_foreign(path, say=said.append)
    agrees(net, "torchvision resnet50", 64)
    assert net.identity.spec == spec("resnet50", classes=5, stride_in="3x3") and "on the 3x3" in said[0]
    other = read_foreign(path, Asked(stride_in="1x1"))
    assert other.identity.spec == spec("resnet50", classes=5)
    with pytest.raises(AssertionError):
        agrees(other, "torchvision resnet50", 64)


def test_timms_folder_says_labels_and_colours(tmp_path):
    images = {"input_size": [3, 96, 96], "mean": EXPECTED["timm_mean"], "std": EXPECTED["timm_std"]}
    config = {"architecture": "resnet18", "label_names": ["a", "b", "犬", "b", "e"], "pretrained_cfg": images}
    place = folder(tmp_path / "net", torchvision_shapes(BASIC), config)
    for named in (place, place / "model.safetensors"):
        net = load(named)
        agrees(net, "timm resnet18", 64)
        assert net.classes == ("a", "b (1)", "犬", "b (3)", "e") and net.size == 96


def test_hugging_faces_folders(tmp_path):
    config = {"model_type": "resnet", "id2label": {"1": "dog", "0": "cat", "2": "c", "3": "d", "4": "e"}}
    net = load(folder(tmp_path / "basic", hugging_face_shapes(BASIC), config, {"size": {"shortest_edge": 224}}))
    agrees(net, "Hugging Face resnet18", 64)
    assert net.classes == ("cat", "dog", "c", "d", "e") and net.identity.origin.layout == "Hugging Face"
    config = {"model_type": "resnet", "downsample_in_bottleneck": True}
    place = folder(tmp_path / "deep", hugging_face_shapes(DEEP, bottleneck=True), config)
    net = load(place)
    agrees(net, "Hugging Face resnet50, downsample_in_bottleneck", 64)
    assert net.identity.spec.stride_in == "1x1"
    with pytest.raises(UsageError, match="the stride of its bottlenecks is on the 1x1, as is written beside"):
        read_foreign(place, Asked(stride_in="3x3"))


def test_akamasters_zeros_lie_on_both_sides(tmp_path):
    weights = {f"module.{name}": tensor for name, tensor in filled(akamaster_shapes(3, classes=10)).items()}
    path = tmp_path / "resnet20.th"
    torch.save({"state_dict": weights, "best_prec1": torch.tensor(91.7)}, path, _use_new_zipfile_serialization=False)
    net = load(path)
    agrees(net, "akamaster resnet20", 32)
    about = net.identity
    assert (about.model, about.spec, about.data, about.split) == ("resnet20", spec("resnet20"), "cifar10", "50k")
    assert net.classes[0] == "airplane" and about.origin.layout == "akamaster"


def test_akamasters_option_b_and_other_numbers_of_classes(tmp_path):
    torch.save(filled(akamaster_shapes(2, classes=7, projections=True)), tmp_path / "b.th")
    net = load(tmp_path / "b.th")
    assert net.identity.spec == spec("resnet14", "B", 7, 32) and net.classes == tuple("0123456")
    assert net.identity.data == UNTOLD and net(noise(2, 32)).shape == (2, 7)


def test_channels_of_a_stage_begin_with_those_of_the_one_before():
    orders = channel_orders(spec("resnet8"))
    assert [sorted(order.tolist()) for order in orders] == [list(range(width)) for width in (16, 32, 64)]
    assert orders[1][:16].tolist() == list(range(8, 24)) and orders[2][:16].tolist() == list(range(24, 40))


def test_colours_are_folded_exactly_at_the_edges_too():
    mean, std, pictures = (0.1, 0.5, 0.9), (0.1, 0.2, 0.4), noise(2, 9)
    convolution = nn.Conv2d(3, 4, 7, 2, 3, bias=False).double()
    images = torch.from_numpy(pictures).double().permute(0, 3, 1, 2)
    centre, deviation = (torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (mean, std))
    theirs = convolution((images / 255 - centre) / deviation)
    ours = normalisation(mean, std, 9)
    assert ours.std == pytest.approx(255 * 0.7 / 3) and ours.mean.shape == (1, 1, 3) and ours.size == 9
    convolution.weight.data = folded(convolution.weight.data.float(), ours.factors).double()
    normalised = (images - torch.from_numpy(ours.mean).double().permute(2, 0, 1)) / ours.std
    torch.testing.assert_close(convolution(normalised), theirs, rtol=1e-5, atol=1e-5)
    weight = torch.rand(2, 3, 3, 3)
    assert torch.equal(folded(weight, normalisation(mean, (0.5, 0.5, 0.5), 9).factors), weight), "nothing to fold"


@pytest.mark.parametrize("std", [(0.0, 0.2, 0.2), (0.2, float("nan"), 0.2)])
def test_what_cannot_be_divided_by(std):
    with pytest.raises(RunError, match="cannot be meant"):
        normalisation((0.5, 0.5, 0.5), std, 9)


@pytest.mark.parametrize(
    ("target", "name", "stride_in"), [("torchvision", "resnet50", "1x1"), ("timm", "resnet18", None)]
)
def test_what_we_exported_comes_back_as_it_was(tmp_path, target, name, stride_in):
    made = classifier(name, 32, stride_in=stride_in)
    (tmp_path / "model.safetensors").write_bytes(torchvision_bytes(made))
    if target == "timm":
        (tmp_path / "config.json").write_bytes(timm_config(made))
    back = load(tmp_path)
    assert (back.classes, back.size, back.identity.spec) == (made.classes, 32, made.identity.spec)
    assert (back.identity.data, back.identity.origin.layout) == ("pets", "torchvision")
    pictures = noise(2, 32)
    torch.testing.assert_close(back(pictures), made(pictures), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("told", "scale", "scaling"),
    [
        ({"crop_pct": 0.875, "interpolation": "bilinear"}, 36, "bilinear"),
        ({"crop_pct": 0.95, "interpolation": "bicubic"}, 33, "bicubic"),
        ({}, 32, "bicubic"),
    ],
)
def test_how_timm_looked_at_images_is_told_to_timm_again(tmp_path, told, scale, scaling):
    images = {"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 32, 32], **told}}
    theirs = folder(tmp_path / "theirs", torchvision_shapes(BASIC), images)
    file = convert(theirs, tmp_path / "ours.safetensors").path
    for place in (theirs, file):
        config = json.loads(timm_config(load(place)))["pretrained_cfg"]
        assert (int(32 / config["crop_pct"]), config["interpolation"]) == (scale, scaling)
        shorter = f"its shorter side scaled to {scale} pixels: {scaling}"
        assert timm_steps(load(place)) == [shorter, "the 32 x 32 pixels in its centre"]
    back = load(export(file, "timm", tmp_path / "back").path)
    assert back.identity.origin.scale == scale
    assert back.identity.origin.scaling == (told.get("interpolation") or "")


def test_parts_of_the_shorter_side_are_short_and_lead_back_to_it():
    assert [crop_part(224, scale) for scale in (224, 256, 235)] == [1.0, 0.875, 0.95]
    assert all(int(size / crop_part(size, scale)) == scale for size in (8, 49, 224) for scale in range(size, 700))


def test_its_weights_can_be_exported_again(eighteen, tmp_path):
    found = export(eighteen, "torchvision", tmp_path / "again.torchvision.safetensors")
    assert found.agreement.good and found.model == "resnet18"
    source = trained(eighteen)
    assert trained(found.path).identity.spec == source.identity.spec
    assert identity_of(description(source)) == source.identity, "exported files say where weights are from, too"


def test_it_takes_no_residual_function(eighteen):
    with pytest.raises(UsageError, match="takes no other; leave --residual out"):
        load(eighteen, lambda *_: nn.Identity())


def test_ours_and_what_is_nothing_are_read_as_before(tmp_path):
    file = saved(tmp_path / "net.safetensors", classifier("resnet8", 8))
    assert trained(file).identity.origin is None and isinstance(load("resnet20-cifar10"), Classifier)
    with pytest.raises(RunError, match=r"no file .*nothing\.pth"):
        load(tmp_path / "nothing.pth")
    with pytest.raises(RunError, match="no run folder or model file"):
        trained(tmp_path / "nothing")


def test_features_and_any_size(eighteen):
    net = trained(eighteen)
    assert net.takes_any_size and net.features(noise(2, 40)).shape == (2, 512)
    assert np.isfinite(net(noise(1, 224)).numpy()).all()


def test_averaged_weights_go_before_others_and_that_is_said(tmp_path):
    path, said = tmp_path / "net.pth", []
    plain = filled(akamaster_shapes(1))
    twice = {name: 2 * tensor for name, tensor in plain.items()}
    torch.save({"state_dict": plain, "state_dict_ema": twice}, path)
    net = read_foreign(path, say=said.append)
    assert torch.equal(net.net.state_dict()["head.2.bias"], twice["linear.bias"])
    torch.save({"state_dict": plain, "state_dict_ema": None}, path)
    assert torch.equal(read_foreign(path, say=said.append).net.state_dict()["head.2.bias"], plain["linear.bias"])
    assert "its averaged weights (state_dict_ema)" in said[0] and not any("its averaged" in line for line in said[1:])


def test_colours_that_the_user_says_are_those_of_a_file_that_says_them(eighteen):
    net = read_foreign(eighteen, Asked(size=96, mean=tuple(EXPECTED["timm_mean"]), std=tuple(EXPECTED["timm_std"])))
    agrees(net, "timm resnet18", 64)
    assert net.size == net.identity.spec.size == 96
    assert "assumed" not in net.identity.origin.assumed and "names and shapes alone" in net.identity.origin.assumed


def test_what_was_assumed_is_said_and_kept(eighteen, tmp_path):
    said = []
    origin = read_foreign(eighteen, say=said.append).identity.origin
    assert origin.assumed == (
        "told by names and shapes alone: a variant without weights of its own cannot be told apart; "
        "assumed: 224 px, ImageNet's mean and std"
    )
    assert said[1:] == [f"{eighteen}: {origin.assumed}"] and origin.scale is None
    config = {"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 224, 224], "crop_pct": 0.95}}
    place, said = folder(tmp_path / "net", torchvision_shapes(BASIC), config), []
    origin = read_foreign(place, say=said.append).identity.origin
    assert (origin.assumed, origin.scale) == ("assumed: ImageNet's mean and std", 235)
    assert said[2] == (
        f"{place}: its program looks at the centre of images scaled to 235 px; reslab takes the centre square, scaled "
        "bicubic (the same centre: reslab eval --views centre --scales 235)"
    )


def test_two_sizes_of_timms(eighteen, tmp_path):
    """As torchvision's second weights are, there: trained at 176 pixels, tested at 224."""
    (tmp_path / "pytorch_model.bin").symlink_to(eighteen)
    sizes = {"input_size": [3, 176, 176], "crop_pct": 0.875, "test_input_size": [3, 224, 224], "test_crop_pct": 0.965}
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "resnet18", "pretrained_cfg": sizes}))
    said = []
    net = read_foreign(tmp_path, say=said.append)
    assert (net.size, net.identity.origin.scale) == (176, 201)
    assert said[-1].endswith(f"tests it at 224 px, too: reslab convert {tmp_path} --size 224 takes it so")
    said.clear()
    net = read_foreign(tmp_path, Asked(size=224), said.append)
    assert (net.size, net.identity.origin.scale) == (224, 232) and "--scales 232" in said[-1]


def test_a_net_that_is_called_another_is_refused(eighteen, tmp_path):
    """timm's resnetblur18 has the tensors of resnet18, and no others."""
    (tmp_path / "resnetblur18").mkdir()
    named, within = tmp_path / "resnetblur18_x-1.pth", tmp_path / "resnetblur18" / "best.pth"
    plain, called = within.with_name("resnet18.pth"), tmp_path / "net.pth"
    for place in (named, within, plain):
        place.symlink_to(eighteen)
    torch.save({"arch": "resnetblur18", "state_dict": filled(torchvision_shapes(BASIC))}, called)
    for place in (named, within, called):
        with pytest.raises(RunError, match=rf"{place}: by its name it is resnetblur18, a net that blurs before"):
            load(place)
    assert load(plain).identity.model == "resnet18", "its own name goes before that of its folder"


def test_a_net_that_its_config_names_may_lie_anywhere(tmp_path):
    place = folder(tmp_path / "resnetblur18", torchvision_shapes(BASIC), {"architecture": "resnet18"})
    assert load(place).identity.model == "resnet18"


def test_akamasters_net_of_other_names_is_not_of_cifar(tmp_path):
    torch.save(filled(akamaster_shapes(1, classes=10)), tmp_path / "net.th")
    assert "the classes of CIFAR-10" in load(tmp_path / "net.th").identity.origin.assumed
    digits = read_foreign(tmp_path / "net.th", Asked(classes=tuple("0123456789"))).identity
    assert (digits.data, digits.split) == (UNTOLD, None) and "CIFAR-10" not in digits.origin.assumed
