"""Which images a temperature is fitted on, what is said of it, and where there is none."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.engine import Request
from reslab.errors import RunError, UsageError
from reslab.evaluation import (
    at_fitted,
    at_temperature,
    best_temperature,
    cross_fitted,
    evaluate,
    fit,
    measures,
    predict,
    recorded_temperature,
)
from reslab.store import load, predictions_bytes, read_predictions
from reslab.training import Surroundings, train_on, with_start
from tests.conftest import short_recipe
from tests.evaluation.test_temperature import sharpened


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    train_on(digits, short_recipe(digits, 40), path, Surroundings(request=Request(threads=1)))
    return path


@pytest.fixture(scope="module")
def photographs(digits, tmp_path_factory) -> Path:
    """Test digits as files in class folders, without splits."""
    folder = tmp_path_factory.mktemp("photos")
    test = digits.splits["test"]
    for number, (pixels, label) in enumerate(zip(test.pixels[:60], test.labels[:60], strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / str(label) / f"{number}.png")
    return folder


def recorded(run: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    answers = read_predictions(run / "predictions.safetensors")[0][split]
    return answers.probabilities, answers.labels


def with_answers(run: Path, place: Path, change) -> Path:
    """A copy of a run whose recorded answers are others."""
    shutil.copytree(run, place)
    splits, classes = read_predictions(run / "predictions.safetensors")
    (place / "predictions.safetensors").write_bytes(predictions_bytes(change(splits), classes))
    return place


def test_the_test_is_judged_at_the_temperature_of_the_validation_images(run):
    found = evaluate(run, calibration=True).calibration
    temperature = best_temperature(*recorded(run, "val"))
    probabilities, labels = recorded(run, "test")
    assert found.temperature == pytest.approx(temperature, rel=1e-3)
    assert found.basis == "360 validation images, tested in the same way"
    expected, plain = measures(at_temperature(probabilities, temperature), labels), measures(probabilities, labels)
    assert found.tempered.nll == pytest.approx(expected.nll, rel=1e-3)
    assert (found.trained.nll, found.trained.brier) == (pytest.approx(plain.nll), pytest.approx(plain.brier))
    assert found.trained.images == 360


def test_validation_images_are_judged_by_halves(run):
    found, expected = evaluate(run, split="val", calibration=True).calibration, recorded(run, "val")
    assert found.temperature == pytest.approx(best_temperature(*expected), rel=1e-3)
    assert found.tempered.nll > measures(at_temperature(expected[0], found.temperature), expected[1]).nll
    assert "each half of them judged at the temperature of the other" in found.basis


def test_of_views_and_ensembles_the_averages_are_calibrated(run):
    one, ten = (evaluate(run, views=views, calibration=True) for views in (1, 10))
    assert ten.calibration.trained.nll != one.calibration.trained.nll
    assert ten.calibration.temperature != pytest.approx(one.calibration.temperature, rel=1e-3)
    same = evaluate(run, ensemble=run, calibration=True).calibration
    assert same.temperature == pytest.approx(one.calibration.temperature, rel=1e-3)


def test_other_images_are_judged_at_the_recorded_temperature(run, photographs):
    found = evaluate(run, photographs, calibration=True).calibration
    assert found.temperature == recorded_temperature(run).temperature
    assert found.basis == f"360 validation images, by what {run} recorded of them"
    assert found.trained.images == 60


def test_where_there_is_none_the_reason_is_said(run, photographs, tmp_path):
    file = shutil.copy(run / "model.safetensors", tmp_path / "digits.safetensors")
    alone = evaluate(file, photographs, calibration=True).calibration
    assert alone.temperature is None and alone.tempered is None and alone.trained.images == 60
    assert "no temperature:" in alone.basis and "give the folder of its run" in alone.basis
    views = evaluate(run, photographs, views=10, calibration=True).calibration
    assert views.basis == "no temperature: there are no validation images here that all of the nets held out"


def test_validation_images_of_another_split_are_none(run, digits):
    """A net that was trained on them would be too sure of them."""
    model = load(run)
    model.identity = replace(model.identity, data="cifar10")
    found = evaluate(model, "digits", split="test", views=10, calibration=True).calibration
    assert found.temperature is None
    both = evaluate(run, ensemble=model, calibration=True).calibration
    assert both.temperature is None and "all of the nets held out" in both.basis


def test_not_asked_for_it_is_not_there(run):
    found = evaluate(run)
    assert found.calibration is None and "calibration" not in found.to_dict()
    asked = evaluate(run, calibration=True)
    assert asked == found
    plain = json.loads(json.dumps(asked.to_dict()["calibration"]))
    assert plain["as_trained"]["images"] == plain["at_temperature"]["images"] == 360


def test_predictions_are_those_of_the_temperature(run, digits):
    pixels, said = digits.splits["test"].pixels[:9], []
    plain = list(predict(run, pixels, top=10))
    found = list(predict(run, pixels, top=10, calibrated=True, say=said.append))
    temperature = recorded_temperature(run).temperature
    assert temperature != pytest.approx(1, abs=0.02)
    assert said == [
        f"probabilities at temperature {temperature:.3f}, "
        f"fitted on 360 validation images, by what {run} recorded of them"
    ]
    for before, after in zip(plain, found, strict=True):
        assert before.classes[0] == after.classes[0]
        expected = np.array(before.probabilities) ** (1 / temperature)
        assert np.array(after.probabilities) == pytest.approx(expected / expected.sum(), abs=2e-4)
    described = next(predict(run, pixels[:1], top=10, calibrated=True, features=True))
    assert described.features is not None
    assert described.probabilities == pytest.approx(found[0].probabilities, abs=0.02)  # in fp32, or bf16


def test_a_loaded_net_and_a_model_file_in_its_run(run, digits):
    pixels = digits.splits["test"].pixels[:2]
    expected = list(predict(run, pixels, calibrated=True))
    assert list(predict(run / "model.safetensors", pixels, calibrated=True)) == expected
    model = load(run)
    assert list(predict(model, pixels, calibrated=True)) == expected
    model.net[-1][2].bias[0] += 1
    with pytest.raises(UsageError, match="other weights, or weights of another type, than"):
        predict(model, pixels, calibrated=True)


def test_shipped_nets_have_one():
    found = recorded_temperature(Path("resnet20-cifar10"))
    assert found.temperature > 1 and found.on.startswith("5,000 validation images")


def test_refusals(run, digits, tmp_path):
    pixels, file = digits.splits["test"].pixels[:1], tmp_path / "lone.safetensors"
    shutil.copy(run / "model.safetensors", file)
    with pytest.raises(UsageError, match=r"lone\.safetensors has no recorded answers .* give the folder of its run"):
        predict(file, pixels, calibrated=True)
    with pytest.raises(UsageError, match=r"the exported a\.onnx has no recorded answers .* give the run"):
        recorded_temperature(Path("a.onnx"))
    with pytest.raises(UsageError, match="a net in memory has no recorded answers"):
        recorded_temperature(None)
    with pytest.raises(UsageError, match="--calibrated takes the temperature of one net in its single view"):
        predict(run, pixels, calibrated=True, views=10)
    with pytest.raises(RunError, match="no run folder or model file runs/nowhere"):
        recorded_temperature(Path("runs/nowhere"))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "recipe.toml").write_text("")
    with pytest.raises(RunError, match="begun is not finished; go on with"):
        recorded_temperature(tmp_path / "begun")
    none = with_answers(run, tmp_path / "none", lambda splits: {"test": splits["test"]})
    with pytest.raises(UsageError, match="none held out no validation images"):
        predict(none, pixels, calibrated=True)


def test_recorded_answers_that_are_gone(run, digits, tmp_path):
    lost = shutil.copytree(run, tmp_path / "lost")
    (lost / "predictions.safetensors").unlink()
    with pytest.raises(RunError, match=r"lost has no predictions\.safetensors any more"):
        predict(lost, digits.splits["test"].pixels[:1], calibrated=True)


def test_a_run_that_is_never_wrong_has_none(run, digits, tmp_path):
    def right(splits):
        return {"val": replace(splits["val"], labels=splits["val"].probabilities.argmax(axis=1))}

    perfect = with_answers(run, tmp_path / "perfect", right)
    with pytest.raises(UsageError, match=r"no temperature can be fitted on 360 validation .* never wrong"):
        predict(perfect, digits.splits["test"].pixels[:1], calibrated=True)


def test_by_halves_without_mistakes():
    probabilities, _ = sharpened(40, 2.0)
    found = cross_fitted(probabilities, probabilities.argmax(axis=1), "validation images")
    assert found.temperature is None and "the net is never wrong" in found.basis
    wrong = probabilities.argmax(axis=1)
    wrong[0] = probabilities[0].argmin()
    found = cross_fitted(probabilities, wrong, "validation images")
    assert found.tempered is None and "cannot be halved" in found.basis


def test_nearly_alike_and_sometimes_wrong_is_not_said_to_be_never_wrong():
    probabilities = np.tile([0.5 + 1e-5, 0.5 - 1e-5], (10, 1))
    with pytest.raises(UsageError, match=r"nearly alike, and the best temperature is below 0\.01"):
        fit(probabilities, np.array([0] * 9 + [1]), "validation images")
    with pytest.raises(UsageError, match="no better than chance"):
        fit(np.full((10, 2), 0.5), np.zeros(10, np.int64), "validation images")


def test_no_numbers_are_refused():
    probabilities = np.full((3, 2), np.nan)
    with pytest.raises(RunError, match="some probabilities are no numbers"):
        at_fitted(probabilities, np.zeros(3, np.int64), "none")
    with pytest.raises(RunError, match="some probabilities are no numbers"):
        cross_fitted(probabilities, np.zeros(3, np.int64), "validation images")
    with pytest.raises(RunError, match="no image"):
        at_fitted(probabilities[:0], np.zeros(0, np.int64), "none")


def test_a_folders_own_validation_photographs(digits, tmp_path):
    """A run of a folder is tested at the temperature of its val/, and all of it at the recorded one."""
    folder = tmp_path / "shapes"
    for split, count in (("train", 200), ("val", 80), ("test", 40)):
        part = digits.splits["train" if split == "train" else split]
        for number, (pixels, label) in enumerate(zip(part.pixels[:count], part.labels[:count], strict=True)):
            place = folder / split / ("even" if label % 2 == 0 else "odd")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place / f"{number}.png")
    dataset = load_dataset(folder, size=8)
    run = tmp_path / "run"
    train_on(dataset, short_recipe(dataset, 12), run, Surroundings(request=Request(threads=1)))
    found = evaluate(run, folder, calibration=True)
    assert found.split == "test" and found.calibration.basis == "80 validation images, tested in the same way"
    whole = evaluate(run, folder, split="all", calibration=True).calibration
    assert whole.basis.endswith("recorded of them, which are among those that are tested")
    other = tmp_path / "other"  # its validation photographs are those that the net before was trained on
    for split, before in (("train", "val"), ("val", "train"), ("test", "test")):
        shutil.copytree(folder / before, other / split)
    again, tuned = load_dataset(other, size=8), tmp_path / "tuned"
    train_on(again, with_start(short_recipe(again, 2), str(run)), tuned, Surroundings(request=Request(threads=1)))
    basis = evaluate(tuned, other, calibration=True).calibration.basis
    learned = "200 validation images (a net before it was trained on 200 of them)"
    assert basis == f"{learned}, tested in the same way"
    assert recorded_temperature(tuned).on == f"{learned}, by what {tuned} recorded of them"
    folder.rename(tmp_path / "away")
    unknown = "200 validation images (whether a net before it was trained on some of them is not known)"
    assert recorded_temperature(tuned).on == f"{unknown}, by what {tuned} recorded of them"
