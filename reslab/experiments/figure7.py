"""Figure 7: standard deviation of layer responses on CIFAR-10, plain and residual nets."""

import statistics
from collections.abc import Sequence
from typing import Any

from reslab.analysis import responses, sample_of
from reslab.experiments.comparing import Difference, all_hold
from reslab.experiments.document import ours_text
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Result, Row, Runs, Trained
from reslab.experiments.uncertainty import Part
from reslab.reporting import ResponseLine, responses_figure
from reslab.store import load
from reslab.training import Recipe

NETS = ("plain20", "plain56", "resnet20", "resnet56", "resnet110")
# Each should be above the next: plain above residual nets, and shallow above deep ones.
FALLING = (("plain20", "resnet20"), ("plain56", "resnet56"), ("resnet20", "resnet56"), ("resnet56", "resnet110"))
DATA = "cifar10"
UNIT = "mean std over layers"
COLOURS = {"plain20": 6, "plain56": 1, "resnet20": 5, "resnet56": 0, "resnet110": 3}  # plain warm, residual cold


def needs(runs: Runs) -> list[Need]:
    return [Need(name, runs.setting.recipe(name)) for name in NETS]


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """Every run's responses to validation images; where they are kept with its net, those."""
    kept = {(name, one["seed"]): one for name, nets in _measured(runs).items() for one in nets}
    found = {
        name: [kept.get((name, run["recipe"]["seed"])) or _looked(run, datasets) for run in runs.of(name)]
        for name in NETS
    }
    return {"responses": {name: nets for name, nets in found.items() if nets}}


def known(_: Sequence[Result], trained: Trained) -> dict[str, Any]:
    """The responses that are kept beside nets trained on CIFAR-10."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, record in trained.items():
        result = record["result"]
        if result["data"] == DATA:
            told = {"run": record.get("name", name), "seed": result["seed"]}
            found.setdefault(result["model"], []).append({**told, **record["measured"]["responses"]})
    return {"responses": found} if found else {}


def looked_at(runs: Runs) -> dict[str, tuple[Result, ...]]:
    """Of each net the runs whose responses are known; all of them where nothing was measured yet."""
    names = {one.get("run") for nets in _measured(runs).values() for one in nets}
    if not names:
        return dict(runs.found)
    found = {label: tuple(run for run in of if run["name"] in names) for label, of in runs.found.items()}
    return {label: of for label, of in found.items() if of}


def rows(runs: Runs) -> list[Row]:
    found, measured = [], _measured(runs)
    for name in NETS:
        nets = measured.get(name)
        if not nets:
            found.append(Row(name, unit=UNIT))
            continue
        on = str(nets[0]["data"]).rpartition(", ")[2]
        means = [statistics.fmean(_stds(one)) for one in nets]
        std = round(statistics.stdev(means), 4) if len(means) > 1 else None
        mean = round(statistics.fmean(means), 4)
        found.append(Row(name, None, mean, len(means), nets[0]["images"], std, UNIT, on))
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    """Of several seeds, each layer's mean."""
    return responses_figure(
        [
            ResponseLine(name, _mean_stds(nets), name.startswith("plain"), COLOURS[name])
            for name, nets in sorted(_measured(runs).items(), key=lambda item: NETS.index(item[0]))
        ]
    )


def finding(runs: Runs) -> Finding:
    """Each difference with its spread over seeds; a net of one seed has none, and decides nothing."""
    of_name = {row.label: row for row in rows(runs)}
    pairs = [(of_name[above], of_name[below]) for above, below in FALLING]
    words = [_beside(high, low) for high, low in pairs]
    if any(row.n == 1 for row in of_name.values()):
        words.append("one seed has no spread, and decides nothing")
    single = all(row.n == 1 for row in of_name.values() if row.ours is not None)
    seen = single and all_hold(_is_above(high, low, single=True) for high, low in pairs) is True
    holds = all_hold(_is_above(high, low) for high, low in pairs)
    return Finding(holds, "; ".join(words), seen=seen and holds is None)


def _is_above(high: Row, low: Row, single: bool = False) -> bool | None:
    """Is it so for sure? With `single`, of nets without a spread, whether they have it so."""
    apart = _apart(high, low)
    if apart is None and single and high.ours is not None and low.ours is not None:
        return high.ours > low.ours
    return apart.points > 0 if apart and apart.sure else None


def _measured(runs: Runs) -> dict[str, list[dict[str, Any]]]:
    """Of each net of the figure the responses of its seeds."""
    return {name: nets for name, nets in runs.measured.get("responses", {}).items() if name in NETS}


def _looked(run: Result, datasets: Datasets) -> dict[str, Any]:
    classifier = load(run["result"]["run"])
    images = sample_of(datasets.of(Recipe.from_dict(run["recipe"])))
    layers = [row.to_dict() for row in responses(classifier, images.pixels)]
    told = {"run": run["name"], "seed": run["recipe"]["seed"]}
    return {**told, "data": images.source, "images": len(images), "layers": layers}


def _apart(high: Row, low: Row) -> Difference | None:
    """None where one of them has no spread."""
    if high.ours is None or low.ours is None or high.std is None or low.std is None:
        return None
    spreads = ((row.std or 0.0, row.n or 1) for row in (high, low))
    return Difference.of(high.ours - low.ours, [Part(std**2 / n, n - 1) for std, n in spreads])


def _beside(high: Row, low: Row) -> str:
    """The one that should be above, and the other."""
    if high.ours is None or low.ours is None:
        return f"{high.label} and {low.label}: not known"
    turned = ", the other way round" if high.ours < low.ours else ""
    return f"mean over layers: {_words(high)}, {_words(low)}{turned}"


def _words(row: Row) -> str:
    return f"{row.label} {ours_text(row)}"


def _mean_stds(nets: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    return tuple(map(statistics.fmean, zip(*map(_stds, nets), strict=True)))


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
    looked_at=looked_at,
    about="A response is the output of a 3x3 layer after batch normalisation, before ReLU or addition. The paper "
    "prints no numbers, and does not say over what the deviation runs: here over all images, positions and channels.",
    of_a_test="batch normalisation's statistics of so few steps mean nothing, and responses may be of any size",
    caption="Standard deviation of every 3x3 layer's response in our nets: in the order of the layers, and below from "
    "the largest to the smallest. Plain nets have warm colours and are dashed, residual nets have cold ones; a line is "
    "as long as its net has 3x3 layers.",
)
