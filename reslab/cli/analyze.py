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

    _refuse_other_pictures(to)
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


@app.command()
def gradients(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN|FILE|NAME...", help="Run folders, model files, names.")],
    start: Annotated[bool, typer.Option("--start", help="As training begins with them: He initialisation.")] = False,
    split: Annotated[str, typer.Option(help="train, val or test of the net's own data.")] = "train",
    count: Annotated[int, typer.Option(help="So many images, one batch.")] = 128,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    residual: Annotated[str | None, typer.Option(help="The nets' own residual function, module:function.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw norms by layer into this file, an .svg.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Norm of the gradient at every 3x3 layer, and how strong its responses are (sec. 4.1)."""
    from reslab.analysis import gradients as measure
    from reslab.analysis import sample, untrained
    from reslab.interop import trained
    from reslab.nets import named_residual
    from reslab.store import write_bytes

    _refuse_other_pictures(to)
    found = []
    for run in runs:
        classifier = trained(run, named_residual(residual))
        looked_with = sample(run, classifier, split=split, count=count, data_root=data_root, say=say)
        assert looked_with.labels is not None, "a data set's"
        rows = measure(untrained(classifier) if start else classifier, looked_with.pixels, looked_with.labels)
        about = {"run": run, "model": classifier.identity.model, "data": looked_with.source, "images": len(looked_with)}
        found.append({**about, "start": start, "layers": [row.to_dict() for row in rows]})
    if to:
        write_bytes(to, norms_drawn(found))
    if json:
        emit({"nets": found, "picture": to})
        return
    for net in found:
        show_norms(net)
    if to:
        pairs([("picture", to)])


def show_norms(net: dict[str, Any]) -> None:
    """A net's gradients and responses as a table, and the first layer's against the last's."""
    when = ", as training begins with it" if net["start"] else ""
    show_text(f"{net['model']} ({net['run']}){when}: gradients at {net['images']:,} images of {net['data']}")
    table(
        ("layer", "stage", "gradient", "std"),
        ((row["layer"], row["stage"], f"{row['gradient']:.4g}", f"{row['std']:.4f}") for row in net["layers"]),
    )
    first, last = (net["layers"][place]["gradient"] for place in (0, -1))
    pairs([("first layer / last", f"{first / last:.4g}" if last else "the last one's gradient is 0")])


def norms_drawn(found: list[dict[str, Any]]) -> bytes:
    """Gradients' norms by layer; plain nets are dashed."""
    from reslab.reporting import Plot, PlotLine, plots_figure

    lines = tuple(
        PlotLine(
            label,
            tuple((row["layer"], row["gradient"]) for row in net["layers"]),
            place,
            net["model"].startswith("plain"),
        )
        for place, (label, net) in enumerate(zip(_names(found), found, strict=True))
    )
    return plots_figure([[Plot("", "layer", "norm of the gradient", lines, log_y=True)]], heights=(300,))


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
    """Figure 7 of these nets."""
    from reslab.reporting import ResponseLine, responses_figure

    return responses_figure(
        [
            ResponseLine(label, tuple(row["std"] for row in net["layers"]), plain=net["model"].startswith("plain"))
            for label, net in zip(_names(found), found, strict=True)
        ]
    )


def _names(found: list[dict[str, Any]]) -> list[str]:
    """Of each net; those that are the same net are told apart by their runs."""
    models = [net["model"] for net in found]
    return [
        net["model"] if models.count(net["model"]) == 1 else f"{net['model']} ({Path(net['run']).name})"
        for net in found
    ]


def _refuse_other_pictures(to: Path | None) -> None:
    if to and to.suffix.lower() != ".svg":
        raise UsageError(f"--out {to}: the picture is an .svg")
