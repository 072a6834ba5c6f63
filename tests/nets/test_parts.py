"""Parts of nets, and which of them may be frozen: all that have weights but the last of these."""

import pytest

from reslab.errors import UsageError
from reslab.nets import check_frozen, create, freezable, parts_until, spec

STAGES = ("stage1", "stage2", "stage3", "stage4")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("resnet8", ("stem", *STAGES[:3])),
        ("preact20", ("stem", *STAGES[:3])),
        ("plain18", ("stem", *STAGES)),
        ("googlenet", ("stem", *STAGES[:3])),
        ("maxout", STAGES[:3]),
        ("nin", STAGES[:2]),
        ("dsn", STAGES[:2]),
    ],
)
def test_something_is_left_to_learn(name, parts):
    assert freezable(spec(name)) == parts
    for part in parts:
        check_frozen(spec(name), part)


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [
        (
            "resnet8",
            "head",
            "a frozen head leaves nothing to learn: freeze body, or one of stem, stage1, stage2, stage3",
        ),
        ("resnet8", "stage4", r"unknown part to freeze 'stage4': .*stage3"),
        ("resnet8", "layer1", r"unknown part to freeze 'layer1': .*stem, stage1, stage2, stage3, body"),
        ("nin", "stage3", r"unknown part to freeze 'stage3': .*stage2"),
    ],
)
def test_other_parts_are_refused(name, part, message):
    with pytest.raises(UsageError, match=message):
        check_frozen(spec(name), part)


def test_parts_are_counted_from_the_input():
    net = create("dsn", size=8)
    assert parts_until(net, None) == ()
    assert parts_until(net, "stage1") == ("stem", "stage1"), "also one without weights"
