"""Events read back by TensorBoard's own reader: the record's numbers, once each, however a run was stopped."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reslab.errors import RunError, UsageError
from reslab.reporting.tensorboard import following, require_tensorboard, write_events
from reslab.store import DIVERGED, EventFile, RunFolder, write_json
from tests.reporting.invented_runs import metric_lines, recipe_values, result_values

TAGS = {"loss/train": "loss", "loss/val": "val_loss", "error/train": "train_error", "error/val": "val_error"}
TAGS |= {"learning_rate": "lr", "images_per_second": "images_per_second"}


@pytest.fixture
def accumulator():
    """TensorBoard's reader of one run's folder, all its points kept."""
    pytest.importorskip("tensorboard", reason="needs the extra `tensorboard`")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read(run: Path) -> EventAccumulator:
        return EventAccumulator(str(run), size_guidance={"scalars": 0}).Reload()

    return read


def hparams(read: Any) -> dict[str, Any]:
    """Of a run, as the plugin parses them."""
    from tensorboard.plugins.hparams import metadata

    content = read.summary_metadata[metadata.SESSION_START_INFO_TAG].plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(content)
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}


def status(read: Any) -> int:
    from tensorboard.plugins.hparams import metadata

    content = read.summary_metadata[metadata.SESSION_END_INFO_TAG].plugin_data.content
    return metadata.parse_session_end_info_plugin_data(content).status


def test_a_finished_run(accumulator, digits_run):
    read = accumulator(write_events(digits_run.path).parent)
    for tag, key in TAGS.items():
        lines = [line for line in digits_run.metrics if key in line]
        points = read.Scalars(tag)
        assert [point.step for point in points] == [line["step"] for line in lines], tag
        assert [point.value for point in points] == pytest.approx([line[key] for line in lines]), tag
    begun = RunFolder(digits_run.path).begun()
    assert points[-1].wall_time == pytest.approx(begun + lines[-1]["seconds"])
    for split in ("train", "val", "test"):
        (point,) = read.Scalars(f"final/{split}_error")
        assert (point.step, point.value) == (507, pytest.approx(digits_run.result[f"{split}_error"]))
    assert read.file_version == 2.0 and status(read) == 1


def test_hparams_tell_runs_apart_and_name_what_departs_from_the_preset(accumulator, make_run):
    augment = {"pad": 0, "flip": True, "scale": [8, 12]}
    run = make_run("run", recipe_values("plain20", seed=3, augment=augment), metric_lines(), None)
    found = hparams(accumulator(write_events(run.path).parent))
    assert found["model.name"] == "plain20" and found["name"] == "small" and found["seed"] == 3
    assert (found["schedule.steps"], found["batch"], found["optimizer.lr"]) == (507, 64, 0.1)
    assert found["augment.flip"] is True and found["augment.scale"] == "8, 12"
    assert found["augment.pad"] == 0 and "augment.erase" not in found and "optimizer.momentum" not in found


def test_a_run_without_test_images_has_no_final_error_of_them(accumulator, make_run):
    recipe = recipe_values()
    run = make_run("run", recipe, metric_lines(), result_values(recipe) | {"test_error": None})
    assert "final/test_error" not in accumulator(write_events(run.path).parent).Tags()["scalars"]


def test_live_it_is_the_same_file_as_afterwards(accumulator, make_run):
    recipe, lines = recipe_values(), metric_lines()
    run = make_run("run", recipe, [], None).path
    look = following([run], asked=True)
    for line in lines:
        RunFolder(run).append_metrics(line)
        look()
        assert accumulator(run).Scalars("loss/train")[-1].step == line["step"]
    assert "_hparams_/session_end_info" not in accumulator(run).summary_metadata
    write_json(run / "result.json", result_values(recipe))
    look()
    live = EventFile(run).path.read_bytes()
    EventFile(run).path.unlink()
    assert write_events(run).read_bytes() == live


@pytest.mark.parametrize("again", [False, True])
def test_points_that_were_not_saved_come_once(accumulator, make_run, again):
    """The same process sees the metrics cut back, as a queue does, or the next one finds a torn end."""
    lines = metric_lines()
    run = make_run("run", recipe_values(), lines[:30], None).path
    look = following([run], asked=True)
    look()
    file = EventFile(run).path
    if again:
        file.write_bytes(file.read_bytes()[:-7])
        look = following([run], asked=False)
    (run / "metrics.jsonl").unlink()
    for line in lines[:20]:
        RunFolder(run).append_metrics(line)
    look()
    for line in lines[20:40]:
        RunFolder(run).append_metrics(line | {"seconds": line["seconds"] + 100})
    look()
    steps = [point.step for point in accumulator(run).Scalars("loss/train")]
    assert steps == [line["step"] for line in lines[:40] if "loss" in line]


def test_a_run_that_diverged_has_failed(accumulator, make_run):
    run = make_run("run", recipe_values(), metric_lines(until=100), None).path
    write_json(run / DIVERGED, {"step": 101})
    read = accumulator(write_events(run).parent)
    assert status(read) == 2 and len(read.Scalars("loss/train")) == 10


def test_runs_are_followed_that_were_asked_for_or_have_events(accumulator, make_run, tmp_path):
    runs = [make_run(name, recipe_values(), metric_lines(), None).path for name in ("with", "without")]
    write_events(runs[0])
    whole = EventFile(runs[0]).path.read_bytes()
    EventFile(runs[0]).path.write_bytes(whole[:100])
    following([*runs, tmp_path / "not begun"], asked=False)()
    assert EventFile(runs[0]).path.read_bytes() == whole and not EventFile(runs[1]).there
    following([*runs, tmp_path / "not begun"], asked=True)()
    assert EventFile(runs[1]).there and not (tmp_path / "not begun").exists()


def test_without_the_package_it_is_said(make_run, monkeypatch):
    monkeypatch.setattr("reslab.reporting.tensorboard.find_spec", lambda name: None)
    run = make_run("run", recipe_values(), metric_lines(), None).path
    for asked in (require_tensorboard, lambda: write_events(run)):
        with pytest.raises(UsageError, match=r'pip install "reslab\[tensorboard\]"'):
            asked()
    said: list[str] = []
    following([run], asked=False, say=said.append)()
    assert not said
    EventFile(run).write(b"")
    following([run], asked=False, say=said.append)()
    assert len(said) == 1 and "stays as it is: tensorboard is not installed" in said[0]


def test_what_is_no_run_folder_is_refused(accumulator, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="resnet56-cifar10 comes with the package"):
        write_events(Path("resnet56-cifar10"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="no run folder"):  # one's own folder of that name comes first
        (tmp_path / "resnet56-cifar10").mkdir()
        write_events(Path("resnet56-cifar10"))
    with pytest.raises(RunError, match="no run folder"):
        write_events(tmp_path / "gone")


def test_tensorboard_is_loaded_for_events_alone():
    """Nobody who trains without it waits for it."""
    code = "import sys, reslab.reporting.tensorboard as t; t.following([], True)(); print('tensorboard' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert answer.stdout.strip() == "False"
