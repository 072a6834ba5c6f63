"""`--tensorboard`: events while a run trains, whatever ends it, and of finished runs by `reslab report`."""

import pytest

from reslab.errors import RunError
from reslab.store import RESULT, EventFile, RunFolder
from reslab.training import Interrupted
from tests.cli.test_commands import Answer

SHORT = ("--model", "resnet8", "--steps", "6", "--threads", "1")


@pytest.fixture
def steps():
    """Of a run's folder: where TensorBoard has points."""
    pytest.importorskip("tensorboard", reason="needs the extra `tensorboard`")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return lambda run: [point.step for point in EventAccumulator(str(run)).Reload().Scalars("loss/train")]


@pytest.mark.parametrize("words", [("train",), ("sweep", "--grid", "optimizer.lr=0.1,0.2"), ("report", "r")])
def test_without_the_package_nothing_is_begun(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reslab.reporting.tensorboard.find_spec", lambda name: None)
    answer = Answer(*words, "--tensorboard")
    assert answer.code == 2 and 'pip install "reslab[tensorboard]"' in answer.err
    assert not any(tmp_path.iterdir())


def test_a_run_stopped_and_gone_on_with_by_a_plain_command(steps, tmp_path, monkeypatch):
    run, append = tmp_path / "run", RunFolder.append_metrics

    def stopping(self, line):
        append(self, line)
        if line["step"] == 3:
            raise Interrupted("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", stopping)
        answer = Answer("train", *SHORT, "--run", run, "--tensorboard", "--save-every", "0")
    assert answer.code == 1 and steps(run) == [1, 2, 3]
    assert Answer("train", "--run", run).code == 0
    assert steps(run) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("every", [-1.0, 1000.0])  # seconds: during the training, and at its end alone
def test_where_they_cannot_be_written_the_training_goes_on(steps, tmp_path, monkeypatch, every):
    def full(self, events):
        raise RunError("no space left on device")

    monkeypatch.setattr(EventFile, "write", full)
    monkeypatch.setattr("reslab.cli.watch.EVENTS_EVERY", every)
    monkeypatch.setattr("reslab.training.loop.SHOWN_EVERY", -1.0)
    answer = Answer("train", *SHORT, "--run", tmp_path / "run", "--tensorboard")
    assert answer.code == 0 and answer.err.count("no more curves for TensorBoard: no space") == 1
    assert RunFolder(tmp_path / "run").read(RESULT)


def test_a_run_that_is_done_gets_them_too(steps, tmp_path):
    run = tmp_path / "run"
    assert Answer("train", *SHORT, "--run", run).code == 0 and not EventFile(run).there
    assert Answer("train", "--run", run, "--tensorboard", "--json").json["run"] == str(run)
    written = EventFile(run).path.read_bytes()
    EventFile(run).path.unlink()
    answer = Answer("report", run, "--tensorboard")
    assert answer.out.strip() == str(EventFile(run).path) and f"tensorboard --logdir {tmp_path}" in answer.err
    assert EventFile(run).path.read_bytes() == written and not (run / "report.html").exists()
    assert Answer("report", run, "--tensorboard", "--json").json["events"] == [str(EventFile(run).path)]
    assert steps(run) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("words", [("--paper",), ("run", "--out", "page.html")])
def test_a_page_and_events_are_two_things(words):
    answer = Answer("report", *words, "--tensorboard")
    assert answer.code == 2 and "leave --paper and --out out" in answer.err


@pytest.mark.slow
def test_runs_of_a_queue(steps, tmp_path):
    assert Answer("train", *SHORT, "--seeds", "2", "--runs", tmp_path / "runs", "--tensorboard").code == 0
    assert [steps(run) for run in (tmp_path / "runs").iterdir()] == [[1, 2, 3, 4, 5, 6]] * 2
