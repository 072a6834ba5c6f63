"""What the commands that look into nets have in common: the nets, the images, how it is told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.places import refuse_place
from reslab.cli.show import emit, pairs, say

if TYPE_CHECKING:
    from reslab.analysis import Sample
    from reslab.store import Classifier

Nets = Annotated[list[Path], typer.Argument(metavar="RUN|FILE|NAME...", help="Run folders, model files, names.")]
OwnSplit = Annotated[str | None, typer.Option(help="train, val or test of the net's own data; default: val.")]
_OF_IMAGES = "of --images the first that is there of test, val and train."
SPLIT_TRAIN = f"train, val or test; by default train of the net's own data, {_OF_IMAGES}"
SPLIT_VAL = f"train, val or test; by default val of the net's own data, {_OF_IMAGES}"
Photographs = Annotated[Path | None, typer.Option(help="Look with the photographs of this folder, or .csv table.")]
Labelled = Annotated[
    Path | None,
    typer.Option("--images", help="Look with this folder of class folders, or .csv table; classes of the net alone."),
]
DataRoot = Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")]
Function = Annotated[str | None, typer.Option(help="The nets' own residual function, module:function.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def split_of(split: str | None, images: Path | None, usual: str) -> str | None:
    """The split to look with: unless one is asked for, the `usual` one of the net's own data, and any of `images`."""
    return split if split or images else usual


def looked_into(
    runs: list[Path], residual: str | None, **images: Any
) -> Iterator[tuple[dict[str, Any], "Classifier", "Sample"]]:
    """Each net with what is told of it and the images to look with; `images` are those of `analysis.sample`."""
    from reslab.analysis import sample
    from reslab.interop import trained
    from reslab.nets import named_residual
    from reslab.store import residuals_for

    for run, own in zip(runs, residuals_for(runs, named_residual(residual)), strict=True):
        classifier = trained(run, own, say)
        found = sample(run, classifier, say=say, **images)
        yield (
            {"run": run, "model": classifier.identity.model, "data": found.source, "images": len(found)},
            classifier,
            found,
        )


def tell(
    found: list[dict[str, Any]],
    to: Path | None,
    json: bool,
    show: Callable[[dict[str, Any]], None],
    drawn: Callable[[list[dict[str, Any]]], bytes],
) -> None:
    """What was found of the nets: drawn where that is asked for, and as JSON, or shown net by net."""
    from reslab.store import write_bytes

    if to:
        write_bytes(to, drawn(found))
    if json:
        emit({"nets": found, "picture": to})
        return
    for net in found:
        show(net)
    if to:
        pairs([("picture", to)])


def names_of(found: list[dict[str, Any]]) -> list[str]:
    """Of each net; those that are the same net are told apart by their runs, and those called alike are numbered."""
    from reslab.reporting.recipes import numbered

    models = [net["model"] for net in found]
    return numbered(
        [
            net["model"] if models.count(net["model"]) == 1 else f"{net['model']} ({Path(net['run']).name})"
            for net in found
        ]
    )


def refuse_picture(to: Path | None) -> None:
    """UsageError, before nets are looked into, for a place where no picture can be."""
    if to:
        refuse_place("--out", to, ".svg")
