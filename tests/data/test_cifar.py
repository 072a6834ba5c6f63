import io
import os
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from reslab.data import cifar
from reslab.data.archives import digest, tar_reader
from reslab.data.cifar import CIFAR10, CIFAR100, find_cifar, load_cifar
from reslab.errors import DataError, UsageError

BATCH = 10  # images of a batch in most of these tests; the official ones hold 10,000


@pytest.fixture(autouse=True)
def small(request, monkeypatch):
    """CIFAR with a thousandth of the images, unless the test asks for the official size."""
    if "official_size" not in request.fixturenames:
        monkeypatch.setattr(cifar, "TRAIN_IMAGES", 5 * BATCH)
        monkeypatch.setattr(cifar, "TEST_IMAGES", BATCH)
        monkeypatch.setattr(cifar, "SPLITS", {"45k/5k": (45, 50), "40k/5k/5k": (40, 45), "50k": (50, 50)})


@pytest.fixture
def official_size():
    """Asking for this leaves the numbers of images as they are."""


def images(seed, count=BATCH, classes=10):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 32, 32, 3), np.uint8), rng.integers(0, classes, count)


def planes(pixels):
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).reshape(len(pixels), 3072)


def binary(pixels, labels, coarse=False):
    columns = [labels[:, None].astype(np.uint8), planes(pixels)]
    return np.concatenate([np.full_like(columns[0], 19), *columns] if coarse else columns, axis=1).tobytes()


def python(pixels, labels, key="labels"):
    return pickle.dumps({"data": planes(pixels), key: labels.tolist(), "batch_label": "a batch"}, 2)


BINARY10 = {
    **{f"data_batch_{i}.bin": binary(*images(i)) for i in range(1, 6)},
    "test_batch.bin": binary(*images(6)),
    "batches.meta.txt": "\n".join([*CIFAR10.classes, "", ""]).encode(),
}
PYTHON10 = {
    **{f"data_batch_{i}": python(*images(i)) for i in range(1, 6)},
    "test_batch": python(*images(6)),
    "batches.meta": pickle.dumps({"label_names": list(CIFAR10.classes), "num_vis": 3072}, 2),
}
BINARY100 = {
    "train.bin": binary(*images(1, 5 * BATCH, 100), coarse=True),
    "test.bin": binary(*images(6, BATCH, 100), coarse=True),
}
PYTHON100 = {
    "train": python(*images(1, 5 * BATCH, 100), "fine_labels"),
    "test": python(*images(6, BATCH, 100), "fine_labels"),
    "meta": pickle.dumps({"fine_label_names": list(CIFAR100.classes)}, 2),
}
FORMS = [
    (CIFAR10, CIFAR10.binary, BINARY10),
    (CIFAR10, CIFAR10.python, PYTHON10),
    (CIFAR100, CIFAR100.binary, BINARY100),
    (CIFAR100, CIFAR100.python, PYTHON100),
]
IDS = ["10 binary", "10 python", "100 binary", "100 python"]


def unpacked(root, form, files):
    folder = root / form.folder
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def pack(file, members):
    """Write a .tar.gz of (TarInfo or name, content)."""
    with tarfile.open(file, "w:gz") as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file


def packed(root, kind, form, files):
    """The archive in `root`, and `kind` with that archive's checksum."""
    folder = tarfile.TarInfo(form.folder)
    folder.type = tarfile.DIRTYPE
    root.mkdir(exist_ok=True)
    pack(root / form.archive, [(folder, b""), *((f"{form.folder}/{name}", body) for name, body in files.items())])
    known = replace(form, checksum=f"md5:{digest(root / form.archive, 'md5')}")
    return replace(kind, **{"binary" if form is kind.binary else "python": known})


def expected(kind, split):
    seeds = {"train": range(1, 6), "test": [6]}[split]
    classes = len(kind.classes)
    if classes == 100:
        return images(seeds[0], 5 * BATCH if split == "train" else BATCH, 100)
    return tuple(np.concatenate(parts) for parts in zip(*(images(seed) for seed in seeds), strict=True))


def assert_right(dataset, kind):
    pixels, labels = expected(kind, "train")
    assert dataset.name == kind.name and dataset.classes == kind.classes and dataset.mirror
    assert dataset.notes == ()
    for name, part in (("train", slice(0, 45)), ("val", slice(45, 50))):
        assert (dataset.splits[name].pixels == pixels[part]).all()
        assert (dataset.splits[name].labels == labels[part]).all()
        assert dataset.splits[name].pixels.flags.c_contiguous
    assert (dataset.splits["test"].pixels == expected(kind, "test")[0]).all()
    assert (dataset.splits["test"].labels == expected(kind, "test")[1]).all()


@pytest.mark.parametrize(("kind", "form", "files"), FORMS, ids=IDS)
def test_an_unpacked_folder_is_read(tmp_path, kind, form, files):
    unpacked(tmp_path, form, files)
    assert_right(load_cifar(kind, tmp_path), kind)


@pytest.mark.parametrize(("kind", "form", "files"), FORMS, ids=IDS)
def test_the_root_may_be_that_folder_itself_whatever_its_name(tmp_path, kind, form, files):
    folder = unpacked(tmp_path, form, files)
    assert_right(load_cifar(kind, folder), kind)
    assert_right(load_cifar(kind, folder.rename(tmp_path / "renamed")), kind)


@pytest.mark.parametrize(("kind", "form", "files"), FORMS, ids=IDS)
def test_an_archive_is_read_without_being_unpacked(tmp_path, kind, form, files):
    known = packed(tmp_path, kind, form, files)
    assert_right(load_cifar(known, tmp_path), kind)
    assert [path.name for path in tmp_path.iterdir()] == [form.archive]


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        (None, {"train": 45, "val": 5, "test": 10}),
        ("default", {"train": 45, "val": 5, "test": 10}),
        ("40k/5k/5k", {"train": 40, "val": 5, "test": 10}),
        ("50k", {"train": 50, "test": 10}),
    ],
)
def test_splits_are_in_official_order(tmp_path, split, sizes):
    unpacked(tmp_path, CIFAR10.binary, BINARY10)
    dataset = load_cifar(CIFAR10, tmp_path, split)
    pixels, _ = expected(CIFAR10, "train")
    assert {name: len(part) for name, part in dataset.splits.items()} == sizes
    joined = np.concatenate([part.pixels for name, part in dataset.splits.items() if name != "test"])
    assert (joined == pixels[: len(joined)]).all()


def test_an_unknown_split_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"did you mean .*45k/5k"):
        load_cifar(CIFAR10, tmp_path, "45k")


def test_a_short_test_batch_is_accepted_with_a_note(tmp_path):
    unpacked(tmp_path, CIFAR10.binary, BINARY10 | {"test_batch.bin": binary(*images(6, 3))})
    dataset = load_cifar(CIFAR10, tmp_path)
    assert len(dataset.splits["test"]) == 3
    assert dataset.notes == ("test_batch.bin holds 3 of 10 images; errors are measured on those",)


def test_class_names_are_the_files_own(tmp_path):
    mine = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    folder = unpacked(tmp_path, CIFAR10.binary, BINARY10 | {"batches.meta.txt": "\r\n".join(mine).encode()})
    assert load_cifar(CIFAR10, tmp_path).classes == tuple(mine)
    (folder / "batches.meta.txt").unlink()
    assert load_cifar(CIFAR10, tmp_path).classes == CIFAR10.classes


def test_the_official_class_names_are_as_many_as_they_should_be():
    assert len(set(CIFAR10.classes)) == 10
    assert len(set(CIFAR100.classes)) == 100
    assert list(CIFAR100.classes) == sorted(CIFAR100.classes)


def test_the_binary_folder_goes_before_the_archive(tmp_path):
    known = packed(tmp_path, CIFAR10, CIFAR10.python, PYTHON10)
    assert find_cifar(known, tmp_path).place == tmp_path / CIFAR10.python.archive
    folder = unpacked(tmp_path, CIFAR10.binary, BINARY10)
    assert find_cifar(known, tmp_path).place == folder


def refusal(kind, root):
    with pytest.raises(DataError) as caught:
        load_cifar(kind, root)
    message = str(caught.value)
    assert "\n" not in message and str(root) in message
    return message


def test_absent_data_tell_every_way_out(tmp_path, monkeypatch):
    message = refusal(CIFAR10, tmp_path)
    for part in (
        "cifar-10-batches-bin, cifar-10-binary.tar.gz, cifar-10-batches-py, cifar-10-python.tar.gz",
        f"`reslab data fetch cifar10 --data-root {tmp_path}`",
        "--data-url",
        "--data-root",
    ):
        assert part in message
    assert "--download" not in message, "not every command that needs data has it"
    assert "`reslab data fetch cifar100 --data-root" in refusal(CIFAR100, tmp_path / "not there")
    monkeypatch.setenv("RESLAB_DATA", str(tmp_path))
    assert "`reslab data fetch cifar10`" in refusal(CIFAR10, tmp_path)


def wrong_label(form_of, *key):
    pixels, labels = images(2)
    labels[7] = 12
    return form_of(pixels, labels, *key)


BAD_FILES = [
    ("data_batch_2.bin", BINARY10["data_batch_2.bin"][:-1], "30,729 bytes are no whole number of records of 3,073"),
    ("test_batch.bin", BINARY10["test_batch.bin"] + b"\0", "no whole number of records"),
    ("data_batch_3.bin", binary(*images(3, 9)), "holds 9 images, not 10"),
    ("data_batch_3.bin", binary(*images(3, 11)), "holds 11 images, not 10"),
    ("data_batch_3.bin", b"", "holds 0 images, not 10"),
    ("test_batch.bin", b"", "holds 0 images"),
    ("test_batch.bin", binary(*images(6, 11)), "holds 11 images"),
    ("data_batch_2.bin", wrong_label(binary), "image 7 has label 12, but CIFAR-10 has classes 0 to 9"),
    ("data_batch_5.bin", None, "data_batch_5.bin is missing"),
    ("test_batch.bin", None, "test_batch.bin is missing"),
    ("batches.meta.txt", b"airplane\nautomobile\n", "does not name the 10 classes"),
]


@pytest.mark.parametrize(("name", "content", "reason"), BAD_FILES)
def test_a_bad_binary_file_is_named(tmp_path, name, content, reason):
    folder = unpacked(tmp_path, CIFAR10.binary, {**BINARY10, name: content or b""})
    if content is None:
        (folder / name).unlink()
    message = refusal(CIFAR10, tmp_path)
    assert name in message and reason in message


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    folder = unpacked(tmp_path, CIFAR10.binary, BINARY10)
    (folder / "data_batch_1.bin").unlink()
    (folder / "data_batch_1.bin").mkdir()
    assert "data_batch_1.bin: cannot be read" in refusal(CIFAR10, tmp_path)


class Evil:
    def __reduce__(self):
        return os.system, ("echo never",)


BAD_BATCHES = [
    (b"no pickle", "not a readable pickle"),
    (pickle.dumps({"data": Evil()}), "system"),
    (pickle.dumps(["data", "labels"]), "it has no data and labels"),
    (pickle.dumps({"data": np.zeros((10, 3072), np.uint8)}), "it has no data and labels"),
    (python(*images(1), "fine_labels"), "it has no data and labels"),
    (pickle.dumps({"data": np.zeros((10, 3072)), "labels": [0] * 10}), "not bytes in rows of 3,072"),
    (pickle.dumps({"data": np.zeros((10, 3071), np.uint8), "labels": [0] * 10}), "not bytes in rows of 3,072"),
    (pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": [0] * 9}), "label for each image"),
    (pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": ["cat"] * 10}), "label for each image"),
    (pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": [0.5] * 10}), "label for each image"),
    (pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": [-1] * 10}), "has label -1"),
    (wrong_label(python), "image 7 has label 12"),
    (python(*images(2, 9)), "holds 9 images, not 10"),
]


@pytest.mark.parametrize(("content", "reason"), BAD_BATCHES)
def test_a_bad_python_batch_is_named(tmp_path, content, reason):
    unpacked(tmp_path, CIFAR10.python, PYTHON10 | {"data_batch_2": content})
    message = refusal(CIFAR10, tmp_path)
    assert "data_batch_2" in message and reason in message


@pytest.mark.parametrize("meta", [{"label_names": ["cat"]}, {}, ["cat"], {"label_names": [1] * 10}])
def test_a_bad_list_of_classes_is_named(tmp_path, meta):
    unpacked(tmp_path, CIFAR10.python, PYTHON10 | {"batches.meta": pickle.dumps(meta)})
    assert "batches.meta: does not name the 10 classes" in refusal(CIFAR10, tmp_path)


def test_fine_labels_are_in_range_too(tmp_path):
    pixels, labels = images(1, 5 * BATCH)
    labels[3] = 100
    unpacked(tmp_path, CIFAR100.binary, BINARY100 | {"train.bin": binary(pixels, labels, coarse=True)})
    assert "image 3 has label 100, but CIFAR-100 has classes 0 to 99" in refusal(CIFAR100, tmp_path)


def test_an_archive_of_the_wrong_checksum_is_refused(tmp_path):
    packed(tmp_path, CIFAR10, CIFAR10.binary, BINARY10)
    message = refusal(CIFAR10, tmp_path)
    assert CIFAR10.binary.checksum.removeprefix("sha256:") in message
    assert digest(tmp_path / CIFAR10.binary.archive, "sha256") in message
    assert "fetch it again" in message


def test_a_member_that_the_archive_lacks_is_named(tmp_path):
    files = {name: content for name, content in BINARY10.items() if name != "data_batch_4.bin"}
    assert "the member data_batch_4.bin is missing" in refusal(
        packed(tmp_path, CIFAR10, CIFAR10.binary, files), tmp_path
    )


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "member",
    [
        "../test_batch.bin",
        "folder/../../test_batch.bin",
        "/etc/test_batch.bin",
        "C:/test_batch.bin",
        "..\\test_batch.bin",
        link("folder/test_batch.bin", "/etc/passwd"),
        link("folder/test_batch.bin", "folder/other", tarfile.LNKTYPE),
        link("folder/pipe", "", tarfile.FIFOTYPE),
    ],
)
def test_members_that_climb_out_and_links_are_refused(tmp_path, member):
    archive = pack(tmp_path / "a.tar.gz", [("folder/data_batch_1.bin", b"fine"), (member, b"")])
    with pytest.raises(DataError, match=r"a\.tar\.gz: refused, its member"):
        tar_reader(archive, {"test_batch.bin"})


@pytest.mark.parametrize("cut", [0, 10, 5000])
def test_a_damaged_archive_is_named(tmp_path, cut):
    archive = pack(tmp_path / "a.tar.gz", [("folder/test_batch.bin", np.random.default_rng(0).bytes(9000))])
    archive.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"a\.tar\.gz: damaged archive"):
        tar_reader(archive, {"test_batch.bin"})


def test_the_official_size(tmp_path, official_size):
    """50,000 + 10,000 images of zeros, in sparse files that take no room."""
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name in (*CIFAR10.binary.train, CIFAR10.binary.test):
        with (folder / name).open("wb") as file:
            file.write(b"\x07")
            file.truncate(30_730_000)
    dataset = load_cifar(CIFAR10, tmp_path)
    assert {name: len(part) for name, part in dataset.splits.items()} == {"train": 45_000, "val": 5_000, "test": 10_000}
    assert np.flatnonzero(dataset.splits["train"].labels).tolist() == [0, 10_000, 20_000, 30_000, 40_000]
    assert dataset.notes == ()


def test_real_images_have_the_published_mean(real_data, official_size):
    if find_cifar(CIFAR10, real_data) is None:
        pytest.skip("no CIFAR-10 in RESLAB_DATA")
    dataset = load_cifar(CIFAR10, real_data, "50k")
    mean = dataset.splits["train"].pixels[::10].mean((0, 1, 2))
    assert abs(mean - [125.3, 123.0, 113.9]).max() < 1.5
    assert (np.bincount(dataset.splits["train"].labels) == 5000).all()
    assert dataset.classes == CIFAR10.classes
