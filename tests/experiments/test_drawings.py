"""Figures 2, 3 and 7, Table 1's picture, and the loose claims: counted on the nets, never typed."""

import json
import re
import shlex

import pytest
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.cli.documents import filled
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.figure2 import FIGURE2
from reslab.experiments.figure3 import FIGURE3
from reslab.experiments.figure7 import FIGURE7, NETS
from reslab.experiments.loose import growth, loose_claims, loose_table, one_layer, projections
from reslab.experiments.recorded import recorded, recorded_scales
from reslab.experiments.scales import Setting
from reslab.experiments.table1 import TABLE1
from reslab.nets import create, layers_of
from tests.experiments.invented_experiments import invented_runs

NOTHING = Runs(Setting.nominal("small"))
CLAIMS = {claim.command: claim for claim in loose_claims()}


def test_figure_3_is_met():
    rows = {row.label: row for row in FIGURE3.rows(NOTHING)}
    assert rows["VGG-19: FLOPs"].ours == pytest.approx(19.632, abs=1e-3)
    assert rows["34-layer residual: dotted shortcuts"].ours == 3 == rows["34-layer residual: dotted shortcuts"].paper
    finding = FIGURE3.finding(NOTHING)
    assert finding.holds and "18 % of VGG-19's multiply-adds (3.6 of 19.6 as printed, 18.6 % exactly)" in finding.words
    picture = FIGURE3.picture(NOTHING, []).decode()
    assert picture.count(">3×3 conv, 512<") == 8 + 5 + 5 and ">19.6e9 multiply-adds<" in picture


def test_figure_2_is_met():
    assert FIGURE2.finding(NOTHING).holds and [row.deviation for row in FIGURE2.rows(NOTHING)] == [0, 0, 0]
    assert FIGURE2.picture(NOTHING, []).decode().count("weight layer") == 2


def test_table_1_is_drawn_as_in_the_paper():
    picture = TABLE1.picture(NOTHING, TABLE1.rows(NOTHING)).decode()
    assert ">152-layer<" in picture and ">× 36<" in picture and ">11.282e9<" in picture and ">11.3e9<" in picture


def test_vgg_stands_in_table_1_as_the_paper_counts_it_and_as_the_others_are_counted():
    rows = {row.label: row for row in TABLE1.rows(NOTHING)}
    alone, whole = rows["vgg16, convolutions alone"], rows["vgg16 with fully connected layers"]
    assert (alone.paper, round(alone.ours, 3)) == (15.3, 15.347) and (whole.paper, round(whole.ours, 2)) == (
        None,
        15.47,
    )
    assert (rows["vgg19 with fully connected layers"].paper, TABLE1.finding(NOTHING).holds) == (19.6, True)
    assert TABLE1.finding(NOTHING).words.endswith("however that is counted: vgg16, convolutions alone, 15.3e9")


def test_without_less_than_vgg_the_claim_of_table_1_does_not_hold(monkeypatch):
    monkeypatch.setattr("reslab.experiments.table1.VGG", {"vgg16, convolutions alone": ("resnet18", False)})
    monkeypatch.setattr("reslab.experiments.table1.PAPERS_VGG", ())
    found = TABLE1.finding(NOTHING)
    assert found.holds is False and "the deepest net has 11.3e9, not less than VGG" in found.words


def looked(std: float, seed: int = 0) -> dict:
    """Responses of a net of two layers, as they are measured."""
    layers = [{"layer": 1, "std": std}, {"layer": 2, "std": std + 0.2}]
    return {"seed": seed, "data": "cifar10, val", "images": 1000, "layers": layers}


def measured(std: dict[str, float], seeds: int = 3) -> dict:
    """Of every seed 0.01 more than of the one before."""
    return {"responses": {name: [looked(value + 0.01 * s, s) for s in range(seeds)] for name, value in std.items()}}


FALLING = dict(zip(NETS, (2.0, 1.8, 1.0, 0.6, 0.4), strict=True))


def test_figure_7_holds_where_responses_fall():
    runs = Runs(Setting.nominal("small"), {}, measured(FALLING))
    rows = FIGURE7.rows(runs)
    assert (rows[0].ours, rows[0].n, rows[0].std, rows[0].images, rows[0].on) == (2.11, 3, 0.01, 1000, "val")
    assert FIGURE7.finding(runs).holds is True and "plain20 2.11 ± 0.01, resnet20 1.11" in FIGURE7.finding(runs).words
    assert all(name in FIGURE7.picture(runs, rows).decode() for name in NETS)
    worse = Runs(Setting.nominal("small"), {}, measured({**FALLING, "resnet110": 0.7}))
    assert FIGURE7.finding(worse).holds is False
    near = Runs(Setting.nominal("small"), {}, measured({**FALLING, "resnet110": 0.599}))
    assert FIGURE7.finding(near).holds is None, "within their uncertainty"
    one = FIGURE7.finding(Runs(Setting.nominal("small"), {}, measured(FALLING, seeds=1)))
    assert one.holds is None and "one seed has no spread, and decides nothing" in one.words
    assert one.seen and not FIGURE7.finding(runs).seen
    turned = FIGURE7.finding(Runs(Setting.nominal("small"), {}, measured({**FALLING, "resnet110": 0.7}, seeds=1)))
    assert turned.holds is None and not turned.seen, "one that is the other way round"
    assert FIGURE7.finding(NOTHING).holds is None and "not known" in FIGURE7.finding(NOTHING).words


def test_what_is_recorded_is_found_by_its_recipe():
    runs = invented_runs(FIGURE7, seeds=2)
    results = [run for label in ("plain20", "resnet20") for run in reversed(runs.of(label))]
    found = recorded(FIGURE7, results)
    assert found.setting.scale == "small" and set(found.found) == {"plain20", "resnet20"}
    assert [run["recipe"]["seed"] for run in found.of("plain20")] == [0, 1]
    assert not recorded(FIGURE2, results).found and not recorded(FIGURE7, []).found
    full = invented_runs(FIGURE7, "full").of("resnet20")
    scales = [runs.setting.scale for runs in recorded_scales(FIGURE7, [*results, *full])]
    assert scales == ["small", "full"], "the way in which more nets were trained comes first"
    assert [runs.setting.scale for runs in recorded_scales(FIGURE7, [*results[:2], *full])] == ["full", "small"]
    assert [runs.setting.scale for runs in recorded_scales(FIGURE7, results)] == ["small"]


def test_figure_7_takes_the_responses_of_trained_nets():
    one = {name: value for name, value in looked(1.0).items() if name != "seed"}
    record = {
        "name": "a-run",
        "result": {"model": "resnet20", "data": "cifar10", "seed": 3},
        "measured": {"responses": one},
    }
    other = {"result": {"model": "resnet8", "data": "digits", "seed": 0}, "measured": {"responses": one}}
    found = recorded(FIGURE7, [], {"a": record, "b": other}).measured
    assert found == {"responses": {"resnet20": [{"run": "a-run", **looked(1.0, seed=3)}]}}
    assert recorded(FIGURE2, [], {"a": record}).measured == {}


def test_figure_7_tells_of_the_runs_whose_values_it_shows():
    """Other seeds were trained, on other machines, and nobody looked at their responses."""
    runs = invented_runs(FIGURE7, seeds=3)
    results = [on(f"machine {run['recipe']['seed']}", run) for of in runs.found.values() for run in of]
    shown = [run for run in results if run["recipe"]["seed"] == 1]
    trained = {run["name"]: {**run, "measured": {"responses": looked(1.0)}} for run in shown}
    document = Document.of(FIGURE7, recorded(FIGURE7, results, trained))
    assert [row.n for row in document.rows] == [1] * len(NETS)
    assert [text.partition(",")[0] for text in document.machines()] == ["machine 1"]
    assert {run["seed"] for run in document.values()["runs"]} == {1}
    unmeasured = Document.of(FIGURE7, recorded(FIGURE7, results))
    assert len(unmeasured.machines()) == 3, "where nothing was looked at yet, all that was trained"


def test_responses_of_a_test_are_short_and_said_to_mean_nothing():
    runs = Runs(Setting.nominal("smoke"), {}, measured({**FALLING, "plain56": 735_502_373_958_946_560.0}, seeds=1))
    text = Document.of(FIGURE7, runs).markdown()
    assert "7.4e17" in text and "735,502" not in text
    assert "statistics of so few steps mean nothing" in text
    small = Document.of(FIGURE7, Runs(Setting.nominal("small"), {}, runs.measured)).markdown()
    assert "plain-56 7.4e17" in small and "mean nothing" not in small


def on(processor: str, run: dict) -> dict:
    """The run, as if it had been made on another machine."""
    machine = {"processor": processor}
    return {**run, "environment": {**run["environment"], "machine": machine}}


def test_figure_7_measures_every_seed_and_takes_what_is_kept(monkeypatch):
    """Without data: what is kept is not looked at again, and every other run is."""
    runs = invented_runs(FIGURE7, seeds=2)
    looked_at = []

    def look(run, _):
        looked_at.append((run["recipe"]["model"]["name"], run["recipe"]["seed"]))
        return looked(0.5, run["recipe"]["seed"])

    monkeypatch.setattr("reslab.experiments.figure7._looked", look)
    kept = {"responses": {"plain20": [looked(7.0, seed=1)]}}
    found = FIGURE7.measure(Runs(runs.setting, runs.found, kept), None)["responses"]
    assert [(one["seed"], one["layers"][0]["std"]) for one in found["plain20"]] == [(0, 0.5), (1, 7.0)]
    assert len(looked_at) == 9 and ("plain20", 1) not in looked_at


def test_counts_in_the_loose_claims_are_those_of_the_nets():
    assert (projections("A"), projections("B"), projections("C")) == (0, 3, 16)
    assert growth() == pytest.approx(135_168 / 69_632)
    table = loose_table()
    assert "Option C has 13 projections." in table and "1.94 times" in table and "It has 8 with weights" in table
    assert filled("<!-- loose -->\n<!-- /loose -->", {"loose": table}).count("\n|") == len(loose_claims()) + 2


@pytest.mark.parametrize("command", [c for c in CLAIMS if c.startswith("reslab info")])
def test_commands_that_need_no_training_show_what_they_should(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, [*shlex.split(command)[1:], "--json"])
    assert answer.exit_code == 0 and json.loads(answer.stdout)["name"] in command


REPRODUCED = [shlex.split(c)[2:] for c in CLAIMS if c.startswith("reslab reproduce")]


@pytest.mark.parametrize("words", REPRODUCED, ids=" ".join)
def test_what_trains_is_long_enough_to_show_something(words):
    """The scale that is taken without being asked for is a test, and shows nothing of any claim."""
    from reslab.experiments.registry import EXPERIMENTS

    assert words[0] in EXPERIMENTS
    assert not EXPERIMENTS[words[0]].rounds or words[1:] in (["--scale", "small"], ["--scale", "full"])


@pytest.mark.parametrize("command", [c for c in CLAIMS if c.startswith("reslab train digits")])
def test_what_trains_on_digits_can_be_run_as_it_stands(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, [*shlex.split(command)[1:], "--steps", "1", "--json"])
    assert answer.exit_code == 0 and json.loads(answer.stdout)["steps"] == 1


def test_a_block_of_one_layer_has_one():
    assert any("loose:one_layer" in command for command in CLAIMS)
    net = create("resnet20", residual=one_layer)
    assert sum(layer.kind == "conv" for layer in layers_of(net, 32)) == 1 + 9


def test_every_claim_has_a_command_that_shows_it():
    assert all(claim.command.split()[0] in ("reslab", "python") for claim in loose_claims())
    for name, fact in (("resnet152", "50,000 validation images"), ("nin", "Min Lin, Qiang Chen and Shuicheng Yan")):
        assert f"reslab info {name}" in CLAIMS
        assert fact in " ".join(CliRunner().invoke(app, ["info", name]).stdout.split())


def test_one_by_one_convolutions_are_fully_connected(capsys):
    (command,) = [c for c in CLAIMS if c.startswith("python -c")]
    exec(shlex.split(command)[2], {})
    assert float(re.search(r"\d[\d.e-]*", capsys.readouterr().out)[0]) < 1e-5
