"""The fused kernels against PyTorch: every layer shape, stride, shortcut and odd batch, gradients included."""

import os
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reslab.data import Preprocessing
from reslab.engine import Batch, Execution, TorchEngine, this_machine
from reslab.engine.native_engine import geometry_of
from reslab.errors import RunError
from reslab.native import EXACT, FP32, NATIVE, PLAIN, Network, Variant, peak_gflops, tier
from reslab.native.network import TIERS
from reslab.nets import Spec, build, spec
from tests.native.conftest import TILES, UNITLESS, built

MEAN, STD = np.random.default_rng(5).uniform(90, 150, (32, 32, 3)).astype(np.float32), 64.0
# Sixteen lanes on any processor; compiled in a third of the time, since it is only run here.
SIXTEEN = replace(FP32, name="sixteen", flags=(*FP32.flags, "-DRESLAB_SIXTEEN", "-O1"))
VARIANTS = [NATIVE, PLAIN, TILES, FP32]
COUNT = 18  # images, in four shards: whole groups of four at 8 px, and broken ones
NETS = [("plain14", None), ("resnet14", "A"), ("resnet14", "B"), ("resnet14", "C"), ("resnet8", "A")]


@pytest.fixture(params=VARIANTS, ids=lambda variant: variant.name)
def kernels(request):
    return built(request.param)


def net_of(name: str, shortcut: str | None, classes: int = 10) -> Spec:
    return spec(name, shortcut, classes, 32)


@cache
def parameters_of(net: Spec, seed: int = 0) -> torch.Tensor:
    """Weights as after some training: scales and shifts are no longer 1 and 0."""
    torch.manual_seed(seed)
    _, layout, _ = geometry_of(net)
    flat = layout.pack(dict(build(net).named_parameters()))
    for name, view in layout.views(flat).items():
        if view.ndim == 1:
            view += 0.3 * torch.randn(view.shape) * (0.5 if name.endswith("weight") else 1)
    return flat


def some_batch(count: int, classes: int = 10, seed: int = 0, **changes) -> Batch:
    """Smooth images, cropped and mirrored."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    images = np.clip(coarse + random.integers(-20, 20, coarse.shape), 0, 255).astype(np.uint8)
    values = {
        "labels": random.integers(0, classes, count),
        "crops": random.integers(0, 9, (count, 2)),
        "flips": random.integers(0, 2, count).astype(bool),
        "pad": 4,
    }
    return Batch(images, **{**values, **changes})


def run(
    kernels,
    net: Spec,
    batch: Batch,
    threads: int = 2,
    parameters: torch.Tensor | None = None,
    kept_bytes: int = 1 << 40,
):
    """Losses, errors, flat gradient and statistics of one step."""
    geometry, layout, kept = geometry_of(net)
    network = Network(kernels, geometry, MEAN, 1 / STD, threads, kept_bytes)
    count = len(batch.labels)
    gradient, statistics = np.full(layout.total, np.nan, np.float32), np.full(kept.total, np.nan, np.float32)
    losses, errors = np.empty(count, np.float32), np.empty(count, np.bool_)
    values = (parameters_of(net) if parameters is None else parameters).numpy()
    network.step(
        values, batch.images, batch.labels, gradient, statistics, losses, errors,
        batch.crops, batch.flips, batch.weights, batch.pad, batch.smoothing,
    )  # fmt: skip
    return losses, errors, gradient, statistics


def pytorchs(net: Spec, batch: Batch, precision: str = "fp32"):
    """The same of the torch engine."""
    execution = Execution("torch", "cpu", precision, channels_last=True, compiled=False, threads=1)
    engine = TorchEngine(build(net), Preprocessing(MEAN, STD, 32), execution)
    output = engine.step(engine.buffer(parameters_of(net)), batch)
    return output.losses, output.errors, output.gradient, output.statistics


@cache
def gradient_of_pytorch(net: Spec, seed: int, precision: str, count: int) -> torch.Tensor:
    return pytorchs(net, some_batch(count, seed=seed), precision)[2].clone()


def apart(ours: torch.Tensor | NDArray, theirs: torch.Tensor) -> float:
    """Relative L2."""
    return float((torch.as_tensor(ours) - theirs).norm() / theirs.norm())


@pytest.fixture(params=[EXACT, FP32, SIXTEEN], ids=lambda variant: variant.name)
def exact(request):
    """The builds in fp32: direct products, and Winograd's."""
    return built(request.param)


@pytest.mark.parametrize(("name", "shortcut"), NETS)
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_without_roundings_a_step_is_pytorchs(exact, name, shortcut, count):
    net, batch = net_of(name, shortcut), some_batch(count)
    _, layout, _ = geometry_of(net)
    losses, errors, gradient, statistics = run(exact, net, batch)
    their_losses, their_errors, their_gradient, their_statistics = pytorchs(net, batch)
    assert apart(losses, their_losses) < 1e-5 and apart(statistics, their_statistics) < 1e-5
    assert (errors == their_errors.numpy()).all()
    theirs = layout.views(their_gradient)
    # An activation within 1e-7 of zero may count as negative here and as positive there: seen for 1 in 10^6 of them.
    flips = 1e-4 if count <= 2 and tier(exact) == "fp32" else 0.03
    for name_, view in layout.views(torch.from_numpy(gradient)).items():
        assert apart(view, theirs[name_]) < flips, name_


@pytest.mark.parametrize(("name", "shortcut"), [("resnet14", "C"), ("plain14", None)])
@pytest.mark.parametrize("count", [23, 32])
def test_winograds_products_are_the_direct_ones(name, shortcut, count):
    """Groups of four images at 8 px, whole and broken, several to a shard.

    Where no ReLU flips, which is one batch of two to eight, gradients are as near as losses are; one flip costs up to a
    hundredth of the gradient of every layer before it.
    """
    for variant in (FP32, SIXTEEN):
        found = [_from_direct(variant, net_of(name, shortcut), some_batch(count, seed=seed)) for seed in range(12)]
        assert min(np.median(distances) for distances in found) < 2e-5
        assert max(np.median(distances) for distances in found) < 0.05


def _from_direct(variant: Variant, net: Spec, batch: Batch) -> list[float]:
    """How far each layer's gradient is from that of the direct products; losses and statistics are not at all."""
    _, layout, _ = geometry_of(net)
    losses, _, gradient, statistics = run(built(EXACT), net, batch)
    found = run(built(variant), net, batch)
    assert apart(found[0], torch.from_numpy(losses)) < 1e-5
    assert apart(found[3], torch.from_numpy(statistics)) < 1e-5
    direct = layout.views(torch.from_numpy(gradient))
    return [apart(view, direct[name]) for name, view in layout.views(torch.from_numpy(found[2])).items()]


def test_weights_of_samples_and_no_augmentation(exact):
    net = net_of("resnet8", "A")
    weights = np.array([0, 2, 0.5], np.float32)
    batch = some_batch(3, weights=weights, crops=None, flips=None)
    losses, _, gradient, _ = run(exact, net, batch)
    their_losses, _, their_gradient, _ = pytorchs(net, batch)
    assert apart(losses, their_losses) < 1e-5, "losses are not weighted"
    assert apart(gradient, their_gradient) < 1e-4


@pytest.mark.parametrize("classes", [2, 10])
def test_smoothed_labels(exact, classes):
    net, batch = net_of("resnet8", "A", classes), some_batch(2, classes, smoothing=0.2)
    losses, _, gradient, _ = run(exact, net, batch)
    their_losses, _, their_gradient, _ = pytorchs(net, batch)
    assert apart(losses, their_losses) < 1e-5 and apart(gradient, their_gradient) < 1e-4
    assert apart(losses, torch.from_numpy(run(exact, net, replace(batch, smoothing=0.0))[0])) > 0.01


@pytest.mark.parametrize("count", [1, 7, COUNT])
@pytest.mark.parametrize(("name", "shortcut"), NETS)
def test_roundings_cost_no_more_than_pytorchs(kernels, name, shortcut, count):
    """Each layer's gradient at equal weights, median of 10 batches: no further from fp32 than 1.5 times autocast's."""
    net = net_of(name, shortcut)
    _, layout, _ = geometry_of(net)
    ours: dict[str, list[float]] = {name: [] for name in layout.names}
    autocasts: dict[str, list[float]] = {name: [] for name in layout.names}
    for seed in range(10):
        right = layout.views(gradient_of_pytorch(net, seed, "fp32", count))
        for found, gradient in (
            (ours, torch.from_numpy(run(kernels, net, some_batch(count, seed=seed))[2])),
            (autocasts, gradient_of_pytorch(net, seed, "bf16", count)),
        ):
            for name_, view in layout.views(gradient).items():
                found[name_].append(apart(view, right[name_]))
    for name_ in layout.names:
        assert np.median(ours[name_]) < 1.5 * np.median(autocasts[name_]), name_


@pytest.mark.parametrize("variant", [NATIVE, UNITLESS, TILES], ids=lambda variant: variant.name)
def test_instructions_by_name_are_the_plain_ones(variant):
    """The stem, where nothing has been amplified yet: its products are direct ones in all builds."""
    kernels = built(variant)
    net, batch = net_of("resnet8", "A"), some_batch(4)
    first = slice(0, 32)
    assert apart(run(kernels, net, batch)[3][first], torch.from_numpy(run(built(PLAIN), net, batch)[3][first])) < 1e-5


@pytest.mark.parametrize("classes", [1, 2, 37, 1000])
def test_any_number_of_classes(exact, classes):
    net, batch = net_of("resnet8", "A", classes), some_batch(2, classes)
    losses, errors, gradient, _ = run(exact, net, batch)
    their_losses, _, their_gradient, _ = pytorchs(net, batch)
    assert np.allclose(losses, their_losses, rtol=1e-5, atol=1e-6)
    if classes == 1:
        assert not gradient.any() and not errors.any(), "one class is never wrong"
    else:
        assert apart(gradient, their_gradient) < 1e-4


def test_errors_are_those_of_the_scores(kernels):
    """Of two classes, the label has the higher score where its probability is above a half."""
    net, batch = net_of("resnet8", "A", 2), some_batch(40, 2)
    losses, errors, *_ = run(kernels, net, batch)
    assert errors.any() and not errors.all()
    assert (errors == (losses > np.log(2))).all()


@pytest.mark.parametrize("name", ["resnet8", "plain8"])
def test_the_same_bytes_for_1_2_and_4_threads_and_at_every_call(kernels, name):
    net = net_of(name, None if name == "plain8" else "B")
    for count in (1, 7, 16):
        batch = some_batch(count)
        first, *others = [run(kernels, net, batch, threads) for threads in (1, 1, 2, 4)]
        for other in others:
            for ours, theirs in zip(first, other, strict=True):
                assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(
    ("name", "shortcut"), [("resnet38", "A"), ("resnet38", "B"), ("resnet44", "C"), ("plain38", None)]
)
def test_inputs_that_are_computed_again_are_the_same_bytes(kernels, name, shortcut):
    """Nets of 18 and 21 blocks: a whole span, in which the channels grow, and a part of one."""
    net, batch = net_of(name, shortcut), some_batch(3)
    for ours, theirs in zip(run(kernels, net, batch), run(kernels, net, batch, kept_bytes=0), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_threads_that_evaluate_at_their_own_pace_share_no_memory():
    """Of a net whose inputs are not all kept: an early block of one thread's image, a late one of another's."""
    net, batch = net_of("resnet110", "A"), some_batch(32, crops=None, flips=None)
    geometry, _, kept = geometry_of(net)
    values, statistics = parameters_of(net).numpy(), np.ones(kept.total, np.float32)
    right = Network(built(FP32), geometry, MEAN, 1 / STD, 1).evaluate(values, statistics, batch.images)
    network = Network(built(FP32), geometry, MEAN, 1 / STD, 6, kept_bytes=0)
    for _ in range(5):
        assert network.evaluate(values, statistics, batch.images).tobytes() == right.tobytes()


def test_the_batch_decides_what_is_kept(exact):
    """A small batch, one whose inputs are computed again, a small one again, and an evaluation: in one network."""
    net = net_of("resnet110", "A")
    geometry, layout, kept = geometry_of(net)
    stages = 4 * 32 * 32 * 16 * (1 + 1 / 2 + 1 / 4)  # bytes of a map of each; the 18 blocks of a stage have three
    network = Network(exact, geometry, MEAN, 1 / STD, 2, kept_bytes=int(3 * 18 * 3 * stages))
    statistics, values = np.ones(kept.total, np.float32), parameters_of(net).numpy()
    scores = network.evaluate(values, statistics, some_batch(3).images)
    for count in (2, 6, 2):
        batch = some_batch(count)
        gradient, means = np.empty(layout.total, np.float32), np.empty(kept.total, np.float32)
        losses, errors = np.empty(count, np.float32), np.empty(count, np.bool_)
        network.step(
            values, batch.images, batch.labels, gradient, means, losses, errors, batch.crops, batch.flips, None, 4
        )
        assert gradient.tobytes() == run(exact, net, batch)[2].tobytes()
        assert network.evaluate(values, statistics, some_batch(3).images).tobytes() == scores.tobytes()


def test_more_threads_than_images_or_cores(kernels):
    net, batch = net_of("resnet8", "C"), some_batch(3)
    alone, many = run(kernels, net, batch, 1), run(kernels, net, batch, 13)
    assert apart(many[2], torch.from_numpy(alone[2])) < 1e-5


def test_batches_of_changing_size_in_one_network(kernels):
    net = net_of("resnet8", "A")
    geometry, layout, kept = geometry_of(net)
    network = Network(kernels, geometry, MEAN, 1 / STD, 2)
    for count in (3, 9, 2):
        batch = some_batch(count)
        gradient, statistics = np.empty(layout.total, np.float32), np.empty(kept.total, np.float32)
        losses, errors = np.empty(count, np.float32), np.empty(count, np.bool_)
        network.step(
            parameters_of(net).numpy(), batch.images, batch.labels, gradient, statistics, losses, errors,
            batch.crops, batch.flips, None, 4,
        )  # fmt: skip
        assert gradient.tobytes() == run(kernels, net, batch)[2].tobytes()


@pytest.mark.parametrize(("name", "shortcut"), NETS)
def test_evaluation_is_pytorchs(kernels, name, shortcut):
    net, batch = net_of(name, shortcut), some_batch(9, crops=None, flips=None)
    geometry, _, layout = geometry_of(net)
    statistics = torch.rand(layout.total) * 0.5 + 0.5
    scores = Network(kernels, geometry, MEAN, 1 / STD, 2).evaluate(
        parameters_of(net).numpy(), statistics.numpy(), batch.images
    )
    engine = TorchEngine(build(net), Preprocessing(MEAN, STD, 32), Execution("torch", "cpu", "fp32", True, False, 2))
    theirs = engine.logits(parameters_of(net), statistics, batch.images)
    assert apart(scores, theirs) < (1e-5 if tier(kernels).startswith("fp32") else 0.03)
    geometry, _, _ = geometry_of(net)
    exactly = Network(built(EXACT), geometry, MEAN, 1 / STD, 3)
    assert apart(exactly.evaluate(parameters_of(net).numpy(), statistics.numpy(), batch.images), theirs) < 1e-5


def test_evaluation_between_steps_changes_neither(kernels):
    net, batch = net_of("resnet8", "A"), some_batch(4)
    geometry, layout, kept = geometry_of(net)
    network, values = Network(kernels, geometry, MEAN, 1 / STD, 2), parameters_of(net).numpy()
    statistics = np.ones(kept.total, np.float32)
    scores = network.evaluate(values, statistics, batch.images)
    gradient, found = np.empty(layout.total, np.float32), np.empty(kept.total, np.float32)
    losses, errors = np.empty(4, np.float32), np.empty(4, np.bool_)
    network.step(values, batch.images, batch.labels, gradient, found, losses, errors, batch.crops, batch.flips, None, 4)
    assert gradient.tobytes() == run(kernels, net, batch)[2].tobytes()
    assert network.evaluate(values, statistics, batch.images).tobytes() == scores.tobytes()


def test_what_is_not_an_array_of_the_net_is_refused(kernels):
    net, batch = net_of("resnet8", "A"), some_batch(2)
    geometry, _, kept = geometry_of(net)
    network = Network(kernels, geometry, MEAN, 1 / STD, 1)
    with pytest.raises(ValueError, match="is not"):
        network.evaluate(np.zeros(3, np.float32), np.ones(kept.total, np.float32), batch.images)
    with pytest.raises(ValueError, match="is not"):
        network.evaluate(parameters_of(net).numpy(), np.ones(kept.total, np.float32), batch.images[:, :16])


def test_labels_outside_the_classes_are_refused(exact):
    with pytest.raises(ValueError, match="1 labels are outside the 10 classes"):
        run(exact, net_of("resnet8", "A"), some_batch(2, labels=np.array([3, 10])))


def test_a_weight_that_is_no_number_gives_a_loss_that_is_none(kernels):
    net, batch = net_of("resnet8", "A"), some_batch(2)
    spoilt = parameters_of(net).clone()
    spoilt[5] = float("nan")
    losses, _, _, statistics = run(kernels, net, batch, parameters=spoilt)
    assert np.isnan(losses).all() and np.isnan(statistics).any()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told(exact):
    net, batch = net_of("resnet8", "A"), some_batch(2)
    geometry, _, layout = geometry_of(net)
    network = Network(exact, geometry, MEAN, 1 / STD, 2)
    values, statistics = parameters_of(net).numpy(), np.ones(layout.total, np.float32)
    child = os.fork()
    if child == 0:
        try:
            network.evaluate(values, statistics, batch.images)
        except RunError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert np.isfinite(network.evaluate(values, statistics, batch.images)).all(), "the parent goes on"


def test_each_build_says_what_it_is():
    assert [tier(built(variant)) for variant in (PLAIN, TILES, EXACT, FP32)] == [TIERS[i] for i in (0, 3, 4, 5)]
    features = this_machine().features
    if not features:
        pytest.skip("what the processor can do is not known here")
    without = 6 if "avx512f" in features else 0
    assert tier(built(UNITLESS)) == TIERS[without]
    untiled = TIERS[1 if "avx512_bf16" in features else without]
    assert tier(built(NATIVE)) in ((TIERS[2], untiled) if "amx_bf16" in features else (untiled,))


def test_the_peak_is_measured(kernels):
    assert peak_gflops(kernels, 1, 0.05) > 0.1
