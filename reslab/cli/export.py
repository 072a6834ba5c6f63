"""`reslab export`: a trained net as a file for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli.exported import class_names
from reslab.cli.show import emit, pairs, say

if TYPE_CHECKING:
    from reslab.interop import Exported


def export(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN|FILE", help="A run folder, a model file, a trained net's name or other weights."),
    ],
    to: Annotated[str, typer.Option(help="onnx, torch-export, torchvision (weights) or timm (a folder).")] = "onnx",
    out: Annotated[Path | None, typer.Option(help="The file; default: beside the model.")] = None,
    scores: Annotated[bool, typer.Option("--scores", help="No softmax: scores, not probabilities.")] = False,
    check: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER|PHOTO", help="Compare on these photographs, too; repeatable.")
    ] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write a net for other programs, normalisation and class names inside; kept only if it gives the same scores."""
    from reslab.evaluation import photographs
    from reslab.interop import export
    from reslab.nets import named_residual

    photos = [photo for place in check or [] for photo in photographs(place)]
    found = export(run, to, out, scores=scores, check=photos, residual=named_residual(residual), say=say)
    for note in found.notes:
        say(f"note: {note}")
    if json:
        emit({"run": run, **found.to_dict()})
        return
    shape = f"batch, {found.size}, {found.size}, 3"
    pairs(
        row
        for row in (
            ("file", f"{found.path} ({found.bytes / 1e6:.1f} MB)"),
            ("input", f"{found.input}: uint8 RGB, ({shape})" if found.input else None),
            ("output", f"{found.output}: float32, (batch, {len(found.classes)})" if found.output else None),
            ("opset", found.opset),
            ("classes", class_names(found.classes)),
            ("verified", _verified(found)),
            ("use", _use(found)),
        )
        if row[1]
    )


def _verified(found: "Exported") -> str:
    agreement = found.agreement
    real = f" and {agreement.real_images:,} real" if agreement.real_images else ""
    return (
        f"on {agreement.random_images:,} random{real} images: scores differ by {agreement.largest_difference:.1e} "
        f"at most, the largest is {agreement.largest_score:.1f}"
    )


def _use(found: "Exported") -> str:
    """A line of Python that runs the file."""
    path = found.path.as_posix()
    return {
        "onnx": f'onnxruntime.InferenceSession("{path}").run(None, {{"{found.input}": pixels}})[0]',
        "torch-export": f'torch.export.load("{path}").module()(pixels)',
        "torchvision": f"torchvision.models.{found.model}(num_classes={len(found.classes)})"
        f'.load_state_dict(safetensors.torch.load_file("{path}"))',
        "timm": f'timm.create_model("local-dir:{path}", pretrained=True)',
    }[found.target]
