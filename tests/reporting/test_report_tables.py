"""Markdown tables: nothing typed by hand, nothing invented where something is missing."""

import copy
from typing import Any

import pytest

from reslab.reporting import markdown_table, markdown_text, runs_table, seed_groups
from reslab.reporting.processors import processor_text
from tests.reporting.invented_runs import ENVIRONMENT_VALUES, recipe_values, result_values


def result(model: str = "resnet20", seed: int = 0, test_error: float | None = 8.0, **changes: Any) -> dict[str, Any]:
    recipe = recipe_values(model, seed)
    values = result_values(recipe, test_error, **changes)
    return {"name": "x", "recipe": recipe, "result": values, "environment": ENVIRONMENT_VALUES, "metrics": []}


def cells(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_table_is_aligned_and_escaped() -> None:
    table = markdown_table([["中文", 1.5, None], ["a|b\nc", 20, "x"]], ["name", "error %", "note"])
    assert table == (
        "| name   | error % | note |\n"
        "| ------ | ------: | ---- |\n"
        "| 中文   |     1.5 |      |\n"
        "| a\\|b c |      20 | x    |\n"
    )


def test_any_text_as_markdown() -> None:
    assert markdown_text("<b>*a*_b_ `c`&") == "&lt;b&gt;\\*a\\*_b_ \\`c\\`&amp;"


def test_runs_that_differ_only_in_seed_are_one_row() -> None:
    results = [result(seed=seed, test_error=8.0 + seed / 10) for seed in range(3)] + [result("plain20", test_error=9.5)]
    header, _, residual, plain = cells(runs_table(results))
    assert header == ["data", "model", "recipe", "epochs", "val error %", "test error %", "minutes", "machine"]
    assert residual[:3] == ["digits", "resnet20", "small"]
    assert residual[3:7] == ["30.1", "2.22 ± 0.00 (n=3, 360 images)", "8.10 ± 0.10 (n=3, 360 images)", "0.5"]
    assert plain[5] == "9.50 (n=1, 360 images)"
    assert plain[7] == "Some Processor 9000 (AVX-512), 2 threads, engine torch, fp32"


def test_a_run_of_several_processes_says_so() -> None:
    together = copy.deepcopy(result())
    together["environment"]["execution"] |= {"processes": 2, "threads": 1}
    text = cells(runs_table([together]))[2][7]
    assert text == "Some Processor 9000 (AVX-512), 2 processes, 1 thread each, engine torch, fp32"


def test_runs_of_one_preset_that_changed_a_field_say_which() -> None:
    as_it_is, faster, longer, other_net = result(), result(), result(), result("plain20")
    faster["recipe"]["optimizer"]["lr"] = 0.4
    faster["recipe"]["augment"]["pad"] = other_net["recipe"]["augment"]["pad"] = 7
    longer["recipe"]["schedule"] |= {"steps": 1014, "warmup_steps": 50}
    longer["result"]["epochs"] *= 2
    found = [row[2] for row in cells(runs_table([as_it_is, faster, longer, other_net]))[2:]]
    assert found == ["small", "small, pad 7, lr 0.4", "small", "small, pad 7"]


def test_a_changed_field_is_named_without_another_row_to_be_told_from() -> None:
    """A preset's rate is not to be read into a run that had another; and what rounding made of a length is none."""
    slower, stretched = result(), result("plain20", epochs=601.2)
    slower["recipe"]["optimizer"]["lr"] = 0.05
    stretched["recipe"]["schedule"] |= {"steps": 10_000, "warmup_steps": 495}  # 25 of 505: a twentieth would be 500
    stretched["result"] |= {"steps": 10_000, "epochs": 594.243}
    assert [row[2] for row in cells(runs_table([slower, stretched]))[2:]] == ["small, lr 0.05", "small"]


def test_recipes_of_no_preset_are_told_from_each_other() -> None:
    results = [result("resnet20"), result("resnet20"), result("plain20")]
    for one in results:
        one["recipe"]["name"] = "mine"
    results[1]["recipe"] |= {"optimizer": {**results[1]["recipe"]["optimizer"], "lr": 0.4}}
    results[1]["recipe"]["model"] = {"name": "resnet20", "shortcut": "B", "classes": 10}
    found = [row[2] for row in cells(runs_table(results))[2:]]
    assert found == ["mine, shortcut A, lr 0.1", "mine, shortcut B, lr 0.4", "mine"]


def test_folders_of_one_name_with_other_photographs_are_told_apart() -> None:
    one, other = (result(data="photos") for _ in range(2))
    for each, fingerprint in ((one, "aaaa"), (other, "bbbb")):
        each["recipe"]["data"] = {"name": "photos", "size": 8, "mean": "channel", "fingerprint": fingerprint}
        each["recipe"]["augment"]["flip"] = True
    found = [row[2] for row in cells(runs_table([one, other]))[2:]]
    assert found == ["small, fingerprint aaaa", "small, fingerprint bbbb"]


def test_another_course_of_the_rate_is_said_and_another_length_is_not() -> None:
    as_it_is, to_an_end = result(), result()
    to_an_end["recipe"]["schedule"] |= {"end": 0.01, "steps": 1014, "warmup_steps": 51}
    to_an_end["result"]["epochs"] *= 2
    as_it_is["recipe"]["schedule"]["end"] = 0.0
    found = [row[2] for row in cells(runs_table([as_it_is, to_an_end]))[2:]]
    assert found == ["small", "small, end 0.01"]


def test_options_that_are_not_the_nets_own_are_named_and_defaults_are_not() -> None:
    nets = [
        ("resnet18", "A"),
        ("resnet34", "B"),
        ("resnet20", "A"),
        ("resnet32", "B"),
        ("plain18", None),
    ]
    results = [result(name) for name, _ in nets] + [result("resnet50")]
    for one, (_, shortcut) in zip(results, nets, strict=False):
        one["recipe"]["model"]["shortcut"] = shortcut
    results[-1]["recipe"]["model"] |= {"shortcut": "B", "stride_in": "3x3"}
    found = [row[2] for row in cells(runs_table(results))[2:]]
    assert found == [
        "small, shortcut A",
        "small",
        "small",
        "small, shortcut B",
        "small",
        "small, stride_in 3x3",
    ]


def test_options_that_tell_rows_apart_are_named_once() -> None:
    zeros, projections = result("resnet18"), result("resnet18")
    zeros["recipe"]["model"]["shortcut"], projections["recipe"]["model"]["shortcut"] = "A", "B"
    assert [row[2] for row in cells(runs_table([zeros, projections]))[2:]] == ["small, shortcut A", "small"]


def test_what_a_run_started_from_is_named_without_its_folders() -> None:
    scratch, tuned = result(), result()
    scratch["recipe"]["model"]["start"], tuned["recipe"]["model"]["start"] = None, "/home/ann/weights/net.pth"
    assert [row[2] for row in cells(runs_table([scratch, tuned]))[2:]] == ["small", "small, start net.pth"]


def test_what_is_missing_stays_empty() -> None:
    row = cells(runs_table([result(test_error=None, seconds=None, epochs=None)]))[2]
    assert row[3] == "507 steps" and row[5] == "" and row[6] == ""
    assert cells(runs_table([]))[0][0] == "data"
    assert runs_table([{"name": "x", "recipe": {}, "result": {}, "environment": {}, "metrics": []}])


def test_seed_spread_and_sampling_error_are_both_said() -> None:
    note = runs_table([result(test_error=8.0)]).splitlines()[-1]
    assert "standard deviation over n seeds" in note
    assert "8.00 % on 360 images has a standard error of 1.43 points" in note
    two = runs_table([result(test_error=8.0), result(seed=1, test_error=9.0)]).splitlines()[-1]
    assert "8.50 % on 360 images" in two, "the error that the row shows"


def test_another_machine_or_other_images_are_another_row() -> None:
    here, there, fewer = result(seed=0), copy.deepcopy(result(seed=1)), result(seed=2, test_images=100)
    there["environment"]["machine"]["processor"] = "Another"
    assert len(seed_groups([here, there, fewer])) == 3


def test_a_mean_is_over_all_machines_and_minutes_are_the_fastest_ones() -> None:
    here, there = result(seed=0, seconds=600.0), copy.deepcopy(result(seed=1, test_error=9.0, seconds=60.0))
    there["environment"]["machine"]["processor"] = "Another"
    (row,) = cells(runs_table([here, there]))[2:]
    assert row[5:] == [
        "8.50 ± 0.71 (n=2, 360 images)",
        "1.0",
        "Another (AVX-512), 2 threads, engine torch, fp32 (1 of 2)",
    ]
    (row,) = cells(runs_table([here, there, result(seed=2, seconds=660.0)]))[2:]
    assert row[6:] == ["1.0", "Another (AVX-512), 2 threads, engine torch, fp32 (1 of 3)"]


def test_a_recipe_from_before_a_field_came_is_the_same_recipe() -> None:
    older, newer, changed = (result(seed=seed) for seed in range(3))
    newer["recipe"]["smoothing"], changed["recipe"]["smoothing"] = 0.0, 0.2
    assert "smoothing" not in older["recipe"]
    assert [len(group.results) for group in seed_groups([older, newer, changed])] == [2, 1]
    assert [row[2] for row in cells(runs_table([older, newer, changed]))[2:]] == [
        "small",
        "small, smoothing 0.2",
    ]


def test_a_seed_that_ran_on_two_machines_counts_once_and_its_second_row_says_so() -> None:
    first, again, other = result(seed=0), copy.deepcopy(result(seed=0)), result(seed=1)
    again["environment"]["machine"]["processor"] = "Another"
    assert [row[2] for row in cells(runs_table([first, again, other]))[2:]] == ["small", "small, again"]


def test_a_seed_met_twice_does_not_count_twice() -> None:
    groups = seed_groups([result(seed=0), result(seed=0), result(seed=1)])
    assert [len(group.results) for group in groups] == [2, 1]


def test_no_mean_hides_a_missing_seed() -> None:
    (group,) = seed_groups([result(seed=0, val_error=None), result(seed=1)])
    assert group.cell("val") == ""
    assert group.cell("test") == "8.00 ± 0.00 (n=2, 360 images)"


@pytest.mark.parametrize(
    ("features", "units"),
    [
        (("avx2", "avx512f", "avx512_bf16"), " (AVX-512 BF16)"),
        (("avx2", "avx_vnni", "avx512f", "avx512_bf16"), " (AVX-512 BF16, AVX-VNNI)"),
        (("avx2", "avx_vnni"), " (AVX2)"),
        ((), ""),
    ],
)
def test_generations_of_one_processor_are_told_apart(features, units):
    assert processor_text({"processor": "AMD EPYC", "features": features}) == f"AMD EPYC{units}"
