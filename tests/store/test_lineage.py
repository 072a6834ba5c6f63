"""What a run began from is written down, and read back or refused by name."""

import json

import pytest

from reslab.errors import RunError
from reslab.store import MODEL_FILE, Ancestor, RunFolder, lineage_of, run_around, unknown_of, write_lineage

KNOWN = Ancestor(
    "/runs/one", "pets", folder="/photos/pets", files=("cat/0.jpg", "dog/猫.jpg"), samples={"cat/0.jpg": "0123"}
)
NAMED = Ancestor("resnet56-cifar10", "cifar10", photographs=False)


def test_written_and_read_back(tmp_path):
    run = RunFolder(tmp_path)
    assert lineage_of(run) == ()
    write_lineage(run, (KNOWN, NAMED))
    assert lineage_of(run) == (KNOWN, NAMED)


@pytest.mark.parametrize(
    "content",
    [
        3,
        {},
        "",
        [3],
        [{"name": "x"}],
        [{"name": "x", "data": "y", "photographs": 1, "files": 3}],
        [{"name": "x", "data": "y", "photographs": 1, "samples": 3}],
    ],
)
def test_what_is_no_lineage_is_refused_by_name(tmp_path, content):
    (tmp_path / "lineage.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"lineage.json is no lineage of reslab's; delete it"):
        lineage_of(RunFolder(tmp_path))


def test_a_file_says_in_what_there_may_be_photographs():
    assert unknown_of((KNOWN, NAMED, Ancestor("old", "trees"))) == ("pets", "trees")


def test_a_model_file_is_of_the_run_folder_that_it_lies_in(tmp_path):
    (tmp_path / MODEL_FILE).touch()
    (tmp_path / "other.safetensors").touch()
    assert run_around(tmp_path / MODEL_FILE) is None, "no run folder"
    RunFolder(tmp_path).write_recipe({})
    for place in (tmp_path, tmp_path / MODEL_FILE):
        found = run_around(place)
        assert found and found.path == tmp_path
    assert run_around(tmp_path / "other.safetensors") is None and run_around(None) is None
