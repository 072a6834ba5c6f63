"""Figure 4: training on ImageNet, plain nets of 18 and 34 layers and the residual nets of the same shapes."""

import statistics

from reslab.experiments.comparing import Comparison, judged
from reslab.experiments.experiment import Experiment, Finding, Result, Row, Runs
from reslab.experiments.lines import both
from reslab.experiments.table2 import NETS, needs
from reslab.reporting import Axis, Panel, panels_figure
from reslab.reporting.rounding import finite

AXIS = Axis(20, 60, (20, 30, 40, 50, 60))
ITERATIONS = (0, 10, 20, 30, 40, 50)  # in 1e4
SMOOTH = 0.05  # of a run's lines of metrics, that a training error is a mean of
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


def rows(runs: Runs) -> list[Row]:
    found = []
    for label in NETS:
        found += [runs.row(label, None, "train", f"{label}, training"), runs.row(label, title=f"{label}, held-out")]
    return [*found, faster(runs)]


def faster(runs: Runs) -> Row:
    """ResNet-18's way to plain-18's last training error, as a part of plain-18's steps, seed by seed."""
    pairs = zip(runs.of("resnet18 A"), runs.of("plain18"), strict=False)
    parts = [part for pair in pairs if (part := steps_to_match(*pair)) is not None]
    label = "resnet18 A: steps to plain18's training error"
    if not parts:
        return Row(label, unit="part of its steps")
    std = round(statistics.stdev(parts), 4) if len(parts) > 1 else None
    images = runs.row("plain18", split="train").images
    return Row(label, None, round(statistics.fmean(parts), 4), len(parts), images, std, "part of its steps", "train")


def picture(runs: Runs, _: list[Row]) -> bytes:
    left = tuple(c for d in (18, 34) for c in both(runs, f"plain{d}", d, f"plain-{d}", "thin"))
    right = tuple(c for d in (18, 34) for c in both(runs, f"resnet{d} A", d, f"ResNet-{d}", "thin"))
    panels = (Panel("plain", left), Panel("residual", right))
    return panels_figure(panels, AXIS, ITERATIONS, key="thin: training error, bold: validation error", width=760)


def finding(runs: Runs) -> Finding:
    found = judged(runs, CLAIMS)
    part = faster(runs).ours
    words = f"{100 * part:.0f} % of its steps" if part is not None else "not reached"
    return Finding(found.holds, f"{found.words}; plain18's last training error by resnet18 A: {words}")


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
    about="The paper does not print the figure's values. Its validation error is of the centre crop, as ours is.",
)
