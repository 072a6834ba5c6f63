"""Arguments of another kind, and of another name, are refused before anything is done with them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import pytest
from torch import nn

from reslab.arguments import checked
from reslab.errors import UsageError
from reslab.nets import create


class More(TypedDict, total=False):
    size: int | None
    epochs: float
    fields: Mapping[str, float] | None


@checked
def cook(data: str | Path, *, quiet: bool = False, **more: Unpack[More]) -> tuple:
    return data, quiet, more


@checked
def join(*runs: str | Path) -> int:
    return len(runs)


@pytest.mark.parametrize(
    ("given", "named", "words"),
    [
        ((3,), {}, "data=3: that takes text or a path"),
        (("a",), {"quiet": 1}, "quiet=1: that takes True or False"),
        (("a",), {"size": "32"}, "size='32': that takes a whole number"),
        (("a",), {"size": 2.0}, "size=2.0: that takes a whole number"),
        (("a",), {"size": True}, "size=True: that takes a whole number"),
        (("a",), {"epochs": "5"}, "epochs='5': that takes a number"),
        (("a",), {"epochs": None}, "epochs=None: that takes a number"),
        ((nn.Sequential(nn.ReLU()),), {}, "data=a Sequential: that takes text or a path"),
        (
            ("a",),
            {"data": "b"},
            "reslab.cook: 'a' stands in the place of data, and data='b' is given, too; give the first",
        ),
        (("a",), {"epoch": 5}, "unknown argument of reslab.cook 'epoch': did you mean epochs?"),
        (("a",), {"imgsz": 5}, "reslab.cook: imgsz is called size here"),
        (("a",), {"arch": "resnet18"}, "unknown argument of reslab.cook 'arch'"),  # which has no model
        (
            ("a",),
            {"patience": 3},
            "unknown argument of reslab.cook 'patience': it takes data, quiet, size, epochs, fields",
        ),
    ],
)
def test_what_does_not_fit_is_named(given, named, words):
    with pytest.raises(UsageError) as caught:
        cook(*given, **named)
    assert str(caught.value).startswith(words)


def test_what_fits_passes():
    numbers = {"size": np.int64(3), "epochs": np.float32(2), "fields": {"any": "thing"}}
    assert cook(Path("a"), quiet=True, **numbers) == (Path("a"), True, numbers)
    assert cook("a", size=None, epochs=1)[2] == {"size": None, "epochs": 1}
    with pytest.raises(TypeError):
        cook()


def test_each_of_many_is_looked_at():
    assert join("a", Path("b"), "c") == 3
    with pytest.raises(UsageError, match=r"^runs=\['a', 'b'\]: that takes text or a path$"):
        join(["a", "b"])


def test_what_other_libraries_call_it_when_a_net_is_created():
    for name, words in {
        "num_classes": "reslab.create: num_classes is called classes here",
        "pretrained": "reslab.create: it makes an untrained net; reslab.load(",
        "arch": "reslab.create: arch is called name here",
    }.items():
        with pytest.raises(UsageError) as caught:
            create("resnet20", **{name: 10})
        assert str(caught.value).startswith(words)
    with pytest.raises(UsageError, match="name=20: that takes text"):
        create(20)


def test_only_what_is_much_alike_is_guessed():
    with pytest.raises(UsageError) as caught:
        cook("a", quite=True)
    assert str(caught.value) == "unknown argument of reslab.cook 'quite': did you mean quiet?"
    with pytest.raises(UsageError) as caught:
        cook("a", dots=3)  # as near to data as half of all words
    assert "did you mean" not in str(caught.value)


def test_a_name_that_is_longer_than_any_file_may_have(tmp_path):
    @checked
    def read(place: Path) -> bytes:
        return place.read_bytes()

    with pytest.raises(UsageError, match=r"^x{50}\.\.\. is too long for the name of a file \(300 characters\)$"):
        read(Path("x" * 300))
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone")
