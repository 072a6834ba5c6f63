"""Which runs of a queue are forecast by one pace, and which are tried for themselves."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from reslab.experiments import outlook
from reslab.experiments.jobs import Job
from reslab.experiments.outlook import Kind, trial
from reslab.experiments.plan import Plan, Task
from reslab.training import with_fields
from tests.experiments.test_queue import SPEAKING


@pytest.mark.parametrize(
    "changes",
    [
        ["model.name=resnet20"],
        ["data.size=16"],
        ["data.images=500"],
        ["batch=32"],
        ["accumulate=2"],
        ["selective=0.5"],
        ["mixup=0.2"],
        ["cutmix=1"],
        ["average=0.9"],
        ["loss=squared_hinge"],
        ["model.survival=0.5"],
        ["optimizer.kind=muon"],
        ["augment.policy=trivial"],
        ["augment.pad=0"],
        ["augment.pad=0", "augment.area=0.08,1"],
        ["augment.erase=0.25"],
        ["augment.brightness=0.4"],
        ["augment.lighting=0.1"],
        ["schedule.steps=1000"],  # enough for the native kernels, where there are such
    ],
)
def test_what_costs_otherwise_is_of_another_kind(recipe, changes):
    assert Kind.of(with_fields(recipe, changes)) != Kind.of(recipe)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([], ["seed=1"]),
        ([], ["optimizer.lr=0.2", "optimizer.weight_decay=0", "optimizer.momentum=0.8"]),
        ([], ["optimizer.rates=head.*=10"]),
        ([], ["schedule.kind=drops", "schedule.drops=5", "schedule.warmup_steps=2"]),
        ([], ["schedule.steps=20"]),
        ([], ["smoothing=0.1", "balance=1"]),
        ([], ["model.init=zero_gamma", "model.stem_init=whitening"]),
        (["mixup=0.2"], ["mixup=10"]),
        (["cutmix=1", "mixup=1"], ["cutmix=0.5", "mixup=0.1"]),
        (["augment.erase=0.1"], ["augment.erase=1"]),
        (["augment.brightness=0.1"], ["augment.brightness=0.4"]),
    ],
)
def test_what_costs_the_same_is_of_one_kind(recipe, one, other):
    assert Kind.of(with_fields(recipe, one)) == Kind.of(with_fields(recipe, other))


def test_each_kind_of_a_sweep_is_tried_once(recipe, tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr(
        outlook, "short_trial", lambda recipe, *_: tried.append(recipe) or SimpleNamespace(seconds=1 + recipe.mixup)
    )
    recipes = [replace(recipe, mixup=alpha, seed=seed) for alpha in (0.0, 0.2, 0.4) for seed in (0, 1)]
    tasks = tuple(Task(Job(each, tmp_path, "digits", ""), SPEAKING.request, 1) for each in recipes)
    paces = trial(Plan(tuple(task.job for task in tasks), {}, tasks, (0,), 1), lambda job: None)
    assert [each.mixup for each in tried] == [0.0, 0.2]
    assert [paces[Kind.of(each)] * recipe.steps * recipe.batch for each in recipes] == pytest.approx(
        [1] * 2 + [1.2] * 4
    )
