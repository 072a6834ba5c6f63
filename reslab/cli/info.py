"""`reslab info`: a network as Table 1 prints it, and what it costs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.exported import classifier_rows, classifier_values, file_rows, file_values
from reslab.cli.show import emit, pairs, table
from reslab.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from reslab.nets import Architecture
    from reslab.store import Classifier, ExportedNet
    from reslab.training import Recipe


def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NET|RUN|FILE", help="A net of `reslab list`, a run folder, a model or exported file, or weights."
        ),
    ],
    shortcut: Annotated[str | None, typer.Option(help="A, B or C (sec. 4.1).")] = None,
    stride_in: Annotated[str | None, typer.Option(help="Stride of a bottleneck: 1x1 (paper) or 3x3.")] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes.")] = None,
    size: Annotated[int | None, typer.Option(help="Height = width of the input in pixels.")] = None,
    draw_to: Annotated[
        Path | None, typer.Option("--draw", help="Draw it, layer by layer, into this file: .svg, .pdf or .png.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a network: stages, depth, parameters, multiply-adds, beside the paper's; and what a file says of its net."""
    from reslab.store import Classifier

    net = _in_file(Path(name))
    if net is None:
        found = describe(name, shortcut, stride_in, classes, size)
    else:
        _refuse_changes(name, {"shortcut": shortcut, "stride-in": stride_in, "classes": classes, "size": size})
        found = cost_of(net.identity.spec, net.identity.model, net.identity.residual)
        found |= {"weights": classifier_values(net)} if isinstance(net, Classifier) else {"exported": file_values(net)}
    if draw_to:
        draw(draw_to, found)
        found["drawing"] = draw_to
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
        ("residual", found["residual"] and f"{found['residual']}, one's own: what it costs is not counted here"),
        *([("stride in", f"the first {found['stride_in']}")] if found["block"] == "bottleneck" else []),
        ("parameters", _beside(found["params"], found["paper"].get("params"), 1e6, "M")),
        ("multiply-adds", _beside(found["macs"], found["paper"].get("macs"), 1e9, "e9 FLOPs")),
        ("its own paper", found["published"].get("text")),
        *(
            [("in training", f"{found['companion_params']:,} more parameters, of companion heads")]
            if found["companion_params"]
            else []
        ),
        ("drawing", draw_to),
        *(file_rows(found["exported"]) if "exported" in found else []),
        *(classifier_rows(found["weights"])[1:] if "weights" in found else []),
        *([("note", origin["assumed"])] if (origin := found.get("weights", {}).get("origin")) else []),
    ]
    pairs(row for row in rows if row[1])


def _in_file(place: Path) -> "Classifier | ExportedNet | None":
    """The net in an exported file, a model file or another program's weights; None where `place` is no such file."""
    from reslab.interop import opened, trained

    found = opened(place)
    if not isinstance(found, Path):
        return found
    return trained(found) if found.suffix.lower() == ".safetensors" else None


def describe(
    name: str, shortcut: str | None, stride_in: str | None, classes: int | None, size: int | None
) -> dict[str, Any]:
    """What `reslab info --json` says of a net, or of that of a run folder or a trained net of ours."""
    from reslab.nets import spec

    run = _recipe_of(name)
    if run:
        name, shortcut, stride_in = run.model.name, shortcut or run.model.shortcut, stride_in or run.model.stride_in
        classes, size = classes or run.model.classes, size or run.data.size
    name = _net(name)
    return cost_of(spec(name, shortcut, classes, size, stride_in), name, run.model.residual if run else None)


def _net(name: str) -> str:
    """The net's own name. Raises RunError for a folder that is neither a run nor called as a net is."""
    from reslab.nets import canonical
    from reslab.store import read_record

    try:
        return canonical(name)
    except UsageError:
        if Path(name).is_dir():
            read_record(name)
        raise


def cost_of(found: "Architecture", name: str, residual: str | None) -> dict[str, Any]:
    """What `reslab info --json` says of the net that `found` describes; `residual` names its own residual function."""
    from reslab.experiments import exact_counts, printed, published
    from reslab.nets import Spec, complexity, rows_of

    net = _shapes(found)
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
        "residual": residual,
        "stages": [
            {**asdict(stage), "layers": text} for stage, text in zip(cost.stages, rows_of(found, net), strict=True)
        ],
        # Papers speak of their own nets only: other classes, sizes or strides have nothing beside them.
        "paper": printed(name) if at_home else {},
        "published": published(name) if at_home else {},
    }


def _refuse_changes(name: str, asked: dict[str, Any]) -> None:
    """What is in a file is what it is."""
    if given := [option for option, value in asked.items() if value is not None]:
        raise UsageError(f"--{given[0]}: {name} is a file, and its net is fixed; leave the option out")


def _recipe_of(name: str) -> "Recipe | None":
    """The recipe of the run folder, or of the trained net, that `name` is; None where it is neither."""
    from reslab.store import RunFolder, read_record, trained_names
    from reslab.training import Recipe

    if RunFolder(Path(name)).recipe() is None and name not in trained_names():
        return None
    return Recipe.from_dict(read_record(name).recipe)


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


def _shapes(found: "Architecture") -> "nn.Sequential":
    """The net without its numbers: 152 layers cost no more than 18."""
    import torch

    from reslab.nets import build

    with torch.device("meta"):
        return build(found)


def _beside(ours: int, papers: float | None, unit: float, word: str) -> str:
    return f"{ours:,}" + (f"   (paper: {papers / unit:g}{word})" if papers else "")
