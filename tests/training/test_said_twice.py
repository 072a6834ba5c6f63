"""What an option says and a field says, too; and the fields that decide what follows from them."""

import pytest

from reslab.errors import UsageError
from reslab.training import read_fields, recipe_for


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"lr": 0.3}, "optimizer.lr", 0.2),
        ({"batch": 32}, "batch", 64),
        ({"seed": 3}, "seed", 4),
        ({"steps": 50}, "schedule.steps", 100),
        ({"epochs": 3}, "schedule.steps", 100),
        ({"model": "plain20"}, "model.name", "resnet20"),
        ({"shortcut": "B"}, "model.shortcut", "C"),
        ({"size": 8}, "data.size", 16),
    ],
    ids=lambda given: str(given),
)
def test_two_values_are_refused_by_name_and_one_said_twice_is_not(given, field, value):
    with pytest.raises(UsageError, match=f"{field} is said twice, .* {value}; leave one of them out"):
        recipe_for("digits", **given, fields={field: value})
    same = next(iter(given.values()))
    if "epochs" not in given and "size" not in given:
        assert recipe_for("digits", **given, fields={field: same}) == recipe_for("digits", **given)


def test_a_field_set_to_two_values():
    with pytest.raises(UsageError, match="batch is set twice, to 32 and to 64"):
        read_fields(["batch=32", "optimizer.lr=0.1", "batch=64"])
    assert read_fields(["batch=32", "batch=32"]) == {"batch": 32}


def test_steps_as_a_field_stretch_the_schedule():
    assert recipe_for("digits", fields={"schedule.steps": 100}) == recipe_for("digits", steps=100)
    own = recipe_for("digits", fields={"schedule.steps": 100, "schedule.warmup_steps": 9})
    assert (own.steps, own.schedule.warmup_steps) == (100, 9)


def test_what_follows_from_a_net_follows_from_one_that_a_field_names():
    for fields, given in (
        ({"model.name": "plain8"}, {"model": "plain8"}),
        ({"model.name": "resnet8", "model.shortcut": "C"}, {"model": "resnet8", "shortcut": "C"}),
        ({"model.shortcut": None}, {}),
    ):
        assert recipe_for("digits", fields=fields) == recipe_for("digits", **given)
