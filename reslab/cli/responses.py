"""`reslab analyze responses`: Figure 7 of any nets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reslab.cli.looked import (
    DataRoot,
    Function,
    Json,
    Nets,
    OwnSplit,
    Photographs,
    looked_into,
    names_of,
    refuse_picture,
    tell,
)
from reslab.cli.show import pairs, show_text, table


def responses(
    runs: Nets,
    images: Photographs = None,
    split: OwnSplit = None,
    count: Annotated[int, typer.Option(help="So many images.")] = 1000,
    data_root: DataRoot = None,
    residual: Function = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw Figure 7 into this file, an .svg.")] = None,
    json: Json = False,
) -> None:
    """Standard deviation of the responses of every 3x3 layer, and every convolution of one's own blocks (Figure 7)."""
    from reslab.analysis import responses as measure

    refuse_picture(to)
    found = []
    looks = looked_into(runs, residual, images=images, split=split, count=count, data_root=data_root)
    for about, classifier, seen in looks:
        found.append({**about, "layers": [row.to_dict() for row in measure(classifier, seen.pixels)]})
    tell(found, to, json, show, drawn)


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
            for label, net in zip(names_of(found), found, strict=True)
        ]
    )
