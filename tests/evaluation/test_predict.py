"""Prediction leaves the caller's PyTorch alone, reads files in threads, looks as testing does, and gives features."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.data import Images, Preprocessing, index_tested, load_dataset
from reslab.engine import Execution, Request, this_machine
from reslab.errors import DataError, RunError, UsageError
from reslab.evaluation import Views, predict, probabilities, scores_of, sights, views_of
from reslab.evaluation.predict import BATCH
from reslab.evaluation.scores import execution_for, execution_to_ask
from reslab.nets import create, spec
from reslab.progress import silent
from reslab.store import ENVIRONMENT, Classifier, Identity, model_bytes

SIZE = 32


@pytest.fixture(scope="module")
def model() -> Classifier:
    torch.manual_seed(0)
    net = create("resnet8", classes=3).requires_grad_(False).eval()
    net[-1][2].weight.mul_(8)  # answers that differ from image to image
    identity = Identity("resnet8", spec("resnet8", None, 3, SIZE), ("cat", "dog", "owl"), "pets")
    return Classifier(net, identity, Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, SIZE))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BATCH + 3, SIZE, SIZE, 3)).astype(np.uint8)


@pytest.fixture
def trained_natively(model, tmp_path) -> Path:
    """A run folder that says it was trained on the native kernels, on one thread."""
    weights = {name: t for name, t in model.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.toml").write_text("")
    (tmp_path / "run" / "model.safetensors").write_bytes(model_bytes(weights, model.identity, model.preprocessing))
    execution = Execution("native", "cpu", "fp32", channels_last=False, compiled=False, threads=1)
    (tmp_path / "run" / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
    return tmp_path / "run"


@pytest.fixture
def threads() -> Iterator[int]:
    """A number of threads that nobody asks for."""
    before, other = torch.get_num_threads(), this_machine().cores + 1
    torch.set_num_threads(other)
    yield other
    torch.set_num_threads(before)


def test_threads_are_the_callers_whenever_he_is_at_work(model, pixels, threads):
    found = predict(model, pixels, request=Request(threads=1))
    for number, _ in enumerate(found):
        assert torch.get_num_threads() == threads
        if number == BATCH:
            break
    found.close()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("views", [None, Views(), Views(scales=(SIZE, SIZE + 8))])
def test_they_are_the_callers_after_testing(model, pixels, threads, views):
    images = Images(pixels[:4], np.zeros(4, np.int64))
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    if views is None:
        scores_of(model, images, execution)
    else:
        probabilities(model, images, views, execution)
    assert torch.get_num_threads() == threads


def test_how_a_run_was_trained_does_not_bind(trained_natively, pixels, monkeypatch):
    def compile_nothing(*_):
        raise AssertionError("kernels are not for prediction")

    monkeypatch.setattr("reslab.engine.execution.library", compile_nothing)
    assert len(list(predict(trained_natively, pixels[:2]))) == 2


def test_prediction_has_the_machines_threads_and_the_runs_precision(trained_natively, model, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    chosen = execution_to_ask(trained_natively, None, model, silent)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "fp32", this_machine().cores)
    chosen = execution_to_ask(trained_natively, Request(precision="bf16", threads=1), model, silent)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "bf16", 1)
    with pytest.raises(UsageError, match="--device cuda:77"):
        execution_to_ask(trained_natively, Request(device="cuda:77"), model, silent)


def test_a_run_from_another_device_is_asked_on_this_one(trained_natively, model):
    execution = Execution("torch", "cuda:77", "bf16", channels_last=True, compiled=False, threads=64)
    (trained_natively / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
    chosen = execution_to_ask(trained_natively, None, model, silent)
    assert chosen == execution_for(None, Request("torch"), model, silent)


def test_a_run_of_several_processes_is_tested_by_as_many_threads(trained_natively, model, monkeypatch):
    monkeypatch.setattr("reslab.evaluation.scores.this_machine", lambda: replace(this_machine(), cores=3))
    for processes, threads in ((1, 1), (2, 2), (8, 3)):
        execution = Execution(
            "torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1, processes=processes
        )
        (trained_natively / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
        assert execution_for(trained_natively, None, model, silent).threads == threads


def test_what_is_not_asked_otherwise_is_tested_as_the_run_was_trained(trained_natively, model):
    execution = Execution("torch", "cpu", "bf16", channels_last=True, compiled=False, threads=1)
    (trained_natively / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
    for request in (None, Request(), Request(threads=1), Request(device="cpu")):
        chosen = execution_for(trained_natively, request, model, silent)
        assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "bf16", 1)
    chosen = execution_for(trained_natively, Request(precision="fp32"), model, silent)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "fp32", 1)


def test_files_are_read_in_threads_and_answered_in_order(model, pixels, tmp_path, monkeypatch):
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / f"{number:03}.png")
    (tmp_path / "001.png").write_bytes(b"torn")
    readers, read = set(), sights.picture_at

    def watched(picture, *how):
        if isinstance(picture, Path):
            readers.add(threading.get_ident())
        return read(picture, *how)

    monkeypatch.setattr(sights, "picture_at", watched)
    found = list(predict(model, [tmp_path, pixels[7]]))
    assert [Path(p.path).name for p in found] == [*(f"{n:03}.png" for n in range(len(pixels))), "images[1]"]
    assert found[1].error and found[7].probabilities == found[-1].probabilities
    assert readers and threading.get_ident() not in readers


def test_no_more_threads_read_files_than_are_asked_for(model, pixels, tmp_path, monkeypatch):
    for number, picture in enumerate(pixels[:8]):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    asked, read = [], sights.in_threads
    monkeypatch.setattr(
        sights, "in_threads", lambda *words, threads: (asked.append(threads), read(*words, threads=threads))[1]
    )
    assert len(list(predict(model, tmp_path, request=Request(threads=1)))) == 8 and asked == [1]


def test_what_cannot_be_is_said_at_the_call(model, tmp_path):
    with pytest.raises(DataError, match="no file or folder"):
        predict(model, tmp_path / "missing.jpg")
    with pytest.raises(UsageError, match=r"images\[0\] is a uint8 array of shape \(8,\)"):
        predict(model, np.zeros(8, np.uint8))
    with pytest.raises(UsageError, match="--top 0"):
        predict(model, np.zeros((8, 8, 3), np.uint8), top=0)
    with pytest.raises(RunError):
        predict(tmp_path / "no run", np.zeros((8, 8, 3), np.uint8))


def test_what_a_folder_leaves_out_is_said(model, pixels, tmp_path):
    Image.fromarray(pixels[0]).save(tmp_path / "0.png")
    (tmp_path / "1.heic").write_bytes(b"")
    said = []
    assert len(list(predict(model, tmp_path, say=said.append))) == 1
    assert said == [
        f"{tmp_path}: 1 file is not read, since it has no suffix of a picture that Pillow decodes: 1 .heic; "
        "save .heic photographs as .jpg"
    ]


VIEWS = [("flip", ()), (10, ()), ("centre", (36,)), ("1", (32, 40)), (None, (33, 48)), ("10", (36, 48))]


@pytest.fixture(scope="module")
def album(tmp_path_factory) -> Path:
    """A folder to test, of photographs of several shapes, a class each."""
    place = tmp_path_factory.mktemp("album")
    random = np.random.default_rng(2)
    for name, shape in (("cat", (150, 90)), ("dog", (40, 61)), ("owl", (32, 32))):
        (place / "test" / name).mkdir(parents=True)
        for number in range(2):
            coarse = Image.fromarray(random.integers(0, 256, (5, 6, 3)).astype(np.uint8))
            coarse.resize(shape, Image.Resampling.BICUBIC).save(place / "test" / name / f"{number}.jpg")
    return place


def asked(seed: int, size: int, *classes: str) -> Classifier:
    torch.manual_seed(seed)
    net = create("resnet8", classes=3).requires_grad_(False).eval()
    identity = Identity("resnet8", spec("resnet8", None, 3, size), classes, "pets")
    return Classifier(net, identity, Preprocessing(np.full((1, 1, 3), 100, np.float32), 50.0, size))


@pytest.fixture(scope="module")
def pair() -> tuple[Classifier, Classifier]:
    """Two nets of two sizes that know the same classes in another order, and are not sure of them."""
    return asked(0, 32, "cat", "dog", "owl"), asked(1, 24, "owl", "cat", "dog")


FP32 = Request(precision="fp32", threads=1)


def counted_with(net: Classifier, album: Path, views, scales) -> dict[str, np.ndarray]:
    """The probabilities that `evaluate` counts with, by class."""
    images = index_and_images(album, net.size)
    execution = execution_to_ask(None, FP32, net, silent)
    found = probabilities(net, images, views_of(views, scales, net.size), execution)
    return {name: found[:, number] for number, name in enumerate(net.classes)}


def index_and_images(album: Path, size: int) -> Images:
    return load_dataset(album, size=size, index=index_tested(album, "test")).splits["test"]


@pytest.mark.parametrize(("views", "scales"), VIEWS)
def test_views_and_ensembles_are_those_of_testing(pair, album, views, scales):
    model, other = pair
    alone = list(predict(model, album, views=views, scales=scales, request=FP32))
    together = list(predict(model, album, views=views, scales=scales, ensemble=other, request=FP32))
    one, two = (counted_with(net, album, views, scales) for net in (model, other))
    single = list(predict(model, album, request=FP32))
    assert [p.path for p in alone] == [p.path for p in together] and len(alone) == 6
    for row in range(6):
        assert dict(zip(alone[row].classes, alone[row].probabilities, strict=True)) == pytest.approx(
            {name: one[name][row] for name in model.classes}, abs=1e-6
        )
        assert dict(zip(together[row].classes, together[row].probabilities, strict=True)) == pytest.approx(
            {name: (one[name][row] + two[name][row]) / 2 for name in model.classes}, abs=1e-6
        )
    assert max(abs(a.probabilities[0] - b.probabilities[0]) for a, b in zip(alone, single, strict=True)) > 1e-3


def test_pictures_in_memory_have_views_too(pair, album):
    model = pair[0]
    files = sorted(album.rglob("*.jpg"))
    expected = [p.probabilities for p in predict(model, files, views=10, request=FP32)]
    with ExitStack() as stack:
        opened = [stack.enter_context(Image.open(file)) for file in files]
        found = [p.probabilities for p in predict(model, opened, views=10, request=FP32)]
        decoded = [p.probabilities for p in predict(model, map(np.asarray, opened), views=10, request=FP32)]
    assert len(set(expected)) == 6 and found == expected
    assert np.array(decoded) == pytest.approx(np.array(expected), abs=0.02), (
        "a JPEG's file may be read at half its size"
    )


def test_a_batch_of_large_scales_is_small_and_in_order(pair, album, monkeypatch):
    model = pair[0]
    torn = album / "test" / "dog" / "torn.jpg"
    torn.write_bytes(b"torn")
    expected = list(predict(model, album, scales=(32, 64), request=FP32))
    # Two rooms call a function as its file.
    predicting, probabilities_ = (import_module(f"reslab.evaluation.{name}") for name in ("predict", "probabilities"))
    monkeypatch.setattr(probabilities_, "PORTION_PIXELS", 2 * 64**2)
    batches, seen = [], sights.sights_of
    monkeypatch.setattr(predicting, "sights_of", lambda b, *rest: (batches.append(len(b)), seen(b, *rest))[1])
    found = list(predict(model, album, scales=(32, 64), request=FP32))
    torn.unlink()
    assert batches == [2, 2, 2, 1] and [p.path for p in found] == [p.path for p in expected]
    assert [bool(p.error) for p in found].count(True) == 1
    for one, two in zip(found, expected, strict=True):
        assert one.probabilities == pytest.approx(two.probabilities, abs=1e-5)


def test_members_and_views_that_cannot_be_are_refused_at_the_call(model, album):
    strange = Classifier(
        model.net, Identity("resnet8", model.identity.spec, ("cat", "dog", "cow"), "farm"), model.preprocessing
    )
    with pytest.raises(UsageError, match=r"knows the class 'owl'.*an ensemble needs nets of the same classes"):
        predict(model, album, ensemble=[model, strange])
    with pytest.raises(UsageError, match="unknown views '11'"):
        predict(model, album, views=11)
    with pytest.raises(UsageError, match="scale 31: crops of 32 pixels"):
        predict(model, album, views=10, scales=(31,))


def test_mirrors_are_not_taken_unasked_and_noted_of_digits(pair, album):
    model = pair[0]
    about = Identity("resnet8", model.identity.spec, model.classes, "digits")
    digits = Classifier(model.net, about, model.preprocessing)
    photographs = Classifier(model.net, replace(about, fingerprint="0"), model.preprocessing)  # a folder called so
    said: list[str] = []

    def seen(net, views):
        return [p.probabilities for p in predict(net, album, views=views, scales=(32,), request=FP32, say=said.append)]

    assert seen(photographs, None) == seen(photographs, 1) != seen(photographs, "flip")
    assert seen(digits, None) == seen(digits, 1) and said == []
    predict(digits, album, views=10, request=FP32, say=said.append)
    assert said == ["a mirrored image of digits may be none of its class: --views 1 leaves mirrors out"]


def test_features_come_with_the_answers(model, pixels, tmp_path):
    Image.fromarray(pixels[0]).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"torn")
    found = list(predict(model, [tmp_path, *pixels], features=True, request=Request(threads=1)))
    plain = list(predict(model, [tmp_path, *pixels], request=FP32))
    assert found == plain and all(p.features is None for p in plain)
    assert found[1].error and found[1].features is None
    expected = model.features(pixels).numpy()
    rows = np.stack([p.features for p in found if p.features is not None])
    assert rows.shape == (len(pixels) + 1, 64) and rows.dtype == np.float32
    assert rows[1:] == pytest.approx(expected, abs=1e-5) and rows[0] == pytest.approx(expected[0], abs=1e-5)
    assert "features" not in found[0].to_dict()


@pytest.mark.parametrize("choice", [{"views": 10}, {"scales": (32,)}, {"views": "flip"}, {"ensemble": "itself"}])
def test_features_are_of_one_net_in_one_view(model, pixels, choice):
    if "ensemble" in choice:
        choice = {"ensemble": model}
    with pytest.raises(UsageError, match="--features are those of one net in its single view"):
        predict(model, pixels[0], features=True, **choice)
    assert len(list(predict(model, pixels[0], features=True, views="1", request=FP32))) == 1
