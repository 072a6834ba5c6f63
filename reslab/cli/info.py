"""`reslab info`: a network as Table 1 prints it, and what it costs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.show import emit, pairs, table
from reslab.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from reslab.nets import Spec


def info(
    name: Annotated[str, typer.Argument(help="A net of `reslab list`.")],
    shortcut: Annotated[str | None, typer.Option(help="A, B or C (sec. 4.1).")] = None,
    stride_in: Annotated[str | None, typer.Option(help="Stride of a bottleneck: 1x1 (paper) or 3x3.")] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes.")] = None,
    size: Annotated[int | None, typer.Option(help="Height = width of the input in pixels.")] = None,
    draw_to: Annotated[
        Path | None, typer.Option("--draw", help="Draw it, layer by layer, into this file: .svg, .pdf or .png.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a network: stages, depth, parameters, multiply-adds, beside the paper's."""
    found = describe(name, shortcut, stride_in, classes, size)
    if draw_to:
        draw(draw_to, found)
        found["drawing"] = draw_to
    if json:
        emit(found)
        return
    shortcuts = {None: "none (plain net)", "A": "A: identity, zero padding where dimensions grow (no parameters)"}
    shortcuts |= {"B": "B: projection where dimensions grow, identity elsewhere", "C": "C: projection everywhere"}
    table(
        ("stage", "output", "layers", "blocks", "channels", "parameters", "multiply-adds"),
        (
            (
                s["name"],
                f"{s['output']} x {s['output']}",
                s["layers"],
                s["blocks"] or "",
                s["channels"],
                s["params"],
                s["macs"],
            )
            for s in found["stages"]
        ),
        title=f"{found['name']}, input {found['input_size']} x {found['input_size']}, {found['classes']} classes",
    )
    pairs(
        [
            ("depth", f"{found['depth']} weighted layers, {found['block']} blocks"),
            ("shortcut", shortcuts[found["shortcut"]]),
            *([("stride in", f"the first {found['stride_in']}")] if found["block"] == "bottleneck" else []),
            ("parameters", _beside(found["params"], found["paper"].get("params"), 1e6, "M")),
            ("multiply-adds", _beside(found["macs"], found["paper"].get("macs"), 1e9, "e9 FLOPs")),
            *([("drawing", draw_to)] if draw_to else []),
        ]
    )


def describe(
    name: str, shortcut: str | None, stride_in: str | None, classes: int | None, size: int | None
) -> dict[str, Any]:
    """What `reslab info --json` says."""
    from reslab.experiments import exact_counts, printed
    from reslab.nets import canonical, complexity, layers_text, spec

    name = canonical(name)
    found = spec(name, shortcut, classes, size, stride_in)
    net = _shapes(found)
    cost = complexity(net, found.size)
    return {
        "name": name,
        "depth": found.depth,
        "block": found.block,
        "params": cost.params,
        "macs": cost.macs,
        "input_size": found.size,
        "classes": found.classes,
        "shortcut": found.shortcut,
        "stride_in": found.stride_in,
        "stages": [{**asdict(stage), "layers": layers_text(found, row)} for row, stage in enumerate(cost.stages)],
        # The paper speaks of its own nets only: other classes, sizes or strides have nothing beside them.
        "paper": printed(name) if exact_counts(name, found) else {},
    }


def draw(to: Path, found: dict[str, Any]) -> None:
    """The net as a column of Figure 3, and its blocks as Figure 5 draws them, into the file `to`.

    Raises UsageError for a file that is none of the pictures we can make.
    """
    from reslab.nets import layers_of, spec
    from reslab.reporting import FORMS, Column, columns_figure, first_blocks
    from reslab.store import write_bytes

    form = next((form for form in FORMS if to.suffix.lower() == f".{form}"), None)
    if form is None:
        raise UsageError(f"--draw {to}: a drawing is a file that ends in {', '.join(f'.{form}' for form in FORMS)}")
    net = _shapes(spec(found["name"], found["shortcut"], found["classes"], found["input_size"], found["stride_in"]))
    note = f"{found['macs']:,} multiply-adds"
    column = Column(found["name"], note, layers_of(net, found["input_size"]))
    write_bytes(to, columns_figure([column], form, first_blocks(net)))


def _shapes(found: "Spec") -> "nn.Sequential":
    """The net without its numbers: 152 layers cost no more than 18."""
    import torch

    from reslab.nets import build

    with torch.device("meta"):
        return build(found)


def _beside(ours: int, papers: float | None, unit: float, word: str) -> str:
    return f"{ours:,}" + (f"   (paper: {papers / unit:g}{word})" if papers else "")
