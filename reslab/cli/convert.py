"""`reslab convert`: other programs' weights as a model file of ours."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.exported import classifier_rows, classifier_values
from reslab.cli.show import emit, pairs, say


def convert(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE|FOLDER", help="Weights: .pth, .pt, .th, .bin, .safetensors, or a folder of them."),
    ],
    out: Annotated[Path | None, typer.Option(help="The model file, a .safetensors; default: beside it.")] = None,
    classes: Annotated[
        Path | None, typer.Option(metavar="TEXT", help="A file with the classes' names, a line each, in order.")
    ] = None,
    stride_in: Annotated[
        str | None, typer.Option(help="Where bottlenecks subsample: 3x3 (v1.5, the default) or 1x1 (v1, the paper).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Make a model file from weights of torchvision, timm, Hugging Face (ResNet 18 to 152) or akamaster (CIFAR-10)."""
    from reslab.interop import convert

    made = convert(file, out, classes=classes, stride_in=stride_in, say=say)
    found = classifier_values(made.classifier)
    if json:
        emit({"file": made.path, **found})
        return
    views = " --views centre" if getattr(made.classifier.identity.spec, "stem", None) == "imagenet" else ""
    pairs(
        [
            ("file", f"{made.path} ({made.path.stat().st_size / 1e6:.1f} MB)"),
            *classifier_rows(found),
            ("next", f"reslab eval {made.path} FOLDER{views}"),
            ("or", f"reslab train FOLDER --from {made.path}"),
        ]
    )
