"""`reslab predict`: class names and probabilities for photographs."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli import options
from reslab.cli.places import refuse_place
from reslab.cli.show import counting, csv_record, emit, say, show_text
from reslab.errors import DataError, UsageError, as_typed

if TYPE_CHECKING:
    from reslab.evaluation import Net, Prediction

TOP = 5
MOST_TOLD = 10  # classes of the closing line


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FILE", help="A run folder, a model or exported file (.onnx, .pt2), or other weights (.pth)."
        ),
    ],
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders or .csv tables of them.")],
    top: Annotated[
        int | None, typer.Option(help="So many classes for each; 5, but 1 for several in text, and with --csv.")
    ] = None,
    views: options.Views = None,
    scales: options.Scales = None,
    ensemble: options.Ensemble = None,
    features: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write path, class, probability and features (embeddings): .npz of NumPy."),
    ] = None,
    calibrated: Annotated[
        bool, typer.Option("--calibrated", help="Probabilities at the temperature of the run's validation answers.")
    ] = False,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: options.Device = "auto",
    precision: Annotated[
        str, typer.Option(help="auto, fp32 or bf16; default: the run's own, with --features fp32.")
    ] = "auto",
    threads: options.Threads = 0,
    csv: Annotated[bool, typer.Option("--csv", help="path,class,probability on stdout, a line each.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Name what is on photographs, with the run's own preprocessing."""
    from reslab.asking import predict
    from reslab.engine import Request
    from reslab.evaluation import photographs
    from reslab.interop import opened
    from reslab.nets import named_residual

    if csv and json:
        raise UsageError("--csv and --json both take stdout: give one of them")
    if features is not None:
        _refuse_place(features)
    _refuse_photograph(run)
    paths = [path for place in images for path in photographs(place, say)]
    asked = top if top is not None else 1 if csv or (len(paths) > 1 and not json) else TOP
    net = opened(run, say)
    answers = predict(
        net,
        paths,
        top=asked,
        views=views,
        scales=options.pixels_of(scales),
        ensemble=ensemble or (),
        features=features is not None,
        calibrated=calibrated,
        request=Request(device=device, precision=precision, threads=threads),
        residual=named_residual(residual),
        say=say,
    )
    begun = _up_to_an_answer(answers)
    ranked = len(begun[-1].classes) or asked  # a net may know fewer
    found: list[Prediction] = []
    for prediction in chain(begun, answers):
        if csv and not found:
            csv_record(_columns(ranked))
        found.append(prediction)
        if prediction.error:
            say(f"reslab: {prediction.error}")
        if csv:
            csv_record(_cells(prediction, ranked))
        elif not json and not prediction.error:
            show_text(f"{prediction.path}: {_words(prediction)}")
    if features is not None:
        _write(features, found)
    if json:
        how = {"ensemble": ensemble or [], "views": views, "scales": options.pixels_of(scales), "features": features}
        what = {"calibrated": calibrated or _is_calibrated(net)}
        emit({"run": run, **how, **what, "predictions": [prediction.to_dict() for prediction in found]})
    if len(found) > 1:
        say(_tally(found))
    if any(prediction.error for prediction in found):
        raise typer.Exit(1)


def _is_calibrated(net: "Net") -> bool:
    """Has an exported file a temperature inside?"""
    from reslab.store import ExportedNet

    return isinstance(net, ExportedNet) and net.identity.temperature != 1


def _refuse_photograph(run: Path) -> None:
    """UsageError where the net was forgotten, and the first photograph stands in its place."""
    from reslab.data import only_photos

    if run.is_file() and only_photos([run]):
        raise UsageError(
            f"{run} is a photograph: name a run, a model file or a trained net before it, "
            f"as in reslab predict resnet56-cifar10 {as_typed(run)}"
        )


def _refuse_place(features: Path) -> None:
    """UsageError before anything is looked at for it."""
    from reslab.store import refuse_other_file

    refuse_place("--features", features, ".npz")
    refuse_other_file(features)


def _write(features: Path, found: "list[Prediction]") -> None:
    """Those of the photographs that could be read. Raises DataError where there is none."""
    from reslab.store import write_features

    read = [prediction for prediction in found if not prediction.error]
    described = [prediction.features for prediction in read if prediction.features is not None]
    if not described:
        raise DataError(f"no photograph could be read: {features} was not written")
    write_features(
        features,
        [prediction.path for prediction in read],
        [prediction.classes[0] for prediction in read],
        [prediction.probabilities[0] for prediction in read],
        described,
    )
    say(f"{features}: {counting(len(read), 'photograph')}, {len(described[0]):,} features each")


def _up_to_an_answer(answers: Iterator["Prediction"]) -> "list[Prediction]":
    """Those before the first that could be read, and that one, which tells how many classes there are."""
    begun = []
    for prediction in answers:
        begun.append(prediction)
        if not prediction.error:
            break
    return begun


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
