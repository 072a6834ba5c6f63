"""What documents reckon of runs that nobody made: by the pace of recorded ones, on the fastest machine."""

import pytest

from reslab.experiments.costs import BEGINNING, Paces
from reslab.experiments.recorded_pace import KINDS, RecordedPaces, kind_of
from reslab.experiments.scales import Setting
from reslab.experiments.shares import macs_in_all
from tests.experiments.invented_experiments import invented

SMALL = Setting.nominal("small")
RESNET, NIN, IMAGENET = (SMALL.recipe(name) for name in ("resnet20", "nin", "resnet18"))


def timed(recipe, seconds: float, machine: str = "a", **execution) -> dict:
    """A recorded run that took so long on two cores."""
    run = invented(recipe, seconds=seconds)
    values = run["environment"]
    told = {**values, "machine": {"processor": machine}, "execution": {**values["execution"], **execution}}
    return {**run, "environment": told}


def test_kinds_are_told_by_what_the_kernels_know():
    words = [KINDS[kind_of(recipe)] for recipe in (RESNET, NIN, IMAGENET)]
    assert words == list(KINDS.values())
    assert kind_of(SMALL.recipe("resnet110", survival=0.5)) == kind_of(NIN), "stochastic depth is PyTorch's"


def test_core_hours_are_those_of_the_fastest_machine():
    slow, fast = timed(RESNET, 7200.0, "slow"), timed(RESNET, 1800.0, "fast", threads=1)
    paces = RecordedPaces([slow, fast])
    assert paces.core_hours([RESNET, RESNET]) == pytest.approx(1.0), "half an hour of one core each"
    assert RecordedPaces([slow]).core_hours([RESNET]) == pytest.approx(4.0), "two hours of two cores"
    assert [pace.machine.partition(",")[0] for pace in paces.of.values()] == ["fast", "fast"]


def test_a_run_that_was_stopped_for_a_while_does_not_count_for_much():
    paces = RecordedPaces([timed(RESNET, seconds, threads=1) for seconds in (1800.0, 1800.0, 90_000.0)])
    assert paces.core_hours([RESNET]) == pytest.approx(0.5)


def test_what_the_kernels_do_not_know_goes_at_pytorchs_pace():
    native, torch = timed(RESNET, 1800.0, threads=1, engine="native"), timed(RESNET, 3600.0, threads=1)
    paces = RecordedPaces([native, torch])
    hours = macs_in_all(NIN) / macs_in_all(RESNET)
    assert paces.core_hours([NIN]) == pytest.approx(hours) and paces.core_hours([RESNET]) == pytest.approx(0.5)
    assert RecordedPaces([native]).core_hours([NIN]) is None, "nothing to reckon it by"
    assert paces.core_hours([RESNET, IMAGENET]) is None, "no sum of a part"
    assert RecordedPaces([timed(IMAGENET, 1800.0)]).core_hours([IMAGENET]) == pytest.approx(1.0)


def test_what_was_not_on_cores_or_hardly_began_is_no_pace():
    short = RESNET.stretched(10)
    others = [timed(RESNET, 10.0, device="cuda"), timed(short, 0.001), invented(RESNET)]
    assert RecordedPaces(others).of == {}


def test_what_nobody_tried_here_is_reckoned_by_them():
    native, torch = (timed(RESNET, 1800.0, engine, threads=1, engine=engine) for engine in ("native", "torch"))
    torch["result"]["seconds"] *= 2
    assert Paces.recorded([native, torch]) is None, "of ImageNet nets nothing is recorded"
    found = Paces.recorded([native, torch, timed(IMAGENET, 7200.0, "big", threads=1)])
    assert found is not None
    paces, machines = found
    assert all(f"{name}, 1 thread" in machines for name in ("native", "torch", "big"))
    of_nin = 3600.0 * macs_in_all(NIN) / macs_in_all(RESNET)
    for recipe, seconds in ((RESNET, 1800.0), (NIN, of_nin), (IMAGENET, 7200.0)):
        assert paces.seconds(recipe) == pytest.approx(BEGINNING + seconds, rel=0.1), "and judging images besides"
