"""What is typed as a grid, and the recipes that it means."""

from dataclasses import replace

import pytest

from reslab.errors import UsageError
from reslab.experiments.grid import Axis, base_of, point_text, points_of, read_axes
from reslab.training import make_recipe, with_fields
from tests.experiments.test_shares import CIFAR


def make(model, changes):
    return with_fields(make_recipe(CIFAR, model, "paper"), changes)


def test_every_combination_in_order():
    axes = read_axes(["optimizer.lr=0.4,0.1, 0.2", "optimizer.weight_decay=5e-4,1e-4"], "resnet20,plain20")
    assert [axis.values for axis in axes] == [("0.1", "0.2", "0.4"), ("1e-4", "5e-4"), ("resnet20", "plain20")]
    assert [axis.ordered for axis in axes] == [True, True, False]
    points = points_of(axes, make)
    assert len(points) == 12 and len({point.recipe.digest() for point in points}) == 12
    third = points[2]
    assert third.values == {"optimizer.lr": "0.1", "optimizer.weight_decay": "5e-4", "model": "resnet20"}
    assert (third.recipe.optimizer.lr, third.recipe.optimizer.weight_decay) == (0.1, 5e-4)
    assert points[-1].recipe.model.name == "plain20" and points[-1].recipe.model.shortcut is None
    assert point_text(third.values) == "resnet20, lr 0.1, weight_decay 5e-4"


def test_values_that_are_lists_stand_in_brackets():
    (axis,) = read_axes(["schedule.drops=[100,200],[150,300]"])
    assert axis == Axis("schedule.drops", ("[100,200]", "[150,300]")) and not axis.ordered
    assert [point.recipe.schedule.drops for point in points_of([axis], make)] == [(100, 200), (150, 300)]


def test_the_base_is_named_or_the_recipes_own_or_the_first():
    points = points_of(read_axes(["optimizer.lr=0.05,0.1,0.2", "average=0,0.99"]), make)
    own = make(None, [])
    assert base_of(points, own).values == {"optimizer.lr": "0.1", "average": "0"}
    assert base_of(points, make(None, ["batch=64"])) is points[0]
    assert base_of(points, own, ["optimizer.lr=.2", "average=0.990"]) is points[5], "one number, written otherwise"
    assert base_of(points, None) is points[0]
    only = points_of(read_axes(["augment.flip_order=random,alternating"]), make)
    assert base_of(only, own, ["augment.flip_order=alternating"]) is only[1]


def test_changes_stand_alone_beside_what_is_not_changed():
    rates = "optimizer.rates=stem.0.weight=2,head.*=3"
    axes = read_axes([], None, ["smoothing = 0.1", "average=0.99, statistics_batches=50", rates])
    assert axes == (Axis("change", ("none", "smoothing=0.1", "average=0.99,statistics_batches=50", rates)),)
    points = points_of(axes, make)
    assert points[3].recipe.optimizer.rates == "stem.0.weight=2,head.*=3"
    own = make(None, [])
    assert base_of(points, own) is points[0] and points[0].recipe == own
    assert point_text(points[0].values) == "no change" and point_text(points[1].values) == "smoothing=0.1"
    assert (points[1].recipe.smoothing, points[1].recipe.average) == (0.1, 0.0)
    assert (points[2].recipe.smoothing, points[2].recipe.average, points[2].recipe.statistics_batches) == (0, 0.99, 50)
    assert base_of(points, own, ["change=smoothing=0.1"]) is points[1]
    assert base_of(points, own, ["change=average=0.99, statistics_batches = 50"]) is points[2], "as it was typed"


def test_changes_of_every_net():
    points = points_of(read_axes([], "plain20,resnet20", ["batch=64"]), make)
    assert [point_text(point.values) for point in points] == [
        "plain20, no change",
        "plain20, batch=64",
        "resnet20, no change",
        "resnet20, batch=64",
    ]
    assert [point.recipe.batch for point in points] == [128, 64, 128, 64]


def test_another_net_is_a_change_with_what_that_net_brings():
    """So that plain, residual and residual with a block of one's own stand beside each other."""
    changes = ["model.name=plain20", "model.name=resnet110, batch=64", "model.shortcut=B"]
    points = points_of(read_axes([], None, changes), make)
    assert points[0].recipe == make(None, []) and points[0].recipe.model.name == "resnet20"
    assert points[1].recipe == make("plain20", []) and points[1].recipe.model.shortcut is None
    assert points[2].recipe == make("resnet110", ["batch=64"]) and points[2].recipe.schedule.warmup_steps == 400
    assert (points[3].recipe.model.name, points[3].recipe.model.shortcut) == ("resnet20", "B")
    texts = [point_text(point.values) for point in points]
    assert texts == ["no change", "model.name=plain20", "model.name=resnet110,batch=64", "model.shortcut=B"]
    assert base_of(points, make(None, []), ["change=model.name=plain20"]) is points[1]
    with pytest.raises(UsageError, match="--models names nets, too; leave one of them out"):
        read_axes([], "plain20,resnet20", ["model.name=plain32"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("smoothng=0", "unknown field 'smoothng': did you mean smoothing"),
        ("average=0,seed=3", "--change seed: that is what --seeds is for"),
        ("smoothing", "has no value for smoothing: write --change smoothing=value"),
        ("smoothng", "unknown field 'smoothng': did you mean smoothing"),
        ("average=0, smoothng=0.1", "unknown field 'smoothng': did you mean smoothing"),
        ("average=0.9,average=0.99", "average is given twice; leave one of them out"),
        ("optimizer.lr=0.1", "optimizer.lr is in the grid, too"),
        ("smoothing=0", "smoothing=0 are the same recipe; leave one of them out"),
        ("model.name=resnet20", "model.name=resnet20 are the same recipe; leave one of them out"),
        ("model.name=plan20", "unknown model 'plan20': did you mean plain20"),
    ],
)
def test_changes_that_are_none(change, message):
    with pytest.raises(UsageError, match=message):
        points_of(read_axes(["optimizer.lr=0.2,0.4"], None, [change]), make)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (["optimizer.rl=0.1"], "unknown field of the grid 'optimizer.rl': did you mean optimizer.lr"),
        (["optimizer.lr=0.3"], "--base optimizer.lr=0.3 is not in the grid"),
        (["average=0"], "--base average=0 is 2 points of the grid; name the values of more fields"),
    ],
)
def test_a_base_that_the_grid_does_not_have(named, message):
    points = points_of(read_axes(["optimizer.lr=0.1,0.2", "average=0,0.99"]), make)
    with pytest.raises(UsageError, match=message):
        base_of(points, make(None, []), named)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (["optimizer.rl=0.1,0.2"], "unknown field 'optimizer.rl': did you mean optimizer.lr"),
        (["optimizer.lr"], "has no values: write --grid optimizer.lr=value,value"),
        (["optimizer.lr=0.1", "optimizer.lr=0.2"], "given twice"),
        (["seed=0,1"], "that is what --seeds is for"),
        (["model.name=resnet20,resnet32"], "that is what --models is for"),
        ([], "reslab train --seeds"),
    ],
)
def test_axes_that_are_none(grid, message):
    with pytest.raises(UsageError, match=message):
        read_axes(grid)


@pytest.mark.parametrize(
    ("grid", "models", "message"),
    [
        (["optimizer.lr=0.1,0.10"], None, "lr 0.1 and lr 0.10 are the same recipe"),
        ([], "resnet20,ResNet-20", "resnet20 and ResNet-20 are the same recipe"),
        (["optimizer.lr=0.1,,0.2"], None, "optimizer.lr=: that field takes a number"),
        (["optimizer.lr=-1,1"], None, "above 0"),
        ([], "resnet20,resnet21", "6n"),
    ],
)
def test_points_that_are_none(grid, models, message):
    with pytest.raises(UsageError, match=message):
        points_of(read_axes(grid, models), make)


def test_a_seed_is_no_difference():
    axes = read_axes(["optimizer.lr=0.1,0.2"])
    with pytest.raises(UsageError, match="the same recipe"):
        points_of(axes, lambda model, changes: replace(make(model, []), seed=len(changes[0])))
