"""`reslab info`: a network as Table 1 prints it, and what it costs."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from reslab.cli.show import emit, pairs, table


def info(
    name: Annotated[str, typer.Argument(help="A net of `reslab list`.")],
    shortcut: Annotated[str | None, typer.Option(help="A, B or C (sec. 4.1).")] = None,
    stride_in: Annotated[str | None, typer.Option(help="Stride of a bottleneck: 1x1 (paper) or 3x3.")] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes.")] = None,
    size: Annotated[int | None, typer.Option(help="Height = width of the input in pixels.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a network: stages, depth, parameters, multiply-adds, beside the paper's."""
    found = describe(name, shortcut, stride_in, classes, size)
    if json:
        emit(found)
        return
    shortcuts = {None: "none of sec. 3.3", "A": "A: identity, zero padding where dimensions grow (no parameters)"}
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
    rows = [
        ("depth", f"{found['depth']} weighted layers" + (f", {found['block']} blocks" if found["block"] else "")),
        *([("activation", "before each convolution")] if found["activation"] == "pre" else []),
        ("shortcut", shortcuts[found["shortcut"]]),
        *([("stride in", f"the first {found['stride_in']}")] if found["block"] == "bottleneck" else []),
        ("parameters", _beside(found["params"], found["paper"].get("params"), 1e6, "M")),
        ("multiply-adds", _beside(found["macs"], found["paper"].get("macs"), 1e9, "e9 FLOPs")),
        ("its own paper", found["published"].get("text")),
        *(
            [("in training", f"{found['companion_params']:,} more parameters, of companion heads")]
            if found["companion_params"]
            else []
        ),
    ]
    pairs(row for row in rows if row[1])


def describe(
    name: str, shortcut: str | None, stride_in: str | None, classes: int | None, size: int | None
) -> dict[str, Any]:
    """What `reslab info --json` says."""
    import torch

    from reslab.experiments import exact_counts, printed, published
    from reslab.nets import Spec, build, canonical, complexity, rows_of, spec

    name = canonical(name)
    found = spec(name, shortcut, classes, size, stride_in)
    with torch.device("meta"):  # shapes alone: 152 layers cost no more than 18
        net = build(found)
    cost = complexity(net, found.size)
    at_home = exact_counts(name, found) is not None
    return {
        "name": name,
        "depth": found.depth,
        "block": found.block if isinstance(found, Spec) else None,
        "activation": found.activation if isinstance(found, Spec) else None,
        "params": cost.params,
        "macs": cost.macs,
        "input_size": found.size,
        "classes": found.classes,
        "shortcut": found.shortcut,
        "stride_in": found.stride_in,
        "companion_params": cost.companion_params,
        "stages": [
            {**asdict(stage), "layers": text} for stage, text in zip(cost.stages, rows_of(found, net), strict=True)
        ],
        # Papers speak of their own nets only: other classes, sizes or strides have nothing beside them.
        "paper": printed(name) if at_home else {},
        "published": published(name) if at_home else {},
    }


def _beside(ours: int, papers: float | None, unit: float, word: str) -> str:
    return f"{ours:,}" + (f"   (paper: {papers / unit:g}{word})" if papers else "")
