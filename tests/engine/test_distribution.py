"""Two processes against one: the same gradient, scores in the batch's order, the same bytes in both."""

from dataclasses import replace

import pytest
import torch

from reslab.data import measure
from reslab.engine import Distributed, Lost, Request, at_place, choose, make_engine, spread, this_machine
from reslab.errors import UsageError
from reslab.processes import Team
from reslab.training.presets import spec_of
from reslab.training.state import initial_state
from tests.engine import ranks
from tests.torchrun import in_two_processes

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> list[dict[str, torch.Tensor]]:
    """What each process found."""
    place = tmp_path_factory.mktemp("ranks")
    ended = in_two_processes("tests.engine.ranks", place)
    assert ended.returncode == 0, ended.stderr
    return [torch.load(place / f"{rank}.pt") for rank in (0, 1)]


@pytest.fixture(scope="module")
def preprocessing(digits):
    return measure(digits.splits["train"], "pixel")


def near(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    return torch.allclose(ours.float(), theirs.float(), rtol=1e-4, atol=1e-6)


def test_both_processes_have_the_same_bytes(found):
    first, second = found
    assert first.keys() - second.keys() == {"lost"} and any(name.startswith("state") for name in second)
    for name in second:
        assert torch.equal(first[name], second[name]), name


def test_without_batch_normalisation_a_step_is_that_of_one_process(found, digits, preprocessing):
    alone = ranks.output_of(ranks.without_normalisation(preprocessing), ranks.batch_of(digits), "plain")
    for name, value in alone.items():
        assert found[0][name].shape == value.shape and near(found[0][name], value), name


@pytest.mark.parametrize(
    ("name_of_step", "batch_of"),
    [
        ("normalised", ranks.batch_of),
        ("mixed", ranks.mixed_batch),
        ("taught", ranks.taught_batch),
        ("hinted", ranks.hinted_batch),
    ],
)
def test_with_it_a_step_is_the_mean_over_both_parts_by_images(found, digits, preprocessing, name_of_step, batch_of):
    teaching = ranks.teaching(preprocessing) if name_of_step in ("taught", "hinted") else None
    engine = make_engine(spec_of(ranks.recipe_of(digits)), preprocessing, ranks.ALONE, teaching=teaching)
    batch = batch_of(digits)
    parts = [ranks.output_of(engine, batch.only(rows), name_of_step) for rows in (slice(0, 3), slice(3, 7))]
    for name in ("gradient", "statistics", "loss"):
        first, second = (part[f"{name_of_step} {name}"] for part in parts)
        assert near(found[0][f"{name_of_step} {name}"], (3 * first + 4 * second) / 7), name
    for name in ("losses", "errors"):
        assert near(
            found[0][f"{name_of_step} {name}"], torch.cat([part[f"{name_of_step} {name}"] for part in parts])
        ), name


def test_frozen_parts_stay_as_they_are_in_every_process(found, digits, preprocessing):
    """Sums over processes would leave their statistics nearly as they were."""
    recipe = ranks.recipe_of(digits)
    engine = make_engine(spec_of(recipe), preprocessing, ranks.ALONE, frozen=ranks.FROZEN)
    start, state = initial_state(recipe, engine, spec_of(recipe), None), found[0]
    for name, layout in (("weights", engine.parameters), ("statistics", engine.statistics)):
        before, after = getattr(start, name), state[f"frozen state {name}"]
        averaged = state["frozen state average" + "_statistics" * (name == "statistics")]
        for each in (after, averaged):
            assert torch.equal(each[: layout.frozen], before[: layout.frozen]) and layout.frozen
            assert not torch.equal(each[layout.learned], before[layout.learned])


def test_gradients_of_frozen_parts_are_not_carried(digits, preprocessing, monkeypatch):
    carried = []
    monkeypatch.setattr("torch.distributed.all_reduce", lambda sums: carried.append(len(sums)))
    engine = make_engine(spec_of(ranks.recipe_of(digits)), preprocessing, ranks.ALONE, frozen="stage3")
    batch, weights, start = ranks.batch_of(digits), ranks.weights_of(engine), torch.ones(engine.statistics.total)
    alone = {name: value.clone() for name, value in vars(engine.step(weights, batch, start)).items()}
    found = Distributed(engine, Team(0, 1, 0, 1)).step(weights, batch, start)
    numbers = (engine.parameters.total - engine.parameters.frozen, engine.statistics.total, 1, ranks.COUNT, ranks.COUNT)
    assert carried == [sum(numbers) + 1] and engine.parameters.frozen > carried[0]
    assert all(torch.equal(value, alone[name]) for name, value in vars(found).items())
    assert not found.gradient[: engine.parameters.frozen].any() and found.gradient.any()


def test_errors_of_mixed_images_arrive_as_the_parts_that_they_are(found):
    errors = found[0]["mixed errors"]
    assert ((errors > 0) & (errors < 1)).any(), "the net is right about one of two labels of some of them"


@pytest.mark.parametrize(("prefix", "parts"), [("normalised", 2), ("parted", 4)])
def test_parts_on_one_process_are_the_same_mathematics(found, digits, preprocessing, prefix, parts):
    """Two processes against two parts, and two processes with two parts each against four."""
    engine = make_engine(spec_of(ranks.recipe_of(digits)), preprocessing, ranks.ALONE)
    for name, value in ranks.output_of(engine, replace(ranks.batch_of(digits), parts=parts), prefix).items():
        assert near(found[0][name], value), name


@pytest.mark.parametrize("count", [5, 1])
def test_scores_are_in_the_order_of_the_images(found, digits, preprocessing, count):
    engine = ranks.without_normalisation(preprocessing)
    scores = engine.logits(ranks.weights_of(engine), torch.empty(0), digits.splits["test"].pixels[:count])
    assert near(found[0][f"logits {count}"], scores)


def test_the_first_process_is_heard_and_what_one_is_asked_all_know(found):
    for each in found:
        assert each["told"].tolist() == [1, 1, 1] and each["said"].tolist() == pytest.approx([0.1])
        assert each["asked"]


def test_a_process_that_ends_is_noticed(found):
    assert found[0]["lost"]


def test_where_in_gloo_that_was_seen_is_not_said(monkeypatch):
    def broken(values, source):
        raise RuntimeError("[/gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:5044. See there.")

    monkeypatch.setattr("torch.distributed.broadcast", broken)
    with pytest.raises(Lost, match=r"has ended \(Connection closed by peer \[127.0.0.1\]:5044\)$"):
        spread(torch.zeros(1))


def test_a_device_that_several_processes_cannot_share_is_refused(monkeypatch):
    machine = this_machine()
    monkeypatch.setattr("reslab.engine.execution._device", lambda asked, machine: asked)
    assert choose(Request(device="cpu", processes=2), machine)[0].backend == "gloo"
    for device in ("mps", "cuda:1"):
        with pytest.raises(UsageError, match=f"--device {device} under torchrun"):
            choose(Request(device=device, precision="fp32", processes=2), machine)


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    on_gpus = replace(ranks.TOGETHER, device="cuda", processes=4, backend="nccl")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    last_of_a_machine, one_too_many = Team(3, 4, 1, 2), Team(3, 4, 3, 4)
    assert at_place(on_gpus, last_of_a_machine) == replace(ranks.ALONE, device="cuda:1")
    with pytest.raises(UsageError, match="--nproc-per-node 2 at most, or --device cpu"):
        at_place(on_gpus, one_too_many)
    assert at_place(ranks.TOGETHER, one_too_many) == ranks.ALONE
