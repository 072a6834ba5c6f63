"""Runs on a folder that is too large to be decoded whole: the same bytes as on one that is not."""

import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import LazyPixels, cache, draw_places, draw_scales, load_dataset
from reslab.data.lazy import read_photo
from reslab.data.scaling import scaled_crop
from reslab.engine import Request, choose, this_machine
from reslab.errors import DataError, UsageError
from reslab.evaluation import evaluate
from reslab.store import RunFolder, load
from reslab.training import (
    Interrupted,
    Surroundings,
    estimate,
    facts_of,
    feed,
    loop,
    make_recipe,
    train_on,
    with_fields,
)
from reslab.training.feed import batch_at, batches
from reslab.training.presets import work_of

TIMES = ("seconds", "images_per_second")
ONE_THREAD = Surroundings(Request(threads=1, precision="fp32"))
SCALED = ["augment.pad=0", "augment.scale=18,34", "augment.lighting=0.1"]
AREA = [
    *("augment.pad=0", "augment.scale=", "augment.area=0.2,1", "augment.lighting=0"),
    *("augment.brightness=0.4", "augment.contrast=0.4", "augment.saturation=0.4", "augment.erase=0.5"),
    *("augment.policy=trivial", "cutmix=1"),
]
PLAIN = ["augment.scale=", "augment.pad=2", "model.stem_init=whitening"]


@pytest.fixture
def photographs(tmp_path) -> Path:
    place, random = tmp_path / "pets", np.random.default_rng(0)
    for number, name in enumerate(("cat", "dog")):
        (place / name).mkdir(parents=True)
        for i in range(12):
            coarse = random.integers(0, 256, (5, 6, 3), np.uint8) // (number + 1)
            image = Image.fromarray(coarse).resize((24 + 3 * i, 30), Image.Resampling.BICUBIC)
            image.save(place / name / f"{i}.jpg")
    return place


@pytest.fixture
def too_large(monkeypatch):
    """From now on no folder is decoded whole."""
    monkeypatch.setattr(cache, "MOST_BYTES", 0)


def recipe_on(data, changes=PLAIN, steps: int = 6):
    recipe = make_recipe(facts_of(data), "resnet8", "paper", batch=8).stretched(steps)
    return with_fields(recipe, changes)


def ends(run: Path) -> tuple:
    """All that a run leaves, but for times and its own place."""
    metrics = [{k: v for k, v in line.items() if k not in TIMES} for line in RunFolder(run).metrics()]
    result = json.loads((run / "result.json").read_text())
    told = {k: v for k, v in result.items() if k not in (*TIMES, "run")}
    files = [(run / name).read_bytes() for name in ("model.safetensors", "predictions.safetensors", "split.json")]
    return metrics, told, files


def stopping(updated, at: int, stop):
    """`update` that does `stop` before the step `at`."""

    def update(recipe, state, *words):
        if state.step == at:
            stop()
        updated(recipe, state, *words)

    return update


@pytest.mark.parametrize("changes", [PLAIN, SCALED, AREA, [*PLAIN, "selective=0.5"], [*PLAIN, "data.images=14"]])
def test_the_same_bytes_as_decoded_whole(photographs, tmp_path, monkeypatch, changes):
    whole = load_dataset(photographs, size=16)
    recipe = recipe_on(whole, changes)
    train_on(whole, recipe, tmp_path / "whole", ONE_THREAD)
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    lazy = load_dataset(photographs, size=16)
    assert isinstance(lazy.splits["train"].pixels, LazyPixels) and isinstance(lazy.splits["val"].pixels, LazyPixels)
    train_on(lazy, recipe, tmp_path / "lazy", ONE_THREAD)
    assert ends(tmp_path / "whole") == ends(tmp_path / "lazy")
    for views in ({}, {"views": "10"}, {"scales": (16, 24)}):
        found = [evaluate(tmp_path / run, photographs, **views).to_dict() for run in ("whole", "lazy")]
        assert found[0].pop("members") != found[1].pop("members") and found[0] == found[1]


def test_interrupted_and_continued_decoded_or_not(photographs, tmp_path, monkeypatch, too_large):
    data = load_dataset(photographs, size=16)
    recipe = recipe_on(data)
    train_on(data, recipe, tmp_path / "whole", ONE_THREAD)

    def stop():
        raise Interrupted("stopped")

    saving = Surroundings(ONE_THREAD.request, save_every=0.0)
    for at, most in ((2, 0), (4, cache.MOST_BYTES + 10**9)):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "update", stopping(loop.update, at, stop))
            with pytest.raises(Interrupted):
                train_on(load_dataset(photographs, size=16), recipe, tmp_path / "parts", saving)
        monkeypatch.setattr(cache, "MOST_BYTES", most)
    assert not isinstance(load_dataset(photographs, size=16).splits["train"].pixels, LazyPixels)
    train_on(load_dataset(photographs, size=16), recipe, tmp_path / "parts", ONE_THREAD)
    assert ends(tmp_path / "whole") == ends(tmp_path / "parts")


@pytest.mark.parametrize("changes", [PLAIN, SCALED])
def test_a_photograph_that_breaks_stops_the_run_and_nothing_is_lost(
    photographs, tmp_path, monkeypatch, too_large, changes
):
    data = load_dataset(photographs, size=16)
    recipe = recipe_on(data, changes, steps=12)
    train_on(data, recipe, tmp_path / "whole", ONE_THREAD)
    broken = photographs / data.splits["train"].photos.files[0]
    good = broken.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "update", stopping(loop.update, 3, lambda: broken.write_bytes(good[:-150])))
        with pytest.raises(DataError) as caught:
            train_on(data, recipe, tmp_path / "parts", ONE_THREAD)
    message = str(caught.value)
    assert str(broken) in message and f"reslab train --run {tmp_path / 'parts'}" in message
    assert "--on-bad skip" in message and "\n" not in message
    _, facts = RunFolder(tmp_path / "parts").load_state()
    assert facts["step"] >= 4, "as far as the photographs that could be read went"
    with pytest.raises(UsageError, match="photographs have changed"):
        train_on(load_dataset(photographs, size=16, on_bad="skip"), recipe, tmp_path / "parts", ONE_THREAD)
    broken.write_bytes(good)
    train_on(load_dataset(photographs, size=16), recipe, tmp_path / "parts", ONE_THREAD)
    assert ends(tmp_path / "whole") == ends(tmp_path / "parts")


def test_the_next_batch_is_read_meanwhile(photographs, monkeypatch, too_large):
    train = load_dataset(photographs, size=16).splits["train"]
    recipe = recipe_on(load_dataset(photographs, size=16), steps=3)
    read, asked = {step: threading.Event() for step in range(4)}, []

    def noted(recipe, images, step, part):
        asked.append((step, threading.current_thread() is threading.main_thread()))
        batch = batch_at(recipe, images, step, part)
        read[step].set()
        return batch

    monkeypatch.setattr(feed, "batch_at", noted)
    with batches(recipe, train) as batch_of:
        for step in (0, 1, 2, 0):
            found, expected = batch_of(step), batch_at(recipe, train, step)
            assert (found.images == expected.images).all() and (found.labels == expected.labels).all()
            if step < 2:
                assert read[step + 1].wait(60), "before anybody asked for it"
    assert asked == [(step, False) for step in (0, 1, 2, 0, 1)], "each once, and none after the last"
    assert threading.active_count() == 1


def test_a_batch_read_ahead_fails_at_its_own_step(photographs, too_large):
    data = load_dataset(photographs, size=16)
    train, recipe = data.splits["train"], recipe_on(data)
    first, second = (set(feed.batch_indices(len(train), 8, 0, step)) for step in (0, 1))
    (photographs / train.photos.files[min(second - first)]).unlink()
    with batches(recipe, train) as batch_of:
        batch_of(0)
        with pytest.raises(DataError, match="No such file"):
            batch_of(1)


def test_what_is_taken_as_it_lies_in_memory_is_taken_when_asked_for(photographs):
    folder = load_dataset(photographs, size=16)
    with batches(recipe_on(folder), folder.splits["train"]) as batch_of:
        batch_of(0)
        assert threading.active_count() == 1


def test_of_very_many_images_the_training_error_is_that_of_some(photographs, tmp_path, monkeypatch):
    data = load_dataset(photographs, size=16)
    for module in ("reslab.data.preprocessing", "reslab.training.finish"):
        monkeypatch.setattr(f"{module}.ENOUGH_PIXELS", 7 * 16 * 16)
    result = train_on(data, recipe_on(data), tmp_path / "run", ONE_THREAD)
    assert len(data.splits["train"]) == 19 and result["train_images"] == 7 and result["val_images"] == 5
    assert result["epochs"] == round(6 * 8 / 19, 3)
    assert evaluate_on(tmp_path / "run", data.splits["train"].only(slice(None, None, 3))) == result["train_error"]


def evaluate_on(run: Path, images) -> float:
    answers = load(run)(images.pixels).argmax(1).numpy()
    return round(100 * float((answers != images.labels).mean()), 4)


def test_crops_of_fewer_training_images_come_from_their_photographs(photographs):
    data = load_dataset(photographs, size=16).with_train(9)
    train, recipe = data.splits["train"], recipe_on(data, SCALED)
    indices = feed.batch_indices(9, 8, 0, 0)
    scales, places = draw_scales(8, (18, 34), 0, 0), draw_places(8, 0, 0)
    for index, scale, place, crop in zip(indices, scales, places, batch_at(recipe, train, 0).images, strict=True):
        assert (train.pixels[index] == read_photo(photographs / train.photos.files[index], 16)).all()
        image = train.picture(int(index), 2 * int(scale))
        assert image.width != image.height
        assert (crop == scaled_crop(image, int(scale), tuple(place), 16)).all()


def test_an_estimate_reads_a_few_photographs(photographs, monkeypatch, too_large):
    module = sys.modules["reslab.training.estimate"]  # in its room, `estimate` is the function
    data = load_dataset(photographs, size=16)
    recipe = recipe_on(data, SCALED, steps=1)
    execution, _ = choose(ONE_THREAD.request, this_machine(), work_of(recipe))
    read, lock = [], threading.Lock()

    def counted(path, size):
        with lock:
            read.append(path)
        return read_photo(path, size)

    monkeypatch.setattr("reslab.data.lazy.read_photo", counted)
    monkeypatch.setattr(module, "SAMPLE_PIXELS", 2 * 16 * 16)
    expected = estimate(recipe, data, execution, 0.0)
    assert expected.seconds > 0 and expected.images_per_second > 0
    assert len(read) == 4, "two of the training images for their mean, two of the validation images for the time"


@pytest.mark.parametrize("changes", [PLAIN, SCALED, AREA, [*PLAIN, "augment.brightness=0.5"]])
def test_one_of_several_processes_reads_its_own_part_alone(photographs, too_large, changes):
    data = load_dataset(photographs, size=16)
    recipe, train = recipe_on(data, changes), data.splits["train"]
    assert isinstance(train.pixels, LazyPixels)
    whole, own = batch_at(recipe, train, 2), batch_at(recipe, train, 2, lambda count: slice(1, count // 2))
    assert np.array_equal(own.images[1:4], whole.images[1:4]) and np.array_equal(own.labels, whole.labels)
    assert whole.images[0].any() or whole.empty[0].all(), "drawn, but moved out of sight"
    assert not own.images[:1].any() and not own.images[4:].any()
    seen = train.shared(lambda count: slice(2, count)).only(slice(1, 5)).pixels[:3]
    assert np.array_equal(seen[2], train.pixels[3]) and not seen[:2].any()


def test_where_the_hardest_are_selected_any_photograph_may_be_in_any_part(photographs, too_large):
    data = load_dataset(photographs, size=16)
    recipe = with_fields(recipe_on(data), ["selective=0.5"])
    own = batch_at(recipe, data.splits["train"], 0, lambda count: slice(1, 3))
    assert np.array_equal(own.images, batch_at(recipe, data.splits["train"], 0).images)
