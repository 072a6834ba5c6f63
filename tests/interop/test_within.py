"""Names of classes beside the weights in one file: taken where they are whole, left alone where they are not."""

import pytest
import torch

from reslab.data.cifar_official import CIFAR10_CLASSES
from reslab.interop import convert, load
from reslab.interop.asked import Asked
from reslab.interop.foreign import read_foreign
from reslab.interop.within import NO_NAMES, Within, parts_of, within
from reslab.store import UNTOLD
from tests.interop.foreign_weights import akamaster_shapes, filled

PETS = ("cat", "dog", "owl", "fox", "bee")
NUMBERED = dict(zip(PETS, range(5), strict=True))


@pytest.mark.parametrize(
    "parts",
    [
        {"class_to_idx": NUMBERED},
        {"class_to_idx": dict(reversed(NUMBERED.items()))},
        {"idx_to_class": dict(enumerate(PETS))},
        {"idx_to_class": {str(number): name for number, name in enumerate(PETS)}},
        {"classes": list(PETS)},
        {"class_names": PETS},
        {"class_names": NUMBERED},
        {"classes": [{"id": 1}], "class_names": list(PETS)},
        {"class_to_idx": NUMBERED, "classes": list(PETS)},
    ],
)
def test_whole_names_in_any_form(parts):
    found = within(parts_of([parts]), 5)
    assert found == Within(found.part, PETS) and found.part in parts


def test_names_that_look_like_numbers():
    """As folders of flowers are called, whose order is that of texts."""
    assert within({"class_to_idx": {"1": 0, "10": 1, "2": 2}}, 3).classes == ("1", "10", "2")


@pytest.mark.parametrize(
    ("parts", "strange"),
    [
        ({"classes": ["cat", "dog"]}, "2 names, and the net has 5 classes"),
        ({"class_to_idx": {name: number + 1 for name, number in NUMBERED.items()}}, "not a name for each class from 0"),
        ({"class_to_idx": {**NUMBERED, "bee": 0}}, "not a name for each class from 0 to 4"),
        ({"class_names": [*PETS[:4], ""]}, "not a name"),
        ({"classes": [1, 2, 3, 4, 5]}, "not a name"),
        ({"idx_to_class": {"a": "cat", "b": "dog"}}, "not a name"),
        ({"idx_to_class": {float("inf"): "cat"}}, "not a name"),
        ({"idx_to_class": {None: "cat", (): "dog"}}, "not a name"),
        ({"class_to_idx": NUMBERED, "classes": ["dog", "cat", "owl", "fox", "bee"]}, "they differ"),
    ],
)
def test_names_that_are_not_taken(parts, strange):
    found = within(parts, 5)
    assert found.classes is None and found.part in (*parts, "class_to_idx and classes") and strange in found.strange


def test_what_is_no_list_of_names_is_none():
    for level in ({"classes": 5}, {"classes": torch.zeros(5)}, {"class_names": []}, {"class_to_idx": None}, {}):
        assert parts_of([level]) == {} and within({}, 5) == NO_NAMES
    assert parts_of([{"classes": ["a"]}, {"classes": ["b"], "class_names": ["c"]}]) == {
        "classes": ["a"],
        "class_names": ["c"],
    }


def test_they_are_taken_and_that_is_said(tmp_path):
    path, said = tmp_path / "net.pth", []
    weights = filled(akamaster_shapes(1))
    torch.save({"model": weights, "class_to_idx": NUMBERED}, path)
    net = read_foreign(path, say=said.append)
    assert net.classes == PETS and said[0].endswith("5 classes")
    assert said[1] == f"{path}: its classes have the names that are in it (class_to_idx)"
    torch.save({"model": weights, "class_to_idx": NUMBERED, "classes": list(PETS[:2])}, path)
    assert load(path).classes == PETS
    torch.save({"model": weights, "classes": list(PETS[:2])}, path)
    said.clear()
    assert read_foreign(path, say=said.append).classes == tuple("01234")
    assert said[1] == f"{path}: the names of classes in it (classes) are not taken: 2 names, and the net has 5 classes"
    assert "called by their numbers (reslab convert" in said[0]


def test_the_users_names_go_before_them_and_that_is_said(tmp_path):
    path, names, said = tmp_path / "net.pth", tmp_path / "names.txt", []
    torch.save({"model": filled(akamaster_shapes(1)), "class_to_idx": NUMBERED}, path)
    names.write_text("a\nb\nc\nd\ne\n")
    made = convert(path, classes=names, say=said.append)
    assert load(made.path).classes == tuple("abcde")
    assert f"{path}: --classes goes before the names of classes in it (class_to_idx)" in said


def test_they_go_before_what_is_assumed(tmp_path):
    path = tmp_path / "net.th"
    weights = filled(akamaster_shapes(1, classes=10))
    torch.save({"state_dict": weights, "classes": list("abcdefghij")}, path)
    about = load(path).identity
    assert (about.classes, about.data) == (tuple("abcdefghij"), UNTOLD) and "CIFAR-10" not in about.origin.assumed
    torch.save({"state_dict": weights, "classes": list(CIFAR10_CLASSES)}, path)
    assert load(path).identity.data == "cifar10"
    assert read_foreign(path, Asked(classes=tuple("0123456789"))).identity.data == UNTOLD


def test_counts_of_thop_are_said_to_be_left_out(tmp_path):
    path, said = tmp_path / "net.pth", []
    weights = filled(akamaster_shapes(1))
    counts = {f"{place}{count}": torch.zeros(1) for place in ("", "conv1.") for count in ("total_ops", "total_params")}
    torch.save(weights, path)
    plain = read_foreign(path, say=said.append)
    assert not any("left out" in line for line in said)
    torch.save({**weights, **counts}, path)
    found = read_foreign(path, say=said.append).net.state_dict()
    assert f"{path}: left out: 4 counts of operations (total_ops, total_params), as thop leaves" in said
    assert all(torch.equal(found[name], tensor) for name, tensor in plain.net.state_dict().items())
