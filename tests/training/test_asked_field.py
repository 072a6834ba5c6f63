"""Fields that are given as arguments are named, and how they are given; the way that is named is one."""

import re

import pytest

import reslab
from reslab.errors import UsageError
from reslab.training import as_field, as_near_field, field_of


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("weight_decay", 1e-3, "weight_decay is a field of the recipe: fields={'optimizer.weight_decay': 0.001}"),
        ("balance", 1, "balance is a field of the recipe: fields={'balance': 1}"),
        ("augment.flip", False, "augment.flip is a field of the recipe: fields={'augment.flip': False}"),
        ("kind", "linear", "kind is a field of the recipe: fields={'optimizer.kind': 'linear'} or fields={'schedule."),
        ("schedule", object(), "schedule is a group of fields (schedule.kind, schedule.drops, "),
        ("num_classes", 3, "num_classes is not asked for: the classes are those of the data"),
        ("rates", ["head.*=2"], "rates is a field of the recipe: fields={'optimizer.rates': ...}"),
        (
            "residual",
            len,
            "a function is residual=... of reslab.train; by its name, it is fields={'model.residual': \"mo",
        ),
        (
            "residual",
            "nets:wide",
            "a function is residual=... of reslab.train; by its name, it is fields={'model.residu",
        ),
        ("label_smoothing", 0.1, ""),
        ("frozen", "body", ""),
        ("patience", 3, ""),
    ],
)
def test_a_field_is_named_with_its_value(name, value, words):
    assert as_field(name, value).startswith(words) and bool(as_field(name, value)) == bool(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("label_smoothing", "is a field of the recipe meant? fields={'smoothing': 0.5}"),
        ("mixup_alpha", "is a field of the recipe meant? fields={'mixup': 0.5}"),
        ("warmup", "fields={'schedule.warmup_lr': 0.5} or fields={'schedule.warmup_steps': 0.5}"),
        ("name", ""),
        ("patience", ""),
    ],
)
def test_near_fields_are_named(name, words):
    found = as_near_field(name, 0.5)
    assert words in found and bool(found) == bool(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("step", "'step': did you mean steps?"),
        ("residuals", "'residuals': did you mean residual?"),
        ("froze", "'froze': did you mean freeze?"),
        ("frozen", "reslab.train: frozen is called freeze here"),
        ("smooth", "reslab.train: no argument is called smooth; is a field of the recipe meant"),
        ("name", "unknown argument of reslab.train 'name': it takes recipe, run, data"),
    ],
)
def test_a_near_argument_comes_before_a_near_field(name, words):
    with pytest.raises(UsageError) as caught:
        reslab.train("digits", **{name: 3})
    assert words in str(caught.value)


@pytest.mark.parametrize("function", [reslab.recipe, reslab.train])
def test_python_s_functions_name_the_field_and_the_way_is_one(function):
    with pytest.raises(UsageError, match=r"^reslab\.\w+: weight_decay is a field of the recipe: fields=") as caught:
        function("digits", weight_decay=1e-3)
    (fields,) = re.findall(r"fields=({.+})", str(caught.value))
    assert field_of(reslab.recipe("digits", quiet=True, fields=eval(fields)), "optimizer.weight_decay") == 1e-3
    with pytest.raises(UsageError, match=r"'seeds': did you mean seed\?"):
        function("digits", seeds=3)
