"""`reslab analyze gradients`: how strong gradients are at each layer."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reslab.cli.looked import (
    SPLIT_TRAIN,
    DataRoot,
    Function,
    Json,
    Labelled,
    Nets,
    looked_into,
    names_of,
    refuse_picture,
    split_of,
    tell,
)
from reslab.cli.show import pairs, show_text, table


def gradients(
    runs: Nets,
    start: Annotated[bool, typer.Option("--start", help="As training begins with them: He initialisation.")] = False,
    images: Labelled = None,
    split: Annotated[str | None, typer.Option(help=SPLIT_TRAIN)] = None,
    count: Annotated[int, typer.Option(help="So many images, one batch.")] = 128,
    data_root: DataRoot = None,
    residual: Function = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw norms by layer into this file, an .svg.")] = None,
    json: Json = False,
) -> None:
    """Norm of the gradient at the layers of `analyze responses`, and how strong their responses are (sec. 4.1)."""
    from reslab.analysis import gradients as measure
    from reslab.analysis import untrained

    refuse_picture(to)
    own = split_of(split, images, "train")
    found = []
    looks = looked_into(runs, residual, images=images, split=own, count=count, data_root=data_root, labelled=True)
    for about, classifier, seen in looks:
        assert seen.labels is not None, "they were asked for"
        rows = measure(untrained(classifier) if start else classifier, seen.pixels, seen.labels)
        found.append({**about, "start": start, "layers": [row.to_dict() for row in rows]})
    tell(found, to, json, show, drawn)


def show(net: dict[str, Any]) -> None:
    """A net's gradients and responses as a table, and the first layer's against the last's."""
    when = ", as training begins with it" if net["start"] else ""
    show_text(f"{net['model']} ({net['run']}){when}: gradients at {net['images']:,} images of {net['data']}")
    table(
        ("layer", "stage", "gradient", "std"),
        ((row["layer"], row["stage"], f"{row['gradient']:.4g}", f"{row['std']:.4f}") for row in net["layers"]),
    )
    first, last = (net["layers"][place]["gradient"] for place in (0, -1))
    pairs([("first layer / last", f"{first / last:.4g}" if last else "the last one's gradient is 0")])


def drawn(found: list[dict[str, Any]]) -> bytes:
    """Gradients' norms by layer; plain nets are dashed."""
    from reslab.reporting import Plot, PlotLine, net_colours, plots_figure

    plain = [net["model"].startswith("plain") for net in found]
    lines = tuple(
        PlotLine(
            label,
            tuple((row["layer"], row["gradient"]) for row in net["layers"]),
            colour,
            dashed,
        )
        for label, net, colour, dashed in zip(names_of(found), found, net_colours(plain), plain, strict=True)
    )
    return plots_figure([[Plot("", "layer", "norm of the gradient", lines, log_y=True)]], heights=(300,))
