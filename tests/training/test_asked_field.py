"""Fields that are given as arguments are named, and how they are given; the way that is named is one."""

import re

import pytest

import reslab
from reslab.errors import UsageError
from reslab.training import as_field, field_of


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("weight_decay", 1e-3, "weight_decay is a field of the recipe: fields={'optimizer.weight_decay': 0.001}"),
        ("balance", 1, "balance is a field of the recipe: fields={'balance': 1}"),
        ("augment.flip", False, "augment.flip is a field of the recipe: fields={'augment.flip': False}"),
        ("kind", "linear", "kind is a field of the recipe: fields={'optimizer.kind': 'linear'} or fields={'schedule."),
        ("schedule", object(), "schedule is a group of fields (schedule.kind, schedule.drops, "),
        (
            "label_smoothing",
            0.1,
            "no argument is called label_smoothing; is a field of the recipe meant? fields={'smoo",
        ),
        ("num_classes", 3, "num_classes is not asked for: the classes are those of the data"),
        ("rates", ["head.*=2"], "rates is a field of the recipe: fields={'optimizer.rates': ...}"),
        ("seeds", 3, ""),  # an argument is nearer
        ("patience", 3, ""),
    ],
)
def test_a_field_is_named_with_its_value(name, value, words):
    assert as_field(name, value).startswith(words) and bool(as_field(name, value)) == bool(words)


@pytest.mark.parametrize("function", [reslab.recipe, reslab.train])
def test_python_s_functions_name_the_field_and_the_way_is_one(function):
    with pytest.raises(UsageError, match=r"^reslab\.\w+: weight_decay is a field of the recipe: fields=") as caught:
        function("digits", weight_decay=1e-3)
    (fields,) = re.findall(r"fields=({.+})", str(caught.value))
    assert field_of(reslab.recipe("digits", quiet=True, fields=eval(fields)), "optimizer.weight_decay") == 1e-3
    with pytest.raises(UsageError, match=r"'seeds': did you mean seed\?"):
        function("digits", seeds=3)
