"""Several views of an image and several nets: against averages that are taken by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab import evaluation
from reslab.data import Images, Preprocessing, load_dataset, measure
from reslab.data.photo import scaled
from reslab.engine import Request
from reslab.errors import DataError, UsageError
from reslab.evaluation import (
    Evaluation,
    Views,
    centre_crop,
    predict,
    probabilities,
    softmax,
    ten_crop,
    top_error,
    views_of,
)
from reslab.evaluation.scores import execution_for
from reslab.evaluation.views import scales_of
from reslab.nets import convolutional, create, spec
from reslab.store import Classifier, Identity, model_bytes

FP32 = Request(precision="fp32", threads=1)  # several threads would wait for each other in batches this small
DIGITS = tuple("0123456789")


def evaluate(*words, **choices) -> Evaluation:
    return evaluation.evaluate(*words, request=FP32, **choices)


def classifier_of(classes, preprocessing: Preprocessing, data: str, seed: int = 0, model: str = "resnet8"):
    torch.manual_seed(seed)
    net = create(model, classes=len(classes), size=preprocessing.size).requires_grad_(False).eval()
    net[-1][2].weight.mul_(4)  # answers that differ from image to image
    identity = Identity(model, spec(model, None, len(classes), preprocessing.size), tuple(classes), data)
    return Classifier(net, identity, preprocessing)


def saved(classifier: Classifier, path: Path) -> Path:
    state = classifier.net.state_dict()
    weights = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    path.write_bytes(model_bytes(weights, classifier.identity, classifier.preprocessing))
    return path


def seen(classifier: Classifier, images: Images, views: Views) -> np.ndarray:
    return probabilities(classifier, images, views, execution_for(None, FP32, classifier, print))


@pytest.fixture(scope="module")
def member(digits) -> Classifier:
    return classifier_of(DIGITS, measure(digits.splits["train"], "pixel"), "digits")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("photos") / "pets"
    random = np.random.default_rng(0)
    for number, name in enumerate(("cat", "dog", "owl")):
        for split in ("train", "test"):
            (place / split / name).mkdir(parents=True)
            for i, (height, width) in enumerate(((40, 60), (70, 36), (32, 32), (33, 47))):
                coarse = random.integers(0, 256, (5, 6, 3), np.uint8) // (number + 1)
                image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
                image.save(place / split / name / f"{i}.png")
    return place


@pytest.fixture(scope="module")
def pets(folder) -> Classifier:
    train = load_dataset(folder, size=32).splits["train"]
    return classifier_of(("cat", "dog", "owl"), measure(train, "channel"), "pets")


def test_flip_averages_an_image_and_its_mirror(digits, member):
    images = digits.splits["val"]
    two = [softmax(member(pixels).numpy()) for pixels in (images.pixels, images.pixels[:, :, ::-1])]
    assert seen(member, images, Views("flip")) == pytest.approx((two[0] + two[1]) / 2, abs=1e-5)
    assert abs(two[0] - two[1]).max() > 0.01


def test_crops_of_a_constant_image_are_all_the_same():
    image = np.full((40, 50, 3), 7, np.uint8)
    assert ten_crop(image, 32).shape == (10, 32, 32, 3) and (ten_crop(image, 32) == 7).all()
    assert (centre_crop(image, 32) == 7).all()


def test_ten_crops_are_corners_and_centre_and_those_of_the_mirror():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    crops = ten_crop(image, 3)
    expected = [image[:3, :3], image[:3, 4:], image[2:, :3], image[2:, 4:], image[1:4, 2:5]]
    assert all((crop == wanted).all() for crop, wanted in zip(crops[:5], expected, strict=True))
    mirrored = sorted(crop[:, ::-1].tobytes() for crop in crops[5:])
    assert mirrored == sorted(wanted.tobytes() for wanted in expected)


def test_crops_at_several_scales_are_averaged(folder, pets):
    images = load_dataset(folder, size=32).splits["test"]
    expected = []
    for path in images.photos.files:
        image = Image.open(folder / path)
        crops = [crop for scale in (36, 48) for crop in ten_crop(scaled(image, scale), 32)]
        expected.append(softmax(pets(np.stack(crops)).numpy()).mean(axis=0))
    assert seen(pets, images, Views("10", (36, 48))) == pytest.approx(np.stack(expected), abs=1e-5)
    centre = np.stack([centre_crop(scaled(Image.open(folder / path), 37), 32) for path in images.photos.files])
    assert seen(pets, images, Views("centre", (37,))) == pytest.approx(softmax(pets(centre).numpy()), abs=1e-5)


@pytest.mark.parametrize("views", ["1", "flip"])
def test_whole_images_go_through_the_net_densely(folder, pets, views):
    images = load_dataset(folder, size=32).splits["test"]
    dense = convolutional(create("resnet8", classes=3).eval(), 8)
    dense.load_state_dict(pets.net.state_dict())
    expected = np.zeros((len(images), 3))
    mean, std = pets.preprocessing.mean, pets.preprocessing.std
    for row, path in enumerate(images.photos.files):
        for scale in (32, 40, 56):
            whole = scaled(Image.open(folder / path), scale)
            for picture in (whole, whole[:, ::-1])[: 2 if views == "flip" else 1]:
                net_input = torch.from_numpy((picture - mean) / np.float32(std)).permute(2, 0, 1)[None]
                with torch.no_grad():
                    expected[row] += softmax(dense(net_input).numpy())[0]
    expected /= expected.sum(axis=1, keepdims=True)
    found = seen(pets, images, Views(views, (32, 40, 56)))
    assert found == pytest.approx(expected, abs=1e-5)
    assert abs(found - seen(pets, images, Views())).max() > 1e-3


def test_evaluate_tells_how_it_looked(folder, pets, tmp_path):
    file = saved(pets, tmp_path / "pets.safetensors")
    ten = evaluate(file, folder, views=10)
    assert (ten.views, ten.scales, ten.dense, ten.images) == (10, (37,), False, 12)
    several = evaluate(file, folder, scales=(32, 48))
    assert (several.views, several.scales, several.dense) == (2, (32, 48), True), "sec. 3.4: no mirrors"
    mirrored = evaluate(file, folder, views="flip", scales=(32, 48))
    assert (mirrored.views, mirrored.scales, mirrored.dense) == (4, (32, 48), True)
    assert (evaluate(file, folder).views, evaluate(file, folder).scales, evaluate(file, folder).dense) == (1, (), False)
    assert several.members == (str(file),) and several.notes == evaluate(file, folder).notes


def test_an_ensemble_averages_probabilities_whatever_the_order_of_the_classes(digits, member, tmp_path):
    preprocessing = measure(digits.splits["train"], "pixel")
    backwards = classifier_of(DIGITS[::-1], preprocessing, "digits", seed=1, model="resnet14")
    files = [saved(member, tmp_path / "one.safetensors"), saved(backwards, tmp_path / "two.safetensors")]
    test = digits.splits["test"]
    mean = softmax(member(test.pixels).numpy()) + softmax(backwards(test.pixels).numpy())[:, ::-1]
    found = evaluate(files[0], ensemble=files[1:])
    assert found.top1_error == pytest.approx(top_error(mean, test.labels), abs=0.3)
    assert (found.model, len(found.members), found.views) == ("resnet8+resnet14", 2, 1)
    alone = evaluate(files[0])
    assert evaluate(files[0], ensemble=[files[0]]).top1_error == pytest.approx(alone.top1_error, abs=0.3)


def test_members_may_have_other_sizes(folder, pets, tmp_path):
    train = load_dataset(folder, size=24).splits["train"]
    other = classifier_of(("cat", "dog", "owl"), measure(train, "pixel"), "pets", seed=2)
    files = [saved(pets, tmp_path / "one.safetensors"), saved(other, tmp_path / "two.safetensors")]
    splits = [load_dataset(folder, size=size).splits["test"] for size in (32, 24)]
    mean = softmax(pets(splits[0].pixels).numpy()) + softmax(other(splits[1].pixels).numpy())
    found = evaluate(files[0], folder, ensemble=files[1:])
    assert found.top1_error == pytest.approx(top_error(mean, splits[0].labels))


def test_a_member_with_other_classes_is_refused_by_name(digits, member, folder, pets, tmp_path):
    files = [saved(member, tmp_path / "digits.safetensors"), saved(pets, tmp_path / "pets.safetensors")]
    with pytest.raises(UsageError, match=r"digits\.safetensors knows the class '0' \(and 9 more\), .*pets\.safet"):
        evaluate(files[0], ensemble=files[1:])
    fewer = saved(classifier_of(DIGITS[:9], member.preprocessing, "digits"), tmp_path / "nine.safetensors")
    for order in ((files[0], fewer), (fewer, files[0])):
        with pytest.raises(UsageError, match=r"digits\.safetensors knows the class '9', .*nine\.safetensors does not"):
            evaluate(order[0], ensemble=order[1:])


def test_a_member_that_may_have_seen_the_images_is_noted(member, tmp_path):
    first = saved(member, tmp_path / "one.safetensors")
    stranger = Classifier(member.net, Identity("resnet8", member.identity.spec, DIGITS, "mnist"), member.preprocessing)
    second = saved(stranger, tmp_path / "two.safetensors")
    assert "was trained on mnist" in evaluate(first, split="val", ensemble=[second]).notes[-1]
    assert evaluate(first, split="test", ensemble=[second]).notes == ()


def test_images_that_are_enlarged_or_mirrored_without_reason_are_noted(member, tmp_path):
    file = saved(member, tmp_path / "one.safetensors")
    notes = evaluate(file, views=10).notes
    assert "may be none of its class" in notes[0]
    assert "no larger images than its 8 x 8 pixels: they were enlarged to 9" in notes[1]
    assert evaluate(file, scales=(8,)).notes == (), "nothing is mirrored unless that is asked for"


@pytest.mark.parametrize(
    ("views", "scales", "message"),
    [
        ("ten", (), "unknown views 'ten'"),
        (11, (), "unknown views '11': did you mean"),
        ("flop", (), "did you mean flip"),
        ("10", (24,), "scale 24: crops of 32 pixels need a shorter side from 32"),
        ("1", (7,), "scale 7: the net needs a shorter"),
        ("1", (100_000,), "to 2,048 pixels"),
        ("1", (64, 64), "named more than once"),
    ],
)
def test_impossible_views_are_refused(views, scales, message):
    with pytest.raises(UsageError, match=message):
        views_of(views, scales, 32)


def test_one_scale_or_none_needs_no_brackets(digits, member):
    picture = digits.splits["test"].pixels[0]
    for one, same in ((9, (9,)), (np.int64(9), [9]), (None, ())):
        assert views_of(None, scales_of(one), 8) == views_of(None, same, 8)
        found, expected = (predict(member, picture, views=10, scales=scales) for scales in (one, same))
        assert list(found) == list(expected)
    assert evaluate(member, views=10, scales=9, ensemble=None).scales == (9,)
    assert list(predict(member, picture, ensemble=None)) == list(predict(member, picture))


@pytest.mark.parametrize("scales", ["224,256", 64.5, (64, "96"), [None]])
def test_what_is_no_scale_is_refused(scales):
    with pytest.raises(UsageError, match="whole numbers of pixels are needed"):
        scales_of(scales)


@pytest.mark.parametrize("net", [None, 3, ["a", "b"]])
def test_what_is_no_net_is_refused(net, digits, member):
    with pytest.raises(UsageError, match=r"or what reslab\.load gave, not a"):
        evaluate(net)
    with pytest.raises(UsageError, match=r"or what reslab\.load gave, not a"):
        predict(member, digits.splits["test"].pixels[0], ensemble=[net])


def test_nothing_is_read_for_views_that_are_impossible(pets, tmp_path):
    file = saved(pets, tmp_path / "pets.safetensors")
    with pytest.raises(UsageError, match="unknown views"):
        evaluate(file, tmp_path / "nowhere", views="11")


def test_strange_photographs_are_tested_like_all_others_or_named(folder, pets, tmp_path):
    import shutil

    place = tmp_path / "odd"
    shutil.copytree(folder, place)
    random = np.random.default_rng(1)
    cat, noise = place / "test" / "cat", random.integers(0, 256, (40, 50, 4), np.uint8)
    Image.fromarray(noise).save(cat / "alpha.png")
    Image.fromarray(noise, mode="CMYK").save(cat / "cmyk.jpg")
    Image.fromarray(noise[..., :3]).convert("P").save(cat / "palette.gif")
    Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(cat / "deep.png")
    Image.new("RGB", (1, 1)).save(cat / "one.png")
    Image.new("RGB", (20_000, 1)).save(cat / "strip.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise[..., :3]).save(cat / "turned.jpg", exif=exif)
    file = saved(pets, tmp_path / "pets.safetensors")
    for choice in ({}, {"views": 10}, {"views": "centre"}, {"scales": (32, 40)}):
        assert evaluate(file, place, **choice).images == 19
    (cat / "torn.jpg").write_bytes((cat / "turned.jpg").read_bytes()[:500])
    with pytest.raises(DataError, match=r"torn\.jpg: .*--on-bad skip"):
        evaluate(file, place, views=10)
    skipped = evaluate(file, place, views=10, on_bad="skip")
    assert skipped.images == 19 and "torn.jpg" in skipped.notes[-1]
