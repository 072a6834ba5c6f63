"""A run that goes on elsewhere: what is the same machine, and what is not."""

import json
from dataclasses import replace

import pytest

from reslab.engine import Request, Work, this_machine
from reslab.nets import spec
from reslab.store import RunFolder
from reslab.training import Surroundings
from reslab.training.continuing import same_execution

WORK = Work(spec("resnet20"), 1000)
HERE = replace(this_machine(), features=("avx2", "fma", "avx512f", "avx512_bf16"), gpu=None, mps=False)


@pytest.fixture
def goes_on(tmp_path, monkeypatch):
    """Begins a run on PyTorch in bf16 here, and goes on with it on `machine`: is it exact, and what is said?"""
    monkeypatch.setattr("reslab.training.continuing.this_machine", lambda: HERE)
    folder = RunFolder(tmp_path)
    request = Request(engine="torch", precision="bf16", threads=1)
    same_execution(folder, Surroundings(request), None, WORK)

    def on(machine, forget=()):
        file = tmp_path / "environment.json"
        written = json.loads(file.read_text())
        written["machine"] = {k: v for k, v in written["machine"].items() if k not in forget}
        file.write_text(json.dumps(written))
        monkeypatch.setattr("reslab.training.continuing.this_machine", lambda: machine)
        said: list[str] = []
        execution, exact = same_execution(folder, Surroundings(say=said.append), None, WORK)
        assert execution.precision == "bf16" and json.loads(file.read_text())["exact"] is exact
        return exact, "\n".join(said)

    return on


def test_the_same_machine_goes_on_exactly(goes_on):
    assert goes_on(HERE)[0] is True


def test_threads_stay_whatever_openmp_is_told_since(tmp_path, monkeypatch):
    folder, machine = RunFolder(tmp_path), replace(HERE, cores=8)
    monkeypatch.setattr("reslab.training.continuing.this_machine", lambda: machine)
    for told in ("4", "1", "8"):
        monkeypatch.setenv("OMP_NUM_THREADS", told)
        execution, exact = same_execution(folder, Surroundings(Request(engine="torch")), None, WORK)
        assert (execution.threads, exact) == (4, True)


@pytest.mark.parametrize(
    "change", [{"fingerprint": "of another Zen"}, {"features": ("avx2", "fma")}, {"processor": "another"}]
)
def test_a_processor_of_the_same_name_may_be_another(goes_on, change):
    exact, said = goes_on(replace(HERE, **change))
    assert exact is False and "exact: false" in said


@pytest.mark.parametrize(("features", "exact"), [(HERE.features, True), (("avx2", "fma"), False)])
def test_an_older_record_without_a_fingerprint_is_told_by_its_features(goes_on, features, exact):
    assert goes_on(replace(HERE, features=features), forget=["fingerprint"])[0] is exact


@pytest.mark.parametrize(
    ("features", "slow"),
    [(("avx2", "fma"), True), (("avx2", "fma", "avx512f"), True), (("avx2", "amx_bf16"), False)],
)
def test_bf16_is_said_to_be_slow_where_there_are_no_units_for_it(goes_on, features, slow):
    exact, said = goes_on(replace(HERE, features=features))
    assert exact is False and ("no units for bf16" in said) is slow
