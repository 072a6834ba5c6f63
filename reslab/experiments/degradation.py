"""Degradation, fairly: plain and residual nets of 56 layers, each at the learning rate that suits it best.

And beside it: is it still there where initialisation and optimiser are others than the paper's (preset `record`)?
"""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, difference, judged
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs
from reslab.experiments.pairs import rows_beside
from reslab.experiments.paper import paper
from reslab.experiments.sweep import SEARCH_SPLIT
from reslab.reporting import GridLine, grid_figure
from reslab.training import Recipe

NETS = ("plain56", "resnet56")
COLOURS = (1, 0)  # theirs: orange and blue, as on top of the page of the paper
RATES = (0.025, 0.05, 0.1, 0.2, 0.4)
SMOKE_RATES = (0.1, 0.2)
PAPERS_RATE = 0.1  # sec. 4.2, for both
RECORD = "record"  # the preset
UNDER_RECORD = ("plain20", "plain56", "resnet20", "resnet56")
# The degradation itself, on training images, and what the shortcut is worth beside it.
RECORD_PAIRS = (
    ("plain56", "plain20", "train"),
    ("resnet56", "resnet20", "train"),
    ("plain56", "resnet56", "train"),
    ("plain56", "resnet56", None),
)


def search(runs: Runs) -> list[Need]:
    """Every net at every rate, judged on images that no reported number is counted on, where the data have such.

    And nets of 20 and 56 layers under the preset `record`, whose rate is what it is.
    """
    searched = [
        Need(_label(net, rate), _at(runs.setting.recipe(net, split=SEARCH_SPLIT), rate), tried=True)
        for rate in _rates(runs)
        for net in NETS
    ]
    under = [Need(_under(net), runs.setting.recipe(net, preset=RECORD), alike=False) for net in UNDER_RECORD]
    return searched + under


def finals(runs: Runs) -> list[Need]:
    """Each net at its best rate; where nothing was searched, as for estimates, at the rate of its preset."""
    if not any(_tried(runs, net) for net in NETS):
        return [Need(net, runs.setting.recipe(net)) for net in NETS]
    best = {net: best_rate(runs, net) for net in NETS}
    return [Need(net, _at(runs.setting.recipe(net), rate)) for net, rate in best.items() if rate is not None]


def best_rate(runs: Runs, net: str) -> float | None:
    """The rate with the lowest mean validation error in the search, of equals the smaller one; None if all failed.

    A rate at which a net diverged with any seed is none.
    """
    errors = {rate: runs.mean(_label(net, rate), "val_error") for rate in _rates(runs)}
    known = {rate: error for rate, error in errors.items() if error is not None}
    return min(known, key=lambda rate: known[rate]) if known else None


def rows(runs: Runs) -> list[Row]:
    told = {**paper()["figure6"], **paper()["table6"]}
    found = []
    for net in NETS:
        trained = runs.row(net, None, "train", f"{net}, training")
        used = _rate_used(runs, net)
        rate = Row(f"{net}, rate chosen", PAPERS_RATE, used, unit="rate", elsewhere=trained.elsewhere, chosen=True)
        found += [rate, trained]
        found.append(replace(runs.row(net, told[net], title=f"{net}, held-out"), read_off=net in paper()["figure6"]))
    papers = round(told[NETS[0]] - told[NETS[1]], 1)
    apart = _apart(runs, *NETS, runs.held_out, f"{NETS[0]} less {NETS[1]}", papers)
    found.append(replace(apart, read_off=True))
    beside = []
    for net in UNDER_RECORD:
        beside.append(runs.row(_under(net), None, "train", f"{net} under {RECORD}, training"))
        beside.append(runs.row(_under(net), None, title=f"{net} under {RECORD}, held-out"))
    for higher, lower, split in RECORD_PAIRS:
        title = f"{higher} less {lower} under {RECORD}, {'training' if split else 'held-out'}"
        beside.append(_apart(runs, _under(higher), _under(lower), split or runs.held_out, title))
    return found + [replace(row, judged=False) for row in beside]


def picture(runs: Runs, found: list[Row]) -> bytes:
    """Error against rate, of each net; where no rate was searched yet, the errors that there are."""
    rates = _rates(runs)
    if not any(runs.of(_label(net, rate)) for net in NETS for rate in rates):
        shown = [row for row in found if row.unit == "error %" and (row.ours or row.paper)]
        return rows_beside(shown, "error %", "CIFAR-10")
    lines = [
        GridLine(net, tuple(tuple(runs.values(_label(net, rate), "val_error")) for rate in rates), colour)
        for net, colour in zip(NETS, COLOURS, strict=True)
    ]
    words = [f"{rate:g}" for rate in rates]
    return grid_figure(lines, "learning rate", words, ordered=True, quantity="validation error %, in the search")


def finding(runs: Runs) -> Finding:
    """The claim is about each net at its best rate; what `record` makes of it stands beside it."""
    found = judged(runs, [Comparison(*NETS, "train"), Comparison(*NETS)])
    beside = [Comparison(_under(higher), _under(lower), split) for higher, lower, split in RECORD_PAIRS]
    words, other = "; ".join((found.words, *_of_the_search(runs))), judged(runs, beside).words
    if unchosen := [net for net in NETS if _tried(runs, net) < 2]:
        return Finding(None, f"{words}; the rate of {' and '.join(unchosen)} was not chosen among others here", other)
    return Finding(found.holds, words, other)


def _apart(runs: Runs, higher: str, lower: str, split: str, title: str, paper: float | None = None) -> Row:
    """The difference of two labels' errors as a row, of as many runs as the one with fewer has."""
    apart, below = difference(runs, higher, lower, split), runs.row(lower, split=split)
    if apart is None:
        return Row(title, paper, unit="points")
    fewer = min(len(runs.values(label, f"{split}_error")) for label in (higher, lower))
    return Row(title, paper, round(apart.points, 4), fewer, below.images, unit="points", on=below.on)


def _of_the_search(runs: Runs) -> list[str]:
    """What a reader should know of it: where nets diverged, and where a better rate may lie beyond those tried."""
    rates = _rates(runs)
    told = [f"{label} diverged with one seed or more" for label in runs.diverged]
    for net in NETS:
        best = best_rate(runs, net) if _tried(runs, net) > 1 else None
        if best in (rates[0], rates[-1]):
            told.append(f"the rate of {net}, {best:g}, is the {'smallest' if best == rates[0] else 'largest'} tried")
    chosen = [net for net in NETS if _tried(runs, net) > 1]
    counts = {len(runs.of(_label(net, rate))) for net in chosen for rate in rates}
    if 1 in counts:
        some = "some " if max(counts) > 1 else ""
        told.append(f"{some}rates were searched with one seed, which does not tell good ones apart")
    return told


def _tried(runs: Runs, net: str) -> int:
    """At how many rates."""
    return sum(_label(net, rate) in (*runs.found, *runs.diverged) for rate in _rates(runs))


def _under(net: str) -> str:
    return f"{net} under {RECORD}"


def _rates(runs: Runs) -> tuple[float, ...]:
    return SMOKE_RATES if runs.setting.smoke else RATES


def _label(net: str, rate: float) -> str:
    return f"{net} at {rate:g}"


def _at(recipe: Recipe, rate: float) -> Recipe:
    return replace(recipe, optimizer=replace(recipe.optimizer, lr=rate))


def _rate_used(runs: Runs, net: str) -> float | None:
    """None where there was no choice, and the rate is that of the preset."""
    if _tried(runs, net) < 2:
        return None
    used = {run["recipe"]["optimizer"]["lr"] for run in runs.of(net)}
    return used.pop() if len(used) == 1 else None


DEGRADATION = Experiment(
    name="degradation",
    title="Plain and residual nets of 56 layers, each at its best learning rate",
    claim="A plain net of 56 layers trains and tests worse than the residual net of the same shape even when each has "
    "the learning rate that suits it best.",
    place="beyond sec. 4.2",
    rounds=(search, finals),
    rows=rows,
    picture=picture,
    finding=finding,
    may_differ=("optimizer.lr",),
    about="The rates are chosen inside the training images (of CIFAR-10, trained on 40,000 of the 45,000 and judged "
    "on the next 5,000); the nets are then trained on all of them. The paper has one rate for both, and ours, an "
    "answer and no miss, has no deviation from it; the plain net's error in its column was read off Figure 6 by "
    "others. Under `record`, a preset with another initialisation and another optimiser than the paper's, all nets "
    "have the same rates; that decides nothing here.",
    caption="Of the search, where there was one: validation error by learning rate, the plain net orange, the residual "
    "net blue. It only chooses a rate; what the nets come to at theirs are the numbers below.",
)
