"""What may be asked about: a path, several, folders, pictures in memory, and streams of them."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.data import Preprocessing
from reslab.errors import DataError, UsageError
from reslab.evaluation import photographs, predict
from reslab.nets import create, spec
from reslab.store import Classifier, Identity

SIZE = 8


@pytest.fixture(scope="module")
def model() -> Classifier:
    torch.manual_seed(0)
    net = create("resnet8", classes=3, size=SIZE).requires_grad_(False).eval()
    net[-1][2].weight.mul_(8)  # answers that differ from image to image
    identity = Identity("resnet8", spec("resnet8", None, 3, SIZE), ("cat", "dog", "owl"), "pets")
    return Classifier(net, identity, Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, SIZE))


@pytest.fixture(scope="module")
def pixels() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, shape).astype(np.uint8) for shape in ((8, 8, 3), (30, 20, 3), (9, 50, 3))]


@pytest.fixture
def folder(tmp_path, pixels) -> Path:
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    return tmp_path


def answers(*words, **choices) -> list[tuple]:
    return [found.probabilities for found in predict(*words, **choices)]


def test_a_lone_path_is_one_photograph(model, folder):
    (one,) = predict(model, str(folder / "1.png"))
    (two,) = predict(model, folder / "1.png")
    assert one == two and one.path == str(folder / "1.png") and len(one.classes) == 3
    assert [found.path for found in predict(model, folder)] == [str(folder / f"{n}.png") for n in range(3)]


def test_pictures_in_memory_are_answered_as_their_files(model, folder, pixels):
    expected = answers(model, folder)
    assert len(set(expected)) == 3
    opened = [Image.open(folder / f"{number}.png") for number in range(3)]
    assert answers(model, opened) == answers(model, pixels) == expected
    assert answers(model, opened[1]) == answers(model, pixels[1]) == expected[1:2]
    assert answers(model, np.stack([pixels[0], pixels[0]])) == expected[:1] * 2


def test_they_are_called_by_their_place(model, folder, pixels):
    given = [folder, pixels[0], folder / "2.png", Image.fromarray(pixels[1])]
    names = [Path(found.path).name for found in predict(model, given)]
    assert names == ["0.png", "1.png", "2.png", "images[1]", "2.png", "images[3]"]


def test_an_opened_photograph_is_turned_and_laid_on_white(model, tmp_path, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels[1]).save(tmp_path / "turned.png", exif=exif)
    clear = np.dstack([pixels[1], np.full(pixels[1].shape[:2], 90, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    for name in ("turned.png", "clear.png"):
        assert answers(model, Image.open(tmp_path / name)) == answers(model, tmp_path / name)


def test_files_contents_are_answered_as_their_files(model, folder):
    paths = [folder / f"{number}.png" for number in range(3)]
    expected, contents = answers(model, folder), [path.read_bytes() for path in paths]
    assert answers(model, contents) == answers(model, [io.BytesIO(content) for content in contents]) == expected
    assert answers(model, contents[1]) == answers(model, bytearray(contents[1])) == expected[1:2]
    with paths[2].open("rb") as file:
        assert answers(model, file) == expected[2:]
    (torn,) = predict(model, contents[0][:40])
    assert torn.path == "images[0]" and torn.error.startswith("images[0]: cannot be read as an image")


def test_a_large_jpeg_has_one_answer_wherever_it_lies(model, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (200, 160, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.jpg")
    expected = answers(model, tmp_path / "large.jpg")
    with Image.open(tmp_path / "large.jpg") as lazy:
        assert answers(model, lazy) == answers(model, (tmp_path / "large.jpg").read_bytes()) == expected
        decoded = answers(model, np.asarray(lazy))
        assert lazy.size == (160, 200) and answers(model, lazy) == decoded != expected


def test_a_picture_whose_file_is_closed_does_not_stop_the_others(model, tmp_path, pixels):
    Image.fromarray(pixels[1]).save(tmp_path / "one.jpg")
    with (tmp_path / "one.jpg").open("rb") as file:
        picture = Image.open(file)
    broken, fine = predict(model, [picture, pixels[0]])
    assert broken.error.startswith("images[0]: cannot be read as an image") and fine.error is None


def test_of_several_pictures_in_a_file_the_one_at_hand_is_seen(model, tmp_path):
    noise = [Image.fromarray(np.random.default_rng(n).integers(0, 256, (200, 160, 3)).astype(np.uint8)) for n in (1, 2)]
    noise[0].save(tmp_path / "two.mpo", save_all=True, append_images=noise[1:])
    with Image.open(tmp_path / "two.mpo") as picture:
        picture.seek(1)
        lazy = answers(model, picture)
        assert lazy == answers(model, np.asarray(picture)) != answers(model, tmp_path / "two.mpo")


def test_grey_and_transparent_arrays_are_what_pillow_makes_of_them(model, pixels):
    grey, clear = pixels[1][:, :, 0], np.dstack([pixels[1], pixels[1][:, :, :1]])
    alike = answers(model, np.dstack([grey, grey, grey]))
    assert answers(model, grey) == answers(model, grey[:, :, None]) == answers(model, Image.fromarray(grey)) == alike
    assert answers(model, clear) == answers(model, Image.fromarray(clear)) != answers(model, pixels[1])


def test_a_stream_is_answered_while_it_runs(model, pixels):
    read = []

    def stream():
        for number in range(1000):
            read.append(number)
            yield pixels[number % 3]

    found = predict(model, stream(), top=1)
    assert [next(found).path for _ in range(70)][-1] == "images[69]"
    assert len(read) <= 128, "a film is not kept in memory"


def test_a_damaged_picture_does_not_stop_the_others(model, folder, pixels):
    torn = (folder / "1.png").read_bytes()
    (folder / "torn.png").write_bytes(torn[: len(torn) // 2])
    with Image.open(folder / "torn.png") as picture:
        broken, fine = predict(model, [picture, pixels[0]])
    assert broken.error.startswith("images[0]: cannot be read as an image") and fine.error is None


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([np.zeros((8, 8, 2), np.uint8)], r"images\[0\] is a uint8 array of shape \(8, 8, 2\): give paths, PIL images"),
        (np.zeros(8, np.uint8), r"images\[0\] is a uint8 array of shape \(8,\)"),
        (io.StringIO("cat.jpg"), r"images\[0\] is a file that is open as text"),
        (np.zeros((2, 8, 8, 3)), r"images\[0\] is a float64 array of shape \(8, 8, 3\)"),
        ([np.zeros((0, 8, 3), np.uint8)], r"images\[0\] is a uint8 array of shape \(0, 8, 3\)"),
        ([Image.new("RGB", (0, 4))], r"images\[0\] is an empty picture"),
        ([np.zeros((8, 8, 3), np.uint8), None], r"images\[1\] is of type NoneType"),
        (torch.zeros(1, 8, 8, 3, dtype=torch.uint8), r"images\[0\] is of type Tensor"),
        (7, r"images\[0\] is of type int"),
        ([], "at least one photograph"),
        (iter(()), "at least one photograph"),
    ],
)
def test_what_is_no_picture(model, images, message):
    with pytest.raises(UsageError, match=message):
        list(predict(model, images))


def test_files_of_a_list_are_looked_for_first(model, folder):
    with pytest.raises(DataError, match="no file or folder"):
        next(predict(model, [folder, folder / "nothing.png"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_what_is_there_and_no_file_is_named_for_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    for place in (tmp_path / "pipe.jpg", Path("-")):
        with pytest.raises(UsageError, match="is no file, and reslab reads files only: save the photograph"):
            photographs(place)
    with pytest.raises(DataError, match=r"link\.jpg is a link that leads nowhere"):
        photographs(tmp_path / "link.jpg")
    with pytest.raises(DataError, match=r"no file or folder .*\*\.jpg; a pattern goes without quotes"):
        photographs(tmp_path / "*.jpg")
    Image.new("RGB", (9, 9)).save(tmp_path / "[1].jpg")
    assert photographs(tmp_path / "[1].jpg") == [tmp_path / "[1].jpg"]
