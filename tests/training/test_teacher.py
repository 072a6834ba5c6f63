"""Distillation: a net that learns a trained one's answers, and its hints; which nets can teach which."""

import shutil
from dataclasses import replace

import pytest
import torch

from reslab.data import measure
from reslab.engine import Execution, make_engine
from reslab.errors import RunError, UsageError
from reslab.store import RunFolder, lineage_of, load
from reslab.training import Surroundings, loop, recipe_for, train, train_on, with_fields, with_teacher
from reslab.training.presets import spec_of
from reslab.training.schedule import hints_alone, teaching
from reslab.training.state import initial_state
from reslab.training.teacher import teacher_of
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
HINTS = ["teacher.hints=stage2=stage3", "schedule.hint_steps=3"]


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
    recipe = taught(digits, teacher, 9, ["teacher.hints=stage2", "schedule.hint_steps=4"])
    assert [hints_alone(recipe, step) for step in range(9)] == [True] * 4 + [False] * 5
    assert [teaching(recipe, step) for step in range(4, 9)] == [4.0, 3.25, 2.5, 1.75, 1.0]
    assert recipe.stretched(18).schedule.hint_steps == 8
    assert teaching(short_recipe(digits, 9), 5) == 0


@pytest.mark.parametrize("changes", [(), HINTS])
def test_a_stopped_run_goes_on_by_the_same_bytes(digits, teacher, tmp_path, changes, monkeypatch):
    recipe = taught(digits, teacher, 6, changes)
    whole = train_on(digits, recipe, tmp_path / "whole", Surroundings())
    original, count = loop.update, 0

    def update(*given):
        nonlocal count
        count += 1
        if count == 5:
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


def test_hints_move_what_lies_below_them_alone(digits, teacher, tmp_path):
    recipe = taught(digits, teacher, 4, ["teacher.hints=stage2", "schedule.hint_steps=4", "optimizer.weight_decay=0"])
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    engine = make_engine(spec_of(recipe), measure(digits.splits["train"], "pixel"), FP32)
    begun = engine.parameters.views(initial_state(recipe, engine, spec_of(recipe), None).weights)
    ended = load(tmp_path / "run").net.state_dict()
    for name, weights in begun.items():
        assert torch.equal(weights, ended[name]) is name.startswith(("stage3", "head")), name


def test_a_student_is_known_to_have_seen_its_teachers_images(digits, teacher, tmp_path):
    train_on(digits, taught(digits, teacher, 1), tmp_path / "run", Surroundings())
    assert [ancestor.name for ancestor in lineage_of(RunFolder(tmp_path / "run"))] == [str(teacher.absolute())]


def test_a_teacher_that_changed_or_went_is_missed_by_name(digits, teacher, tmp_path):
    moved = tmp_path / "teacher"
    shutil.copytree(teacher, moved)
    recipe = taught(digits, moved)
    train_on(digits, short_recipe(digits, 1, "resnet14"), tmp_path / "other", Surroundings())
    shutil.copy(tmp_path / "other" / "model.safetensors", moved / "model.safetensors")
    with pytest.raises(UsageError, match="has other weights than when this run was begun"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    shutil.rmtree(moved)
    with pytest.raises(RunError, match=r"the net that teaches: .*a run goes on with the teacher that it began with"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert not (tmp_path / "run" / "recipe.toml").exists()


def test_another_teachers_classes_are_refused(digits, teacher):
    with pytest.raises(UsageError, match="knows '0', '1', '2' and 7 more, and the images are of 'a', 'b'"):
        teacher_of(taught(digits, teacher), ("a", "b"))


def test_a_teacher_of_another_size_is_refused(digits):
    with pytest.raises(UsageError, match="resnet20-cifar10 sees images of 32 px, and these have 8: --size 32"):
        with_teacher(short_recipe(digits, 2), "resnet20-cifar10")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["teacher.temperature=0"], "above 0"),
        (["teacher.weight=-1"], "0 or more"),
        (["teacher.hints=stage2"], r"set teacher.hints .* and schedule.hint_steps, or neither"),
        (["schedule.hint_steps=2"], "set teacher.hints .* and schedule.hint_steps, or neither"),
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


def test_fitnets_has_its_authors_hints_with_a_teacher(digits, teacher):
    alone = recipe_for("digits", model="fitnet19", recipe="original")
    recipe = recipe_for("digits", model="fitnet19", recipe="original", teacher=teacher)
    assert alone.teacher.net is None and alone.schedule.hint_steps == 0
    assert recipe.teacher.hints == "stage2" and recipe.schedule.hint_steps == 22_500
    assert (recipe.teacher.temperature, recipe.teacher.weight, recipe.teacher.end) == (3, 4, 1)
    shorter = recipe_for("digits", model="fitnet19", recipe="original", teacher=teacher, steps=50)
    assert shorter.schedule.hint_steps == 10
    assert replace(recipe_for("digits", model="resnet8", teacher=teacher).teacher, net=None, digest=None) == (
        alone.teacher
    )
