"""The recipe of sec. 3.4: its numbers, its batches, and that a run of it resumes exactly."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reslab.data import Preprocessing, batch_indices, draw_lighting, draw_places, draw_scales, load_dataset
from reslab.data.scaling import scaled_crop
from reslab.engine import Batch, Execution, Request, Work, choose, make_engine, this_machine
from reslab.errors import UsageError
from reslab.nets import spec
from reslab.training import Facts, Surroundings, facts_of, learning_rate, make_recipe, train_on, with_fields
from reslab.training.feed import batch_at

IMAGENET = Facts("imagenet", 1000, 224, 1_281_167, mirror=True, official=False, fingerprint="abc")
TINY = Facts("tiny-imagenet-20", 20, 64, 9_000, mirror=True, official=False, fingerprint="abc")
CIFAR = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
ONE_THREAD = Surroundings(Request(threads=1, precision="fp32"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    from PIL import Image

    place = tmp_path_factory.mktemp("photos") / "pets"
    random = np.random.default_rng(0)
    for number, name in enumerate(("cat", "dog")):
        (place / name).mkdir(parents=True)
        for i in range(10):
            coarse = random.integers(0, 256, (5, 6, 3), np.uint8) // (number + 1)
            size = (30 + 3 * i, 40)
            Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(place / name / f"{i}.png")
    return place


def test_the_numbers_of_section_3_4():
    recipe = make_recipe(IMAGENET, "resnet34", "paper")
    assert (recipe.batch, recipe.steps, recipe.schedule.drops) == (256, 600_000, (150_000, 300_000))
    optimizer, augment = recipe.optimizer, recipe.augment
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay, optimizer.nesterov) == (0.1, 0.9, 1e-4, False)
    assert (augment.scale, augment.lighting, augment.flip, augment.pad) == ((256, 480), 0.1, True, 0)
    assert recipe.data.mean == "pixel" and recipe.smoothing == 0
    assert [learning_rate(recipe, step) for step in (0, 150_000, 599_999)] == pytest.approx([0.1, 0.01, 0.001])
    assert recipe.epochs(IMAGENET.train_images) == pytest.approx(120, abs=0.2), "about 120 epochs"


def test_smaller_images_are_scaled_in_proportion():
    recipe = make_recipe(TINY, "resnet18", "paper")
    assert recipe.augment.scale == (73, 137) and recipe.batch == 256
    assert make_recipe(TINY, "resnet18", "paper", batch=32).batch == 32


@pytest.mark.parametrize("preset", ["fast", "small", "paper"])
def test_cifar_nets_are_left_as_they_were(preset):
    recipe = make_recipe(CIFAR, "resnet20", preset)
    assert (recipe.augment.scale, recipe.augment.lighting, recipe.augment.pad) == ((), 0.0, 4)


def test_a_batch_is_cut_from_photographs_and_a_function_of_seed_and_step(photographs):
    data = load_dataset(photographs, size=24)
    recipe = make_recipe(facts_of(data), "resnet18", "paper", seed=5)
    train = data.splits["train"]
    first, again, later = (batch_at(recipe, train, step) for step in (3, 3, 4))
    assert first.images.shape == (16, 24, 24, 3) and first.crops is None and first.flips is not None
    assert (first.images == again.images).all() and (first.lighting == again.lighting).all()
    assert first.images.shape == later.images.shape and (first.images != later.images).any()
    assert (first.lighting == draw_lighting(16, 0.1, 5, 3)).all()
    indices = batch_indices(len(train), 16, 5, 3)
    drawn = zip(indices, draw_scales(16, recipe.augment.scale, 5, 3), draw_places(16, 5, 3), first.images, strict=True)
    for index, scale, place, image in drawn:
        assert 27 <= scale <= 51
        assert (image == scaled_crop(train.picture(index, 99), int(scale), tuple(place), 24)).all()


def test_lighting_adds_one_colour_to_all_pixels():
    execution = Execution("torch", "cpu", "fp32", False, False, 1)
    preprocessing = Preprocessing(np.full((1, 1, 3), 100, np.float32), 50.0, 16)
    engine = make_engine(spec("resnet8", classes=3, size=16), preprocessing, execution)
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    added = np.array([[10, -20, 5]] * 4, np.float32)
    found = engine._pictures.augmented(Batch(images, np.zeros(4, np.int64), lighting=added))
    expected = (images + added[:, None, None] - 100) / 50
    assert found.permute(0, 2, 3, 1).numpy() == pytest.approx(expected, abs=1e-5)


def test_native_kernels_lack_colour_augmentation():
    work = Work(spec("resnet20"), 10**6, lighting=True)
    with pytest.raises(UsageError, match="are not made for colour augmentation"):
        choose(Request(engine="native"), this_machine(), work)


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["augment.scale=256"], "two shorter sides"),
        (["augment.scale=480,256"], "the smaller first"),
        (["augment.scale=200,480"], "from the crop's 224 pixels"),
        (["augment.scale=256,9999"], "to 2,048"),
        (["augment.scale=big"], "takes whole numbers, as 10,20"),
        (["augment.pad=4"], r"set augment\.pad=0"),
        (["augment.small_size=128"], r"leave augment\.small_size"),
        (["selective=0.5"], "selective out"),
        (["augment.lighting=-1"], "lighting -1.0: .*0.1 is the paper's"),
    ],
)
def test_bad_augmentation_is_refused(assignments, message):
    with pytest.raises(UsageError, match=message):
        with_fields(make_recipe(IMAGENET, "resnet18", "paper"), assignments)


def test_a_run_resumes_exactly_and_its_test_knows_scales(photographs, tmp_path, monkeypatch):
    from reslab.evaluation import evaluate
    from reslab.training import Interrupted, loop

    data = load_dataset(photographs, size=16)
    recipe = make_recipe(facts_of(data), "resnet8", "paper", batch=8).stretched(4)
    recipe = with_fields(recipe, ["augment.pad=0", "augment.scale=18,34", "augment.lighting=0.1"])
    train_on(data, recipe, tmp_path / "whole", ONE_THREAD)
    updated = loop.update

    def update_then_stop(*words):
        updated(*words)
        if words[1].step == 2:
            raise Interrupted("stopped")

    monkeypatch.setattr(loop, "update", update_then_stop)
    with pytest.raises(Interrupted):
        train_on(data, recipe, tmp_path / "parts", Surroundings(ONE_THREAD.request, save_every=0.0))
    monkeypatch.setattr(loop, "update", updated)
    torch.manual_seed(99)
    train_on(data, recipe, tmp_path / "parts", ONE_THREAD)
    bytes_of = [(tmp_path / run / "model.safetensors").read_bytes() for run in ("whole", "parts")]
    assert bytes_of[0] == bytes_of[1]
    found = evaluate(tmp_path / "whole", photographs, scales=(16, 24))
    assert found.views == 2 and found.images == 4, "a view a scale: sec. 3.4 speaks of no mirrors"
    assert evaluate(tmp_path / "whole", photographs, views="flip", scales=(16, 24)).views == 4
