"""`reslab.recipe` and `reslab.train`: the command's words in Python, its notes, and runs that go on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reslab
from reslab.store import RunFolder

SMALL = {"model": "resnet8", "steps": 12}
ONE = reslab.Request(threads=1)


@pytest.fixture
def photographs(tmp_path):
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(0, 256, (12, 12, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    (tmp_path / "pets" / "cat" / "torn.png").write_bytes(b"no picture")
    return tmp_path / "pets"


def test_a_recipe_takes_what_the_command_takes():
    found = reslab.recipe("digits", batch=np.int64(32), fields={"balance": 1, "schedule.end": np.float64(0.5)}, **SMALL)
    plain = reslab.recipe("digits", batch=32, **SMALL)
    assert found == replace(plain, balance=1.0, schedule=replace(plain.schedule, end=0.5))
    assert found.digest() != plain.digest() and type(found.batch) is int and type(found.balance) is float
    with pytest.raises(reslab.UsageError, match="unknown field 'balence': did you mean balance"):
        reslab.recipe("digits", fields={"balence": 1})
    with pytest.raises(reslab.UsageError, match=r"schedule\.drop: the rate has no drops"):
        reslab.recipe("digits", fields={"schedule.drop": 0.5})
    with pytest.raises(reslab.UsageError, match=r"device is part of request=reslab\.Request\(device=\.\.\.\)"):
        reslab.train("digits", device="cuda")


def test_fields_say_how_data_are_read_as_options_do(photographs):
    for choices, fields in (({"size": 16}, {"data.size": 16}), ({"split": "fold2/3"}, {"data.split": "fold2/3"})):
        rest = {"size": 8, **choices, "on_bad": "skip", "quiet": True}
        by_option = reslab.recipe(photographs, **rest)
        by_field = reslab.recipe(photographs, fields=fields, **{n: v for n, v in rest.items() if n not in choices})
        assert by_field == by_option and by_field.digest() == by_option.digest()
    assert reslab.recipe("digits", freeze="none") == reslab.recipe("digits")
    drops = reslab.recipe("digits", fields={"schedule.kind": "drops", "schedule.drops": np.array([3, 5])})
    assert drops.schedule.drops == (3, 5)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (["optimizer.lr=0.1"], "give names with values, as {'optimizer.lr': 0.1"),
        ("optimizer.lr=0.1", "give names with values"),
        ({3: 1}, "unknown field '3'"),
        ({"data.split": 5}, "data.split=5: that field takes text"),
        ({"optimizer.lr": np.array([0.1, 0.2])}, "that field takes a number"),
    ],
)
def test_fields_of_another_kind_are_refused_before_data_are_read(fields, words):
    with pytest.raises(reslab.UsageError) as caught:
        reslab.recipe("no such data", fields=fields)
    assert words in str(caught.value)


def test_mistakes_begin_no_training(tmp_path):
    with pytest.raises(reslab.UsageError, match=r"there is no run in .*typo to go on with"):
        reslab.train(run=tmp_path / "typo")
    with pytest.raises(reslab.ReslabError):
        reslab.train("", tmp_path / "typo")
    with pytest.raises(reslab.UsageError, match=r"residual='blocks:mine': that takes a function"):
        reslab.train("digits", tmp_path / "typo", residual="blocks:mine", **SMALL)
    assert not (tmp_path / "typo").exists()
    reslab.train("digits", tmp_path / "run", request=ONE, quiet=True, **SMALL)
    with pytest.raises(reslab.UsageError, match=r"run is of digits, and not of /nowhere"):
        reslab.train(tmp_path / "run", data="/nowhere")


def test_data_are_named_with_what_is_asked_of_the_recipe(tmp_path, capsys):
    result = reslab.train("digits", tmp_path / "run", request=ONE, fields={"balance": 1}, **SMALL)
    assert RunFolder(tmp_path / "run").recipe()["balance"] == 1.0 and result["steps"] == 12
    assert "engine torch on 1 thread" in capsys.readouterr().err
    again = reslab.train(reslab.recipe("digits", fields={"balance": 1}, **SMALL), tmp_path / "run", quiet=True)
    assert again == result and not capsys.readouterr().err
    with pytest.raises(reslab.UsageError, match=r"give steps to reslab\.recipe, or name the data"):
        reslab.train(reslab.recipe("digits"), tmp_path / "other", steps=3)


def test_a_run_goes_on_by_its_own_recipe(tmp_path, monkeypatch):
    wanted = reslab.train("digits", tmp_path / "whole", request=ONE, quiet=True, **SMALL)
    keep, stopped = RunFolder.append_metrics, []

    def stop_once(self, written):
        if written["step"] >= 5 and not stopped:
            stopped.append(written["step"])
            raise KeyboardInterrupt
        keep(self, written)

    monkeypatch.setattr(RunFolder, "append_metrics", stop_once)
    with pytest.raises(KeyboardInterrupt):
        reslab.train("digits", tmp_path / "run", request=ONE, save_every=0.0, quiet=True, **SMALL)
    result = reslab.train(run=tmp_path / "run", quiet=True)
    assert stopped and result["val_error"] == wanted["val_error"]
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()
    assert reslab.train(tmp_path / "run", quiet=True) == result, "the folder of a run stands for it"
    with pytest.raises(reslab.UsageError, match=r"run goes on by its own recipe: leave out epochs; .*\(start=\)"):
        reslab.train(run=tmp_path / "run", epochs=3)


def test_digits_are_what_nobody_names(tmp_path):
    assert reslab.train(run=tmp_path / "new", request=ONE, quiet=True, **SMALL)["train_images"] == 1077


def test_photographs_that_cannot_be_read_are_left_out_if_that_is_said(photographs, tmp_path, capsys):
    with pytest.raises(reslab.DataError, match=r"torn\.png"):
        reslab.train(photographs, tmp_path / "run", size=8, model="resnet8", steps=2, quiet=True)
    result = reslab.train(photographs, tmp_path / "run", size=8, model="resnet8", steps=2, on_bad="skip", request=ONE)
    assert result["train_images"] + result["val_images"] == 16
    assert "torn.png" in capsys.readouterr().err


def test_values_of_another_kind_are_refused_however_the_recipe_was_made():
    made = reslab.recipe("digits")
    for change, words in (
        ({"batch": 16.0}, "batch=16.0: that field takes a whole number"),
        ({"augment": replace(made.augment, flip="false")}, "augment.flip='false': that field takes true or false"),
        ({"optimizer": {"lr": 0.1}}, "is no Optimizer; single fields go by name: fields={'optimizer.lr': ...}"),
        ({"seed": None}, "seed=None: that field takes a whole number"),
    ):
        with pytest.raises(reslab.UsageError) as caught:
            replace(made, **change)
        assert words in str(caught.value)
    assert type(replace(made, balance=1).balance) is float
    assert replace(made, balance=1).digest() == replace(made, balance=1.0).digest()


def test_where_runs_are_made_and_the_run_itself_are_not_both_said(tmp_path):
    words = r"run='.*mine' is the run's folder, runs='.*many' where one is made: give one of them"
    for first, named in (("digits", {"run": tmp_path / "mine"}), (None, {"run": tmp_path / "mine"})):
        with pytest.raises(reslab.UsageError, match=words):
            reslab.train(first, runs=tmp_path / "many", quiet=True, request=ONE, **named)
    assert list(tmp_path.iterdir()) == []
    made = reslab.train("digits", runs=tmp_path / "many", quiet=True, request=ONE, **SMALL)["run"]
    assert Path(made).parent == tmp_path / "many"
    with pytest.raises(reslab.UsageError, match=r"is the run's folder, runs='.*other'"):
        reslab.train(made, runs=tmp_path / "other", quiet=True, request=ONE)
