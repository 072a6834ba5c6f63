"""`reslab.export`, which knows where int8 finds its photographs."""

import inspect
import sys
from importlib.util import find_spec

import pytest

import reslab
from reslab import interop
from reslab.interop.onnx_graph import PACKAGES
from reslab.training import train_on
from tests.conftest import short_recipe
from tests.evaluation.test_source import ONE_THREAD
from tests.interop.by_hand import onnx_by_hand
from tests.interop.classifiers import classifier, saved


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"images": "photos"}, "--images is for --int8"),
        ({"max_rise": 3}, "--max-rise is for --int8"),
        ({"data_root": "data"}, "--data-root is for --int8"),
        ({"int8": True, "max_rise": -1}, "--max-rise -1: points"),
        ({"int8": True, "max_rise": float("nan")}, "--max-rise nan: points"),
        ({"int8": True, "max_rise": "2"}, "max_rise='2': that takes a number"),
        ({"int8": True, "max_rise": True}, "max_rise=True: that takes a number"),
        ({"int8": True, "images": 5}, "images=5: that takes text or a path"),
        ({"check": 5}, "check=5: that takes paths of photographs"),
        ({"check": [b"photo.png"]}, "check=b'photo.png': that takes paths of photographs"),
        ({"temperatur": 2.0}, "unknown argument of reslab.export 'temperatur': did you mean temperature?"),
        ({"int8": True, "to": "timm"}, "--int8: files for timm stay in fp32; --to onnx"),
    ],
)
def test_what_cannot_be_meant(choices, message):
    with pytest.raises(reslab.UsageError, match=message):
        reslab.export("no such net", **choices)


def test_it_takes_what_the_inner_one_takes(tmp_path):
    outer, inner = (inspect.signature(export).parameters for export in (reslab.export, interop.export))
    assert [name for name in outer if name not in ("images", "max_rise", "data_root")] == list(inner)
    assert all(outer[name].default == inner[name].default for name in inner if name != "int8")
    net = saved(tmp_path / "net.safetensors", classifier("resnet18", 16))
    assert reslab.export(net, "torchvision").path == tmp_path / "net.torchvision.safetensors"


def test_one_photograph_is_one_and_not_its_letters(tmp_path):
    photo = _photos(tmp_path) / "anything" / "0.bmp"
    net = saved(tmp_path / "net.safetensors", classifier("resnet18", 16))
    for check in (photo, str(photo), [photo], (str(photo),)):
        assert reslab.export(net, "torchvision", check=check).agreement.real_images == 1


def test_what_has_no_weights(tmp_path):
    with pytest.raises(reslab.RunError, match="a graph without a net"):
        reslab.export(reslab.load(onnx_by_hand(tmp_path / "net.onnx")), "torch-export")
    with pytest.raises(
        reslab.UsageError, match=r"^run_or_classifier=.*that takes text, a path, a Classifier or an Exp"
    ):
        reslab.export(5)


@pytest.mark.slow
def test_a_run_in_int8_is_judged_by_its_validation_images_and_eval_says_the_same(digits, tmp_path):
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    run = tmp_path / "run"
    train_on(digits, short_recipe(digits, 60), run, ONE_THREAD)
    found = reslab.export(run, int8=True, max_rise=5, temperature=2.0)
    assert found.path == run / "model-int8.onnx"
    price = found.price
    assert price.images == 360 and price.source == "360 validation images of digits" and price.rise <= 5
    assert price.error_before == pytest.approx(reslab.evaluate(run, split="val").top1_error, abs=0.3)
    measured = reslab.evaluate(found.path, split="val")
    assert measured.top1_error == pytest.approx(price.error_after, abs=1e-3) and measured.precision == "int8"
    answers = list(reslab.predict(found.path, digits.splits["val"].pixels[:5]))
    assert all(0 < answer.probabilities[0] < 1 for answer in answers)
    before = found.path.read_bytes()
    with pytest.raises(reslab.RunError, match="nothing tells what int8 costs"):
        reslab.export(
            saved(tmp_path / "alone.safetensors", classifier("resnet8", 8)), int8=True, images=_photos(tmp_path)
        )
    assert found.path.read_bytes() == before and not list(tmp_path.glob("alone*.onnx"))


def _photos(place):
    from tests.evaluation.test_source import make_photos

    return make_photos(place / "photos", {"anything": 4})


def test_where_nothing_judges_no_photograph_is_decoded_for_its_ranges(tmp_path, monkeypatch):
    def decoding(*words):
        raise AssertionError("decoded")

    monkeypatch.setattr(sys.modules["reslab.interop.export"], "require_onnx", lambda: None)
    monkeypatch.setattr(sys.modules["reslab.data.evenly"], "read_photo", decoding)
    net, photos = saved(tmp_path / "net.safetensors", classifier("resnet8", 8)), _photos(tmp_path)
    with pytest.raises(reslab.RunError, match=r"nothing tells what int8 costs: no .* photos has no val/; --max-rise"):
        reslab.export(net, int8=True, images=photos)
    with pytest.raises(AssertionError, match="decoded"):
        reslab.export(net, int8=True, images=photos, max_rise=float("inf"))
