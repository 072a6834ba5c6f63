"""Nets without one block: against nets that are made without it, and which blocks can be left out."""

import copy

import numpy as np
import pytest
import torch

from reslab.analysis import lesions, scores
from reslab.errors import UsageError
from tests.analysis.test_responses import classifier, noise

LABELS = np.arange(30) % 10


def without(net, change) -> float:
    """The error of a copy of the net after `change`."""
    other = copy.deepcopy(net)
    with torch.no_grad():
        change(other.net)
    return 100 * float((scores(other, noise(30)).argmax(1) != LABELS).mean())


def test_a_residual_block_is_left_out_by_its_residual_function():
    net = classifier("resnet14")
    error, found = lesions(net, noise(30), LABELS)
    assert error == pytest.approx(without(net, lambda _: None), abs=1e-3)
    assert [(lesion.block, lesion.name) for lesion in found][:3] == [(1, "stage1.0"), (2, "stage1.1"), (3, "stage2.0")]
    assert len(found) == 6 and found[-1].stage == "stage3"
    for place, name in ((1, "stage1.1"), (2, "stage2.0")):
        silenced = without(net, lambda body, name=name: body.get_submodule(f"{name}.residual.4").weight.zero_())
        assert found[place].error == pytest.approx(silenced, abs=1e-3)


def test_a_plain_block_is_left_out_where_it_fits():
    net = classifier("plain14")
    _, found = lesions(net, noise(30), LABELS)
    assert [lesion.block for lesion in found] == [1, 2, 4, 6]  # not 3 and 5, which change the dimensions

    def cut(body):
        body.stage3[1] = torch.nn.Identity()

    assert found[-1].error == pytest.approx(without(net, cut), abs=1e-3)


def test_the_net_is_whole_again():
    net = classifier("resnet8")
    before = scores(net, noise(30))
    lesions(net, noise(30), LABELS)
    assert np.array_equal(scores(net, noise(30)), before)


def test_nets_of_no_blocks_are_refused():
    with pytest.raises(UsageError, match="nin: no block of it can be left out"):
        lesions(classifier("nin"), noise(2), LABELS[:2])
