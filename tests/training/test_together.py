"""A run of two processes: written once, stopped and gone on with by the same bytes, and by another number not."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from reslab.data import measure
from reslab.engine import Execution, Lost, Request
from reslab.errors import DataError, RunError, UsageError
from reslab.processes import Team
from reslab.store import RunFolder
from reslab.training import Surroundings, follow, led, train_on
from reslab.training.suitable import check_parts
from reslab.training.together import tell
from tests.conftest import short_recipe
from tests.torchrun import as_rank, in_two_processes
from tests.training import ranks

pytestmark = pytest.mark.timeout(1800)
TIMES = ("seconds", "images_per_second")


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in TIMES} for line in RunFolder(run).metrics()]


@pytest.fixture(scope="module")
def begun(tmp_path_factory) -> Path:
    """A whole run, and one that Ctrl-C stopped."""
    place = tmp_path_factory.mktemp("together")
    ended = in_two_processes("tests.training.ranks", place, "interrupt")
    assert ended.returncode == 0, ended.stderr
    shutil.copytree(place / "stopped", place / "alone")
    return place


@pytest.mark.slow
def test_ctrl_c_in_one_process_stops_all_after_the_same_step(begun):
    for rank in (0, 1):
        assert (begun / f"interrupt {rank}").read_text().startswith(f"Interrupted: stopped at step {ranks.INTERRUPTED}")
    assert "go on: torchrun --nproc-per-node 2 -m -- reslab train --run" in (begun / "interrupt 0").read_text()
    assert (begun / "saved interrupt 0").read_text() == str(ranks.INTERRUPTED)


@pytest.mark.slow
def test_every_process_has_the_result_and_one_wrote_it(begun):
    result = json.loads((begun / "whole" / "result.json").read_text())
    assert {(begun / f"result of {rank}").read_text() for rank in (0, 1)} == {str(result["val_error"])}
    steps = [line["step"] for line in RunFolder(begun / "whole").metrics() if "val_error" not in line]
    assert steps == list(range(1, ranks.STEPS + 1))
    execution = json.loads((begun / "whole" / "environment.json").read_text())["execution"]
    assert (execution["processes"], execution["backend"]) == (2, "gloo")


@pytest.mark.slow
def test_stopped_killed_and_gone_on_with_is_as_if_never_stopped(begun):
    killed = in_two_processes("tests.training.ranks", begun, "kill")
    assert killed.returncode != 0
    assert (begun / "kill 0").read_text().startswith("Lost: another process of this training has ended")
    assert (begun / "saved kill 0").read_text() == str(ranks.KILLED - 1), "the last whole step"
    finished = in_two_processes("reslab", "train", "--run", begun / "stopped", "--json")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["exact"], "one object, of one process"
    assert finished.stderr.count(f"going on at step {ranks.KILLED - 1}") == 1
    for name in ("model.safetensors", "predictions.safetensors"):
        assert (begun / "whole" / name).read_bytes() == (begun / "stopped" / name).read_bytes()
    assert untimed(begun / "whole") == untimed(begun / "stopped")
    again = in_two_processes("reslab", "train", "--run", begun / "stopped", "--json")
    assert (again.returncode, again.stdout) == (0, finished.stdout), "where nothing is left to do, all end"


@pytest.mark.slow
def test_another_number_of_processes_is_refused_and_one_alone_goes_on_inexactly(begun, digits, monkeypatch):
    run, recipe = begun / "alone", ranks.recipe()
    with monkeypatch.context() as patch:
        as_rank(patch, 0)
        patch.setenv("WORLD_SIZE", "3")
        with pytest.raises(UsageError, match=r"in 3 processes of torchrun \(recorded: 2\); choose another --run"):
            train_on(digits, recipe, run, Surroundings())
    said = []
    result = train_on(digits, recipe, run, Surroundings(Request(threads=1), say=said.append))
    assert result["exact"] is False
    assert any("2 processes trained together" in line and "alone" in line for line in said)
    assert any(line.startswith("in another number of processes than before") for line in said)


@pytest.mark.slow
def test_after_an_error_in_one_process_all_may_train_again(tmp_path):
    ended = in_two_processes("tests.training.ranks", tmp_path, "hinder")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "hinder 0").read_text().startswith("Lost: another process of this training has ended")
    assert (tmp_path / "hinder 1").read_text() == "DataError: no such photograph"
    result = json.loads((tmp_path / "hindered" / "result.json").read_text())
    assert {(tmp_path / f"result of {rank}").read_text() for rank in (0, 1)} == {str(result["val_error"])}


def test_who_follows_lets_the_others_go_after_an_error(monkeypatch):
    def hindered(told, residual):
        raise DataError("no such photograph")

    left = []
    for name, function in {
        "join": lambda team: None,
        "share": dict,
        "_take_part": hindered,
        "leave": lambda: left.append(True),
    }.items():
        monkeypatch.setattr(f"reslab.training.together.{name}", function)
    with pytest.raises(DataError):
        follow(Team(rank=1, size=2, local_rank=1, local_size=2))
    assert left


def test_who_follows_says_what_needs_less_where_its_own_memory_ends(digits, recipe, tmp_path, monkeypatch):
    """A log of that process shows its own words; the process that leads only notices that it is gone."""
    told, left = [], []
    state = SimpleNamespace(tensors=dict, facts=lambda: {"step": 0, "seconds": 0.0})
    execution = Execution("torch", "cpu", "fp32", True, False, 1, processes=2, backend="gloo")
    preprocessing = measure(digits.splits["train"], "pixel")
    monkeypatch.setattr("reslab.training.together.share", told.append)
    tell(recipe, state, preprocessing, digits, RunFolder(tmp_path / "run"), execution, Surroundings())

    def full(*words):
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")

    for name, function in {
        "join": lambda team: None,
        "share": told.pop,
        "make_engine": full,
        "leave": lambda: left.append(True),
    }.items():
        monkeypatch.setattr(f"reslab.training.together.{name}", function)
    with pytest.raises(
        RunError, match=r"^memory ends here .*9 bytes\): .*64 images in 2 processes at 8 px\. --set acc"
    ):
        follow(Team(rank=1, size=2, local_rank=1, local_size=2))
    assert left


def test_a_training_that_is_done_is_done_whoever_has_ended_then(monkeypatch):
    def gone(said):
        raise Lost("gone")

    monkeypatch.setattr("reslab.training.together.join", lambda team: None)
    monkeypatch.setattr("reslab.training.together.share", gone)
    with led(Team(rank=0, size=2, local_rank=0, local_size=2)) as end:
        end["val_error"] = 1.0


def test_a_run_of_one_process_is_not_gone_on_with_by_two(digits, recipe, tmp_path, monkeypatch):
    train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1)))
    (tmp_path / "run" / "result.json").unlink()
    as_rank(monkeypatch, 0)
    with pytest.raises(UsageError, match=r"in 2 processes of torchrun \(recorded: 1\)"):
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1)))


@pytest.mark.parametrize(
    ("model", "batch", "message"),
    [("resnet8", 3, "--batch 4 at least"), ("resnet8", 4, None), ("resnet18", 7, "--batch 8"), ("resnet18", 8, None)],
)
def test_a_batch_that_four_processes_cannot_share_is_refused(digits, model, batch, message):
    """Of 8 px, ResNet-18 leaves one, which is too few of one image for batch normalisation; ResNet-8 leaves four."""
    recipe = short_recipe(digits, model=model, batch=batch)
    with pytest.raises(UsageError, match=message) if message else nullcontext():
        check_parts(recipe, 4)
