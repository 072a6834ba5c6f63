"""What the commands that look into nets have in common: the nets, the images, names in a picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.places import refuse_place
from reslab.cli.show import say

if TYPE_CHECKING:
    from reslab.analysis import Sample
    from reslab.store import Classifier

Nets = Annotated[list[Path], typer.Argument(metavar="RUN|FILE|NAME...", help="Run folders, model files, names.")]
OwnSplit = Annotated[str | None, typer.Option(help="train, val or test of the net's own data; default: val.")]
DataRoot = Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")]
Function = Annotated[str | None, typer.Option(help="The nets' own residual function, module:function.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def looked_into(
    runs: list[Path], residual: str | None, **images: Any
) -> Iterator[tuple[dict[str, Any], "Classifier", "Sample"]]:
    """Each net with what is told of it and the images to look with; `images` are those of `analysis.sample`."""
    from reslab.analysis import sample
    from reslab.interop import trained
    from reslab.nets import named_residual

    for run in runs:
        classifier = trained(run, named_residual(residual))
        found = sample(run, classifier, say=say, **images)
        yield (
            {"run": run, "model": classifier.identity.model, "data": found.source, "images": len(found)},
            classifier,
            found,
        )


def names_of(found: list[dict[str, Any]]) -> list[str]:
    """Of each net; those that are the same net are told apart by their runs."""
    models = [net["model"] for net in found]
    return [
        net["model"] if models.count(net["model"]) == 1 else f"{net['model']} ({Path(net['run']).name})"
        for net in found
    ]


def refuse_picture(to: Path | None) -> None:
    """UsageError, before nets are looked into, for a place where no picture can be."""
    if to:
        refuse_place("--out", to, ".svg")
