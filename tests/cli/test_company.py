"""Which commands are for several processes, and what is said by which."""

import sys

import pytest
import typer
from typer.testing import CliRunner

from reslab.cli import main
from reslab.cli.app import app
from reslab.cli.company import alone, in_company
from reslab.engine import Lost
from reslab.errors import RunError, UsageError
from reslab.training import Diverged, Interrupted
from tests.torchrun import as_rank


@pytest.mark.parametrize("command", ["sweep", "reproduce", "demo", "eval"])
def test_other_commands_are_refused_by_name_once(command, monkeypatch):
    alone(command)
    as_rank(monkeypatch, 0)
    with pytest.raises(UsageError, match=f"{command} is the work of one process.*call it without torchrun"):
        alone(command)
    as_rank(monkeypatch, 1)
    with pytest.raises(typer.Exit) as end:
        alone(command)
    assert end.value.exit_code == 0, "or torchrun would end the first one before it has said so"


PLAIN = {"seeds": None, "folds": None, "dry_run": False}


@pytest.mark.parametrize(("option", "value"), [("seeds", 2), ("folds", 2), ("dry_run", True)])
def test_options_for_one_process_are_refused_in_several(option, value, monkeypatch):
    trained = []
    train = in_company(lambda **options: trained.append(options))
    train(**{**PLAIN, option: value})
    as_rank(monkeypatch, 0)
    with pytest.raises(UsageError, match=f"--{option.replace('_', '-')} .*; call it without torchrun"):
        train(**{**PLAIN, option: value})
    assert len(trained) == 1


def test_what_hinders_one_process_is_said_with_its_rank(monkeypatch):
    def hindered(team):
        raise UsageError("no such folder")

    monkeypatch.setattr("reslab.training.follow", hindered)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    as_rank(monkeypatch, 1)
    with pytest.raises(RunError, match="rank 1: no such folder"):
        in_company(lambda **options: None)(**PLAIN)


@pytest.mark.parametrize("end", [Lost("gone"), Interrupted("stopped"), Diverged(3)])
def test_what_ends_all_processes_the_first_one_says_alone(end, monkeypatch):
    def ended(team):
        raise end

    monkeypatch.setattr("reslab.training.follow", ended)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    as_rank(monkeypatch, 1)
    in_company(lambda **options: None)(**PLAIN)


@pytest.mark.parametrize(("words", "code", "told"), [(["--modle", "x"], 2, "--modle"), (["--help"], 0, "torchrun")])
def test_help_and_wrong_usage_are_said_once(words, code, told, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["reslab", "train", *words])
    for rank, expected in ((0, code), (1, 0)):
        as_rank(monkeypatch, rank)
        monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
        with pytest.raises(SystemExit) as end:
            main()
        assert (end.value.code or 0) == expected
        said = "".join(capsys.readouterr())
        assert told in said if rank == 0 else not said


def test_another_machine_says_for_itself_what_is_wrong(monkeypatch, capsys):
    as_rank(monkeypatch, 1)
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setattr(sys, "argv", ["reslab", "train", "--modle", "x"])
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and "--modle" in capsys.readouterr().err


def test_the_help_tells_how():
    told = CliRunner().invoke(app, ["train", "--help"]).stdout
    assert "torchrun --nproc-per-node 2 -m -- reslab train" in " ".join(told.split())
