"""`reslab predict`: class names and probabilities for photographs."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.show import emit, out, say


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="A run folder or a model file.")],
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders of them.")],
    top: Annotated[int, typer.Option(help="So many classes for each.")] = 5,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Name what is on photographs, with the run's own preprocessing."""
    from reslab.engine import Request
    from reslab.evaluation import predict
    from reslab.nets import named_residual

    found = []
    request = Request(device=device) if device != "auto" else None
    for prediction in predict(run, images, top=top, request=request, residual=named_residual(residual), say=say):
        found.append(prediction)
        if prediction.error:
            say(f"reslab: {prediction.error}")
        elif not json:
            ranked = zip(prediction.classes, prediction.probabilities, strict=True)
            line = ", ".join(f"{name} {100 * probability:.1f} %" for name, probability in ranked)
            out.print(f"{prediction.path}: {line}", markup=False, soft_wrap=True)
    if json:
        emit({"run": run, "predictions": [prediction.to_dict() for prediction in found]})
    if any(prediction.error for prediction in found):
        raise typer.Exit(1)
