"""Table 6: classification error on CIFAR-10, residual nets beside the nets of their day."""

from dataclasses import replace

from reslab.experiments.comparing import Comparison, all_hold, judged
from reslab.experiments.counts import counted
from reslab.experiments.experiment import Experiment, Finding, Need, Row, Runs
from reslab.experiments.historic import historic_needs
from reslab.experiments.pairs import rows_beside
from reslab.experiments.paper import exact_counts, paper, printed
from reslab.experiments.scales import Setting
from reslab.nets import spec

HISTORIC = ("maxout", "nin", "dsn", "fitnet19", "highway19", "highway32")
RESIDUAL = ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202")
LARGER = ("fitnet19", "highway19")  # the "deep and thin" nets that have more parameters than ResNet-110
DEEPER = (Comparison("resnet20", "resnet56"), Comparison("resnet56", "resnet110"))
BETTER = tuple(Comparison(name, "resnet110") for name in HISTORIC)
SEEDS_OF_BEST = 5  # the paper prints the best of five runs of ResNet-110, and their mean and deviation
# Of whom it prints both, and how their best is called: of how many runs Highway-19's is, it does not say.
BEST = {"highway19": "highway19, best", "resnet110": f"resnet110, best of {SEEDS_OF_BEST}"}
PRINTED = "params printed"  # in Table 6, in millions of two or three digits
COUNTED = (
    "DSN is NIN with companion heads, which have 2,580,510 more parameters in training and are no part of the trained "
    "net. FitNet-19 has as many weights as its authors' script counts (2,736,712) and biases besides, more than the "
    "2.5M that are printed."
)


def needs(runs: Runs) -> list[Need]:
    return [*(Need(name, runs.setting.recipe(name)) for name in RESIDUAL), *historic_needs(runs, HISTORIC)]


def rows(runs: Runs) -> list[Row]:
    told = paper()["table6"]
    found = [_sized(name, runs.row(name, told.get(f"{name}_mean", told[name]))) for name in HISTORIC + RESIDUAL]
    return found + [_best(runs, name, title, told[name]) for name, title in BEST.items()]


def _best(runs: Runs, name: str, title: str, told: float) -> Row:
    """The paper's best, and ours of as many seeds as it has runs of ResNet-110; with fewer there is none of ours."""
    errors = runs.values(name, f"{runs.held_out}_error")
    row = _sized(name, runs.row(name, told, title=title))
    if len(errors) < SEEDS_OF_BEST:
        return Row(row.label, row.paper, besides=row.besides)
    return replace(row, ours=min(errors[:SEEDS_OF_BEST]), n=SEEDS_OF_BEST, std=None)


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "error %", "CIFAR-10")


def finding(runs: Runs) -> Finding:
    """Nets of the day whose authors' recipes were made as short as ours are told of, and not judged."""
    found = judged(runs, (*DEEPER, *BETTER))
    better = judged(runs, BETTER).holds if _as_long_as_their_own(runs) else None
    params = {name: _params(name) for name in ("resnet110", *LARGER)}
    fewer = all(params["resnet110"] < params[name] for name in LARGER)
    words = ", ".join(f"{name} {count:,}" for name, count in params.items())
    return Finding(all_hold((judged(runs, DEEPER).holds, better, fewer)), f"{found.words}; parameters: {words}")


def _as_long_as_their_own(runs: Runs) -> bool:
    """Had the nets of the day as many steps as their authors' recipes have?"""
    own = {name: Setting.nominal("full").recipe(name).steps for name in HISTORIC}
    return all(run["result"]["steps"] >= own[name] for name in HISTORIC for run in runs.of(name))


def _sized(name: str, row: Row) -> Row:
    """With the columns that the paper has beside the error."""
    return replace(row, besides={"layers": spec(name).depth, "params": _params(name), PRINTED: _printed(name)})


def _printed(name: str) -> float | None:
    """The parameters that the paper prints; it does not of every net."""
    return printed(name).get("params")


def _params(name: str) -> int:
    """The exact count, which a test compares with the net: to build the net of 1202 layers takes seconds."""
    known = exact_counts(name, spec(name))
    return known["params"] if known else counted(name).params


TABLE6 = Experiment(
    name="table6",
    title="Classification error on CIFAR-10",
    claim="Residual nets get better from 20 over 56 to 110 layers, which are better than the nets of their day, and "
    "have fewer parameters than FitNet-19 and Highway-19.",
    place="Table 6, sec. 4.2",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    about="Layers and parameters are those of the nets as they are built here, beside what the paper prints of them. "
    f"{COUNTED} The nets of their day have their own authors' recipes, at the scale small in as many steps as ours: so "
    "many steps are fewer than these recipes are made for, and decide nothing about those nets. The paper's values of "
    "highway19 and resnet110 are means of several runs; the best of these have rows of their own, ours after "
    f"{SEEDS_OF_BEST} seeds.",
)
