"""`reslab eval`: the error of a run, of a file with a net, or of an ensemble of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli.show import emit, out, pairs, percent, say, table
from reslab.cli.watch import counted
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.evaluation import Evaluation

MOST_CONFUSIONS = 3


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
    views: Annotated[
        str | None, typer.Option(help="1 (default), flip, centre or 10 crops; flip with --scales on photographs.")
    ] = None,
    scales: Annotated[
        str | None, typer.Option(help="Shorter sides in pixels, as 224,256,384,480,640: whole images, densely.")
    ] = None,
    ensemble: Annotated[
        list[Path] | None, typer.Option(metavar="RUN|FILE", help="One more net to average with; repeatable.")
    ] = None,
    classes: Annotated[
        bool, typer.Option("--classes", help="The error of each class, and the most frequent confusions.")
    ] = False,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16; default: the run's own.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as the run, or all cores.")] = 0,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    on_bad: Annotated[str, typer.Option(help="Images that cannot be read: error or skip.")] = "error",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure top-1 and top-5 error on a split: of a single view, of crops, of several scales, of an ensemble."""
    from reslab.engine import Request
    from reslab.evaluation import evaluate
    from reslab.interop import opened
    from reslab.nets import named_residual

    asked = Request("auto", device, precision, "auto", threads)
    with counted("testing") as progress:
        found = evaluate(
            opened(run, say),
            data,
            split,
            views=views,
            scales=_pixels(scales),
            ensemble=[opened(place, say) for place in ensemble or ()],
            data_root=data_root,
            request=asked if asked != Request() else None,
            residual=named_residual(residual),
            on_bad=on_bad,
            say=say,
            progress=progress,
        )
    for note in found.notes:
        say(note)
    if json:
        emit(found.to_dict())
        return
    _show(found)
    if classes:
        _show_classes(found)


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


def _pixels(text: str | None) -> tuple[int, ...]:
    """ "224,256" -> (224, 256). Raises UsageError for anything else."""
    if text is None:
        return ()
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"--scales {text}: whole numbers of pixels, as 224,256,384,480,640") from error


def _how(found: "Evaluation") -> str:
    """How an image was looked at, in words."""
    views = f"{found.views} view{'s' if found.views > 1 else ''}"
    scales = f" at {', '.join(map(str, found.scales))} pixels" if found.scales else ""
    members = f", {len(found.members)} nets" if len(found.members) > 1 else ""
    return f"{views}{scales}{', dense' if found.dense else ''}{members}"
