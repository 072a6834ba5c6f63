"""`reslab analyze cam`: where in a photograph a class is seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.looked import Function, Json
from reslab.cli.show import emit, say, show_text
from reslab.errors import UsageError, unknown

if TYPE_CHECKING:
    from reslab.store import Classifier


def cam(
    run: Annotated[Path, typer.Argument(metavar="RUN|FILE|NAME", help="A run folder, a model file, a name.")],
    images: Annotated[list[Path], typer.Argument(help="Photographs, or folders or .csv tables of them.")],
    to: Annotated[Path, typer.Option("--out", help="A folder, for a picture of each photograph.")] = Path("cam"),
    name: Annotated[str | None, typer.Option("--class", help="Of this class; default: the one predicted.")] = None,
    residual: Function = None,
    json: Json = False,
) -> None:
    """Class activation maps: the photograph, and where in it the class is seen (arXiv 1512.04150)."""
    from reslab.evaluation import photographs
    from reslab.interop import trained
    from reslab.nets import named_residual

    paths = [path for place in images for path in photographs(place, say)]
    net = trained(run, named_residual(residual), say)
    if name is not None and name not in net.classes:
        raise unknown("class", name, net.classes)
    _refuse_used(to)
    found = [_mapped(net, path, name, to / f"{place:03}-{path.stem}.png") for place, path in enumerate(paths, 1)]
    if json:
        emit({"run": run, "maps": found})
    else:
        for one in found:
            words = one.get("error") or f"{one['class']} {100 * one['probability']:.1f} %, {one['picture']}"
            show_text(f"{one['path']}: {words}")
    if any("error" in one for one in found):
        raise typer.Exit(1)


def _mapped(net: "Classifier", path: Path, name: str | None, picture: Path) -> dict[str, Any]:
    """One photograph's class, its probability, and the file of its picture; or why there is none."""
    from reslab.analysis import class_activation, scores
    from reslab.data import read_photo
    from reslab.errors import DataError
    from reslab.evaluation import softmax
    from reslab.reporting import activation_png
    from reslab.store import write_bytes

    try:
        pixels = read_photo(path, net.size)[None]
    except DataError as error:
        return {"path": path, "error": str(error)}
    probabilities = softmax(scores(net, pixels))[0]
    chosen = net.classes.index(name) if name is not None else int(probabilities.argmax())
    drawn = activation_png(pixels[0], class_activation(net, pixels, [chosen])[0])
    picture.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(picture, drawn)
    return {"path": path, "class": net.classes[chosen], "probability": float(probabilities[chosen]), "picture": picture}


def _refuse_used(to: Path) -> None:
    """Pictures are numbered, and would replace others of that name."""
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise UsageError(f"--out {to} is there and not an empty folder: name another, or remove it")
