"""`reslab eval`: the error of a run, of a file with a net, or of an ensemble of them."""

import io
from csv import writer as csv_writer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli import options
from reslab.cli.calibration import show_calibration
from reslab.cli.places import refuse_place
from reslab.cli.show import counting, emit, out, pairs, percent, say, show_text, table
from reslab.cli.watch import counted
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.evaluation import Answer, Answers, Evaluation

MOST_CONFUSIONS = 3
COLUMNS = ("file", "true", "predicted", "probability", "correct")  # of --csv


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE", help="A run folder, a model or exported file (.onnx, .pt2), or other weights (.pth)."
        ),
    ],
    data: Annotated[str | None, typer.Argument(help="Another data set; default: the run's own.")] = None,
    split: Annotated[
        str | None, typer.Option(help="train, val, test, or all of a folder; default: test, else val.")
    ] = None,
    views: options.Views = None,
    scales: options.Scales = None,
    ensemble: options.Ensemble = None,
    classes: Annotated[
        bool, typer.Option("--classes", help="The error of each class, and the most frequent confusions.")
    ] = False,
    mistakes: Annotated[
        int | None, typer.Option(metavar="N", help="The N mistakes that it was surest of, a line each.")
    ] = None,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Are probabilities right? As trained, and with temperature scaling.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write file,true,predicted,probability,correct of every image.")
    ] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16; default: the run's own.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as the run, or all cores.")] = 0,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    on_bad: Annotated[str, typer.Option(help="Images that cannot be read: error or skip.")] = "error",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure top-1 and top-5 error on a split: of a single view, of crops, of several scales, of an ensemble."""
    from reslab.asking import evaluate
    from reslab.engine import Request
    from reslab.nets import named_residual
    from reslab.store import write_bytes

    _refuse_unusable(mistakes, csv)
    asked = Request("auto", device, precision, "auto", threads)
    with counted("testing") as progress:
        found = evaluate(
            run,
            data,
            split,
            views=views,
            scales=options.pixels_of(scales),
            ensemble=ensemble or (),
            calibration=calibration,
            data_root=data_root,
            request=asked if asked != Request() else None,
            residual=named_residual(residual),
            on_bad=on_bad,
            say=say,
            progress=progress,
        )
    for note in found.notes:
        say(note)
    if csv is not None:
        write_bytes(csv, _every_answer(found.answers))
    if json:
        emit(found.to_dict() | ({} if mistakes is None else {"mistakes": _as_values(found.answers.mistakes(mistakes))}))
        return
    _show(found)
    if classes:
        _show_classes(found)
    if found.calibration is not None:
        show_calibration(found.calibration)
    if mistakes is not None:
        _show_mistakes(found.answers, mistakes)


def _show(found: "Evaluation") -> None:
    """The errors; the mean of the classes' where it is another than that of all images."""
    from reslab.evaluation import balanced

    rows = [
        ("model", found.model),
        ("data", f"{found.data}, {found.split}, {_how(found)}"),
        ("top-1 error", percent(found.top1_error, found.images)),
    ]
    if found.top5_error is not None:
        rows.append(("top-5 error", percent(found.top5_error, found.images)))
    if not balanced(found.class_errors):
        mean = f"{found.mean_class_error:.2f} %, each of {len(found.class_errors):,} classes counting alike"
        rows.append(("mean class error", mean))
    pairs(rows)


def _show_classes(found: "Evaluation") -> None:
    """A table of the classes, the worst first, and one of what was most often taken for what."""
    from reslab.evaluation import confusions

    rows = [
        (c.name, f"{c.error:.2f} %", c.images, c.taken_for and f"{c.taken_for} ({c.taken:,})")
        for c in found.class_errors
    ]
    out.print()
    table(("class", "error", "images", "most often taken for"), rows)
    if frequent := confusions(found.confusions, found.classes, MOST_CONFUSIONS):
        out.print()
        pictures = [(c.true, c.predicted, f"{c.count:,} of {c.images:,}") for c in frequent]
        table(("class", "taken for", "images"), pictures, title="most frequent confusions")


def _refuse_unusable(mistakes: int | None, csv: Path | None) -> None:
    """UsageError before anything is tested for it."""
    if mistakes is not None and mistakes < 1:
        raise UsageError(f"--mistakes {mistakes}: ask for at least 1")
    if csv is not None:
        refuse_place("--csv", csv, ".csv")
        if csv.is_file() and not csv.read_bytes().startswith(",".join(COLUMNS).encode()):  # a table of labels, perhaps
            raise UsageError(f"--csv {csv} is there already, and holds no answers of reslab: give another place")


def _every_answer(answers: "Answers") -> bytes:
    """A row an image, in the order of the split; lines end with LF, whatever the system."""
    text = io.StringIO()
    writer = csv_writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for answer in answers:
        correct = "true" if answer.correct else "false"
        writer.writerow((answer.file, answer.true, answer.predicted, f"{answer.probability:.6f}", correct))
    return text.getvalue().encode()


def _as_values(mistakes: "list[Answer]") -> list[dict[str, Any]]:
    """For JSON; that they are wrong is known."""
    return [{name: value for name, value in m._asdict().items() if name != "correct"} for m in mistakes]


def _show_mistakes(answers: "Answers", most: int) -> None:
    """A table of the mistakes, the surest first."""
    out.print()
    rows = [(m.file, m.true, m.predicted, f"{100 * m.probability:.1f} %") for m in answers.mistakes(most)]
    if rows:
        table(("file", "class", "taken for", "probability"), rows)
    else:
        show_text(f"no mistake in {counting(len(answers), 'image')}")


def _how(found: "Evaluation") -> str:
    """How an image was looked at, in words."""
    views = f"{found.views} view{'s' if found.views > 1 else ''}"
    scales = f" at {', '.join(map(str, found.scales))} pixels" if found.scales else ""
    members = f", {len(found.members)} nets" if len(found.members) > 1 else ""
    return f"{views}{scales}{', dense' if found.dense else ''}{members}"
