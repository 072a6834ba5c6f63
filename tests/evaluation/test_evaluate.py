"""Testing and predicting with a trained run: the recorded numbers, other data, photographs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.engine import Request
from reslab.errors import DataError, RunError, UsageError
from reslab.evaluation import evaluate, predict
from reslab.store import load
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    train_on(digits, short_recipe(digits, 150), path, Surroundings())
    return path


@pytest.fixture(scope="module")
def photographs(digits, tmp_path_factory) -> Path:
    """Test digits as files in class folders, with names that are not in numerical order."""
    folder = tmp_path_factory.mktemp("photos")
    test = digits.splits["test"]
    for number, (pixels, label) in enumerate(zip(test.pixels[:60], test.labels[:60], strict=True)):
        place = folder / "test" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number}.png")
    shutil.copytree(folder / "test", folder / "train")
    return folder


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_run_evaluates_to_what_it_recorded(run, split):
    from reslab.store import read_record

    found = evaluate(run, split=split)
    recorded = read_record(run).result
    assert (found.top1_error, found.images) == (recorded[f"{split}_error"], recorded[f"{split}_images"])
    assert found.views == 1 and found.split == split and found.model == "resnet8"
    assert found.top5_error <= found.top1_error


def test_default_split_is_test(run):
    assert evaluate(run).split == "test"


def test_a_model_file_evaluates_like_its_run(run, tmp_path):
    shutil.copy(run / "model.safetensors", tmp_path / "digits.safetensors")
    assert evaluate(tmp_path / "digits.safetensors").top1_error == evaluate(run).top1_error


def test_a_loaded_classifier_evaluates_like_its_run(run):
    model = load(run)
    found, expected = evaluate(model, split="val"), evaluate(run, split="val")
    assert (found.top1_error, found.images) == (expected.top1_error, expected.images)
    assert found.members == (f"{run} (in memory)",)
    both = evaluate(run, ensemble=[model], split="val")
    assert both.members == (str(run), f"{run} (in memory)") and both.top1_error == pytest.approx(
        found.top1_error, abs=1
    )


def test_a_classifier_is_tested_with_the_weights_that_it_has(run):
    model = load(run)
    model.net[-1][2].bias[3] += 1000
    found = evaluate(model, split="val")
    assert found.confusions[:, 3].sum() == found.images
    assert [c.name for c in found.class_errors if not c.wrong] == ["3"]


def test_classes_are_told_apart(run, digits):
    found = evaluate(run, split="val")
    scores, labels = load(run)(digits.splits["val"].pixels).numpy(), digits.splits["val"].labels
    assert found.confusions.sum() == 360 and found.confusions.sum(axis=1).tolist() == np.bincount(labels).tolist()
    assert np.trace(found.confusions) == pytest.approx((scores.argmax(1) == labels).sum(), abs=4)
    assert 100 - 100 * np.trace(found.confusions) / 360 == pytest.approx(found.top1_error, abs=1e-3)
    values = found.to_dict()
    assert values["confusions"] == found.confusions.tolist() and values["classes"] == tuple("0123456789")
    assert values["class_errors"]["7"]["images"] == (labels == 7).sum()
    errors = [entry["error"] for entry in values["class_errors"].values()]
    assert values["mean_class_error"] == pytest.approx(np.mean(errors), abs=1e-3)


def test_a_class_without_images_has_no_error(run, photographs, tmp_path):
    shutil.copytree(photographs, tmp_path / "few")
    shutil.rmtree(tmp_path / "few" / "test" / "4")
    values = evaluate(run, tmp_path / "few", "test").to_dict()
    assert values["class_errors"]["4"] == {"error": None, "images": 0}
    assert values["mean_class_error"] == pytest.approx(
        np.mean([entry["error"] for entry in values["class_errors"].values() if entry["images"]]), abs=1e-3
    )


def test_precision_can_be_chosen(run):
    fp32 = evaluate(run, request=Request(precision="fp32"))
    assert fp32.precision == "fp32" and abs(fp32.top1_error - evaluate(run).top1_error) < 2


def test_a_folder_is_matched_by_class_names(run, photographs, digits):
    first = load_dataset(photographs, size=8).splits["test"]
    assert len(first) == 60
    found = evaluate(run, photographs, "test")
    scores = load(run)(digits.splits["test"].pixels[:60]).numpy()
    expected = 100 * (scores.argmax(1) != digits.splits["test"].labels[:60]).mean()
    assert found.images == 60 and found.top1_error == pytest.approx(expected, abs=2)


def test_a_class_that_the_net_does_not_know(run, photographs, tmp_path):
    shutil.copytree(photographs, tmp_path / "more")
    for split in ("train", "test"):
        (tmp_path / "more" / split / "3").rename(tmp_path / "more" / split / "three")
    with pytest.raises(DataError, match="does not know class 'three'"):
        evaluate(run, tmp_path / "more")


def test_unknown_split(run):
    with pytest.raises(UsageError, match="unknown split of digits 'tset': did you mean test"):
        evaluate(run, split="tset")


def test_predictions_name_photographs(run, photographs):
    found = list(predict(run, [photographs / "test"], top=3))
    assert len(found) == 60 and [p.path for p in found] == sorted(p.path for p in found)
    right = sum(Path(p.path).parent.name == p.classes[0] for p in found)
    assert right > 45
    assert all(len(p.classes) == 3 and p.probabilities == tuple(sorted(p.probabilities, reverse=True)) for p in found)
    assert found[0].to_dict()["name"] == found[0].classes[0]


def test_an_unreadable_photograph_does_not_stop_the_others(run, photographs, tmp_path):
    good = next((photographs / "test").rglob("*.png"))
    (tmp_path / "broken.png").write_bytes(b"no image")
    broken, fine = predict(run, [tmp_path / "broken.png", good])
    assert "broken.png" in broken.error and broken.to_dict() == {"path": broken.path, "error": broken.error}
    assert fine.error is None and fine.classes


def test_photographs_of_any_size_and_mode(run, tmp_path):
    random = np.random.default_rng(0)
    for mode, shape in (("L", (5, 300)), ("RGB", (1, 1, 3)), ("RGBA", (40, 30, 4)), ("CMYK", (20, 20, 4))):
        Image.fromarray(random.integers(0, 256, shape, np.uint8), mode=None).convert(mode).save(
            tmp_path / f"{mode}.tiff"
        )
    assert all(p.error is None for p in predict(run, [tmp_path]))


def test_what_is_not_there(run, tmp_path):
    with pytest.raises(DataError, match="no file or folder"):
        list(predict(run, [tmp_path / "nothing.png"]))
    with pytest.raises(DataError, match="no photograph in"):
        list(predict(run, [tmp_path]))
    with pytest.raises(UsageError, match="at least one"):
        list(predict(run, []))
    with pytest.raises(RunError):
        evaluate(tmp_path / "nothing")
