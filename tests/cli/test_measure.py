"""What experiments measure that train nothing, kept in `results/` with the machine, and shown from there."""

from dataclasses import replace

import pytest
import torch

from reslab.cli.measure import main
from reslab.errors import UsageError
from reslab.experiments.experiment import Runs
from reslab.experiments.figure5 import FIGURE5, TIME
from reslab.experiments.recorded import recorded
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting, Shelf
from reslab.experiments.story import entry
from reslab.store import read_measurements, read_results
from reslab.training import Surroundings
from tests.reporting.invented_runs import ENVIRONMENT_VALUES

SMALL = Setting.nominal("small")
SECONDS = {"basic": [0.66, 0.67, 0.65], "bottleneck": [1.0, 1.0, 1.0]}


@pytest.fixture
def kept(tmp_path, monkeypatch, capsys):
    """A folder of results with invented times in it."""
    monkeypatch.setattr("reslab.experiments.figure5.step_seconds", lambda *_: SECONDS)
    monkeypatch.setattr("reslab.experiments.measuring.timed_on", lambda: ENVIRONMENT_VALUES)
    main(["figure5"], tmp_path)
    assert capsys.readouterr().out.strip() == str(tmp_path / "measured-figure5.json")
    return tmp_path


def test_it_is_no_run_and_is_shown_with_its_machine(kept):
    assert read_results(kept) == []
    measurements = read_measurements(kept)
    assert measurements == {"figure5": {"seconds": SECONDS, "environment": ENVIRONMENT_VALUES}}
    runs = recorded(FIGURE5, [], {}, measurements)
    assert runs.measured == measurements["figure5"]
    shown = entry(FIGURE5, [], {}, measurements)
    assert [line.ours for line in shown.lines if line.label == TIME] == ["0.66 ± 0.01"]
    assert shown.holds is True and "not alike on the machine that was measured" in shown.beside
    assert shown.machines == (
        "Some Processor 9000 (AVX-512), 2 threads, engine torch, fp32",
    ) and "Times are" in " ".join(shown.notes)


def test_without_it_nothing_is_said_of_times():
    assert recorded(FIGURE5, []).measured == {}
    shown = entry(FIGURE5, [])
    assert "Times are" not in " ".join(shown.notes) and shown.machines == () and shown.holds is True
    assert len(FIGURE5.rows(Runs(Setting.nominal("small")))) == 2


@pytest.mark.parametrize("name", ["figure7", "table1"])
def test_what_measures_nothing_alone_is_refused(name, tmp_path):
    those = "construction, gradients, figure5, bottleneck, shattered, lesion, landscape"
    with pytest.raises(UsageError, match=f"{name} measures nothing without runs; those that do: {those}"):
        main([name], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_trains_nothing_has_its_machine_whatever_it_measures():
    """What an experiment says itself goes before; runs have machines of their own."""
    from reslab.engine import within_cores
    from reslab.experiments.measuring import measured_by
    from reslab.experiments.timing import timed_on

    def measured(environment: dict, **changes) -> dict:
        measure = lambda *_: {"value": 1, **environment}  # noqa: E731
        return measured_by(
            replace(EXPERIMENTS["lesion"], measure=measure, **changes), Runs(SMALL), Shelf(Surroundings())
        )

    with within_cores():
        assert measured({}) == {"value": 1, "environment": timed_on()}
    assert measured({"environment": ENVIRONMENT_VALUES}) == {"value": 1, "environment": ENVIRONMENT_VALUES}
    assert measured({}, rounds=(lambda _: [],)) == {"value": 1}
    assert measured_by(EXPERIMENTS["figure1"], Runs(SMALL), Shelf(Surroundings())) == {}


def test_measurements_have_no_more_threads_than_a_quota_pays_for(monkeypatch):
    from reslab.cli.reproduce import measured
    from reslab.experiments.measuring import measured_by

    monkeypatch.setattr("reslab.engine.settings.usable_cores", lambda: 1)
    experiment = replace(EXPERIMENTS["lesion"], measure=lambda *_: {"threads": torch.get_num_threads()})
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = measured_by(experiment, Runs(SMALL), Shelf(Surroundings()))
        assert (found["threads"], found["environment"]["execution"]["threads"]) == (1, 1)
        assert measured(experiment, Runs(SMALL), Shelf(Surroundings())).measured == {"threads": 1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_times_are_of_this_machine():
    from reslab.engine import this_machine
    from reslab.experiments.timing import timed_on

    found = timed_on()
    assert found["machine"]["processor"] == this_machine().processor and found["execution"]["threads"] >= 1
