"""What is said of a run folder that lacks a file: never that it goes on where it cannot."""

import re

import pytest

from reslab.errors import RunError, UsageError
from reslab.store import RunFolder, find_model, read_record, write_bytes


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ((), "{run} is no run folder: it has no model.safetensors"),
        (("recipe.toml",), "the run {run} is not finished; go on with: reslab train --run {run}"),
        (
            ("recipe.toml", "result.json"),
            "the run {run} is finished, but its model.safetensors is gone: put it back, or delete its result.json and "
            "train it anew (reslab train --run {run})",
        ),
        (
            ("recipe.toml", "diverged.json"),
            "the loss of the run {run} stopped being a number: train another one with a smaller rate (--lr)",
        ),
    ],
)
def test_a_folder_without_a_model(there, message, tmp_path):
    for name in there:
        (tmp_path / name).touch()
    with pytest.raises(RunError, match=f"^{re.escape(message.format(run=tmp_path))}$"):
        find_model(tmp_path)


def test_a_folder_of_runs_names_one(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(RunError, match=r"it has no recipe\.toml; reslab train makes one$"):
        read_record(tmp_path)
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "recipe.toml").touch()
    for read, lacking in ((read_record, "recipe.toml"), (find_model, "model.safetensors")):
        message = f"it has no {lacking}; there are 2 runs in it, such as {tmp_path / 'a'}"
        with pytest.raises(RunError, match=f"{re.escape(message)}$"):
            read(tmp_path)
    with pytest.raises(UsageError, match=f"a run's; there are 2 runs in it, such as {re.escape(str(tmp_path / 'a'))}$"):
        RunFolder(tmp_path).refuse_foreign()


def test_a_file_where_the_run_should_be(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UsageError, match=r"file is a file, and a run is a folder; give another --run"):
            RunFolder(place).refuse_foreign()


def test_a_folder_that_is_not_there_is_what_is_said(tmp_path):
    with pytest.raises(RunError, match=r"gone.page\.html: there is no folder .*gone; make it, or name another place"):
        write_bytes(tmp_path / "gone" / "page.html", b"")
