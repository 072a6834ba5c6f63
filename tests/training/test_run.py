"""Runs: same bytes however often they are stopped, and nothing lost whatever happens."""

import errno
import importlib
import json
import linecache
import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from reslab.data import Dataset, Images, Preprocessing, load_dataset
from reslab.engine import Execution, Request, TorchEngine, same_settings, this_machine
from reslab.errors import RunError, UsageError
from reslab.evaluation import evaluate, predict
from reslab.nets import build, named_residual
from reslab.nets.blocks import basic
from reslab.reporting import report
from reslab.store import RunFolder, load, read_record
from reslab.training import (
    Diverged,
    Interrupted,
    Recipe,
    Surroundings,
    facts_of,
    make_recipe,
    recipe_for,
    train,
    train_on,
    with_fields,
    with_residual,
)
from reslab.training.presets import spec_of
from reslab.training.state import initial_state
from reslab.training.suitable import check
from tests.conftest import short_recipe

TIMES = ("seconds", "images_per_second")
FP32 = Execution("torch", "meta", "fp32", channels_last=True, compiled=False, threads=2)
PIXELS = Preprocessing(np.zeros((1, 1, 3), np.float32), 64.0, 8)


MUON = ["optimizer.kind=muon"]  # which multiplies matrices in fp32


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in TIMES} for line in RunFolder(run).metrics()]


def interrupting(at: int):
    """`append_metrics` that asks the run to stop, as Ctrl-C does, at the first line from step `at` on."""
    asked = []

    def line(self, written):
        if written["step"] >= at and not asked:
            asked.append(at)
            os.kill(os.getpid(), signal.SIGINT)
        original(self, written)

    original = RunFolder.append_metrics
    return line


def test_a_data_set_stands_for_its_recipe(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            Image.fromarray(random.integers(0, 256, (9, 9, 3)).astype(np.uint8)).save(
                tmp_path / "pets" / name / f"{number}.png"
            )
    trained = []
    run = importlib.import_module("reslab.training.run")
    monkeypatch.setattr(run, "train_on", lambda *given: trained.append(given) or {})
    train("digits", runs=tmp_path)
    train(tmp_path / "pets", runs=tmp_path)
    train("digits", tmp_path / "mine")
    assert [recipe for _, recipe, *_ in trained[:2]] == [recipe_for("digits"), recipe_for(tmp_path / "pets")]
    lone, tuned = (recipe_for(tmp_path / "pets", start=s, size=32, batch=1) for s in (None, "resnet20-cifar10"))
    assert (lone.steps, tuned.steps) == (60 * 8, 300), "eight photographs to learn from; 300 steps at the least"
    assert trained[1][0].folder == tmp_path / "pets" and trained[2][2] == tmp_path / "mine"


def test_text_beside_the_data_names_the_preset(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        importlib.import_module("reslab.training.run"), "train_on", lambda *given: trained.append(given) or {}
    )
    train(recipe="fast", data="digits", runs=tmp_path)
    train(data="digits", runs=tmp_path)
    assert [recipe for _, recipe, *_ in trained] == [recipe_for("digits", recipe="fast"), recipe_for("digits")]
    train("digits", data="digits", runs=tmp_path)  # what they are, and where
    assert trained[2][1] == recipe_for("digits")
    with pytest.raises(
        UsageError, match=r"^recipe='cifar10' is none of the presets paper, .*data='digits' is, too; give"
    ):
        train("cifar10", data="digits", runs=tmp_path)


@pytest.mark.parametrize("given", [3, {"data": "digits"}, ["digits"]])
def test_what_is_no_recipe(given):
    with pytest.raises(UsageError, match=rf"reslab\.train\(reslab\.recipe\(.*not a {type(given).__name__}$"):
        train(given)


def test_a_run_trains_and_says_what_it_measured(digits, tmp_path):
    result = train_on(digits, short_recipe(digits, 60), tmp_path / "run", Surroundings())
    assert result["train_error"] < 60 and result["val_error"] < 60, "chance is 90 %"
    assert (result["train_images"], result["val_images"], result["test_images"]) == (1077, 360, 360)
    assert result["steps"] == 60 and result["exact"] and result["engine"] == "torch"
    assert result["params"] == sum(p.numel() for p in load(tmp_path / "run").net.parameters())
    record = read_record(tmp_path / "run")
    assert record.result == result
    last = [line for line in record.metrics if "val_error" in line][-1]
    assert (last["step"], last["val_error"], last["val_images"]) == (60, result["val_error"], 360)
    wrong = record.predictions["test"].probabilities.argmax(1) != record.predictions["test"].labels
    assert 100 * wrong.mean() == pytest.approx(result["test_error"], abs=1e-3)


def test_one_batch_can_be_learned_by_heart(digits, tmp_path):
    few = digits.splits["train"]
    few = Images(few.pixels[:32], few.labels[:32])
    small = replace(digits, splits={"train": few})
    recipe = with_fields(short_recipe(small, 80, "resnet8"), ["augment.pad=0", "optimizer.weight_decay=0"])
    result = train_on(small, recipe, tmp_path / "run", Surroundings())
    assert result["train_error"] == 0
    assert (result["val_error"], result["val_images"]) == (None, 0)
    assert (result["test_error"], result["test_images"]) == (None, 0)


def test_stopped_by_ctrl_c_and_continued_is_as_if_never_stopped(digits, longer, tmp_path, monkeypatch):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train_on(digits, longer, whole, Surroundings())
    for at in (7, 23, 41):
        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "append_metrics", interrupting(at))
            with pytest.raises(Interrupted, match=rf"stopped at step {at}.*reslab train --run"):
                train_on(digits, longer, stopped, Surroundings())
    said = []
    result = train_on(digits, longer, stopped, Surroundings(say=said.append))
    assert "going on at step 41 of 60" in said
    assert (whole / "model.safetensors").read_bytes() == (stopped / "model.safetensors").read_bytes()
    assert (whole / "predictions.safetensors").read_bytes() == (stopped / "predictions.safetensors").read_bytes()
    assert untimed(whole) == untimed(stopped)
    assert result["exact"]


def test_who_asks_just_after_the_question_is_answered_after_the_next_step(digits, longer, tmp_path, monkeypatch):
    answers = iter([False, True, True])
    monkeypatch.setattr("reslab.training.loop.agreed", lambda *_: lambda: next(answers))
    with pytest.raises(Interrupted, match="stopped at step 2 of 60"):
        train_on(digits, longer, tmp_path / "run", Surroundings())
    assert RunFolder(tmp_path / "run").load_state()[1]["step"] == 2, "what was said to be stopped is saved"


def test_done_is_done(digits, recipe, tmp_path):
    first = train_on(digits, recipe, tmp_path / "run", Surroundings())
    before = (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns
    said = []
    assert train_on(digits, recipe, tmp_path / "run", Surroundings(say=said.append)) == first
    assert any("is done" in line for line in said)
    assert (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns == before


def test_a_run_that_lost_its_model_is_not_done(digits, recipe, tmp_path):
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    (tmp_path / "run" / "model.safetensors").unlink()
    for again in (
        lambda: train_on(digits, recipe, tmp_path / "run", Surroundings()),
        lambda: train(recipe, tmp_path / "run"),
    ):
        with pytest.raises(
            RunError, match=r"run is finished, but its model\.safetensors is gone: put it back, or delete"
        ):
            again()
    (tmp_path / "run" / "result.json").unlink()
    assert train_on(digits, recipe, tmp_path / "run", Surroundings())["steps"] == recipe.steps, "the way out"


def test_done_is_done_whatever_has_become_of_its_data(digits, recipe, tmp_path):
    first = train_on(digits, recipe, tmp_path / "run", Surroundings())
    few = replace(digits, splits={**digits.splits, "train": digits.splits["train"].only(slice(0, 3))})
    assert train_on(few, recipe, tmp_path / "run", Surroundings()) == first
    own = replace(recipe, data=replace(recipe.data, name="photos", fingerprint="0123"))
    RunFolder(tmp_path / "run").write_recipe(own.to_dict())
    assert train(own, tmp_path / "run") == first, "a folder that is nowhere"


def test_another_seed_is_another_net(digits, recipe, tmp_path):
    for seed in (0, 1):
        train_on(digits, replace(recipe, seed=seed), tmp_path / str(seed), Surroundings())
    first, second = (load(tmp_path / str(seed)) for seed in (0, 1))
    assert not torch.equal(first.net.head[2].weight, second.net.head[2].weight)


def test_a_folder_of_another_recipe_is_refused(digits, recipe, tmp_path):
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    other = with_fields(recipe, ["optimizer.lr=0.01"])
    with pytest.raises(RunError, match=r"another recipe \(optimizer.lr 0.01 here, 0.1 there\); choose another --run"):
        train_on(digits, other, tmp_path / "run", Surroundings())


def test_execution_that_contradicts_the_recorded_one_is_refused(digits, recipe, tmp_path):
    train_on(digits, recipe, tmp_path / "run", Surroundings(Request(precision="fp32")))
    with pytest.raises(UsageError, match=r"--precision bf16.*choose another --run"):
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(precision="bf16")))


def test_on_another_machine_it_goes_on_and_says_so(digits, longer, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", interrupting(20))
        with pytest.raises(Interrupted):
            train_on(digits, longer, tmp_path / "run", Surroundings())
    elsewhere = replace(this_machine(), processor="another")
    monkeypatch.setattr("reslab.training.continuing.this_machine", lambda: elsewhere)
    said = []
    result = train_on(digits, longer, tmp_path / "run", Surroundings(say=said.append))
    assert result["exact"] is False
    assert any("exact: false" in line for line in said)


def test_a_folder_in_use_is_locked(digits, recipe, tmp_path):
    with RunFolder(tmp_path / "run").locked(), pytest.raises(RunError, match="in use"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())


def test_a_torn_checkpoint_is_named_and_kept(digits, longer, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", interrupting(20))
        with pytest.raises(Interrupted):
            train_on(digits, longer, tmp_path / "run", Surroundings())
    state = tmp_path / "run" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(RunError, match=r"state.safetensors is torn.*delete"):
        train_on(digits, longer, tmp_path / "run", Surroundings())
    assert state.stat().st_size == 1000


def test_a_loss_that_is_no_number_stops_with_the_last_good_state(digits, tmp_path):
    recipe = with_fields(short_recipe(digits, 400), ["optimizer.lr=1e30", "schedule.warmup_steps=0"])
    with pytest.raises(RunError, match=r"no longer a number at step \d+; the last good state is kept.*--lr"):
        train_on(digits, recipe, tmp_path / "run", Surroundings(save_every=0))
    assert torch.isfinite(RunFolder(tmp_path / "run").load_state()[0]["weights"]).all()
    assert not (tmp_path / "run" / "model.safetensors").exists()
    page = report(tmp_path / "run")
    assert "was no longer a number at step" in page and "smaller <code>--lr</code>" in page and "Go on with" not in page


@pytest.mark.parametrize(
    ("saves", "words"), [(True, "the last good state is kept"), (False, "no state had been saved before")]
)
def test_a_diverged_run_says_what_is_there_and_how_to_train_another(
    digits, recipe, tmp_path, monkeypatch, saves, words
):
    def diverging(_recipe, state, _engine, _train, _val, folder, *_):
        if saves:
            folder.save_state(state.tensors(), state.facts())
        raise Diverged(3)

    monkeypatch.setattr(importlib.import_module("reslab.training.run"), "fit", diverging)
    with pytest.raises(Diverged, match=rf"at step 3; {words}\. Train another run .*--lr RATE --run NEW"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert json.loads((tmp_path / "run" / "diverged.json").read_text()) == {"step": 3}


def test_a_full_disk_stops_and_the_run_goes_on_later(digits, longer, tmp_path, monkeypatch):
    train_on(digits, longer, tmp_path / "whole", Surroundings())
    synced = []

    def full(number: int) -> None:
        synced.append(number)
        if len(synced) == 12:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RunError, match=r"cannot write .*No space left on device.*is kept"):
            train_on(digits, longer, tmp_path / "run", Surroundings(save_every=0))
    assert not list((tmp_path / "run").glob("*.part")) and not list((tmp_path / "run").glob(".*.part"))
    train_on(digits, longer, tmp_path / "run", Surroundings())
    assert (tmp_path / "whole/model.safetensors").read_bytes() == (tmp_path / "run/model.safetensors").read_bytes()
    assert untimed(tmp_path / "whole") == untimed(tmp_path / "run")


@pytest.mark.parametrize("written", ["recipe.toml", "environment.json", "model.safetensors", "state.safetensors"])
def test_a_read_only_run_folder(digits, recipe, tmp_path, monkeypatch, written):
    opening = Path.open

    def refused(path: Path, mode: str = "r", *rest, **more):
        if written in path.name and "w" in mode:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opening(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(RunError, match=rf"cannot write .*{written}: Permission denied.*name another place"):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    monkeypatch.undo()
    train_on(digits, recipe, tmp_path / "run", Surroundings())


def test_a_run_folder_that_cannot_be_written(digits, recipe, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UsageError, match="file is a file, and a run is a folder; give another --run"):
        train_on(digits, recipe, tmp_path / "file" / "run", Surroundings())


def test_a_batch_larger_than_the_data(digits, recipe, tmp_path):
    with pytest.raises(UsageError, match="larger than the 1077 training images"):
        train_on(digits, replace(recipe, batch=2000), tmp_path / "run", Surroundings())


def test_plain_and_residual_nets_of_any_shortcut(digits, tmp_path):
    for model, shortcut in (("plain8", None), ("resnet8", "A"), ("resnet8", "B"), ("resnet8", "C"), ("resnet18", "B")):
        recipe = make_recipe(facts_of(digits), model, shortcut=shortcut).stretched(2)
        train_on(digits, recipe, tmp_path / f"{model}{shortcut}", Surroundings())
        assert load(tmp_path / f"{model}{shortcut}").identity.spec.shortcut == shortcut


def leaky(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    """A residual function of the same shape as the paper's, and another function."""
    own = basic(channels_in, width, stride)
    own[2] = nn.LeakyReLU(0.3)
    return own


def dropping(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    """A residual function that draws at random, and has weights that nobody else initialises."""
    return nn.Sequential(*basic(channels_in, width, stride), nn.Dropout(0.2), nn.GroupNorm(2, width), Scale())


def keeping(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    return nn.Sequential(*basic(channels_in, width, stride), nn.InstanceNorm2d(width, track_running_stats=True))


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * x


def test_ones_own_residual_function_is_a_run_of_its_own(recipe, tmp_path):
    own = train(recipe, runs=tmp_path, residual=leaky)
    papers = train(recipe, runs=tmp_path)
    assert own["run"] != papers["run"] and own["params"] == papers["params"]
    with pytest.raises(UsageError, match=r"files run no code: give it .*--residual .*:leaky"):
        load(own["run"])
    assert evaluate(own["run"], residual=leaky).top1_error == own["test_error"]
    assert load(own["run"], residual=leaky).classes == tuple("0123456789")
    with pytest.raises(RunError, match=r"model\.residual"):
        train(recipe, own["run"])
    with pytest.raises(UsageError, match="lambda"):
        train(recipe, tmp_path / "lambda", residual=lambda *shape: basic(*shape))


def test_a_function_of_the_script_that_runs_is_recorded_by_its_file(recipe, tmp_path, monkeypatch):
    script = ModuleType("__main__")
    script.__file__, script.leaky = str(tmp_path / "script.py"), leaky
    monkeypatch.setitem(sys.modules, "__main__", script)
    monkeypatch.setattr(leaky, "__module__", "__main__")
    said: list[str] = []
    run = train(recipe, tmp_path / "run", residual=leaky, around=Surroundings(say=said.append))["run"]
    assert RunFolder(Path(run)).recipe()["model"]["residual"] == "script:leaky"
    assert said[0].startswith("the run records its residual function as script:leaky, which imports script later")


class Made:
    """A residual function that is an object: its name is that of its class."""

    def __call__(self, *shape) -> nn.Module:
        return leaky(*shape)


def sloping(channels_in: int, width: int, stride: int, stride_in: str, slope: float) -> nn.Module:
    own = basic(channels_in, width, stride)
    own[2] = nn.LeakyReLU(slope)
    return own


steep = partial(sloping, slope=0.5)


@pytest.mark.parametrize(
    ("own", "name"), [(steep, "functools:partial"), (Made(), f"{Made.__module__}:Made")], ids=["partial", "object"]
)
def test_an_object_has_to_be_given_again(recipe, tmp_path, own, name):
    result = train(recipe, tmp_path / "run", residual=own)
    assert train(recipe, tmp_path / "run", residual=own) == train(run=tmp_path / "run", residual=own) == result
    with pytest.raises(
        UsageError, match=rf"^{name} is a class, .*: give it as residual=\.\.\. in Python, or have it in"
    ):
        train(run=tmp_path / "run")


def test_a_partial_is_found_by_the_name_that_its_file_gives_it(recipe, tmp_path):
    said: list[str] = []
    train(recipe, tmp_path / "run", residual=steep, around=Surroundings(say=said.append))
    assert said[0].endswith("open the run with --residual FILE:NAME, for the FILE.py that calls it NAME")
    with pytest.raises(UsageError, match=r"--residual FILE:NAME, for the FILE\.py that calls it NAME"):
        load(tmp_path / "run")
    assert load(tmp_path / "run", residual=named_residual(f"{__name__}:steep")).residual is steep


def test_the_function_that_is_given_is_the_one_that_is_named(recipe):
    named = with_fields(recipe, [f"model.residual={__name__}:leaky"])
    assert with_residual(named, leaky) == with_residual(named) == with_residual(recipe, leaky)
    alias = with_fields(recipe, [f"model.residual={__name__}:steep"])
    assert with_residual(alias, steep) == with_residual(alias), "a partial, by the name that its file gives it"
    whole = with_residual(named)
    moved = replace(whole, model=replace(whole.model, residual="gone:leaky"))
    assert with_residual(moved, leaky) == moved, "known by its digest, wherever its file is now"
    with pytest.raises(UsageError, match=r"^residual=\S+:dropping is given, but model\.residual is \S+:leaky, another"):
        with_residual(named, dropping)


def test_an_edited_residual_function_is_another_run(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = (
        "from torch import nn\n\n\ndef own(cin, width, stride, stride_in):\n"
        "    return nn.Sequential(nn.Conv2d(cin, width, 3, stride, 1), nn.BatchNorm2d(width))\n"
    )
    named = with_fields(recipe, ["model.residual=edited_block:own"])
    Path("edited_block.py").write_text(source)
    first = train(named, runs=tmp_path)
    Path("edited_block.py").write_text(source.replace("width, 3, stride, 1", "width, 1, stride, 0"))
    monkeypatch.delitem(sys.modules, "edited_block")
    importlib.invalidate_caches()
    linecache.clearcache()
    second = train(named, runs=tmp_path)
    assert second["run"] != first["run"] and second["params"] < first["params"]
    begun = Recipe.from_dict(RunFolder(Path(first["run"])).recipe())
    with pytest.raises(UsageError, match="edited_block:own has changed since"):
        train_on(load_dataset("digits"), begun, Path(first["run"]), Surroundings())


def too_few(channels_in: int, width: int, stride: int) -> nn.Module:
    return basic(channels_in, width, stride)


def too_narrow(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    return basic(channels_in, width // 2, stride)


def nothing(channels_in: int, width: int, stride: int, stride_in: str) -> None:
    return None


@pytest.mark.parametrize("own", [too_few, too_narrow, nothing])
def test_a_residual_function_that_does_not_fit_is_told_the_rule(recipe, tmp_path, own):
    with pytest.raises(UsageError, match=rf"{own.__name__} does not fit: .*f\(channels_in, width, stride, stride_in\)"):
        train(recipe, tmp_path / "run", residual=own)
    assert not (tmp_path / "run").exists()


def test_another_function_cannot_load_its_weights(recipe, tmp_path):
    train(recipe, tmp_path / "run", residual=dropping)
    with pytest.raises(UsageError, match="builds another net"):
        load(tmp_path / "run", residual=basic)


def test_a_residual_function_by_name(recipe, tmp_path):
    named = with_fields(recipe, ["model.residual=reslab.nets.blocks:basic"])
    result = train(named, tmp_path / "named")
    assert result["test_error"] == train(recipe, tmp_path / "papers")["test_error"]
    with pytest.raises(UsageError, match="module:function"):
        train(with_fields(recipe, ["model.residual=nowhere:at_all"]), tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_what_a_net_draws_by_itself_is_a_function_of_the_seed(recipe, tmp_path):
    models = []
    for name in ("first", "again"):
        torch.rand(len(name))  # whatever else the process drew before
        train(recipe, tmp_path / name, residual=dropping)
        models.append((tmp_path / name / "model.safetensors").read_bytes())
    assert models[0] == models[1]


def test_the_callers_random_numbers_stay_its_own(recipe, tmp_path):
    before = torch.random.get_rng_state()
    train(recipe, tmp_path / "run")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_callers_settings_of_pytorch_are_not_a_trainings(recipe, tmp_path):
    fp32 = Surroundings(Request(precision="fp32"))
    plain = train(with_fields(recipe, MUON), tmp_path / "plain", around=fp32)
    torch.set_default_dtype(torch.float64)
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.inference_mode():
            same = train(with_fields(recipe, MUON), tmp_path / "same", around=fp32)
            assert evaluate(tmp_path / "same").top1_error == same["test_error"]
            assert len(list(predict(load(tmp_path / "same"), np.zeros((2, 8, 8, 3), np.uint8)))) == 2
        assert torch.get_default_dtype() == torch.float64 and torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_float32_matmul_precision("highest")
    assert same["exact"] and same["test_error"] == plain["test_error"]
    assert (tmp_path / "same/model.safetensors").read_bytes() == (tmp_path / "plain/model.safetensors").read_bytes()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_callers_autocast_is_not_a_trainings(recipe, tmp_path, precision):
    for name, around in (("plain", nullcontext()), ("within", torch.autocast("cpu", torch.bfloat16))):
        with around:
            train(recipe, tmp_path / name, around=Surroundings(Request(engine="torch", precision=precision)))
    assert (tmp_path / "within/model.safetensors").read_bytes() == (tmp_path / "plain/model.safetensors").read_bytes()


def test_a_net_that_keeps_other_statistics_is_refused(recipe, tmp_path):
    with pytest.raises(UsageError, match=r"keeps .*running_mean: only the running statistics of nn\.BatchNorm2d"):
        train(recipe, tmp_path / "run", residual=keeping)
    assert not (tmp_path / "run").exists()


def test_parameters_are_named_as_ones_own_residual_function_has_them(digits, recipe, tmp_path):
    drawn = torch.random.get_rng_state()
    own = with_residual(with_fields(recipe, ["optimizer.rates=*.scale=0"]), dropping)
    check(own, facts_of(digits), dropping)
    check(own, facts_of(digits))
    assert torch.equal(torch.random.get_rng_state(), drawn), "what the function draws is not of the caller's stream"
    with pytest.raises(UsageError, match=r"optimizer\.rates: no parameter of the net matches '\*\.scale'"):
        check(with_fields(recipe, ["optimizer.rates=*.scale=0"]), facts_of(digits))


def blurring(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    """A residual function with filters of its own that are not learned, and a factor that is not, either."""
    blur = nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False).requires_grad_(False)
    nn.init.constant_(blur.weight, 1 / 9)
    factor = Scale()
    nn.init.constant_(factor.scale, 2.0).requires_grad_(False)
    return nn.Sequential(*basic(channels_in, width, stride), blur, factor)


@pytest.mark.parametrize("kind", ["sgd", "rmsprop", "muon"])
def test_what_a_residual_function_holds_fixed_stays_as_it_made_it(recipe, tmp_path, kind):
    changes = [f"optimizer.kind={kind}", "optimizer.decay_on=all", "optimizer.weight_decay=0.1", "average=0.5"]
    train(with_fields(recipe, [*changes, "optimizer.max_norms=*=0.1"]), tmp_path / "run", residual=blurring)
    net = load(tmp_path / "run", residual=blurring).net
    for suffix, value in ((".residual.5.weight", 1 / 9), (".residual.6.scale", 2.0)):
        found = [tensor for name, tensor in net.named_parameters() if name.endswith(suffix)]
        assert len(found) == 3 and all(torch.equal(each, torch.full_like(each, value)) for each in found)


def test_weights_are_drawn_on_the_cpu_whatever_the_device(recipe):
    class Elsewhere(TorchEngine):
        """Stands in for a GPU: its net is on a device where a CPU generator cannot draw."""

        def __init__(self) -> None:
            super().__init__(build(spec_of(recipe)).to("meta"), PIXELS, FP32)

        def buffer(self, values: torch.Tensor) -> torch.Tensor:
            return values.clone()

    with same_settings():
        state = initial_state(recipe, Elsewhere(), spec_of(recipe), None)
    assert state.weights.abs().sum() > 0 and state.weights.device.type == "cpu"


@pytest.mark.parametrize(
    ("change", "message"),
    [("data.split=50k", "use --split"), ("data.name=cifar10", "name the data set"), ("data.fingerprint=ab", "changed")],
)
def test_a_recipe_that_speaks_of_other_data(digits, recipe, tmp_path, change, message):
    with pytest.raises(UsageError, match=message):
        train_on(digits, with_fields(recipe, [change]), tmp_path / "run", Surroundings())
    assert not (tmp_path / "run").exists()


def test_asking_for_a_finished_run_changes_nothing(digits, recipe, tmp_path, monkeypatch):
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    monkeypatch.setattr("reslab.training.continuing.this_machine", lambda: replace(this_machine(), processor="another"))
    (tmp_path / "run").rename(tmp_path / "moved")
    result = train_on(digits, recipe, tmp_path / "moved", Surroundings())
    assert result["exact"] and result["run"] == str(tmp_path / "moved")
    assert {p.name: p.read_bytes() for p in (tmp_path / "moved").iterdir()} == before


@pytest.mark.parametrize("version", ["numpy", "torch", "reslab"])
def test_another_version_is_not_exact(digits, longer, tmp_path, monkeypatch, version):
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", interrupting(20))
        with pytest.raises(Interrupted):
            train_on(digits, longer, tmp_path / "run", Surroundings())
    recorded = json.loads((tmp_path / "run" / "environment.json").read_text())
    recorded["versions"][version] = "0"
    (tmp_path / "run" / "environment.json").write_text(json.dumps(recorded))
    assert train_on(digits, longer, tmp_path / "run", Surroundings())["exact"] is False


@pytest.mark.parametrize("damage", ["predictions", "foreign", "environment", "empty"])
def test_foreign_files_in_a_run_are_refused_by_name(digits, longer, recipe, tmp_path, monkeypatch, damage):
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", interrupting(20))
        with pytest.raises(Interrupted):
            train_on(digits, longer, tmp_path / "run", Surroundings())
    train_on(digits, recipe, tmp_path / "other", Surroundings())
    state, environment = tmp_path / "run" / "state.safetensors", tmp_path / "run" / "environment.json"
    if damage == "predictions":
        state.write_bytes((tmp_path / "other" / "predictions.safetensors").read_bytes())
    elif damage == "foreign":
        RunFolder(tmp_path / "run").save_state({"weights": torch.zeros(3)}, {"step": 1})
    else:
        environment.write_text("{}" if damage == "environment" else "")
    before = state.read_bytes()
    with pytest.raises(RunError, match=r"environment|state"):
        train_on(digits, longer, tmp_path / "run", Surroundings())
    assert state.read_bytes() == before


def test_what_a_kill_in_mid_write_left_is_cleared(digits, recipe, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".state.safetensors.0123abcd.part").write_bytes(b"torn")
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert not list((tmp_path / "run").glob("*.part")) and not list((tmp_path / "run").glob(".*.part"))


def test_termination_is_heard_like_ctrl_c(digits, longer, tmp_path, monkeypatch):
    monkeypatch.setattr(signal, "SIGINT", signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", interrupting(20))
        with pytest.raises(Interrupted):
            train_on(digits, longer, tmp_path / "run", Surroundings())
    assert RunFolder(tmp_path / "run").load_state()[1]["step"] == 20


def test_without_averaging_the_last_step_counts_and_with_it_the_average(digits, recipe, tmp_path):
    train_on(digits, replace(recipe, average=0.5), tmp_path / "averaged", Surroundings())
    train_on(digits, recipe, tmp_path / "last", Surroundings())
    averaged, last = (load(tmp_path / name).net.head[2].weight for name in ("averaged", "last"))
    assert not torch.equal(averaged, last)


def test_threads_are_recorded(digits, recipe, tmp_path):
    train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1)))
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment["execution"]["threads"] == 1
    assert environment["versions"]["torch"] and environment["machine"]["processor"]


def test_more_threads_than_cores_are_not_taken(digits, recipe, tmp_path):
    said: list[str] = []
    for _ in range(2):  # the same request again contradicts nothing
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=999), say=said.append))
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment["execution"]["threads"] == this_machine().cores
    assert any("999 threads are more than" in line for line in said)


def test_a_recipe_of_a_folder_asks_where_it_is(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = short_recipe(digits, 1)
    asked = replace(asked, data=replace(asked.data, name="my photos", fingerprint="0123"))
    with pytest.raises(UsageError, match=r"folder 'my photos', which is not here; .*data='.../my photos'"):
        train(asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_run_whose_name_is_no_text_is_refused_before_it_begins(digits, recipe, tmp_path):
    with pytest.raises(UsageError, match=r"r\\udce9.*not UTF-8; rename it"):
        train_on(digits, recipe, tmp_path / os.fsdecode(b"r\xe9"), Surroundings())
    assert list(tmp_path.iterdir()) == []


def test_two_classes_only(tmp_path):
    pixels = np.concatenate([np.full((40, 8, 8, 3), 30, np.uint8), np.full((40, 8, 8, 3), 200, np.uint8)])
    data = Dataset("dark", ("dark", "light"), {"train": Images(pixels, np.repeat([0, 1], 40))})
    result = train_on(data, short_recipe(data, 30), tmp_path / "run", Surroundings())
    assert result["train_error"] == 0
