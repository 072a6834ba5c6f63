"""Figure 7: standard deviation of layer responses on CIFAR-10, plain and residual nets."""

import statistics
from collections.abc import Sequence
from typing import Any

from reslab.analysis import responses, sample_of
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Result, Row, Runs, Trained
from reslab.reporting import ResponseLine, responses_figure
from reslab.store import load
from reslab.training import Recipe

NETS = ("plain20", "plain56", "resnet20", "resnet56", "resnet110")
# Each should be above the next: plain above residual nets, and shallow above deep ones.
FALLING = (("plain20", "resnet20"), ("plain56", "resnet56"), ("resnet20", "resnet56"), ("resnet56", "resnet110"))
DATA = "cifar10"
UNIT = "mean std over layers"


def needs(runs: Runs) -> list[Need]:
    return [Need(name, runs.setting.recipe(name)) for name in NETS]


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """The first seed of each net: responses to validation images."""
    found = {}
    for name in NETS:
        for run in runs.of(name)[:1]:
            classifier = load(run["result"]["run"])
            images = sample_of(datasets.of(Recipe.from_dict(run["recipe"])))
            layers = [row.to_dict() for row in responses(classifier, images.pixels)]
            found[name] = {"data": images.source, "images": len(images), "layers": layers}
    return {"responses": found}


def known(_: Sequence[Result], trained: Trained) -> dict[str, Any]:
    """The responses that are kept beside nets trained on CIFAR-10."""
    found = {
        record["result"]["model"]: record["measured"]["responses"]
        for record in trained.values()
        if record["result"]["data"] == DATA
    }
    return {"responses": found} if found else {}


def rows(runs: Runs) -> list[Row]:
    found = []
    for name in NETS:
        measured = runs.measured.get("responses", {}).get(name)
        if measured is None:
            found.append(Row(name, unit=UNIT))
            continue
        on = str(measured["data"]).rpartition(", ")[2]
        mean = statistics.fmean(_stds(measured))
        found.append(Row(name, None, round(mean, 4), 1, measured["images"], unit=UNIT, on=on))
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    measured = runs.measured.get("responses", {})
    return responses_figure(
        [ResponseLine(name, _stds(measured[name]), name.startswith("plain")) for name in NETS if name in measured]
    )


def finding(runs: Runs) -> Finding:
    means = {row.label: row.ours for row in rows(runs)}
    words, verdicts = [], []
    for above, below in FALLING:
        high, low = means[above], means[below]
        known = high is not None and low is not None
        words.append(f"{above} {high:.2f}, {below} {low:.2f}" if known else f"{above} and {below}: not known")
        verdicts.append(high > low if high is not None and low is not None else None)
    holds = None if None in verdicts else all(verdicts)
    return Finding(holds, f"mean deviations over layers: {'; '.join(words)}")


def _stds(measured: dict[str, Any]) -> tuple[float, ...]:
    return tuple(layer["std"] for layer in measured["layers"])


FIGURE7 = Experiment(
    name="figure7",
    title="Standard deviation of layer responses on CIFAR-10",
    claim="ResNets have smaller responses than plain nets, and deeper ResNets smaller ones still: a layer changes the "
    "signal less.",
    place="Figure 7, sec. 4.2",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    known=known,
    about="A response is the output of a 3x3 layer after batch normalisation, before ReLU or addition. The paper "
    "prints no numbers, and does not say over what the deviation runs: here over all images, positions and channels.",
)
