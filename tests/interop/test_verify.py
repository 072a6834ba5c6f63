"""The comparison of an exported file with our net: on what it is made, and what it lets pass."""

import numpy as np
import pytest
import torch

from reslab.interop.verify import TOLERANCE, compare
from tests.interop.classifiers import classifier, noise


@pytest.fixture(scope="module")
def net():
    return classifier("resnet8", 16, mean="pixel")


def runner(net, change=lambda scores: scores, softmax: bool = False):
    def run(pixels):
        seen.append(len(pixels))
        with torch.no_grad():
            scores = change(net(pixels))
        return (scores.softmax(dim=1) if softmax else scores).numpy()

    seen: list[int] = []
    run.seen = seen
    return run


def test_batches_of_1_2_and_5_of_random_and_of_all_real_images(net):
    run = runner(net)
    found = compare(run, net, True, iter(noise(10, 16)))
    assert run.seen == [1, 2, 5, 1, 2, 5, 1, 1]
    assert (found.random_images, found.real_images, found.same_class) == (8, 10, 18)
    assert found.good and found.largest_difference == 0 and found.largest_score > 0 == found.certain_images


@pytest.mark.parametrize("softmax", [False, True])
def test_a_difference_beyond_the_tolerance_is_seen_in_scores_and_behind_the_softmax(net, softmax):
    largest = compare(runner(net, softmax=softmax), net, not softmax).largest_score

    def changed(by):
        shift = torch.tensor([0.0, 0.0, by * largest, 0.0])
        return compare(runner(net, lambda scores: scores + shift, softmax), net, not softmax)

    assert changed(0.2 * TOLERANCE).good
    assert not changed(3 * TOLERANCE).good
    assert changed(3 * TOLERANCE).relative == pytest.approx(3 * TOLERANCE, rel=0.6)


def test_sure_answers_hide_nothing(net):
    """Probabilities of 1 and 0 in fp32 come from many scores."""
    sure = classifier("resnet8", 16)
    sure.net.head[2].weight.data *= 300
    assert compare(runner(sure, softmax=True), sure, False).good
    assert not compare(runner(sure, lambda scores: scores * 0.99, softmax=True), sure, False).good


def test_answers_that_are_all_certain_are_counted():
    certain = classifier("resnet8", 16)
    certain.net.head[2].weight.data.zero_()
    certain.net.head[2].bias.data[:] = torch.tensor([0.0, 500.0, 0.0, 0.0])
    found = compare(runner(certain, softmax=True), certain, False)
    assert found.certain_images == 8 and found.good and found.largest_score == 0
    assert compare(runner(certain), certain, True).certain_images == 0


def test_no_numbers_and_other_shapes_are_not_the_same(net):
    assert not compare(runner(net, lambda scores: scores * np.nan), net, True).good
    assert not compare(runner(net, lambda scores: scores[:, :2]), net, True).good


def test_the_other_class_is_counted(net):
    found = compare(runner(net, lambda scores: -scores), net, True)
    assert found.same_class == 0 and not found.good
    values = found.to_dict()
    assert values["batches"] == [1, 2, 5] and values["tolerance"] == TOLERANCE
    assert values["relative_difference"] == found.relative > 1
