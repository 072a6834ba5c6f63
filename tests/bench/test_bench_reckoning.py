"""What a measurement is made of, without processes: counts, settings, the search, rounds, medians."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from reslab.bench import PLAIN, Settings, bench_name, bench_train, peak
from reslab.bench.clock import Clock
from reslab.bench.contenders import Contender
from reslab.bench.loops import PyTorchLoop, bytes_per_image
from reslab.bench.peak import matmul_gflops, measured_peak
from reslab.bench.process import WorkerFailed, WorkerLate, environment
from reslab.bench.rounds import LEAST_ROUNDS, MOST_ROUNDS, Rates, alternate, rotated, round_seconds, steps_for
from reslab.bench.settings import OPTIONS, flipped
from reslab.bench.task import Task
from reslab.bench.train import compared, execution_for
from reslab.bench.trials import Trial, best_torch, search
from reslab.engine import Request, this_machine
from reslab.errors import UsageError


def test_operations_of_a_training_step():
    # By hand: three products a multiply-add, but for the first convolution's data gradient; 16 filters of 3x3x3 there.
    assert Task("resnet20", 8).flops_per_image() == 2 * (3 * 40_551_040 - 16 * 27 * 32 * 32)
    assert Task("resnet18", 8).flops_per_image() > 2 * 2 * 1_790_000_000


def test_what_cannot_be_measured_is_refused():
    for model, batch, message in (
        ("resnet21", 8, "6n"),
        ("resnet20", 0, "at least 1 image"),
        ("resnet20", 45_001, "larger"),
    ):
        with pytest.raises(UsageError, match=message):
            Task(model, batch)
    with pytest.raises(UsageError, match="at most 8"):
        bench_train(minutes=8.5)
    with pytest.raises(UsageError, match="unknown engine"):
        bench_train(engine="steam")


@pytest.mark.parametrize(
    ("features", "asked", "multiplied"),
    [
        (("avx512f",), "bf16", "fp32"),
        (("avx512f", "avx512_bf16"), "bf16", "bf16"),
        (("avx512f", "amx_bf16"), "bf16", "bf16"),
        (("asimd", "bf16"), "bf16", "bf16"),
        (("avx512f", "avx512_bf16"), "fp32", "fp32"),
    ],
)
def test_the_peak_is_that_of_the_precision_in_which_is_multiplied(monkeypatch, features, asked, multiplied):
    seen = []
    monkeypatch.setattr(peak, "this_machine", lambda: replace(this_machine(), features=features))
    monkeypatch.setattr(peak, "PROBES", [lambda precision, threads: seen.append((precision, threads)) or 7.0])
    assert measured_peak(asked, 2) == 7.0
    assert seen == [(multiplied, 2)]


def test_larger_images_are_fewer():
    small, large = Task("resnet8", 4).images(), Task("resnet18", 4).images()
    assert small.pixels.shape == (45_000, 32, 32, 3) and large.pixels.shape == (918, 224, 224, 3)
    assert small.labels.max() == 9 and large.labels.max() > 900


def test_settings_say_what_they_are():
    assert str(PLAIN) == "eager fp32 NCHW"
    assert str(Settings("bf16", True, True, True, True)) == "compiled bf16 channels_last, huge pages, fused SGD"


@pytest.mark.parametrize("option", OPTIONS)
def test_flipping_changes_one_setting_and_back(option):
    once = flipped(PLAIN, option)
    assert [name for name, value in once.to_dict().items() if value != PLAIN.to_dict()[name]] == [option]
    assert flipped(once, option) == PLAIN


def test_the_search_keeps_what_is_faster_and_goes_on_from_there():
    speeds = {"fused": 0.9, "huge_pages": 1.3, "channels_last": 1.2, "precision": 2.0, "compiled": 1.5}

    def speed(settings):
        changed = [name for name, value in settings.to_dict().items() if value != PLAIN.to_dict()[name]]
        return torch.tensor([speeds[name] for name in changed]).prod().item()

    best = PLAIN

    def attempt(settings):
        nonlocal best
        ratio = None if settings.compiled else speed(settings) / speed(best)
        best = settings if ratio and ratio > 1 else best
        return Trial(settings, ratio, "")

    found, trials = search(PLAIN, attempt)
    assert found == Settings("bf16", channels_last=True, huge_pages=True)
    assert [round(t.ratio, 3) if t.ratio else None for t in trials] == [0.9, 1.3, 1.2, 2.0, None]
    assert trials[-1].to_dict()["settings"]["compiled"] and trials[-1].to_dict()["ratio_to_best_before"] is None


class PretendedWorker:
    """Does a step in so many seconds by its own account; asked a second time, it may fail."""

    def __init__(self, pid, seconds, failing=False):
        self.pid, self.seconds, self.failing, self.closed = pid, seconds, failing, False

    def burst(self, steps, left):
        if self.failing:
            raise WorkerFailed("PyTorch (bf16) ended: the loss is no longer a number", self.pid)
        return {"seconds": steps * self.seconds, "idle_share": 0.0}

    def close(self):
        self.closed = True


class PretendedArena:
    """Half the time a step with fused SGD; NCHW does not start; bf16 fails as it runs."""

    def __init__(self):
        self.started = []

    def pytorch(self, settings, seconds):
        if not settings.channels_last:
            raise WorkerFailed("PyTorch (NCHW) ended: no memory", 0)
        worker = PretendedWorker(len(self.started) + 1, 0.1 if settings.fused else 0.2, settings.precision == "bf16")
        self.started.append(worker)
        return Contender(worker, worker.seconds, 1.0, {}, settings)


def test_what_cannot_be_tried_is_left_out_and_says_why(monkeypatch):
    monkeypatch.setattr("reslab.bench.contenders.PAUSE", 0)
    arena, said = PretendedArena(), []
    first = arena.pytorch(Settings(channels_last=True), 1)
    machine = SimpleNamespace(compiler=None)
    best, trials = best_torch(first, arena, machine, Clock(100), Clock(100), said.append)
    assert best.settings == Settings(channels_last=True, fused=True)
    assert [trial.ratio for trial in trials] == [pytest.approx(2), pytest.approx(1), None, None, None]
    for trial, words in zip(trials[2:], ("no memory", "no longer a number", "C++ compiler"), strict=True):
        assert words in trial.note and any(words in line for line in said)
    assert [worker.closed for worker in arena.started] == [True, False, True, True]


def test_without_time_nothing_is_tried():
    arena = PretendedArena()
    first = arena.pytorch(Settings(channels_last=True), 1)
    machine = SimpleNamespace(compiler="g++")
    best, trials = best_torch(first, arena, machine, Clock(100), Clock(0), lambda _: None)
    assert best is first and len(arena.started) == 1
    assert [trial.note for trial in trials] == ["left out: no time for it"] * len(OPTIONS)


def test_where_the_best_itself_fails_nothing_is_measured(monkeypatch):
    monkeypatch.setattr("reslab.bench.contenders.PAUSE", 0)
    arena = PretendedArena()
    first = Contender(PretendedWorker(7, 0.1, failing=True), 0.1, 1.0, {}, Settings(channels_last=True))
    with pytest.raises(WorkerFailed, match="no longer a number"):
        best_torch(first, arena, SimpleNamespace(compiler=None), Clock(100), Clock(100), lambda _: None)


def test_bursts_are_long_enough_and_shorter_where_time_is_short():
    fast, slow = {"a": 0.05, "b": 0.01}, {"a": 20.0, "b": 4.0}
    assert steps_for(fast, 5, 300) == {"a": 50, "b": 250}
    assert steps_for({"a": 2.0}, 5, 300) == {"a": 3}
    short = steps_for(fast, 5, 15)
    assert 1 <= short["a"] < 50 and 5 * round_seconds(fast, short) <= 15
    assert steps_for(slow, 5, 200) == {"a": 1, "b": 3}
    assert steps_for(slow, 5, 1) == {"a": 1, "b": 1}


def test_everyone_is_first_as_often_as_the_others():
    orders = [rotated(["a", "b", "c"], turn) for turn in range(6)]
    assert [order[0] for order in orders] == ["a", "b", "c", "a", "b", "c"]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)


class Pretended:
    """A contender that takes no time and says what it is told to; `at` is called before each burst."""

    def __init__(self, name, diary, seconds, at=lambda burst: None):
        self.name, self.diary, self.step_seconds, self.at, self.bursts = name, diary, seconds, at, 0

    def burst(self, steps, clock):
        self.at(self.bursts)
        self.bursts += 1
        self.diary.append(self.name)
        return self.step_seconds * (1 + 0.1 * self.bursts), 0.01 * self.bursts


def test_rounds_alternate_and_end():
    diary = []
    contenders = {name: Pretended(name, diary, seconds) for name, seconds in (("a", 0.1), ("b", 0.2))}
    rates = alternate(contenders, 10, Clock(1000), lambda _: None)
    assert diary[:4] == ["a", "b", "b", "a"] and len(diary) == 2 * MOST_ROUNDS
    assert rates.of["a"][0] == pytest.approx(10 / 0.11) and rates.of["b"][1] == pytest.approx(10 / 0.24)
    assert rates.idle_share == pytest.approx(0.15)
    assert rates.steps["a"] > rates.steps["b"] >= MOST_ROUNDS


def test_slow_nets_get_fewer_rounds_and_too_slow_ones_are_refused():
    clock = Clock(100)

    def slow(seconds):
        return {"a": Pretended("a", [], seconds, lambda burst: setattr(clock, "total", clock.total - 30))}

    assert len(alternate(slow(10.0), 1, clock, lambda _: None).of["a"]) < LEAST_ROUNDS
    with pytest.raises(UsageError, match="smaller --batch"):
        alternate(slow(10.0), 1, Clock(5), lambda _: None)


def test_who_is_late_ends_the_rounds_but_not_in_the_first():
    def late(burst):
        if burst == 2:
            raise WorkerLate("b had not answered", 1)

    diary = []
    contenders = {"a": Pretended("a", diary, 0.1), "b": Pretended("b", diary, 0.1, late)}
    rates = alternate(contenders, 1, Clock(1000), lambda _: None)
    assert [len(rate) for rate in rates.of.values()] == [2, 2]

    def at_once(_burst):
        raise WorkerLate("c had not answered", 1)

    with pytest.raises(WorkerFailed, match="c had not"):
        alternate({"c": Pretended("c", [], 0.1, at_once)}, 1, Clock(1000), lambda _: None)


def test_medians_of_each_rounds_ratio():
    plain, best = (
        SimpleNamespace(settings=PLAIN, facts={"threads": 1}),
        SimpleNamespace(settings=Settings("bf16"), facts={"threads": 2}),
    )
    rates = Rates({"engine": [100, 80, 120], "plain": [50, 20, 60], "best_torch": [100, 100, 100]}, {})
    told = compared(rates, plain, best)
    assert (told["images_per_second"], told["plain_images_per_second"]) == (100, 50)
    assert told["plain_ratio"] == 2.0 and told["best_torch_ratio"] == 1.0
    assert (told["ratio_min"], told["ratio_max"]) == (0.8, 1.2)
    assert told["best_torch"] == "eager bf16 NCHW" and told["best_torch_settings"] == {"threads": 2}


def test_where_plain_pytorch_wins_it_is_pytorch_at_its_best():
    plain, best = (SimpleNamespace(settings=s, facts=s.to_dict()) for s in (PLAIN, Settings("bf16")))
    rates = Rates({"engine": [100, 100], "plain": [50, 50], "best_torch": [40, 20]}, {})
    told = compared(rates, plain, best)
    assert told["best_torch_settings"]["precision"] == "fp32" and told["best_torch_images_per_second"] == 50
    assert told["best_torch_ratio"] == told["plain_ratio"] == 2.0


def test_a_contender_has_pytorchs_own_defaults(monkeypatch):
    for name in ("OMP_NUM_THREADS", "KMP_BLOCKTIME", "THP_MEM_ALLOC_ENABLE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("RESLAB_CACHE", "here")
    assert not {"OMP_NUM_THREADS", "KMP_BLOCKTIME", "THP_MEM_ALLOC_ENABLE"} & set(environment(False))
    assert environment(False)["RESLAB_CACHE"] == "here"
    assert environment(True)["THP_MEM_ALLOC_ENABLE"] == "1" and "OMP_NUM_THREADS" not in environment(True)


def test_nor_has_ours_fewer_threads_than_cores(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    machine = replace(this_machine(), cores=2)
    for threads, taken in ((0, 2), (1, 1)):
        request = Request("torch", "cpu", threads=threads)
        assert execution_for(Task("resnet8", 4), request, machine, print)[0].threads == taken


def test_a_result_is_named_after_what_was_measured_and_where():
    result = {"model": "resnet20", "batch": 128, "engine": "torch", "threads": 2}
    here = {"processor": "x", "features": ["avx2"], "cores": 2, "memory_gb": 1.0}
    name = bench_name(result, here)
    assert name.startswith("bench-resnet20-b128-torch-t2-")
    assert name == bench_name(result, {**here, "memory_gb": 2.0}) != bench_name(result, {**here, "features": []})


@pytest.mark.parametrize("settings", [PLAIN, Settings("bf16", channels_last=True, fused=True)])
def test_the_loop_in_pytorch_trains_under_its_settings(settings):
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    try:
        loop = PyTorchLoop(Task("resnet8", 16), settings, 1)
        weights = loop._net.stage1[0].residual[0].weight
        before = weights.detach().clone()
        images, labels = loop._batch()
        assert images.shape == (16, 3, 32, 32) and labels.shape == (16,) and abs(images.mean()) < 0.3
        assert images.is_contiguous(memory_format=torch.channels_last) is settings.channels_last
        loop.step()
        assert loop.finite() and not torch.equal(before, weights)
        assert loop._optimizer.param_groups[0]["fused"] is (settings.fused or None)
        assert loop._optimizer.param_groups[0]["nesterov"]
        kinds = []
        loop._net.stage1.register_forward_hook(lambda _, __, out: kinds.append(out.dtype))
        loop.step()
        assert kinds == [torch.bfloat16 if settings.precision == "bf16" else torch.float32]
        assert loop.facts() == {**settings.to_dict(), "threads": 1}
    finally:
        torch.set_num_threads(threads)
        torch.random.set_rng_state(state)


def test_bytes_are_told_by_engines_that_count_them():
    assert bytes_per_image(SimpleNamespace()) is None
    assert bytes_per_image(SimpleNamespace(bytes_per_image=3e6)) == 3e6
    assert bytes_per_image(SimpleNamespace(bytes_per_image=lambda: 2e6)) == 2e6


def test_a_peak_is_above_what_one_product_reaches(monkeypatch):
    monkeypatch.setattr("reslab.bench.peak.SIZES", (64, 256))
    monkeypatch.setattr("reslab.bench.peak.SECONDS", 0.05)
    threads = torch.get_num_threads()
    try:
        assert 0.1 < matmul_gflops("fp32", 1) < 1e5
    finally:
        torch.set_num_threads(threads)
