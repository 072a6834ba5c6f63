"""`reslab convert`: other programs' weights as a model file of ours."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.exported import classifier_rows, classifier_values
from reslab.cli.show import emit, pairs, say
from reslab.errors import UsageError, as_typed


def convert(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="Weights: .pth, .pt, .th, .bin, .safetensors, or their folder, as the hub's cache has it.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="The model file, a .safetensors; default: beside it.")] = None,
    classes: Annotated[
        Path | None, typer.Option(metavar="TEXT", help="A file with the classes' names, a line each, in order.")
    ] = None,
    stride_in: Annotated[
        str | None, typer.Option(help="Where bottlenecks subsample: 3x3 (v1.5, the default) or 1x1 (v1, the paper).")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Height = width of its images in pixels, if its file is silent.")
    ] = None,
    mean: Annotated[
        str | None, typer.Option(metavar="R,G,B", help="What is subtracted from images in 0..1, if its file is silent.")
    ] = None,
    std: Annotated[str | None, typer.Option(metavar="R,G,B", help="And what they are divided by then.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Make a model file from weights of torchvision, timm, Hugging Face (ResNet 18 to 152), akamaster, chenyaofo."""
    from reslab.interop import convert, view_options
    from reslab.store import UNTOLD

    made = convert(
        file,
        out,
        classes=classes,
        stride_in=stride_in,
        size=size,
        mean=_colours("mean", mean),
        std=_colours("std", std),
        say=say,
    )
    found = classifier_values(made.classifier)
    if json:
        emit({"file": made.path, **found})
        return
    path = as_typed(made.path)
    words = ["reslab eval", path, "FOLDER" if found["data"] == UNTOLD else "", view_options(made.classifier)]
    pairs(
        [
            ("file", f"{made.path} ({made.path.stat().st_size / 1e6:.1f} MB)"),
            *classifier_rows(found),
            ("next", " ".join(word for word in words if word)),
            ("or", f"reslab train FOLDER --from {path}"),
        ]
    )


def _colours(option: str, text: str | None) -> tuple[float, ...] | None:
    """ "0.485,0.456,0.406" -> (0.485, 0.456, 0.406). Raises UsageError for what is no numbers."""
    if text is None:
        return None
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise UsageError(f"--{option} {text}: three numbers with commas between them, as 0.485,0.456,0.406") from error
