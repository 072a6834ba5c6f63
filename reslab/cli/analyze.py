"""`reslab analyze`: what trained nets look like inside."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reslab.cli.show import emit, pairs, say, show_text, table
from reslab.errors import UsageError

app = typer.Typer(help="Look into trained nets.", no_args_is_help=True)


@app.callback()
def _analyze() -> None:
    """Look into trained nets."""


@app.command()
def responses(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN|FILE|NAME...", help="Run folders, model files, names.")],
    images: Annotated[Path | None, typer.Option(help="Look with the photographs of this folder.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val or test of the net's own data; default: val.")] = None,
    count: Annotated[int, typer.Option(help="So many images.")] = 1000,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    residual: Annotated[str | None, typer.Option(help="The nets' own residual function, module:function.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw Figure 7 into this file, an .svg.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Standard deviation of the responses of every 3x3 layer (Figure 7)."""
    from reslab.analysis import responses as measure
    from reslab.analysis import sample
    from reslab.interop import trained
    from reslab.nets import named_residual
    from reslab.store import write_bytes

    if to and to.suffix.lower() != ".svg":
        raise UsageError(f"--out {to}: the picture is an .svg")
    found = []
    for run in runs:
        classifier = trained(run, named_residual(residual))
        looked_with = sample(run, classifier, images=images, split=split, count=count, data_root=data_root, say=say)
        rows = measure(classifier, looked_with.pixels)
        about = {"run": run, "model": classifier.identity.model, "data": looked_with.source, "images": len(looked_with)}
        found.append({**about, "layers": [row.to_dict() for row in rows]})
    if to:
        write_bytes(to, drawn(found))
    if json:
        emit({"nets": found, "picture": to})
        return
    for net in found:
        show(net)
    if to:
        pairs([("picture", to)])


def show(net: dict[str, Any]) -> None:
    """A net's responses as a table, and their mean."""
    source = f"{net['images']:,} images of {net['data']}"
    show_text(f"{net['model']} ({net['run']}): responses to {source}")
    table(
        ("layer", "stage", "std", "mean"),
        ((row["layer"], row["stage"], f"{row['std']:.4f}", f"{row['mean']:.4f}") for row in net["layers"]),
    )
    deviations = [row["std"] for row in net["layers"]]
    pairs([("mean std", f"{sum(deviations) / len(deviations):.4f} over {len(deviations)} layers")])


def drawn(found: list[dict[str, Any]]) -> bytes:
    """Figure 7 of these nets; those that are the same net are told apart by their runs."""
    from reslab.reporting import ResponseLine, responses_figure

    models = [net["model"] for net in found]
    return responses_figure(
        [
            ResponseLine(
                net["model"] if models.count(net["model"]) == 1 else f"{net['model']} ({Path(net['run']).name})",
                tuple(row["std"] for row in net["layers"]),
                plain=net["model"].startswith("plain"),
            )
            for net in found
        ]
    )
