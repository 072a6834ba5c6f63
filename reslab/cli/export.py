"""`reslab export`: a trained net as a file for other programs."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli.exported import class_names
from reslab.cli.show import emit, pairs, say
from reslab.cli.watch import counted
from reslab.progress import unseen

if TYPE_CHECKING:
    from reslab.interop import Exported, Price


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
        list[Path] | None,
        typer.Option(
            metavar="FOLDER|TABLE|PHOTO",
            help="Compare on these photographs, too (with --int8: the file in fp32 that it is made of); repeatable.",
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="ONNX in whole numbers of 8 bits: other scores, and their price is said.")
    ] = False,
    images: Annotated[
        Path | None, typer.Option(metavar="FOLDER|TABLE", help="int8: ranges of activations from these photographs.")
    ] = None,
    max_rise: Annotated[
        float | None,
        typer.Option(metavar="POINTS", help="int8: kept if the validation error rises by at most this: 1."),
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="int8: where data sets lie (else $RESLAB_DATA).")] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write a net for other programs, normalisation and class names inside; kept only if it gives the same scores.

    With --int8 scores are other ones: a file a quarter to a third as large and, on a
    processor with VNNI, faster (LOG.md); kept if the error rises by at most --max-rise.
    """
    from reslab.evaluation import photographs, temperature_for
    from reslab.exporting import export
    from reslab.interop import trained
    from reslab.nets import named_residual

    photos = [photo for place in check or [] for photo in photographs(place, say)]
    fitted = temperature_for(trained(run, named_residual(residual))) if calibrated else None
    with counted("int8") if int8 else nullcontext(unseen) as judging:
        found = export(
            run,
            to,
            out,
            scores=scores,
            temperature=fitted.temperature if fitted else 1.0,
            check=photos,
            residual=named_residual(residual),
            int8=int8,
            images=images,
            max_rise=max_rise,
            data_root=data_root,
            say=say,
            progress=judging,
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
            ("photograph", _photograph(found)),
            ("output", f"{found.output}: float32, (batch, {len(found.classes)})" if found.output else None),
            ("opset", found.opset),
            ("temperature", f"{fitted.temperature:.3f} inside, fitted on {fitted.on}" if fitted else None),
            ("classes", class_names(found.classes)),
            ("images", _images(found)),
            ("verified", _verified(found)),
            *rows_of_price(found),
            *(("" if number else "use", line) for number, line in enumerate(_use(found))),
        )
        if row[1]
    )


def _photograph(found: "Exported") -> str:
    """How the pixels are made of one; `Exported.preprocessing` has all of it."""
    if found.target == "timm":
        return f"{', '.join(found.preprocessing)}: as transform, below, does it"
    size = f"{found.size} x {found.size}"
    return f"its centre square, upright, scaled to {size} by Pillow's bicubic filter: docs/photographs.md"


def _verified(found: "Exported") -> str:
    agreement = found.agreement
    real = f" and {agreement.real_images:,} real" if agreement.real_images else ""
    before = "before int8, " if found.price else ""
    return (
        f"{before}on {agreement.random_images:,} random{real} images: scores differ by "
        f"{agreement.largest_difference:.1e} at most, the largest is {agreement.largest_score:.1f}"
    )


def rows_of_price(found: "Exported") -> list[tuple[str, str]]:
    """What int8 changed, measured by the file itself."""
    price = found.price
    if price is None:
        return []
    error = (
        f"{price.error_before:.2f} % in fp32, {price.error_after:.2f} % in int8 ({_rise(price)}), on {price.source}"
        if price.rise is not None
        else None
    )
    where = "" if error else f", on {price.source}, whose ranges it has"
    answers = (
        f"int8 has another one on {price.changed:,} of {price.images:,} images; probabilities differ by "
        f"{price.mean_difference:.4f} in the mean, {price.largest_difference:.3f} at most{where}"
    )
    return [*([("error", error)] if error else []), ("answers", answers)]


def _rise(price: "Price") -> str:
    """With its standard error; where the images show none, what they do not rule out."""
    if price.error_spread is not None:
        return f"{price.rise:+.2f} ± {price.error_spread:.2f} points"
    if price.more_wrong:
        return f"{price.rise:+.2f} points"
    return (
        f"{price.rise:+.2f} points: none is right in one and wrong in the other, which up to {price.unseen:.2f} % of "
        "other images may be"
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
