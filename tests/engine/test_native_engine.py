"""The native engine behind the engine's interface: chosen by rule, refused by name, exact when it goes on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.data import load_dataset
from reslab.engine import VARIANTS, Execution, Request, Work, choose, execution, slow_bf16, this_machine
from reslab.errors import UsageError
from reslab.evaluation import evaluate
from reslab.native import NATIVE, Unavailable, library, tier
from reslab.nets import spec
from reslab.store import load
from reslab.training import Interrupted, Recipe, Surroundings, facts_of, make_recipe, train_on, with_fields
from tests.training.test_levers import LEVERS

NATIVELY = Request(engine="native", threads=2)
RESNET20 = spec("resnet20", None, 10, 32)
LONG = Work(RESNET20, 1_000_000)
ABLE = replace(this_machine(), gpu=None, mps=False, features=("avx512f", "avx512_bf16"), cores=2)


@pytest.fixture(autouse=True)
def a_compiler():
    try:
        library(NATIVE)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Two classes of 32-pixel pictures, warm and cold."""
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for split, count in (("train", 40), ("val", 10)):
        for name, colour in (("cold", (60, 90, 160)), ("warm", (160, 90, 60))):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.clip(random.normal(colour, 60, (32, 32, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def dataset(photographs):
    return load_dataset(photographs, size=32)


@pytest.fixture(params=sorted(VARIANTS))
def around(request) -> Surroundings:
    """The native engine in each of its precisions; where there are no instructions for one, in plain vectors."""
    return Surroundings(replace(NATIVELY, precision=request.param))


@pytest.fixture
def recipe(dataset) -> Recipe:
    return make_recipe(facts_of(dataset), "resnet8", batch=16).stretched(30)


def test_auto_takes_the_kernels_for_a_cifar_net(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    chosen, line = choose(Request(), ABLE, LONG)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("native", "bf16", 2)
    assert "fused kernels" in line


@pytest.mark.parametrize(
    ("request_", "features", "precision"),
    [
        (Request(), ("avx2", "fma"), "fp32"),
        (Request(), ("avx2", "fma", "avx512f"), "bf16"),
        (Request(), ("avx2", "avx512f", "avx512_bf16"), "bf16"),
        (Request(precision="fp32"), ("avx2", "fma", "avx512f"), "fp32"),
        (Request(engine="native"), (), "fp32"),
        (Request(engine="native", precision="bf16"), ("avx2",), "bf16"),
    ],
)
def test_the_kernels_keep_activations_as_suits_the_processor(request_, features, precision):
    chosen, line = choose(request_, replace(ABLE, features=features), LONG)
    assert (chosen.engine, chosen.precision) == ("native", precision)
    tiled = precision == "bf16" and "AMX" in tier(library(VARIANTS["bf16"]))
    assert ("Winograd" in line) != tiled


@pytest.mark.parametrize(
    ("request_", "machine", "work", "why"),
    [
        (Request(), replace(ABLE, features=("neon",)), LONG, "the processor has no AVX2"),
        (Request(), replace(ABLE, features=("avx2",)), LONG, "the processor has no FMA"),
        (Request(), replace(ABLE, features=()), LONG, "not known here"),
        (Request(precision="bf16"), replace(ABLE, features=("avx2",)), LONG, "the processor has no AVX-512"),
        (Request(), ABLE, replace(LONG, own=True), "a residual function of one's own"),
        (Request(), ABLE, Work(spec("resnet18", None, 10, 64), 10**6), "a stem for ImageNet"),
        (Request(), ABLE, Work(spec("resnet20", None, 10, 24), 10**6), "images of 24 px"),
        (Request(), ABLE, replace(LONG, size=24), "crops of 24 px"),
        (Request(), ABLE, replace(LONG, parts=4), "batches in 4 parts"),
        (Request(), ABLE, Work(spec("resnet20", None, 10, 64), 10**6, size=32), "images of 64 px"),
        (Request(), ABLE, Work(replace(RESNET20, widths=(16, 32, 48)), 10**6), "widths 16, 32, 48"),
        (Request(compile="on"), replace(ABLE, compiler="g++"), LONG, "--compile"),
    ],
)
def test_auto_goes_on_with_pytorch_and_says_why(request_, machine, work, why):
    chosen, line = choose(request_, machine, work)
    assert chosen.engine == "torch" and why in line


@pytest.mark.parametrize(
    ("request_", "work", "why"),
    [
        (NATIVELY, replace(LONG, own=True), "a residual function of one's own"),
        (NATIVELY, replace(LONG, parts=4), "batches in 4 parts"),
        (NATIVELY, Work(spec("resnet50", None, 10, 32), 10**6), "bottleneck blocks"),
        (NATIVELY, Work(spec("resnet20", None, 10, 64), 10**6), "images of 64 px"),
        (replace(NATIVELY, compile="on"), LONG, "--compile"),
    ],
)
def test_asked_for_by_name_it_is_refused_by_name(request_, work, why):
    with pytest.raises(UsageError, match=r"--engine native: .*leave the option out") as refusal:
        choose(request_, replace(ABLE, compiler="g++"), work)
    assert why in str(refusal.value)


def test_without_a_compiler_auto_goes_on_and_native_is_refused(monkeypatch):
    def none(*_):
        raise Unavailable("no C++ compiler (g++, clang++ or c++) was found")

    monkeypatch.setattr(execution, "library", none)
    chosen, line = choose(Request(), ABLE, LONG)
    assert chosen.engine == "torch" and "no C++ compiler" in line
    with pytest.raises(UsageError, match=r"no C\+\+ compiler"):
        choose(NATIVELY, ABLE, LONG)


def test_a_few_images_are_not_worth_compiling():
    assert "too few images" in choose(Request(), ABLE, Work(RESNET20, 100))[1]
    assert choose(NATIVELY, ABLE, Work(RESNET20, 100))[0].engine == "native"


# All that a net of this size can have on both engines; and what stays as it is drawn.
BY_PYTORCH_ALONE = (
    "small crops",
    "parts",
    "parts of the hardest",
    "mixup and cutmix",
    "mixup of the hardest",
    "whitened images",
)
LEVERS_HERE = {name: fields for name, fields in LEVERS.items() if name not in BY_PYTORCH_ALONE} | {
    "rates": ["optimizer.rates=stem.*=0"]
}


def weights(run) -> torch.Tensor:
    return torch.cat([value.double().flatten() for value in load(run).net.state_dict().values()])


@pytest.mark.slow
@pytest.mark.parametrize("lever", LEVERS_HERE)
def test_a_lever_does_by_the_kernels_what_it_does_by_pytorch(dataset, recipe, tmp_path, lever):
    """Two steps with it differ from two without it by much more than the two engines differ, both in fp32."""
    few = recipe.stretched(2)  # soon, rounding alone makes two trainings differ
    for run, fields, engine in (
        ("without", [], "native"),
        ("ours", LEVERS_HERE[lever], "native"),
        ("torch", LEVERS_HERE[lever], "torch"),
    ):
        around = Surroundings(Request(engine=engine, precision="fp32", threads=2))
        assert train_on(dataset, with_fields(few, fields), tmp_path / run, around)["engine"] == engine
    ours = weights(tmp_path / "ours")
    worth = (ours - weights(tmp_path / "without")).norm()
    assert (ours - weights(tmp_path / "torch")).norm() < 0.01 * worth


def untimed(folder) -> list[dict]:
    return [{k: v for k, v in m.items() if k not in ("seconds", "images_per_second")} for m in folder.metrics()]


def test_unasked_it_takes_the_precision_of_the_processor():
    expected = "bf16" if "avx512f" in this_machine().features else "fp32"
    assert choose(NATIVELY, this_machine(), LONG)[0].precision == expected


@pytest.mark.parametrize(
    ("engine", "features", "slow"),
    [
        ("native", ("avx2", "fma"), True),
        ("native", ("avx2", "fma", "avx512f"), False),
        ("torch", ("avx2", "fma", "avx512f"), True),
        ("torch", ("avx512f", "avx512_bf16"), False),
    ],
)
def test_bf16_is_slow_where_the_engine_has_no_use_for_it(engine, features, slow):
    kept = Execution(engine, "cpu", "bf16", False, False, 2)
    assert slow_bf16(kept, replace(ABLE, features=features)) is slow
    assert not slow_bf16(replace(kept, precision="fp32"), replace(ABLE, features=features))
    assert not slow_bf16(replace(kept, device="cuda"), replace(ABLE, features=features))


def test_it_learns_and_is_tested_by_the_same_engine(dataset, recipe, around, tmp_path):
    result = train_on(dataset, recipe, tmp_path / "run", around)
    assert result["engine"] == "native" and result["precision"] == around.request.precision
    assert result["val_error"] <= 10, "warm and cold can be told apart"
    assert evaluate(tmp_path / "run").top1_error == result["val_error"]
    on_torch = evaluate(tmp_path / "run", request=Request(engine="torch", precision="fp32"))
    assert abs(on_torch.top1_error - result["val_error"]) <= 5


def test_stopped_and_continued_is_as_if_never_stopped(dataset, recipe, around, tmp_path, monkeypatch):
    train_on(dataset, recipe, tmp_path / "whole", around)
    with monkeypatch.context() as patch:
        patch.setattr("reslab.training.loop.heard", lambda: _At(13))
        with pytest.raises(Interrupted):
            train_on(dataset, recipe, tmp_path / "stopped", around)
    train_on(dataset, recipe, tmp_path / "stopped", around)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert (whole / "model.safetensors").read_bytes() == (stopped / "model.safetensors").read_bytes()
    assert (whole / "predictions.safetensors").read_bytes() == (stopped / "predictions.safetensors").read_bytes()


def test_one_and_two_threads_give_the_same_bytes(dataset, recipe, around, tmp_path):
    for threads in (1, 2):
        request = replace(around.request, threads=threads)
        train_on(dataset, recipe, tmp_path / str(threads), replace(around, request=request))
    assert (tmp_path / "1/model.safetensors").read_bytes() == (tmp_path / "2/model.safetensors").read_bytes()


def test_a_run_of_the_kernels_goes_on_where_they_are_gone(dataset, recipe, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("reslab.training.loop.heard", lambda: _At(13))
        with pytest.raises(Interrupted):
            train_on(dataset, recipe, tmp_path / "run", Surroundings(NATIVELY))

    def none(*_):
        raise Unavailable("no C++ compiler (g++, clang++ or c++) was found")

    monkeypatch.setattr(execution, "library", none)
    said: list[str] = []
    result = train_on(dataset, recipe, tmp_path / "run", Surroundings(say=said.append))
    assert result["exact"] is False and any("no C++ compiler" in line for line in said)


def test_a_recorded_execution_is_read():
    recorded = Execution("native", "cpu", "bf16", False, False, 2)
    assert Execution.from_dict(recorded.to_dict()) == recorded
    assert Request(engine="torch").contradicts(recorded) == ["--engine torch (recorded: native)"]


class _At:
    """An interruption that is heard at the n-th look."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    @property
    def asked(self) -> bool:
        self._left -= 1
        return self._left <= 0

    def __enter__(self) -> "_At":
        return self

    def __exit__(self, *error: object) -> None:
        pass
