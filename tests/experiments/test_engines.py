"""The same recipe on both engines, from records."""

import re
from dataclasses import replace

import pytest

from reslab.experiments.engine_curves import engine_line, engines_figure
from reslab.experiments.engines import engines_table, on_both
from reslab.experiments.measured import CIFAR10
from reslab.reporting.drawing import COLOURS
from reslab.training import make_recipe


def result(engine: str, seed: int, error: float, model: str = "resnet20", steps: int = 900):
    recipe = replace(make_recipe(CIFAR10, model, "fast"), seed=seed).stretched(steps)
    return {
        "name": f"{model}-{engine}-{seed}",
        "recipe": recipe.to_dict(),
        "result": {
            "data": "cifar10", "model": model, "val_error": error, "val_images": 5000,
            "epochs": 2.56, "steps": steps, "seconds": 60.0,
        },
        "environment": {"execution": {"engine": engine, "device": "cpu", "threads": 1, "precision": "bf16"}},
        "metrics": [{"step": s, "epoch": s / 10, "train_error": 90 - s, "val_error": 91 - s} for s in (10, 80)],
    }  # fmt: skip


BOTH = [result("native", 0, 20.0), result("native", 1, 22.0), result("torch", 0, 21.0), result("torch", 1, 23.0)]


def test_only_recipes_of_both_engines_are_compared():
    lonely = [result("torch", 0, 9.0, "plain20"), result("native", 0, 9.0, steps=800)]
    assert [set(pair) for pair in on_both(BOTH + lonely)] == [{"native", "torch"}]
    assert on_both(lonely) == [] and engines_table(lonely) == ""


def test_the_same_seeds_are_compared():
    """Each engine's errors spread by 2.8 points; what one has of the other's seed spreads by 0.14."""
    runs = [result("native", 0, 20.0), result("native", 1, 24.0), result("torch", 0, 20.9), result("torch", 1, 25.1)]
    table = engines_table([*runs, result("torch", 2, 90.0)])
    assert "22.00 ± 2.83 (n=2, 5,000 images)" in table and "90" not in table, "a seed that one has alone"
    assert "resnet20, 2.6 epochs, bf16: -1.00 ± 0.10 points (n=2)" in table, "sqrt(0.02 / 2)"
    assert "by Student's t: none of 1" in table, "with one degree of freedom 14 standard errors are needed"


def test_a_sure_difference_is_named():
    apart = [result("native", seed, 20.0 + seed) for seed in range(5)]
    apart += [result("torch", seed, 21.0 + seed + 0.1 * (seed % 2)) for seed in range(5)]
    assert "by Student's t: 1 of 1 (resnet20, 2.6 epochs, bf16)" in engines_table(apart)


def test_without_a_seed_in_common_nothing_is_compared():
    assert on_both([result("native", 0, 20.0), result("torch", 1, 21.0)]) == []


@pytest.mark.parametrize(("factor", "words"), [(0.1, "1 of 1 (resnet20, 2.6 epochs, bf16)"), (1.0, "none of 1")])
def test_spreads_are_compared_where_there_are_enough_seeds(factor, words):
    ours, theirs = (2.0, -3.0, 1.0, -1.0, 1.0), (1.0, 2.0, -1.0, -3.0, 1.0)
    runs = [result("native", seed, 20 + of) for seed, of in enumerate(ours)]
    table = engines_table(runs + [result("torch", seed, 20 + factor * of) for seed, of in enumerate(theirs)])
    assert f"resnet20, 2.6 epochs, bf16: {1 / factor:.2f} (p = " in table and f"Morgan's test: {words}." in table
    assert "Standard deviation" not in engines_table(BOTH), "two seeds do not tell"


ZEN4 = {"processor": "AMD EPYC", "features": ["avx2", "avx512_bf16"]}
ZEN5 = {**ZEN4, "features": ["avx2", "avx_vnni", "avx512_bf16"]}


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (ZEN4, ZEN4, False),
        (ZEN4, ZEN5, True),
        ({**ZEN4, "fingerprint": "4"}, ZEN4, False),
        ({**ZEN4, "fingerprint": "4"}, {**ZEN4, "fingerprint": "5"}, True),
    ],
)
def test_processors_of_one_name_are_told_apart(ours, theirs, said):
    runs = [on(ours, result("native", 0, 20.0)), on(theirs, result("torch", 0, 21.0))]
    told = "ran on different processors, with the same vector units: resnet20, 2.6 epochs, bf16." in engines_table(runs)
    assert told is said


def test_seeds_of_several_processors_of_one_kind_are_one_comparison():
    ours = [on(ZEN4 if seed < 2 else ZEN5, result("native", seed, 20.0 + seed)) for seed in range(3)]
    theirs = [on(ZEN4, result("torch", seed, 21.0 + seed)) for seed in range(3)]
    (pair,) = on_both([*ours, *theirs])
    assert [run["recipe"]["seed"] for run in pair["native"].results] == [0, 1, 2]
    table = engines_table([*ours, *theirs])
    assert "(n=3, 5,000 images)" in table
    native, torch = (line for line in table.splitlines() if line.startswith("| resnet20"))
    assert native.count("AVX-512 BF16") == 2 and native.count("AVX-VNNI") == 1 and torch.count("AVX-512 BF16") == 1


def test_other_vector_units_are_another_comparison():
    assert on_both([on(ZEN4, result("native", 0, 20.0)), on({"features": ["avx2"]}, result("torch", 0, 21.0))]) == []


def on(machine, run):
    return {**run, "environment": {**run["environment"], "machine": machine}}


def lines_of(svg: bytes) -> dict[str, list[str]]:
    """The paths of each stroke, by colour and whether it is dashed."""
    found: dict[str, list[str]] = {}
    for path, style in re.findall(r'<path d="([^"]*)"[^>]*style="([^"]*)"', svg.decode()):
        colour = re.search(r"stroke: (#\w+)", style)
        if colour and "fill: none" in style and path.count("L") > 0:
            found.setdefault(f"{colour[1]}{' dashed' * ('dasharray' in style)}", []).append(path)
    return found


def test_the_curves_of_every_seed_count():
    """Means over seeds: without one of them each line is another, and no seed has a band of its own."""
    few, many = (engines_figure(spread_runs(seeds)) for seeds in ((0,), (0, 1, 2)))
    assert b"resnet20, 2.6 epochs, bf16, 3 seeds" in many and b"resnet20, 2.6 epochs, bf16, 1 seed<" in few
    assert many != engines_figure(spread_runs((0, 1))) and many == engines_figure(spread_runs((2, 0, 1)))


def test_lines_are_means_and_bands_go_from_the_least_to_the_most():
    (pair,) = on_both(spread_runs((0, 1, 2)))
    line = engine_line("native", pair["native"].results, "val")
    assert line.points == ((1.0, pytest.approx(81 + 4 / 3)), (8.0, pytest.approx(11 + 4 / 3)))
    assert line.band == ((81.0, 84.0), (11.0, 14.0))


def test_epochs_that_one_seed_lacks_are_left_out():
    runs = spread_runs((0, 1, 2))
    del runs[0]["metrics"][1]
    (pair,) = on_both(runs)
    assert [x for x, _ in engine_line("native", pair["native"].results, "val").points] == [1.0]


def test_an_engine_has_one_colour_and_one_name():
    svg = engines_figure(
        [*spread_runs((0, 1)), result("native", 0, 9.0, "plain20"), result("torch", 0, 9.0, "plain20")]
    )
    words = [text for text in re.findall(r">([^<]+)</text>", svg.decode()) if text in ("native", "torch")]
    assert words == ["native", "torch"] * 4, "two comparisons, of training and of validation"
    lines = lines_of(svg)
    assert len(lines[COLOURS[0]]) == len(lines[f"{COLOURS[1]} dashed"]) == 4 + 4, "with those in the legends"
    assert set(lines) & set(COLOURS) == {COLOURS[0]}


def test_nothing_to_compare_is_still_a_picture():
    assert b"not measured" in engines_figure([])


def spread_runs(seeds):
    """Of both engines; a seed's errors are higher by 0, 1, 3 points than the first one's."""
    runs = []
    for seed in seeds:
        for engine in ("native", "torch"):
            run = result(engine, seed, 20.0 + seed)
            more = (0.0, 1.0, 3.0)[seed]
            values = [(10, 80.0 + more), (80, 10.0 + more)]
            run["metrics"] = [{"step": s, "epoch": s / 10, "train_error": v, "val_error": v + 1} for s, v in values]
            runs.append(run)
    return runs
