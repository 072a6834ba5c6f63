"""What is at fault in a net that is not what it was created as is named: size, classes, head, residual function."""

import pytest
import torch
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import fully_shard

import reslab
from tests.interop.test_own_loop import CLASSES, MEAN, STD, own, trained


def other(channels_in, width, stride, stride_in):
    return nn.Sequential(nn.Conv2d(channels_in, width, 3, stride, 1), nn.BatchNorm2d(width))


def refusal(net: nn.Module, classes: tuple[str, ...] = CLASSES, **more) -> str:
    with pytest.raises(reslab.UsageError) as caught:
        reslab.classifier(net, classes, mean=MEAN, std=STD, **more)
    return str(caught.value)


def test_a_size_that_fully_connected_layers_do_not_fit():
    net = trained("maxout", 32)
    assert reslab.classifier(net, CLASSES, mean=MEAN, std=STD).size == 32
    words = refusal(net, size=16)
    assert words.startswith("size=16: this maxout was created for images of 32 pixels") and "leave size out" in words
    assert reslab.classifier(trained(), CLASSES, mean=MEAN, std=STD, size=24).size == 24  # pooled: any size fits
    of_small = reslab.classifier(trained(), CLASSES, mean=MEAN, std=STD).preprocessing
    with pytest.raises(reslab.UsageError, match=r"^preprocessing is of images of 16 pixels: .* 32 pixels, or mean="):
        reslab.classifier(net, CLASSES, preprocessing=of_small)


def test_scores_and_classes_that_are_not_as_many():
    net = trained()
    net.head[2] = nn.Linear(64, 5)
    words = refusal(net)
    assert words.startswith(
        "this net gives 5 scores, and 3 classes are named: name one for each score (resnet8 has head.2"
    )
    assert reslab.classifier(net, tuple("abcde"), mean=MEAN, std=STD).classes == tuple("abcde")


def test_another_head():
    net = trained()
    net.head[2] = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
    words = refusal(net)
    assert words.startswith("the head is another than the net was created with") and "residual" not in words
    assert "resnet8 has head.2.weight of shape (3, 64), and this net has no head.2.weight" in words


def test_residual_functions_that_are_not_given_or_others():
    assert refusal(trained(residual=own)).startswith("residual functions are others: give the one")
    assert refusal(trained(residual=own), residual=other).startswith(
        "residual functions are others than this residual="
    )


def test_a_convolution_of_a_block_was_replaced():
    net = trained()
    net.stage1[0].residual[0] = nn.Conv2d(16, 16, 5, padding=2, bias=False)
    assert "residual=...; or layers in them were changed, and reslab has no classifier" in refusal(net)


def test_other_layers():
    net = trained()
    net.stem[0] = nn.Conv2d(3, 16, 5, padding=2, bias=False)
    assert refusal(net).startswith("layers were changed, added or taken out")


def test_weights_that_are_not_here():
    with torch.device("meta"):
        net = reslab.create("resnet8", classes=3)
    assert refusal(net).startswith("the weights of this resnet8 are on the meta device")


def test_weights_of_which_each_process_has_a_part(tmp_path):
    """In both versions of FSDP; the first stands here by its name."""
    first = type("FullyShardedDataParallel", (nn.Module,), {})()
    first.module = trained()
    assert "shared out over processes (FSDP): in each of them get_model_state_dict(net" in refusal(first)
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        mesh = torch.distributed.device_mesh.init_device_mesh("cpu", (1,))
        net = fully_shard(trained(), mesh=mesh)
        assert refusal(net).startswith("the weights of this resnet8 are shared out over processes (FSDP)")
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        gathered = reslab.create("resnet8", classes=3, size=16)
        gathered.load_state_dict(get_model_state_dict(net, options=options))
        assert reslab.classifier(gathered, CLASSES, mean=MEAN, std=STD).classes == CLASSES
    finally:
        torch.distributed.destroy_process_group()
