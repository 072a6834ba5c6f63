import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reslab import data
from reslab.data import catalog
from reslab.data.photo import read_photo
from reslab.errors import DataError, UsageError


@pytest.fixture
def photos(tmp_path, make_photos):
    return make_photos(tmp_path / "my photos", {"10": 10, "2": 5})


def test_everything_promised_is_exported():
    assert all(hasattr(data, name) for name in data.__all__)


def test_digits_by_name():
    dataset = data.load_dataset("digits", size=16, split="default")
    assert dataset.name == "digits" and dataset.size == 16
    assert not dataset.mirror and not data.keeps_mirrors("digits") and data.keeps_mirrors("cifar10")


def test_a_folder_by_its_path_as_text_or_path(photos):
    for name in (photos, str(photos)):
        dataset = data.load_dataset(name, size=8)
        assert dataset.name == "my photos" and dataset.classes == ("10", "2") and dataset.mirror
        assert {split: images.pixels.shape for split, images in dataset.splits.items()} == {
            "train": (12, 8, 8, 3),
            "val": (3, 8, 8, 3),
        }


def test_rows_are_the_files_of_the_index(photos):
    dataset = data.load_dataset(photos, size=8)
    assert dataset.folder == photos.resolve() and dataset.fingerprint == dataset.index.fingerprint
    for split, images in dataset.splits.items():
        for row, label, file in zip(images.pixels, images.labels, dataset.index.files[split], strict=True):
            assert (row == read_photo(photos / file, 8)).all()
            assert file.startswith(f"{dataset.classes[label]}/")


def test_folders_have_224_pixels_by_default(photos):
    assert data.load_dataset(photos).size == 224


def test_a_folder_under_the_data_root_by_its_name(photos, monkeypatch):
    assert data.load_dataset("my photos", root=photos.parent, size=8).name == "my photos"
    monkeypatch.setenv("RESLAB_DATA", str(photos.parent))
    assert data.find_folder("my photos") == photos


def test_a_folder_called_like_a_data_set_is_reached_by_its_path(tmp_path, make_photos, monkeypatch):
    make_photos(tmp_path / "digits", {"cat": 2, "dog": 2})
    monkeypatch.chdir(tmp_path)
    assert data.load_dataset("digits").classes == tuple("0123456789")
    assert data.load_dataset("./digits", size=8).classes == ("cat", "dog")
    assert data.load_dataset(Path("digits"), size=8).classes == ("cat", "dog")


def test_the_name_of_the_working_folder_is_its_own(photos, monkeypatch):
    monkeypatch.chdir(photos)
    assert data.load_dataset(".", size=8).name == "my photos"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"name": "cifar11"}, "unknown data set 'cifar11': did you mean cifar10"),
        ({"name": "xyz"}, "a folder of class folders"),
        ({"name": "some/where"}, "no such folder of images: some/where"),
        ({"name": Path("nowhere")}, "no such folder of images: nowhere"),
        ({"name": "cifar10", "size": 64}, "images of 32 pixels"),
        ({"name": "cifar10", "split": "60k"}, "unknown split of CIFAR-10 '60k'"),
        ({"name": "digits", "split": "45k/5k"}, "only cifar10 and cifar100 have named splits"),
        ({"name": "digits", "size": 0}, "at least 1 pixel"),
    ],
)
def test_wrong_usage_is_told(tmp_path, arguments, reason):
    with pytest.raises(UsageError) as caught:
        data.load_dataset(root=tmp_path, **arguments)
    assert reason in str(caught.value)


def test_a_file_is_no_folder(tmp_path):
    for name, way_out in (("photos.ZIP", "is a file; unpack it first; name a folder"), ("cat.jpg", "is a file; name")):
        (tmp_path / name).touch()
        for named in (str(tmp_path / name), name):
            with pytest.raises(UsageError, match=rf"{name} {way_out}"):
                data.load_dataset(named, root=tmp_path)


def test_a_folder_that_is_called_nearly_so_is_named(tmp_path, monkeypatch):
    for name in ("photos", "more photos", "x", ".photos"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"unknown data set 'Photos': did you mean photos\? "):
        data.load_dataset("Photos", root=tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no such folder of images: .*PHOTO; did you mean [^ ]*photos\?$"):
        data.load_dataset(tmp_path / "PHOTO", root=tmp_path / "nowhere")
    with pytest.raises(UsageError, match="unknown data set 'fotos': did you mean photos"):
        data.load_dataset("fotos", root=tmp_path)
    with pytest.raises(UsageError, match=r"; did you mean [^ ]*photos\?$"):
        data.load_dataset(tmp_path / "pho", root=tmp_path / "nowhere")


@pytest.mark.parametrize("typed", ["nope", "ph", "hops", "other/photo"])
def test_a_path_that_is_only_somewhat_alike_is_not_guessed_at(tmp_path, typed):
    for name in ("opt", "home", "photos", "other"):
        (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=rf"^no such folder of images: \S*/{typed}$"):
        data.load_dataset(tmp_path / typed, root=tmp_path)


def test_missing_data_are_told(tmp_path):
    with pytest.raises(DataError, match="reslab data fetch cifar100"):
        data.load_dataset("cifar100", root=tmp_path, size=32)


def test_images_that_cannot_be_read_stop_it_or_are_left_out(photos):
    (photos / "2" / "000.png").write_bytes(b"spoilt")
    with pytest.raises(DataError, match=r"1 image cannot be used.*000\.png.*--on-bad skip"):
        data.load_dataset(photos, size=8)
    dataset = data.load_dataset(photos, size=8, on_bad="skip")
    assert sum(map(len, dataset.splits.values())) == 14
    assert "2/000.png" not in sum(dataset.index.files.values(), ())
    assert dataset.notes[-1].startswith("1 image that cannot be read was left out")
    for split, images in dataset.splits.items():
        for row, file in zip(images.pixels, dataset.index.files[split], strict=True):
            assert (row == read_photo(photos / file, 8)).all()


def test_empty_class_folders_are_left_out_with_what_cannot_be_read(photos):
    (photos / "empty").mkdir()
    with pytest.raises(DataError, match="--on-bad skip"):
        data.load_dataset(photos, size=8)
    dataset = data.load_dataset(photos, size=8, on_bad="skip")
    assert dataset.classes == ("10", "2") and "empty" in dataset.notes[0]


def test_a_class_without_readable_images_is_an_error(photos):
    for path in (photos / "2").iterdir():
        path.write_bytes(b"spoilt")
    with pytest.raises(DataError, match="not one training image of the class 2 can be read"):
        data.load_dataset(photos, size=8, on_bad="skip")


def test_a_split_without_readable_images_is_an_error(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 2, "dog": 2})
    make_photos(tmp_path / "val", {"cat": 1})
    (tmp_path / "val" / "cat" / "000.png").write_bytes(b"spoilt")
    with pytest.raises(DataError, match="not one image of val can be read"):
        data.load_dataset(tmp_path, size=8, on_bad="skip")


def test_a_written_down_split_stays_when_files_are_added(photos, make_photo):
    before = data.load_dataset(photos, size=8)
    written = json.loads(json.dumps(before.index.to_dict()))
    for i in range(20):
        make_photo(photos / "2" / f"a{i}.png", seed=i)
    index = data.FolderIndex.from_dict(written)
    after = data.load_dataset(photos, size=8, index=index)
    assert after.fingerprint == before.fingerprint
    assert after.index.files == before.index.files
    assert not any("changed" in note for note in after.notes)
    for split in before.splits:
        assert (after.splits[split].pixels == before.splits[split].pixels).all()
    assert data.load_dataset(photos, size=8).fingerprint != before.fingerprint


def test_changed_files_of_a_written_down_split_are_mentioned(photos, make_photo):
    index = data.index_folder(photos)
    make_photo(photos / "2" / "000.png", size=(50, 50))
    dataset = data.load_dataset(photos, size=8, index=index)
    assert "changed since their split was written down" in dataset.notes[-1]
    assert dataset.fingerprint != index.fingerprint


def test_other_bytes_of_the_same_length_are_mentioned(photos):
    index = data.index_folder(photos).sampled(photos)
    assert not any("changed" in note for note in data.load_dataset(photos, size=8, index=index).notes)
    for changed, words in ((1, "some images have changed"), (len(index.samples), "most images have changed")):
        for file in list(index.samples)[:changed]:
            overwritten = bytearray((photos / file).read_bytes())
            overwritten[-1] ^= 255  # behind all that is decoded: of a PNG the checksum of its end
            (photos / file).write_bytes(overwritten)
        dataset = data.load_dataset(photos, size=8, index=index)
        assert dataset.notes[-1].startswith(words) and dataset.fingerprint == index.fingerprint
        index = index.sampled(photos)


def test_missing_files_of_a_written_down_split_are_an_error(photos):
    index = data.index_folder(photos)
    (photos / "2" / "000.png").unlink()
    with pytest.raises(DataError, match="images of the data set are gone"):
        data.load_dataset(photos, size=8, index=index)


def test_what_is_here_is_listed(tmp_path):
    listed = {entry["name"]: entry for entry in data.list_datasets(tmp_path)}
    assert list(listed) == list(data.NAMES)
    assert listed["digits"]["present"] and listed["digits"]["images"] == 1797
    assert not listed["cifar10"]["present"] and listed["cifar10"]["where"] is None
    (tmp_path / "cifar-10-batches-bin").mkdir()
    here = data.list_datasets(tmp_path)[1]
    assert here["present"] and here["where"] == str(tmp_path / "cifar-10-batches-bin")
    json.dumps(here)


@pytest.mark.parametrize(
    ("url", "fetched", "name"),
    [
        (None, "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "cifar-10-binary.tar.gz"),
        ("http://mirror/kriz/", "http://mirror/kriz/cifar-10-binary.tar.gz", "cifar-10-binary.tar.gz"),
        ("http://mirror/cifar-10-python.tar.gz", "http://mirror/cifar-10-python.tar.gz", "cifar-10-python.tar.gz"),
    ],
)
def test_fetching_takes_the_official_site_or_another(tmp_path, monkeypatch, url, fetched, name):
    asked = []
    monkeypatch.setattr("reslab.data.cifar.fetch", lambda url, file, *_: asked.append((url, file)) or file)
    assert data.fetch_dataset("cifar10", tmp_path, url) == tmp_path / name
    assert asked == [(fetched, tmp_path / name)]


def test_digits_need_no_fetching_and_unknown_names_cannot_be_fetched(tmp_path):
    assert data.fetch_dataset("digits", tmp_path) is None
    with pytest.raises(UsageError, match="cifar100"):
        data.fetch_dataset("cifar1000", tmp_path)


def test_downloading_happens_only_when_asked_for_and_needed(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(catalog, "fetch_cifar", lambda kind, *_: asked.append(kind.name))
    with pytest.raises(DataError):
        data.load_dataset("cifar10", root=tmp_path)
    assert asked == []
    with pytest.raises(DataError):
        data.load_dataset("cifar10", root=tmp_path, download=True)
    assert asked == ["cifar10"]
    (tmp_path / "cifar-10-batches-bin").mkdir()
    with pytest.raises(DataError, match="missing"):
        data.load_dataset("cifar10", root=tmp_path, download=True)
    assert asked == ["cifar10"]


def test_a_fetched_archive_from_a_local_mirror(tmp_path):
    """Nothing of the official archives is here, so the checksum must refuse what a mirror calls by their name."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "cifar-10-binary.tar.gz").write_bytes(b"something else")
    with pytest.raises(DataError, match="wrong checksum"):
        data.load_dataset("cifar10", root=tmp_path / "data", download=True, url=(tmp_path / "mirror").as_uri())
    assert not (tmp_path / "data" / "cifar-10-binary.tar.gz").exists()


def test_real_photographs(real_data):
    folder = real_data / "caltech-10"
    if not folder.is_dir():
        pytest.skip("no caltech-10 in RESLAB_DATA")
    index = data.index_folder(folder)
    few = replace(
        index,
        files={split: files[::40] for split, files in index.files.items()},
        labels={split: labels[::40] for split, labels in index.labels.items()},
    )
    dataset = data.load_dataset(folder, size=64, index=few)
    assert len(dataset.classes) == 10 and set(dataset.splits) == {"train", "val"}
    assert 60 < np.mean(dataset.splits["train"].pixels) < 200
