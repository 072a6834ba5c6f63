"""`reslab export` as a user types it."""

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from reslab.cli.export import rows_of_price
from reslab.data import read_photo
from reslab.interop import Price
from reslab.interop import load as load_exported
from reslab.interop.deployed import steps
from reslab.interop.onnx_graph import PACKAGES
from tests.cli.test_commands import Answer
from tests.evaluation.test_source import make_photos, trained_on
from tests.interop.classifiers import classifier, saved


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("models") / "pets.safetensors", classifier("resnet18", 16))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("models") / "small.safetensors", classifier("resnet8", 8, mean="pixel"))


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(np.full((20 + number, 30, 3), 60 * number, np.uint8)).save(folder / f"{number}.png")
    return folder


def test_json(model, photos, tmp_path):
    out = tmp_path / "net.safetensors"
    answer = Answer("export", model, "--to", "torchvision", "--out", out, "--check", photos, "--json")
    assert answer.code == 0 and answer.out.count("\n") == 1
    found = answer.json
    assert (found["run"], found["file"], found["to"]) == (str(model), str(out), "torchvision")
    assert found["preprocessing"] == steps(16) and "at least 32 pixels" in steps(16)[0]
    assert found["classes"] == ["Ängström", "犬", "cat", "dog"] and found["bytes"] == out.stat().st_size
    verified = found["verified"]
    assert (verified["random_images"], verified["real_images"], verified["same_class"]) == (8, 3, 11)
    assert 0 <= verified["relative_difference"] <= verified["tolerance"]


def test_in_words(small, tmp_path):
    answer = Answer("export", small, "--to", "torch-export", "--scores")
    assert answer.code == 0 and (small.parent / "small.pt2").is_file()
    assert "pixels: uint8 RGB, (batch, 8, 8, 3)" in answer.out and "scores: float32, (batch, 4)" in answer.out
    after = answer.out.partition("(batch, 8, 8, 3)\n")[2]
    assert after.startswith("photograph  its centre square, upright, scaled to 8 x 8 by Pillow's bicubic filter: docs/")
    assert "on 8 random images: scores differ by" in answer.out and "opset" not in answer.out
    assert "writing, and running what was written" in answer.err


class TheirModels:
    """Stands for torchvision.models: nets that note what is done to them."""

    def __init__(self) -> None:
        self.loaded = None

    def resnet18(self, num_classes: int) -> "TheirModels":
        assert num_classes == 4
        return self

    def eval(self) -> "TheirModels":
        return self

    def load_state_dict(self, tensors: dict) -> str:
        self.loaded = tensors
        return "<All keys matched successfully>"


def lines_of_use(out: str) -> str:
    """The Python that a command prints, the first line behind "use", the others below it."""
    lines = out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("use"))
    return "\n".join(line.removeprefix("use").strip() for line in lines[first:])


def test_what_is_printed_leaves_a_net(model, tmp_path, monkeypatch):
    theirs = SimpleNamespace(models=TheirModels())
    monkeypatch.setitem(sys.modules, "torchvision", theirs)
    answer = Answer("export", model, "--to", "torchvision", "--out", tmp_path / "net.safetensors")
    names = {}
    exec(lines_of_use(answer.out), names)
    assert names["net"] is theirs.models and "layer4.1.conv2.weight" in theirs.models.loaded
    assert "(batch, 3, 16, 16), less mean (0.4314, 0.4706, 0.5098), divided by std (0.2255" in answer.out
    assert "its centre square, upright, scaled to 16 x 16 by Pillow" in answer.out
    answer = Answer("export", model, "--to", "timm", "--out", tmp_path / "folder")
    assert "net = timm.create_model(" in answer.out and "create_transform(" in answer.out
    assert "its shorter side scaled to 16 pixels: bicubic, the 16 x 16 pixels in its centre: as transform" in answer.out


def lines_of_the_document() -> list[str]:
    text = (Path(__file__).parents[2] / "docs/photographs.md").read_text(encoding="utf-8")
    return [block.partition("```")[0] for block in text.split("```python\n")[1:]]


@pytest.mark.parametrize(("width", "height"), [(40, 30), (30, 200), (530, 400), (32, 32)])
@pytest.mark.parametrize("turned", [1, 6])
def test_the_lines_of_the_document_make_the_pixels_that_the_net_was_trained_on(
    width, height, turned, tmp_path, monkeypatch
):
    lines = lines_of_the_document()[0]
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3)).astype(np.uint8)
    about = Image.Exif()
    about[0x0112] = turned
    Image.fromarray(random).resize((width, height)).save("photo.jpg", exif=about)
    names = {}
    exec(lines, names)
    assert np.array_equal(names["pixels"], read_photo("photo.jpg", 32)[None])


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "CMYK", "1"])
def test_they_do_so_for_pictures_of_any_mode(mode, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(1).integers(0, 256, (50, 41, 4)).astype(np.uint8)
    picture, name = Image.fromarray(pixels), "photo.jpg"
    if mode == "P":
        picture.convert("RGB").quantize(16).save(name, "PNG", transparency=3)
    else:
        picture.convert("RGB" if mode in ("CMYK", "1") else "RGBA").convert(mode).save(name, "TIFF")
    names = {}
    exec(lines_of_the_document()[0], names)
    assert np.array_equal(names["pixels"], read_photo(name, 32)[None])


def test_the_file_that_the_document_asks_answers_as_predict_does(tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/NAME").mkdir(parents=True)
    file = Answer("export", "resnet20-cifar10", "--to", "onnx", "--out", "runs/NAME/model.onnx", "--json").json["file"]
    pixels = np.random.default_rng(1).integers(0, 256, (50, 41, 4)).astype(np.uint8)
    Image.fromarray(pixels).save("photo.jpg", "PNG")
    capsys.readouterr()
    names = {}
    for lines in lines_of_the_document():
        exec(lines, names)
    said = capsys.readouterr().out.split()
    for asked in ((file,), ("resnet20-cifar10", "--precision", "fp32")):
        (answer,) = Answer("predict", *asked, "photo.jpg", "--json").json["predictions"]
        assert said[0] == answer["name"] and float(said[1]) == pytest.approx(answer["probability"], abs=1e-5)


def test_the_papers_stride_is_told(tmp_path):
    file = saved(tmp_path / "fifty.safetensors", classifier("resnet50", 16))
    assert "for s in (net.layer2" in lines_of_use(Answer("export", file, "--to", "torchvision").out)
    answer = Answer("export", file, "--to", "torchvision", "--json")
    assert "stride of its bottlenecks is on the 1x1 (v1" in answer.err and len(answer.json["notes"]) == 1
    answer = Answer("export", file, "--to", "timm")
    assert answer.code == 2 and "without a word" in answer.err and not (tmp_path / "fifty-timm").exists()


def test_without_its_packages_onnx_is_an_extra(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    answer = Answer("export", model)
    assert answer.code == 2 and 'pip install "reslab[onnx]"' in answer.err and answer.out == ""


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--to", "onxx"], 2, "did you mean onnx?"),
        (["--to", "torchvision", "--scores"], 2, "--scores"),
        (["--to", "torchvision", "--check", "no such folder"], 1, "no file or folder no such folder"),
        (["--to", "torchvision", "--out", "net.pt2"], 2, "name of a file for --to torch-export"),
        (["--to", "timm", "--int8"], 2, "--int8: files for timm stay in fp32; --to onnx"),
        (["--images", "photos"], 2, "--images is for --int8"),
    ],
)
def test_mistakes(model, words, code, message):
    answer = Answer("export", model, *words)
    assert answer.code == code and message in answer.err and answer.out == ""


def test_nets_without_an_equal_and_files_that_are_none(small, tmp_path):
    answer = Answer("export", small, "--to", "torchvision")
    assert answer.code == 2 and "torchvision has no CIFAR nets" in answer.err and "--to onnx" in answer.err
    answer = Answer("export", tmp_path / "nothing", "--to", "torchvision")
    assert answer.code == 1 and "nothing" in answer.err


def test_what_int8_costs_in_words():
    price = Price(200, "200 validation images of pets", 7, 0.00123, 0.4567, 20, 23, 0.86)
    assert dict(rows_of_price(SimpleNamespace(price=price))) == {
        "error": "10.00 % in fp32, 11.50 % in int8 (+1.50 ± 0.86 points), on 200 validation images of pets",
        "answers": "int8 has another one on 7 of 200 images; probabilities differ by 0.0012 in the mean, 0.457 at most",
    }
    unknown = replace(price, source="200 photographs in pets", wrong_before=None, wrong_after=None)
    ((name, answers),) = rows_of_price(SimpleNamespace(price=unknown))
    assert name == "answers" and answers.endswith("at most, on 200 photographs in pets, whose ranges it has")
    assert rows_of_price(SimpleNamespace(price=None)) == []
    same = replace(price, changed=0, wrong_after=20, error_spread=None)
    assert dict(rows_of_price(SimpleNamespace(price=same)))["error"] == (
        "10.00 % in fp32, 10.00 % in int8 (+0.00 points: none is right in one and wrong in the other, which up to "
        "1.49 % of other images may be), on 200 validation images of pets"
    )


@pytest.mark.slow
def test_int8_with_all_of_its_options(tmp_path):
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    run = trained_on(make_photos(tmp_path / "root" / "pets", {"cat": 10, "dog": 10}), tmp_path / "run")
    (tmp_path / "root" / "pets").rename(tmp_path / "root" / "moved")
    options = ("--int8", "--images", "moved", "--data-root", tmp_path / "root")
    answer = Answer("export", run, *options, "--max-rise", "50.5", "--json")
    found = answer.json
    assert answer.code == 0 and found["precision"] == "int8" and found["file"] == str(run / "model-int8.onnx")
    assert found["int8"]["source"] == "4 validation images of moved" and found["int8"]["images"] == 4
    assert load_exported(run / "model-int8.onnx").ranges == "16 training images of moved"
    assert "what it costs, on 4 validation images of moved" in answer.err
    answer = Answer("export", run, *options, "--max-rise", "24")
    one = "note: of so few images each is 25.00 points: one that is wrong in int8 alone would be too many"
    assert (one in answer.err and "error" in answer.out) if answer.code == 0 else "24 are allowed" in answer.err
    make_photos(tmp_path / "others", {"cat": 3, "test": 2}, seed=1)
    answer = Answer("export", run, "--int8", "--images", tmp_path / "others")
    assert answer.code == 1 and "nothing tells what int8 costs: " in answer.err and answer.out == ""
    assert (
        "are not in" in answer.err and "others has no val/; --max-rise inf writes the file all the same" in answer.err
    )
