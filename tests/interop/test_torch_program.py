"""A .pt2 file: the same function for every batch size, self-describing, without pickled objects or our code."""

import io
import json
import subprocess
import sys
import zipfile

import pytest
import torch
from torch import nn

from reslab.errors import RunError
from reslab.interop.torch_program import program_bytes, read_program
from reslab.interop.verify import compare
from tests.interop.classifiers import classifier, noise


@pytest.fixture(scope="module")
def made():
    net = classifier("resnet8", mean="pixel")
    return net, program_bytes(net, scores=False)


@pytest.mark.slow
def test_it_is_the_same_function_and_says_what_it_is(made):
    net, data = made
    run, about = read_program(data)
    found = compare(run, net, False, noise(9, 32))
    assert found.good and (found.random_images, found.real_images) == (8, 9)
    assert run(noise(3, 32)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert about["classes"] == ["Ängström", "犬", "cat", "dog"] and about["model"] == "resnet8"
    assert (about["input"], about["output"], about["size"]) == ("pixels", "probabilities", 32)
    assert about["spec"]["depths"] == [1, 1, 1] and "32 x 32" in about["preprocessing"][-1]


@pytest.mark.slow
def test_nothing_in_it_is_pickled_and_nothing_names_a_place_of_this_machine(made):
    archive = zipfile.ZipFile(io.BytesIO(made[1]))
    for name in archive.namelist():
        content = archive.read(name)
        assert not content.startswith((b"PK", b"\x80")) or "weights/weight_" in name, name
        assert b"reslab/" not in content and b"/site-packages" not in content, name
    for kind in ("weights", "constants"):
        (config,) = (name for name in archive.namelist() if name.endswith(f"model_{kind}_config.json"))
        assert not any(entry["use_pickle"] for entry in json.loads(archive.read(config))["config"].values())


@pytest.mark.slow
def test_it_runs_where_reslab_is_not(made, tmp_path):
    net, data = made
    (tmp_path / "net.pt2").write_bytes(data)
    script = (
        "import sys, torch; torch.manual_seed(3); pixels = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8);"
        "print(torch.export.load('net.pt2').module()(pixels).tolist()); assert 'reslab' not in sys.modules"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    torch.manual_seed(3)
    pixels = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8)
    torch.testing.assert_close(torch.tensor(json.loads(answer.stdout)), net(pixels).softmax(dim=1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain8", "preact8", "dsn", "maxout", "highway19"])
def test_nets_of_every_kind(name):
    net = classifier(name)
    run, about = read_program(program_bytes(net, scores=True))
    assert compare(run, net, True).good and about["output"] == "scores"


class Moody(nn.Module):
    """A residual function that looks at its numbers, as no graph can."""

    def __init__(self, channels_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, width, 3, stride, 1)

    def forward(self, x):
        return self.convolution(x) if float(x.sum()) > 0 else -self.convolution(x)


def test_a_residual_function_that_is_no_graph_is_told_in_one_line():
    net = classifier("resnet8", 16, residual=lambda channels, width, stride, _: Moody(channels, width, stride))
    with pytest.raises(RunError, match=r"^torch.export makes no graph of this net: ") as error:
        program_bytes(net, scores=True)
    assert "\n" not in str(error.value)
