"""Degradation, fairly: plain and residual nets of 56 layers, each at the learning rate that suits it best."""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, difference, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs
from reslab.experiments.paper import paper
from reslab.experiments.sweep import SEARCH_SPLIT
from reslab.reporting import GridLine, grid_figure
from reslab.training import Recipe

NETS = ("plain56", "resnet56")
RATES = (0.025, 0.05, 0.1, 0.2, 0.4)
SMOKE_RATES = (0.1, 0.2)
PAPERS_RATE = 0.1  # sec. 4.2, for both


def search(runs: Runs) -> list[Need]:
    """Every net at every rate, judged on images that no reported number is counted on, where the data have such."""
    return [
        Need(_label(net, rate), _at(runs.setting.recipe(net, split=SEARCH_SPLIT), rate))
        for rate in _rates(runs)
        for net in NETS
    ]


def finals(runs: Runs) -> list[Need]:
    """Each net at its best rate; for estimates, at the rate of its preset."""
    if not runs.found:
        return [Need(net, runs.setting.recipe(net)) for net in NETS]
    best = {net: best_rate(runs, net) for net in NETS}
    return [Need(net, _at(runs.setting.recipe(net), rate)) for net, rate in best.items() if rate is not None]


def best_rate(runs: Runs, net: str) -> float | None:
    """The rate with the lowest mean validation error in the search, of equals the smaller one; None if all failed."""
    errors = {rate: runs.mean(_label(net, rate), "val_error") for rate in _rates(runs)}
    known = {rate: error for rate, error in errors.items() if error is not None}
    return min(known, key=lambda rate: known[rate]) if known else None


def rows(runs: Runs) -> list[Row]:
    told = {**paper()["figure6"], **paper()["table6"]}
    found = []
    for net in NETS:
        found.append(Row(f"{net}, rate chosen", PAPERS_RATE, _rate_used(runs, net), unit="rate"))
        found.append(runs.row(net, None, "train", f"{net}, training"))
        found.append(runs.row(net, told[net], title=f"{net}, held-out"))
    apart = difference(runs, *NETS, runs.held_out)
    below = runs.row(NETS[1])
    papers = round(told[NETS[0]] - told[NETS[1]], 2)
    ours = round(apart.points, 4) if apart else None
    found.append(Row(f"{NETS[0]} less {NETS[1]}", papers, ours, below.n, below.images, unit="points", on=below.on))
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    rates = _rates(runs)
    lines = [GridLine(net, tuple(tuple(runs.values(_label(net, rate), "val_error")) for rate in rates)) for net in NETS]
    words = [f"{rate:g}" for rate in rates]
    return grid_figure(lines, "learning rate", words, ordered=True, quantity="validation error %, in the search")


def finding(runs: Runs) -> Finding:
    return judged(runs, [Comparison(*NETS, "train"), Comparison(*NETS)])


def _rates(runs: Runs) -> tuple[float, ...]:
    return SMOKE_RATES if runs.setting.smoke else RATES


def _label(net: str, rate: float) -> str:
    return f"{net} at {rate:g}"


def _at(recipe: Recipe, rate: float) -> Recipe:
    return replace(recipe, optimizer=replace(recipe.optimizer, lr=rate))


def _rate_used(runs: Runs, net: str) -> float | None:
    used = {run["recipe"]["optimizer"]["lr"] for run in runs.of(net)}
    return used.pop() if len(used) == 1 else None


DEGRADATION = Experiment(
    name="degradation",
    title="Plain and residual nets of 56 layers, each at its best learning rate",
    claim="A plain net of 56 layers trains and tests worse than the residual net of the same shape even when each has "
    "the learning rate that suits it best.",
    place="sec. 1 and 4.2",
    rounds=(search, finals),
    rows=rows,
    picture=picture,
    finding=finding,
    may_differ=("optimizer.lr",),
    about="The rates are chosen inside the 45,000 training images (trained on 40,000, judged on the next 5,000); the "
    "nets are then trained on all 45,000. The paper has one rate for both; the plain net's error in its column was "
    "read off Figure 6 by others.",
)
