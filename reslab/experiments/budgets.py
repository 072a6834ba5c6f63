"""What a training of any length comes to: error against epochs and against minutes, each length with the
preset's rate, which falls to zero at its own end.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from reslab.experiments.comparing import SPLIT_WORDS, Difference, all_hold, counting
from reslab.experiments.experiment import Datasets, Experiment, Finding, Need, Result, Row, Runs, Trained
from reslab.experiments.measured import CIFAR10, by_preset
from reslab.experiments.paper import paper
from reslab.experiments.scales import Setting
from reslab.experiments.shares import macs_in_all
from reslab.experiments.uncertainty import at_most, over_seeds
from reslab.reporting import (
    DEPTH_COLOURS,
    BudgetLine,
    BudgetRun,
    Level,
    budgets_figure,
    machine_text,
    timed_on,
    timed_runs,
)
from reslab.reporting.recipes import field_label, value_text
from reslab.reporting.rounding import epochs_text, error_text, finite, standard_error
from reslab.store import read_results
from reslab.training import Recipe, lasting, told_departures

DEPTHS = {"resnet20": 20, "resnet56": 56}
EPOCHS = {"resnet20": (4, 8, 12, 16, 20, 30, 50, 60, 160), "resnet56": (8, 16, 30, 60)}
SMOKE_EPOCHS = (0.16, 0.32)  # 1 and 2 steps
SEVERAL = {"resnet20": 30}  # budgets up to this are for as many seeds as are asked for, longer ones for one
PAPERS = "the paper's recipe"
RECORD = "record"  # the preset: of whatever length
SEEDS = 5  # from which on `record` with other values of some fields stands beside, too
MANY = 10  # seeds that a mean is told of by itself
PLAIN = "PyTorch, eager fp32"  # our torch engine where it neither compiles nor rounds


def needs(runs: Runs) -> list[Need]:
    """Every net for every budget that the setting has room for; at scale full the paper's own recipe, too."""
    setting = runs.setting
    found = [
        Need(_label(n, e), _lasting(setting, n, e), seeds=_seeds(n, e)) for n in EPOCHS for e in _epochs(setting)[n]
    ]
    if setting.part < 1:
        work = {need.label: macs_in_all(need.recipe) for need in found}
        most = max(setting.part * max(work.values()), min(work.values()))
        found = [need for need in found if work[need.label] <= most]
    if setting.scale == "full":
        whole = replace(setting, part=1.0)
        found += [Need(f"{net}, {PAPERS}", whole.recipe(net), alike=False, seeds=1) for net in EPOCHS]
    return found


def rows(runs: Runs) -> list[Row]:
    """A row for each budget, measured or not; below them what was measured otherwise. Minutes as in the picture."""
    together = with_beside(runs)
    where = timed_on(_lines(together))
    labels = {_label(net, epochs): epochs for net in EPOCHS for epochs in _epochs(runs.setting)[net]}
    found = [_row(together, label, where, float(epochs)) for label, epochs in labels.items()]
    beside = [_row(together, label, where) for label in together.found if label not in labels]
    return found + [replace(row, judged=False) for row in beside]


def picture(runs: Runs, _: list[Row]) -> bytes:
    together = with_beside(runs)
    levels = [
        Level(f"{_title(net)} in the paper", DEPTH_COLOURS[DEPTHS[net]], paper()["table6"][net])
        for net in EPOCHS
        if any(_net(label) == net for label in together.found)
    ]
    return budgets_figure(_lines(together), levels, f"{SPLIT_WORDS[together.held_out]} error %")


def finding(runs: Runs) -> Finding:
    """Of each net the longest budget beside the paper's error, and the first that is at it or below."""
    words: list[str] = []
    for net in EPOCHS:
        measured = [e for e in _epochs(runs.setting)[net] if runs.values(_label(net, e), f"{runs.held_out}_error")]
        papers = paper()["table6"][net]
        if not measured:
            words.append(f"{net}: not known")
            continue
        apart = _from_paper(runs, _label(net, measured[-1]), papers)
        reached = [e for e in measured if (runs.mean(_label(net, e), f"{runs.held_out}_error") or 0.0) <= papers]
        unsure = _unsure(runs, _label(net, measured[-1]))
        words.append(
            f"{net} in {epochs_text(measured[-1])} epochs is {apart.side} the paper's {papers:g} %{unsure}"
            + _first(measured, reached)
        )
    done = sum(bool(runs.of(label)) for label in _all(runs.setting))
    words.append(f"{done} of {len(_all(runs.setting))} budgets are measured")
    return Finding(all_hold(is_reached(runs, net) for net in EPOCHS), "; ".join(words), _of_many(with_beside(runs)))


def _first(measured: Sequence[float], reached: Sequence[float]) -> str:
    """Of the shorter budgets, the longest being told of already: which of them is the first that is as good."""
    shorter = [epochs for epochs in reached if epochs < measured[-1]]
    if shorter:
        return f", and the first at or below it is of {epochs_text(shorter[0])} epochs"
    if len(measured) == 1:
        return ""
    return ", and no shorter budget is at or below the paper's" if reached else ", as are all shorter ones"


def _of_many(runs: Runs) -> str:
    """Means over so many seeds that their own spread leaves little open; images are another matter, and are named."""
    words: list[str] = []
    for label in runs.found:
        errors, papers = runs.values(label, f"{runs.held_out}_error"), paper()["table6"][_net(label)]
        if len(errors) >= MANY:
            images = int(runs.values(label, f"{runs.held_out}_images")[0])
            mean, most = statistics.fmean(errors), at_most(errors)
            words.append(
                f"{named_with_preset(runs, label)}: {error_text(mean, images)} % of {images:,} "
                f"{SPLIT_WORDS[runs.held_out]} images, the mean of {len(errors)} seeds, with 95 % confidence "
                f"(one-sided) at most {error_text(most, images)} % (over seeds alone; so many images leave a standard "
                f"error of {standard_error(mean, images):.2f} points), where the paper has {papers:g} %"
            )
    return "; ".join(words)


def named_with_preset(runs: Runs, label: str) -> str:
    """The label of a length with the preset that all lengths have; that of another training says it by itself."""
    net, epochs = label.split(", ", 1)
    return f"{net}, {_preset(runs.setting)}, {epochs}" if label in _all(runs.setting) else label


def _unsure(runs: Runs, label: str) -> str:
    """Why a difference from the paper's number decides nothing, if it does not."""
    why = ["one seed"] if len(runs.of(label)) == 1 else []
    why += ["validation images, the paper's are test images"] if runs.held_out == "val" else []
    return f" (not sure: {', '.join(why)})" if why else ""


def is_reached(runs: Runs, net: str) -> bool | None:
    """Is the paper's error reached by any budget for sure, or missed by the longest? Single seeds decide nothing.

    Nor do validation errors, since the paper's are test errors.
    """
    labels = [_label(net, epochs) for epochs in _epochs(runs.setting)[net]]
    measured = [label for label in labels if runs.values(label, f"{runs.held_out}_error")]
    if runs.held_out != "test" or not measured:
        return None
    known = {label: _from_paper(runs, label, paper()["table6"][net]) for label in measured}
    if any(apart.sure and apart.points < 0 for apart in known.values()):
        return True
    last = known.get(labels[-1])
    return False if last and last.sure else None


def beside(results: Sequence[Result]) -> dict[str, list[Result]]:
    """What is recorded of the paper's recipe, of `record`, and of PyTorch in fp32, by label; nothing where nothing is.

    Of each run only what is shown.
    """
    found: dict[str, list[Result]] = {}
    for net in EPOCHS:
        of_record = (*_of_record(results, net), *_of_changed_record(results, net))
        for label, result in (*_of_paper(results, net), *of_record, *_of_pytorch(results, net)):
            found.setdefault(f"{net}, {label}", []).append(_shown(result))
    return found


Labelled = Iterator[tuple[str, Result]]


def _of_paper(results: Sequence[Result], net: str) -> Labelled:
    for result in by_preset(results, net, "paper"):
        yield f"{PAPERS}{_way(result)}", result


def _of_record(results: Sequence[Result], net: str) -> Labelled:
    """The preset at each length that was trained, the shortest first."""
    mine = [result for result in results if result["recipe"]["name"] == RECORD and result["result"]["model"] == net]
    for epochs in sorted({float(known) for result in mine if (known := finite(result["result"].get("epochs")))}):
        for result in by_preset(results, net, RECORD, epochs):
            yield f"{RECORD}, {epochs_text(epochs)} epochs{_way(result)}", result


def _of_changed_record(results: Sequence[Result], net: str) -> Labelled:
    """The preset with other values of some fields, where several seeds have them, the shortest first."""
    alike: dict[tuple[int, str], list[Result]] = {}
    for result in results:
        recipe = Recipe.from_dict(result["recipe"])
        on = recipe.data.name, recipe.data.split, recipe.data.images
        if (recipe.name, result["result"]["model"], *on) == (RECORD, net, CIFAR10.name, CIFAR10.split, None):
            changed = told_departures(recipe, CIFAR10.train_images)
            words = ", ".join(f"{field_label(field)} {value_text(value)}" for field, value in changed.items())
            alike.setdefault((recipe.steps, words), []).append(result)
    for (steps, words), found in sorted(alike.items()):
        if words and len(found) >= SEEDS:
            epochs = epochs_text(steps * found[0]["recipe"]["batch"] / CIFAR10.train_images)
            yield from ((f"{RECORD}, {words}, {epochs} epochs", result) for result in found)


def _of_pytorch(results: Sequence[Result], net: str) -> Labelled:
    """A budget of the curve by PyTorch in fp32, not compiled (channels_last)."""
    curve = {_lasting(Setting.nominal("small"), net, epochs).digest(): epochs for epochs in EPOCHS[net]}
    for result in results:
        epochs = curve.get(Recipe.from_dict(result["recipe"]).digest())
        if epochs and is_plain(result):
            yield f"{epochs} epochs, {PLAIN}", result


def _way(result: Result) -> str:
    """What is added to the label of a run of PyTorch in fp32, not compiled."""
    return f", {PLAIN}" if is_plain(result) else ""


def is_plain(result: Result) -> bool:
    """Was it PyTorch's own kernels in single precision on the CPU, not compiled?"""
    execution = result["environment"].get("execution", {})
    told = tuple(execution.get(name) for name in ("engine", "device", "precision", "compiled"))
    return told == ("torch", "cpu", "fp32", False)


def enough(runs: Runs) -> bool:
    """Are there two budgets of a net, so that there is a line to draw?"""
    return any(sum(bool(runs.of(_label(net, e))) for e in epochs) > 1 for net, epochs in _epochs(runs.setting).items())


def measure(runs: Runs, _: Datasets) -> dict[str, Any]:
    """From `results/`: what our runs stand beside; nothing beside a test on other images."""
    return {} if runs.setting.smoke else known(read_results(), {})


def looked_at(runs: Runs) -> dict[str, tuple[Result, ...]]:
    """What ours stand beside, too: machines and recipes are told of all that has a row."""
    return dict(with_beside(runs).found)


def known(results: Sequence[Result], _: Trained) -> dict[str, Any]:
    return {"beside": beside(results)}


def _epochs(setting: Setting) -> dict[str, tuple[float, ...]]:
    return {net: SMOKE_EPOCHS if setting.smoke else epochs for net, epochs in EPOCHS.items()}


def _all(setting: Setting) -> list[str]:
    return [_label(net, epochs) for net in EPOCHS for epochs in _epochs(setting)[net]]


def _seeds(net: str, epochs: float) -> int | None:
    return None if epochs <= SEVERAL.get(net, 0) else 1


def _lasting(setting: Setting, net: str, epochs: float) -> Recipe:
    """What `reslab train cifar10 --model NET --epochs EPOCHS` trains."""
    short = setting.scale if setting.smoke else "small"  # also of runs that somebody made
    whole = replace(setting, scale=short, part=1.0).recipe(net)
    return lasting(whole, whole.data.images or setting.facts(net).train_images, None, epochs)


def _preset(setting: Setting) -> str:
    """That of the lines."""
    net = next(iter(EPOCHS))
    return _lasting(setting, net, _epochs(setting)[net][0]).name


def _label(net: str, epochs: float) -> str:
    return f"{net}, {epochs:g} epochs"


def _net(label: str) -> str:
    return label.partition(",")[0]


def _title(net: str) -> str:
    return net.replace("resnet", "ResNet-")


def with_beside(runs: Runs) -> Runs:
    """The runs, and those of `results/` that stand beside them and are not among them."""
    names = {run["name"] for found in runs.found.values() for run in found}
    found = {label: list(of_label) for label, of_label in runs.found.items()}
    for label, others in runs.measured.get("beside", {}).items():
        if new := [run for run in others if run["name"] not in names]:
            found.setdefault(label, []).extend(new)
    return Runs(runs.setting, {label: tuple(of_label) for label, of_label in found.items()}, runs.measured)


def _row(runs: Runs, label: str, where: str | None, epochs: float | None = None) -> Row:
    """Its minutes are those on `where`, and none where it has no run there; of what stands beside, see `timed_runs`."""
    net, told = _net(label), runs.values(label, "epochs")
    timed = timed_runs(_line(runs, [label], label, net, alone=epochs is None), where)
    minutes = round(statistics.fmean(run.minutes or 0.0 for run in timed), 3) if timed else None
    machine = timed[0].machine if timed else None
    besides = {"net": net, "epochs": told[0] if told else epochs, "minutes": minutes, "machine": machine}
    return replace(runs.row(label, paper()["table6"][net]), besides=besides)


def _lines(runs: Runs) -> list[BudgetLine]:
    """A line of every net, and a mark for whatever was measured otherwise."""
    curves = [label for label in _all(runs.setting) if runs.of(label)]
    lines = [
        _line(runs, [label for label in curves if _net(label) == net], f"{_title(net)}, {_preset(runs.setting)}", net)
        for net in EPOCHS
    ]
    marks: dict[str, list[str]] = {}
    for label in runs.found:
        if label not in curves:
            marks.setdefault(_mark(label), []).append(label)
    lines += [_line(runs, labels, title, _net(labels[0]), alone=True) for title, labels in marks.items()]
    return [line for line in lines if line.runs]


def _mark(label: str) -> str:
    """The title of what stands beside the lines: trainings alike but in their lengths have one mark."""
    net, *words = label.split(", ")
    return ", ".join([_title(net), *(word for word in words if "epoch" not in word)])


def _line(runs: Runs, labels: Sequence[str], title: str, net: str, alone: bool = False) -> BudgetLine:
    points = tuple(
        BudgetRun(float(result["epochs"]), error, seconds / 60 if seconds else None, machine_text(run["environment"]))
        for label in labels
        for run in runs.of(label)
        for result in [run["result"]]
        if (error := finite(result.get(f"{runs.held_out}_error"))) is not None
        for seconds in [finite(result.get("seconds"))]
    )
    return BudgetLine(title, DEPTH_COLOURS[DEPTHS[net]], points, alone)


def _from_paper(runs: Runs, label: str, papers: float) -> Difference:
    """Ours less the paper's number. Its uncertainty has our seeds, and the images of both, the paper's 10,000 included;
    how far the paper's seeds are apart is not known.
    """
    errors = runs.values(label, f"{runs.held_out}_error")
    images = int(runs.values(label, f"{runs.held_out}_images")[0])
    parts = [counting(errors, images), counting([papers], 10_000), over_seeds(errors)]
    return Difference.of(statistics.fmean(errors) - papers, parts)


def _shown(result: Result) -> Result:
    kept = (
        "data",
        "model",
        "recipe",
        "steps",
        "epochs",
        "seconds",
        "run",
        "seed",
        "train_error",
        "val_error",
        "val_images",
        "test_error",
        "test_images",
    )
    environment = {name: result["environment"].get(name, {}) for name in ("machine", "execution")}
    return {
        "name": result["name"],
        "result": {name: result["result"].get(name) for name in kept},
        "environment": environment,
    }


BUDGETS = Experiment(
    name="budgets",
    title="Error on CIFAR-10 for trainings of any length",
    claim="With a rate that falls to zero at the end of a shorter training, the paper's errors are reached in fewer "
    "steps than its 64,000.",
    place="beyond sec. 4.2",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    known=known,
    looked_at=looked_at,
    takes=lambda result: not is_plain(result),  # those stand beside ours
    may_differ=("schedule.steps", "optimizer.lr"),  # short trainings have a larger rate
    by_length=True,
    about="Every budget is a training of its own, not a part of a longer one. Minutes are those of training on one "
    "machine with its threads and engine, the fastest for these nets; a row without them has no run there. "
    "The paper's recipe, `record` and PyTorch, where they have none there, have those of another, which is named. Up "
    f"to {SEVERAL['resnet20']} epochs of ResNet-20 there are as many seeds as were asked for, for longer "
    "trainings one; more are taken in with --from. Single seeds and validation errors decide nothing. The "
    "claim is judged by the budgets alone, whose rate falls to zero at their own ends; the paper's recipe, `record` "
    "and PyTorch stand beside them.",
    caption="Error against the length of a training. Left in epochs, right in minutes on one "
    "machine; both axes are logarithmic.",
)
