"""`reslab predict`: class names and probabilities for photographs."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli import options
from reslab.cli.show import csv_record, emit, say, show_text
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.evaluation import Prediction

TOP = 5
MOST_TOLD = 10  # classes of the closing line


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE", help="A run folder, a model or exported file (.onnx, .pt2), or other weights (.pth)."
        ),
    ],
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders of them.")],
    top: Annotated[
        int | None, typer.Option(help="So many classes for each; 5, but 1 for several in text, and with --csv.")
    ] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: options.Device = "auto",
    threads: options.Threads = 0,
    csv: Annotated[bool, typer.Option("--csv", help="path,class,probability on stdout, a line each.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Name what is on photographs, with the run's own preprocessing."""
    from reslab.engine import Request
    from reslab.evaluation import photographs, predict
    from reslab.interop import opened
    from reslab.nets import named_residual
    from reslab.store import load

    if csv and json:
        raise UsageError("--csv and --json both take stdout: give one of them")
    paths = [path for place in images for path in photographs(place, say)]
    net, function = opened(run, say), named_residual(residual)
    if isinstance(net, Path):
        net, function = load(net, function), None
    asked = top if top is not None else 1 if csv or (len(paths) > 1 and not json) else TOP
    ranked = min(asked, len(net.classes))
    request = Request(device=device, threads=threads)
    found: list[Prediction] = []
    for prediction in predict(net, paths, top=ranked, request=request, residual=function, say=say):
        if csv and not found:
            csv_record(_columns(ranked))
        found.append(prediction)
        if prediction.error:
            say(f"reslab: {prediction.error}")
        if csv:
            csv_record(_cells(prediction, ranked))
        elif not json and not prediction.error:
            show_text(f"{prediction.path}: {_words(prediction)}")
    if json:
        emit({"run": run, "predictions": [prediction.to_dict() for prediction in found]})
    if len(found) > 1:
        say(_tally(found))
    if any(prediction.error for prediction in found):
        raise typer.Exit(1)


def _words(prediction: "Prediction") -> str:
    ranked = zip(prediction.classes, prediction.probabilities, strict=True)
    return ", ".join(f"{name} {100 * probability:.1f} %" for name, probability in ranked)


def _columns(top: int) -> list[str]:
    """path, class, probability, class2, probability2, ...: as many as were asked for and are there."""
    return ["path", *(f"{name}{'' if k == 1 else k}" for k in range(1, top + 1) for name in ("class", "probability"))]


def _cells(prediction: "Prediction", top: int) -> list[str]:
    """Those of `_columns`; empty for a photograph that could not be read."""
    ranked = zip(prediction.classes, prediction.probabilities, strict=True)
    cells = [prediction.path, *(cell for name, p in ranked for cell in (name, f"{p:.6f}"))]
    return cells + [""] * (1 + 2 * top - len(cells))


def _tally(found: list["Prediction"]) -> str:
    """ "40 photographs: laptop 22, chair 18"; the most frequent first, by name where they are even."""
    counts = Counter(prediction.classes[0] for prediction in found if not prediction.error)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{name} {count:,}" for name, count in ordered[:MOST_TOLD]]
    if len(ordered) > MOST_TOLD:
        rest = ordered[MOST_TOLD:]
        words.append(f"{len(rest):,} more classes {sum(count for _, count in rest):,}")
    if bad := sum(prediction.error is not None for prediction in found):
        words.append(f"not readable {bad:,}")
    return f"{len(found):,} photographs: {', '.join(words)}"
