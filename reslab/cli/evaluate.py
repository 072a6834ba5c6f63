"""`reslab eval`: the error of a run or model file."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.show import emit, pairs, percent, say


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="A run folder or a model file.")],
    data: Annotated[str | None, typer.Argument(help="Another data set; default: the run's own.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val or test; default: test, else val.")] = None,
    residual: Annotated[str | None, typer.Option(help="The net's own residual function, module:function.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16; default: the run's own.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as the run, or all cores.")] = 0,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    on_bad: Annotated[str, typer.Option(help="Images that cannot be read: error or skip.")] = "error",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure top-1 and top-5 error, single view, on a split."""
    from reslab.engine import Request
    from reslab.evaluation import evaluate
    from reslab.nets import named_residual

    asked = Request("auto", device, precision, "auto", threads)
    request = asked if asked != Request() else None
    found = evaluate(
        run,
        data,
        split,
        data_root=data_root,
        request=request,
        residual=named_residual(residual),
        on_bad=on_bad,
        say=say,
    )
    for note in found.notes:
        say(note)
    if json:
        emit(found.to_dict())
        return
    pairs(
        [
            ("model", found.model),
            ("data", f"{found.data}, {found.split}, {found.views} view"),
            ("top-1 error", percent(found.top1_error, found.images)),
            ("top-5 error", percent(found.top5_error, found.images)),
        ]
    )
