"""Figure 4: training on ImageNet, plain nets of 18 and 34 layers and the residual nets of the same shapes.

VGG-19, the third net of Figure 3, beside the plain ones.
"""

import statistics

from reslab.experiments.comparing import Comparison, all_hold, judged
from reslab.experiments.experiment import Experiment, Finding, Result, Row, Runs, Told
from reslab.experiments.lines import AXES, OVER_SEEDS, both
from reslab.experiments.paper import paper
from reslab.experiments.table2 import HISTORIC, LEFT_OUT, NETS, needs
from reslab.reporting import Axis, Panel, panels_figure
from reslab.reporting.rounding import finite

AXIS = Axis(20, 60, (20, 30, 40, 50, 60))
ITERATIONS = (0, 10, 20, 30, 40, 50)  # in 1e4
SMOOTH = 0.05  # of a run's lines of metrics, that a training error is a mean of
PAIRS = 2  # seeds that decide something
THROUGHOUT = 0.9  # of the lines: at a run's beginning all nets are at chance
SOONER = "resnet18 A: steps to plain18's training error"
ABOVE = "plain34: training error above plain18's"
CLAIMS = (
    Comparison("plain34", "plain18", "train"),
    Comparison("plain34", "plain18"),
    Comparison("resnet18 A", "resnet34 A", "train"),
    Comparison("resnet18 A", "resnet34 A"),
)


def steps_to_match(ahead: Result, behind: Result) -> float | None:
    """The part of `behind`'s steps after which `ahead` has the training error that `behind` ends with; None if never.

    Errors are means over a twentieth of a run, since those of single lines jump.
    """
    target, reached = _smoothed(behind), _smoothed(ahead)
    if not target or not reached:
        return None
    last = target[-1]
    first = next((step for step, error in reached if error <= last[1]), None)
    return None if first is None else first / last[0]


def share_above(higher: Result, lower: Result) -> float | None:
    """The part of their common lines, smoothed, in which `higher` has the higher training error; None without any."""
    one, other = dict(_smoothed(higher)), dict(_smoothed(lower))
    shared = [step for step in one if step in other]
    return statistics.fmean(one[step] > other[step] for step in shared) if shared else None


def rows(runs: Runs) -> list[Row]:
    found = []
    for label in (*NETS, *HISTORIC):
        found += [runs.row(label, None, "train", f"{label}, training"), runs.row(label, title=f"{label}, held-out")]
    return [*found, above(runs), faster(runs)]


def above(runs: Runs) -> Row:
    """The part of training in which plain-34 has a higher training error than plain-18, seed by seed."""
    return _part(runs, ABOVE, [share_above(*pair) for pair in _pairs(runs, "plain34", "plain18")], "part of the lines")


def faster(runs: Runs) -> Row:
    """ResNet-18's way to plain-18's last training error, as a part of plain-18's steps; empty if one never is there."""
    return _part(runs, SOONER, _sooner(runs), "part of its steps")


def papers() -> list[Row]:
    """Of the same nets, from the table that goes with the figure."""
    told = paper()["table2"]
    return [Row(f"{label}, ten crops", told[net]) for label, (net, _) in NETS.items()]


def picture(runs: Runs, _: list[Row]) -> bytes:
    beside = both(runs, "vgg19", 19, "VGG-19", "thin")
    left = (*(c for d in (18, 34) for c in both(runs, f"plain{d}", d, f"plain-{d}", "thin")), *beside)
    right = tuple(c for d in (18, 34) for c in both(runs, f"resnet{d} A", d, f"ResNet-{d}", "thin"))
    panels = (Panel("plain", left), Panel("residual", right))
    return panels_figure(panels, AXIS, ITERATIONS, key="thin: training error, bold: validation error", width=760)


def finding(runs: Runs) -> Finding:
    """The ends as differences that are sure; "throughout" in the mean over seeds, "faster" in every one of them."""
    found, share, parts = judged(runs, CLAIMS), above(runs).ours, _sooner(runs)
    throughout = None if share is None or len(_pairs(runs, "plain34", "plain18")) < PAIRS else share >= THROUGHOUT
    sooner = None if len(parts) < PAIRS else all(part is not None and part < 1 for part in parts)
    reached = [part for part in parts if part is not None]
    words = f"after {100 * statistics.fmean(reached):.0f} % of its steps" if reached else "never"
    if len(reached) < len(parts):
        words += f" in {len(reached)} of {len(parts)} seeds" if reached else ""
    told = (
        found.words,
        f"plain34 is above plain18 in training error at {100 * share:.0f} % of the steps recorded"
        if share is not None
        else f"{ABOVE}: not known",
        f"resnet18 A has plain18's last training error {words}" if parts else f"{SOONER}: not known",
    )
    return Finding(all_hold((found.holds, throughout, sooner)), "; ".join(told))


def _pairs(runs: Runs, one: str, other: str) -> list[tuple[Result, Result]]:
    """Runs of the two, seed by seed, that have recorded their training errors."""
    by_seed = {run["recipe"]["seed"]: run for run in runs.of(other) if _smoothed(run)}
    return [(run, by_seed[s]) for run in runs.of(one) if _smoothed(run) and (s := run["recipe"]["seed"]) in by_seed]


def _sooner(runs: Runs) -> list[float | None]:
    return [steps_to_match(*pair) for pair in _pairs(runs, "resnet18 A", "plain18")]


def _part(runs: Runs, label: str, parts: list[float | None], unit: str) -> Row:
    """The mean over seeds of a part of plain-18's training; empty where a seed has none."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return Row(label, unit=unit)
    std = round(statistics.stdev(known), 4) if len(known) > 1 else None
    images = runs.row("plain18", split="train").images
    return Row(label, None, round(statistics.fmean(known), 4), len(known), images, std, unit, "train")


def _smoothed(run: Result) -> list[tuple[float, float]]:
    """(step, training error), each the mean of the lines that lead to it."""
    pairs = [(finite(line.get("step")), finite(line.get("train_error"))) for line in run["metrics"]]
    known = [(step, error) for step, error in pairs if step is not None and error is not None]
    window = max(1, round(SMOOTH * len(known)))
    ends = range(window, len(known) + 1)
    return [(known[end - 1][0], statistics.fmean(e for _, e in known[end - window : end])) for end in ends]


FIGURE4 = Experiment(
    name="figure4",
    title="Training on ImageNet: plain and residual nets of 18 and 34 layers",
    claim="The plain net of 34 layers has a higher training error than that of 18 throughout, the residual net a lower "
    "one; of the nets with 18 layers, the residual one converges faster.",
    place="Figure 4, sec. 4.1",
    rounds=(needs,),
    rows=rows,
    picture=picture,
    finding=finding,
    about="The paper does not print the figure's values, and has no line for VGG-19, whose batches, and so steps, are "
    "its own authors'. The paper's validation error is of the centre crop, ours of the whole centre square. "
    "Throughout is nine tenths of the lines, each smoothed over a twentieth of a run.",
    of_a_test=LEFT_OUT,
    caption="Error over training of our nets, those that are trained; a line ends with its net's number of layers. "
    f"{OVER_SEEDS} {AXES}",
    told=Told(
        papers,
        "The paper's errors of these nets at the end, on ten crops of each image (Table 2); of the lines "
        "themselves it prints no number.",
    ),
)
