"""What is kept in `results/` of a finished run, and of a finished sweep."""

import json

import pytest

from reslab.cli.record import main
from reslab.errors import RunError
from reslab.experiments.sweep import VALUES, Sweep, sweep_files
from reslab.store import read_results, read_sweeps
from tests.experiments.test_sweep import changes, ended, sweep
from tests.reporting.invented_runs import metric_lines, recipe_values, result_values, write_run


def swept(asked: Sweep, folder, failed=()):
    """A sweep's folder as `reslab sweep` leaves it, its runs beside it."""
    folder.mkdir()
    outcomes = ended(asked, folder.parent, failed)
    for outcome in outcomes:
        if outcome.result:
            outcome.result["run"] = str(outcome.job.folder)
    for name, content in sweep_files(asked, outcomes).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def kept(tmp_path):
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def test_a_sweep_is_one_json_without_a_path_and_no_run(tmp_path, kept, capsys):
    asked = sweep()
    folder = swept(asked, tmp_path / "sweep-of-mine")
    main([str(folder)], kept)
    path = kept / f"sweep-cifar10-resnet20-paper-{asked.digest()}.json"
    assert capsys.readouterr().out.strip() == str(path)
    assert str(tmp_path) not in path.read_text()
    (found,) = read_sweeps(kept)
    values = json.loads((folder / VALUES).read_text())
    assert found["name"] == path.stem and found["result"]["machines"] == values["machines"] != []
    runs = [run["run"] for point in found["result"]["points"] for run in point["runs"]]
    assert sorted(runs) == sorted(job.folder.name for job in asked.jobs(tmp_path, "cifar10"))
    for point, other in zip(found["result"]["points"], values["points"], strict=True):
        assert {**point, "runs": 0} == {**other, "runs": 0}
    assert read_results(kept) == []


def test_runs_with_relative_places_are_names_too(tmp_path, kept, monkeypatch):
    folder = swept(sweep(), tmp_path / "s")
    values = json.loads((folder / VALUES).read_text())
    for point in values["points"]:
        for run in point["runs"]:
            run["run"] = f"runs/here/{run['run'].rpartition('/')[2]}"
    (folder / VALUES).write_text(json.dumps(values))
    main([str(folder)], kept)
    assert "runs/here" not in next(kept.iterdir()).read_text()


def test_a_sweep_over_nets_is_called_after_them(tmp_path, kept):
    nets = sweep([], "plain20,resnet20", seeds=1)
    main([str(swept(nets, tmp_path / "s"))], kept)
    (found,) = read_sweeps(kept)
    assert found["name"].startswith("sweep-cifar10-plain20-resnet20-")


def test_a_sweep_that_lacks_runs_is_refused_by_name(tmp_path, kept):
    folder = swept(changes("smoothing=0.1", "average=0.9"), tmp_path / "s", failed=(1,))
    with pytest.raises(RunError, match=r"sweep .*s is not finished: 1 of its 6 runs are missing \(smoothing=0.1\); go"):
        main([str(folder)], kept)
    assert list(kept.iterdir()) == []


def test_a_point_without_an_error_is_refused_by_name(tmp_path, kept):
    folder = swept(changes("smoothing=0.1", "average=0.9"), tmp_path / "s")
    values = json.loads((folder / VALUES).read_text())
    values["points"][0]["val_error_mean"] = None
    (folder / VALUES).write_text(json.dumps(values))
    with pytest.raises(
        RunError, match=r"s has points whose error is not known: (smoothing=0.1|average=0.9|no change); sweep without"
    ):
        main([str(folder)], kept)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("text", ["torn {", "[1]", '{"sweep": "of somebody else"}'])
def test_what_is_no_sweeps_file_is_refused(text, tmp_path, kept):
    (tmp_path / VALUES).write_text(text)
    with pytest.raises(RunError, match=rf"{VALUES}(: | is no finding of today's reslab sweep; the same command)"):
        main([str(tmp_path)], kept)


def test_a_run_is_kept_as_before_and_any_other_folder_is_refused(tmp_path, kept):
    recipe = recipe_values()
    run = tmp_path / "digits-resnet20-small-0-s0"
    write_run(run, recipe, metric_lines(), result_values(recipe))
    (run / VALUES).write_text("{}")  # as of `reslab sweep --out RUN`
    main([str(run)], kept)
    assert [found["name"] for found in read_results(kept)] == [run.name] and read_sweeps(kept) == []
    write_run(tmp_path / "short", recipe, metric_lines(), None)
    with pytest.raises(RunError, match="short is not finished; go on with: reslab train --run"):
        main([str(tmp_path / "short")], kept)
    with pytest.raises(RunError, match="is no run folder"):
        main([str(kept)], kept)


def test_another_run_of_the_same_name_is_not_written_over(tmp_path, kept):
    """As both engines have them of one recipe and seed."""
    folders = [tmp_path / engine / "net-fast-0-s0" for engine in ("native", "torch")]
    for folder in folders:
        folder.parent.mkdir()
        environment = {"machine": {}, "execution": {"engine": folder.parent.name}}
        recipe = recipe_values()
        write_run(folder, recipe, metric_lines(), result_values(recipe), environment=environment)
    main([str(folders[0])], kept)
    main([str(folders[0])], kept)
    with pytest.raises(RunError, match=r"net-fast-0-s0.json keeps another run of that name; give the folder of this"):
        main([str(folders[1])], kept)
    (found,) = read_results(kept)
    assert found["environment"]["execution"]["engine"] == "native"
