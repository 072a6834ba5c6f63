"""Distillation: a net that learns a trained one's answers, and its hints; which nets can teach which."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reslab.data import measure
from reslab.engine import Execution, make_engine
from reslab.errors import RunError, UsageError
from reslab.store import RunFolder, lineage_of, load
from reslab.training import (
    Surroundings,
    Teacher,
    facts_of,
    loop,
    recipe_for,
    train,
    train_on,
    with_fields,
    with_start,
    with_teacher,
)
from reslab.training.feed import batch_at
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of
from reslab.training.schedule import hint_steps, hints_alone, teaching
from reslab.training.state import initial_state
from reslab.training.suitable import check
from reslab.training.teacher import teacher_of, teaching_by
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
HINTS = ["teacher.hints=stage2=stage3", "teacher.hint_part=0.5"]


@pytest.fixture(scope="module")
def teacher(digits, tmp_path_factory):
    run = tmp_path_factory.mktemp("teacher") / "run"
    train_on(digits, short_recipe(digits, 40, "resnet14"), run, Surroundings())
    return run


def taught(digits, teacher, steps=6, changes=(), **choices):
    return with_fields(with_teacher(short_recipe(digits, steps, **choices), str(teacher)), list(changes))


def test_a_teacher_is_part_of_the_recipe(digits, teacher):
    recipe = taught(digits, teacher)
    assert recipe.teacher.net == str(teacher.absolute())
    assert recipe.teacher.digest == load(teacher).digest()
    assert recipe.digest() != short_recipe(digits, 6).digest()
    assert type(recipe).from_dict(recipe.to_dict()) == recipe


def test_its_weight_falls_on_a_line_after_the_hints(digits, teacher):
    falling = ["teacher.hints=stage2", "teacher.hint_part=0.45", "teacher.end=1"]
    recipe = taught(digits, teacher, 9, falling)
    assert [hints_alone(recipe, step) for step in range(9)] == [True] * 4 + [False] * 5
    assert [teaching(recipe, step) for step in range(4, 9)] == [4.0, 3.25, 2.5, 1.75, 1.0]
    assert teaching(recipe, 20) == 1  # where statistics are taken anew
    assert [hints_alone(recipe.stretched(2), step) for step in range(2)] == [True, False]
    assert not hints_alone(recipe.stretched(1), 0)  # the last step is never one of them, and of two the first is
    assert hints_alone(with_fields(recipe, ["teacher.hint_part=0.001"]), 0)
    assert [teaching(taught(digits, teacher, 3), step) for step in range(3)] == [4.0] * 3
    assert teaching(short_recipe(digits, 9), 5) == 0


@pytest.mark.parametrize(("changes", "stop"), [((), 5), (HINTS, 3), (HINTS, 5)])
def test_a_stopped_run_goes_on_by_the_same_bytes(digits, teacher, tmp_path, changes, stop, monkeypatch):
    recipe = taught(digits, teacher, 6, changes)
    whole = train_on(digits, recipe, tmp_path / "whole", Surroundings())
    original, count = loop.update, 0

    def update(*given):
        nonlocal count
        count += 1
        if count == stop:
            raise KeyboardInterrupt
        original(*given)

    monkeypatch.setattr(loop, "update", update)
    with pytest.raises(KeyboardInterrupt):
        train_on(digits, recipe, tmp_path / "stopped", Surroundings(save_every=0.0))
    monkeypatch.setattr(loop, "update", original)
    assert RunFolder(tmp_path / "stopped").has_state
    again = train(run=tmp_path / "stopped", around=Surroundings())
    assert again["val_error"] == whole["val_error"]
    ours, theirs = (load(tmp_path / name).net.state_dict() for name in ("whole", "stopped"))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_guesses_the_hints_is_in_no_model(digits, teacher, tmp_path):
    result = train_on(digits, taught(digits, teacher, 4, HINTS), tmp_path / "run", Surroundings())
    plain = train_on(digits, short_recipe(digits, 1), tmp_path / "plain", Surroundings())
    assert result["params"] == plain["params"]
    assert load(tmp_path / "run").net.state_dict().keys() == load(tmp_path / "plain").net.state_dict().keys()


@pytest.mark.parametrize("kind", ["sgd", "rmsprop"])  # Muon scales what it steps, whatever the gradient
def test_hints_move_what_lies_below_them_alone(digits, teacher, kind):
    recipe = taught(digits, teacher, 4, ["teacher.hints=stage2", "teacher.hint_part=0.5", f"optimizer.kind={kind}"])
    train = digits.splits["train"]
    teaches = teaching_by(recipe, teacher_of(recipe, digits.classes))
    engine = make_engine(spec_of(recipe), measure(train, "pixel"), FP32, teaching=teaches)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    begun = {name: weights.clone() for name, weights in engine.parameters.views(state.weights).items()}
    for step in range(2):
        loop.update(recipe, state, engine, batch_at(recipe, train, step), terms_of(engine, recipe.optimizer))
    for name, weights in engine.parameters.views(state.weights).items():
        assert torch.equal(weights, begun[name]) is name.startswith(("stage3", "head")), name
    loop.update(recipe, state, engine, batch_at(recipe, train, 2), terms_of(engine, recipe.optimizer))
    after = engine.parameters.views(state.weights)
    assert not torch.equal(after["head.2.weight"], begun["head.2.weight"])


def test_a_student_is_known_to_have_seen_its_teachers_images(digits, teacher, tmp_path):
    train_on(digits, taught(digits, teacher, 1), tmp_path / "run", Surroundings())
    (ancestor,) = lineage_of(RunFolder(tmp_path / "run"))
    assert (ancestor.name, ancestor.data, ancestor.taught) == (str(teacher.absolute()), "digits", True)
    train_on(digits, taught(digits, tmp_path / "run", 1), tmp_path / "third", Surroundings())
    names = [Path(ancestor.name).name for ancestor in lineage_of(RunFolder(tmp_path / "third"))]
    assert names == ["run", teacher.name]


def test_a_teacher_that_changed_or_went_is_missed_by_name(digits, teacher, tmp_path):
    moved = tmp_path / "teacher"
    shutil.copytree(teacher, moved)
    recipe = taught(digits, moved)
    train_on(digits, short_recipe(digits, 1, "resnet14"), tmp_path / "other", Surroundings())
    shutil.copy(tmp_path / "other" / "model.safetensors", moved / "model.safetensors")
    with pytest.raises(UsageError, match="has other weights than those that this recipe names"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    shutil.rmtree(moved)
    with pytest.raises(RunError, match="the net that teaches: no run folder"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert not (tmp_path / "run" / "recipe.toml").exists()


def test_another_teachers_classes_are_refused(digits, teacher):
    with pytest.raises(UsageError, match=r"knows '0', '1', '2' \(and 7 more\), and the images are of 'a', 'b'"):
        teacher_of(taught(digits, teacher), ("a", "b"))


def test_a_teacher_of_another_size_is_refused(digits):
    with pytest.raises(UsageError, match="resnet20-cifar10 sees images of 32 px, and these have 8: --size 32"):
        with_teacher(short_recipe(digits, 2), "resnet20-cifar10")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["teacher.temperature=0"], "above 0"),
        (["teacher.weight=-1"], "0 or more"),
        (["teacher.end=-1"], "0 or more"),
        (["teacher.hint_part=0.5"], "there are no hints; set teacher.hints"),
        (["teacher.hints=stage2", "teacher.hint_part=1"], "a part of the steps"),
        (["teacher.hints=stage2", "selective=0.5"], "leave selective out"),
    ],
)
def test_what_makes_no_sense_is_refused(digits, teacher, changes, said):
    with pytest.raises(UsageError, match=said):
        taught(digits, teacher, changes=changes)


def test_smaller_crops_are_refused(digits, teacher):
    recipe = taught(digits, teacher)
    with pytest.raises(UsageError, match="a teacher sees images of one size"):
        replace(recipe, data=replace(recipe.data, size=32), augment=replace(recipe.augment, small_size=24))


@pytest.mark.parametrize("field", ["teacher.temperature=2", "teacher.hints=stage1", "teacher.weight=1"])
def test_without_a_teacher_its_fields_are_refused(digits, field):
    with pytest.raises(UsageError, match="no net teaches; name one by --teacher"):
        with_fields(short_recipe(digits, 2), [field])


def test_a_teacher_is_no_field_to_set(digits, teacher):
    with pytest.raises(UsageError, match="named by --teacher"):
        with_fields(short_recipe(digits, 2), [f"teacher.net={teacher}"])
    with pytest.raises(UsageError, match="named by --teacher"):
        recipe_for(model="resnet8", teacher=teacher, fields={"teacher.net": "elsewhere"})


def test_hints_are_set_as_any_field_is(digits, teacher):
    recipe = recipe_for("digits", model="resnet8", teacher=teacher, steps=50, fields={"teacher.hints": "stage2"})
    assert (recipe.teacher.hints, hint_steps(recipe)) == ("stage2", 10)


def test_frozen_parts_learn_no_hints(digits, teacher):
    recipe = with_fields(with_start(short_recipe(digits, 4, "resnet14"), str(teacher)), ["model.frozen=stage2"])
    recipe = with_fields(with_teacher(recipe, str(teacher)), ["teacher.hints=stage2"])
    with pytest.raises(UsageError, match=r"teacher.hints stage2: that part is frozen"):
        teacher_of(recipe, digits.classes)


def test_a_teacher_without_colours_teaches_none(digits, tmp_path):
    contrast = with_fields(short_recipe(digits, 1), ["data.gcn=true"])
    train_on(digits, contrast, tmp_path / "teacher", Surroundings())
    lit, dark = (
        recipe_for(model="resnet8", teacher=tmp_path / "teacher", fields={"augment.lighting": lighting})
        for lighting in (0.1, 0.0)
    )
    with pytest.raises(UsageError, match=r"--set augment.lighting=0"):
        teacher_of(lit, digits.classes)
    assert teacher_of(dark, digits.classes)


def test_fitnet_learns_from_maxout_as_its_authors_had_it(digits, teacher, tmp_path):
    def of(by=None, **asked):
        return recipe_for("digits", model="fitnet19", recipe="original", teacher=by, **asked)

    train(recipe_for("digits", model="maxout", steps=1), run=tmp_path / "maxout", around=Surroundings())
    alone, recipe, otherwise = of(), of(tmp_path / "maxout"), of(teacher)
    taught_so = replace(recipe.teacher, net=None, digest=None)
    assert taught_so == Teacher(temperature=3, weight=4, end=1, hints="stage2", hint_part=0.2)
    assert hint_steps(recipe) == 22_500 and hint_steps(of(tmp_path / "maxout", steps=50)) == 10
    assert recipe.optimizer.rates == f"{alone.optimizer.rates}, hint.*=0.05"
    assert otherwise.teacher.hints == "" and otherwise.optimizer == alone.optimizer
    assert alone.teacher == Teacher()
    answers = of(tmp_path / "maxout", fields={"teacher.hints": ""})
    assert hint_steps(answers) == 0
    check(answers, facts_of(digits))
