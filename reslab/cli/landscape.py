"""`reslab analyze landscape`: the loss around trained weights."""

import statistics
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
from reslab.cli.show import pairs, say, show_text, table
from reslab.errors import UsageError

ROW, SQUARE = 2, 312  # squares beside each other, and how high they are in pixels


def landscape(
    runs: Nets,
    images: Labelled = None,
    split: Annotated[str | None, typer.Option(help=SPLIT_TRAIN)] = None,
    count: Annotated[int, typer.Option(help="So many images.")] = 200,
    directions: Annotated[int, typer.Option(help="So many random directions.")] = 5,
    points: Annotated[int, typer.Option(help="Points of a line, to either side of the trained weights.")] = 10,
    reach: Annotated[float, typer.Option(help="How far; 1 moves each filter as far as it is long.")] = 1.0,
    surface: Annotated[bool, typer.Option("--surface", help="Also the square of the first two directions.")] = False,
    batch_statistics: Annotated[
        bool, typer.Option("--batch-statistics", help="Batch normalisation by all the images, not by the training.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the directions.")] = 0,
    data_root: DataRoot = None,
    residual: Function = None,
    to: Annotated[Path | None, typer.Option("--out", help="Draw lines and squares into this file, an .svg.")] = None,
    json: Json = False,
) -> None:
    """Loss around trained weights, along random directions (arXiv 1712.09913)."""
    from reslab.analysis import Extent, execution_to_look
    from reslab.analysis import landscape as measure
    from reslab.cli.watch import counted

    refuse_picture(to)
    if surface and not (to or json):
        raise UsageError("--surface is drawn, or given as JSON: add --out FILE.svg or --json")
    extent = Extent(directions, points, reach, seed, surface)
    own = split_of(split, images, "train")
    found = []
    looks = looked_into(runs, residual, images=images, split=own, count=count, data_root=data_root, labelled=True)
    for about, classifier, seen in looks:
        assert seen.labels is not None, "they were asked for"
        say(f"{about['model']}: {extent.places:,} places, {len(seen):,} images at each")
        execution = execution_to_look(classifier, extent.places * len(seen), batch_statistics=batch_statistics, say=say)
        with counted("places") as progress:
            heights = measure(
                classifier,
                seen.pixels,
                seen.labels,
                extent,
                execution,
                batch_statistics=batch_statistics,
                progress=progress,
            )
        told = {"statistics": "batch" if batch_statistics else "training", "seed": seed}
        found.append({**about, **told, **heights.to_dict()})
    tell(found, to, json, show, drawn)


def show(net: dict[str, Any]) -> None:
    """Of each distance the losses over directions; how they rise and bend."""
    from reslab.analysis import downward, steadiness

    losses, errors = (list(zip(*net[kind], strict=True)) for kind in ("losses", "errors"))
    where = f"{len(net['losses'])} directions, on {net['images']:,} images of {net['data']}"
    show_text(f"{net['model']} ({net['run']}): loss along {where}; batch normalisation by the {net['statistics']}")
    table(
        ("distance", "loss, median", "least", "most", "error %, median"),
        (
            (
                f"{at:+g}" if at else "0",
                f"{statistics.median(some):.4g}",
                f"{min(some):.4g}",
                f"{max(some):.4g}",
                f"{wrong:.2f}",
            )
            for at, some, wrong in zip(net["distances"], losses, map(statistics.median, errors), strict=True)
        ),
    )
    bends = [bend for line in net["losses"] if (bend := downward(line)) is not None]
    bent = f"{statistics.median(bends):.2f} times as strongly as upwards, the median" if bends else "nowhere upwards"
    rising = 100 * statistics.fmean(map(steadiness, net["losses"]))
    pairs([("rises at every step", f"along {rising:.0f} % of the ways"), ("bends downwards", bent)])


def drawn(found: list[dict[str, Any]]) -> bytes:
    """Squares, where there are any, two in a row; below them the lines of all nets, those of plain nets dashed."""
    from reslab.reporting import Plot, median_line, net_colours, plots_figure, squares_of

    named, distances = dict(zip(names_of(found), found, strict=True)), found[0]["distances"]
    surfaces = {name: net["surface"] for name, net in named.items() if net["surface"]}
    squares = squares_of(surfaces, distances, "first direction", "second direction")
    plain = [net["model"].startswith("plain") for net in found]
    lines = tuple(
        median_line(name, distances, net["losses"], colour, dashed)
        for (name, net), colour, dashed in zip(named.items(), net_colours(plain), plain, strict=True)
    )
    title = f"batch normalisation by the {found[0]['statistics']}"
    plot = Plot(title, "distance from the trained weights", "loss", lines, log_y=True, legend="upper center")
    rows = [squares[at : at + ROW] for at in range(0, len(squares), ROW)]
    return plots_figure([*rows, [plot]], heights=[*[SQUARE] * len(rows), 300])
