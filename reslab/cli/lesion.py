"""`reslab analyze lesion`: what a trained net can do without."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reslab.cli.looked import (
    SPLIT_VAL,
    DataRoot,
    Function,
    Json,
    Labelled,
    Nets,
    looked_into,
    names_of,
    refuse_picture,
    tell,
)
from reslab.cli.show import pairs, show_text, table


def lesion(
    runs: Nets,
    images: Labelled = None,
    split: Annotated[str | None, typer.Option(help=SPLIT_VAL)] = None,
    count: Annotated[int, typer.Option(help="So many images.")] = 1000,
    data_root: DataRoot = None,
    residual: Function = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw errors by block into this file, an .svg.")] = None,
    json: Json = False,
) -> None:
    """Error without each block, one at a time: deep residual nets hardly miss most of theirs (arXiv 1605.06431)."""
    from reslab.analysis import blocks_in, lesions

    refuse_picture(to)
    found = []
    looks = looked_into(runs, residual, images=images, split=split, count=count, data_root=data_root, labelled=True)
    for about, classifier, seen in looks:
        assert seen.labels is not None, "they were asked for"
        error, without = lesions(classifier, seen.pixels, seen.labels)
        looked = {row.name for row in without}
        kept = [{"block": n, "name": name} for n, name in enumerate(blocks_in(classifier), 1) if name not in looked]
        found.append({**about, "error": error, "blocks": [row.to_dict() for row in without], "kept": kept})
    tell(found, to, json, show, drawn)


def show(net: dict[str, Any]) -> None:
    """A net's errors without each block as a table, and the whole net's."""
    show_text(f"{net['model']} ({net['run']}): without one block, on {net['images']:,} images of {net['data']}")
    table(("block", "where", "error %"), ((row["block"], row["name"], f"{row['error']:.2f}") for row in net["blocks"]))
    pairs([("whole net", f"{net['error']:.2f} %")])
    if kept := [f"{row['block']} ({row['name']})" for row in net["kept"]]:
        show_text(
            f"not left out: {', '.join(kept)}, which change{'s' if len(kept) == 1 else ''} the dimensions; a plain net "
            "has no shortcut that would do it instead"
        )


def drawn(found: list[dict[str, Any]]) -> bytes:
    """Errors by the block that is left out; plain nets are dashed."""
    from reslab.reporting import Plot, PlotLine, net_colours, plots_figure

    plain = [net["model"].startswith("plain") for net in found]
    lines = tuple(
        PlotLine(
            f"{label}, whole {net['error']:.1f} %",
            tuple((row["block"], row["error"]) for row in net["blocks"]),
            colour,
            dashed,
            dots=True,
        )
        for label, net, colour, dashed in zip(names_of(found), found, net_colours(plain), plain, strict=True)
    )
    return plots_figure([[Plot("", "block that is left out", "error (%)", lines, reach=(0, 100))]], heights=(300,))
