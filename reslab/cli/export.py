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
    out: Annotated[
        Path | None, typer.Option(help="The file, .onnx, .pt2, .safetensors; default: beside the model.")
    ] = None,
    scores: Annotated[bool, typer.Option("--scores", help="No softmax: scores, not probabilities.")] = False,
    calibrated: Annotated[
        bool, typer.Option("--calibrated", help="Probabilities at the temperature of the run's validation answers.")
    ] = False,
    check: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER|PHOTO", help="Compare on these photographs, too; repeatable.")
    ] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write a net for other programs, normalisation and class names inside; kept only if it gives the same scores."""
    from reslab.evaluation import photographs, temperature_for
    from reslab.interop import export, load
    from reslab.nets import named_residual

    photos = [photo for place in check or [] for photo in photographs(place, say)]
    fitted = temperature_for(load(run, named_residual(residual))) if calibrated else None
    found = export(
        run,
        to,
        out,
        scores=scores,
        temperature=fitted.temperature if fitted else 1.0,
        check=photos,
        residual=named_residual(residual),
        say=say,
    )
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
            ("temperature", f"{fitted.temperature:.3f} inside, fitted on {fitted.on}" if fitted else None),
            ("classes", class_names(found.classes)),
            ("images", _images(found)),
            ("verified", _verified(found)),
            *(("" if number else "use", line) for number, line in enumerate(_use(found))),
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


def _images(found: "Exported") -> str | None:
    """What the other program has to do to images, where it holds the net; None where that is inside."""
    if found.mean is None or found.std is None:
        return None
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (found.mean, found.std))
    return f"RGB in [0, 1], (batch, 3, {found.size}, {found.size}), less mean ({mean}), divided by std ({std})"


def _use(found: "Exported") -> list[str]:
    """Lines of Python that run the file, or leave a `net` that can be run."""
    from reslab.interop.torchvision_weights import STRIDE_LINE, STRIDE_NOTE

    path = found.path.as_posix()
    return {
        "onnx": [f'onnxruntime.InferenceSession("{path}").run(None, {{"{found.input}": pixels}})[0]'],
        "torch-export": [f'torch.export.load("{path}").module()(pixels)'],
        "torchvision": [
            "import safetensors.torch, torchvision",
            f"net = torchvision.models.{found.model}(num_classes={len(found.classes)}).eval()",
            f'net.load_state_dict(safetensors.torch.load_file("{path}"))',
            *([STRIDE_LINE] if STRIDE_NOTE in found.notes else []),
        ],
        "timm": [
            f'net = timm.create_model("local-dir:{path}", pretrained=True).eval()',
            "transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net))",
        ],
    }[found.target]
