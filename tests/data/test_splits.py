import numpy as np
import pytest

from reslab.data.splits import stratified


def test_parts_are_disjoint_and_whole():
    labels = np.repeat(np.arange(7), [50, 1, 2, 3, 10, 99, 5])
    parts = stratified(labels, (0.8, 0.1, 0.1))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_counts_are_met_exactly_and_each_class_to_within_one():
    labels = np.random.default_rng(0).integers(0, 10, 1797)
    parts = stratified(labels, (1077, 360, 360))
    assert [len(part) for part in parts] == [1077, 360, 360]
    for part in parts[1:]:
        ideal = np.bincount(labels) * 360 / 1797
        assert (abs(np.bincount(labels[part]) - ideal) <= 1).all()


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_class_of_few_images_has_one_on_each_side(count):
    labels = [0] * count + [1] * 100
    train, val = stratified(labels, (80, 20))
    assert 0 < sum(i < count for i in train) < count
    assert sum(i < count for i in val) >= 1


def test_a_single_image_is_for_training():
    train, val = stratified([0, 1, 1, 1, 2], (80, 20))
    assert {0, 4} <= set(train.tolist())
    assert len(val) == 1


def test_small_classes_never_lack_in_the_first_part():
    train, val, test = stratified([0, 1, 1, 2, 2, 2], (1, 1, 1))
    assert 0 in train
    assert {1, 2} & set(train.tolist()) and {1, 2} & set(val.tolist())
    assert len(test) == 1


def test_it_is_the_same_split_for_ever():
    labels = np.arange(40) % 4
    assert stratified(labels, (80, 20))[1].tolist() == GOLDEN
    assert stratified(labels, (80, 20), seed=1)[1].tolist() != GOLDEN


def test_nothing_is_split_into_nothing():
    assert [len(part) for part in stratified([], (80, 20))] == [0, 0]


GOLDEN = [0, 3, 6, 13, 16, 21, 23, 30]  # of seed 2015
