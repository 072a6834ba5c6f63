"""Residual functions that compute different things have different digests, whatever it is that differs."""

import functools
import importlib
import sys

import pytest
from torch import nn

from reslab.nets import digest_of


class Scale(nn.Module):
    def __init__(self, alpha):
        super().__init__()
        self.alpha = alpha

    def forward(self, x):
        return self.alpha * x


def made(channels_in, width, stride, alpha=1.0):
    return nn.Sequential(nn.Conv2d(channels_in, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), Scale(alpha))


def scaled(alpha):
    def block(channels_in, width, stride, stride_in):
        return made(channels_in, width, stride, alpha)

    return block


def wide(channels_in, width, stride, stride_in, kernel=3):
    return nn.Sequential(nn.Conv2d(channels_in, width, kernel, stride, kernel // 2), nn.BatchNorm2d(width))


class Called:
    def __init__(self, alpha):
        self.alpha = alpha

    def __call__(self, channels_in, width, stride, stride_in):
        return made(channels_in, width, stride, self.alpha)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (scaled(0.0), scaled(0.1)),
        (Called(0.0), Called(0.1)),
        (functools.partial(wide, kernel=3), functools.partial(wide, kernel=5)),
        (functools.partial(scaled(1.0)), functools.partial(scaled(2.0))),
    ],
)
def test_values_around_a_function_count(one, other):
    assert digest_of(one) != digest_of(other)


def test_the_same_has_the_same():
    assert digest_of(scaled(0.5)) == digest_of(scaled(0.5)) and digest_of(Called(1)) == digest_of(Called(1))
    assert digest_of(wide) == digest_of(wide) != digest_of(functools.partial(wide, kernel=5))


FILE = """
from torch import nn

ALPHA = 1.0


def helper(x):
    return ALPHA * x


class Mine(nn.Module):
    def __init__(self, channels_in, width, stride):
        super().__init__()
        self.layer = nn.Conv2d(channels_in, width, 3, stride, 1)

    def forward(self, x):
        return helper(self.layer(x))


def block(channels_in, width, stride, stride_in):
    return Mine(channels_in, width, stride)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [("helper(self.layer(x))", "2 * self.layer(x)"), ("ALPHA = 1.0", "ALPHA = 2.0"), ("ALPHA * x", "ALPHA * x * x")],
    ids=["a class", "a value", "a function"],
)
def test_what_it_uses_is_edited(tmp_path, monkeypatch, before, after):
    monkeypatch.syspath_prepend(tmp_path)
    digests = []
    for number, text in enumerate((FILE, FILE, FILE.replace(before, after))):
        (tmp_path / f"edited{number}.py").write_text(text)
        digests.append(digest_of(importlib.import_module(f"edited{number}").block))
        del sys.modules[f"edited{number}"]
    assert digests[0] == digests[1] != digests[2]


def test_what_was_typed_has_no_source_and_is_told_all_the_same():
    def typed(text):
        known = {"__name__": "typed"}
        exec(text, known)
        return digest_of(known["block"])

    edited = FILE.replace("helper(self.layer(x))", "helper(self.layer(2 * x))")
    assert typed(FILE) == typed(FILE) != typed(edited)


def test_values_without_a_lasting_text_are_told_by_their_types():
    def block(channels_in, width, stride, stride_in):
        return made(channels_in, width, stride, alpha=object())

    assert digest_of(block) == digest_of(block)
