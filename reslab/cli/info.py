"""`reslab info`: a network as Table 1 prints it, and what it costs."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.exported import classifier_rows, classifier_values, file_rows, file_values
from reslab.cli.show import emit, pairs, say, table
from reslab.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from reslab.nets import Architecture, Residual
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
    residual: Annotated[str | None, typer.Option(help="Of one's own residual function, module:function.")] = None,
    draw_to: Annotated[
        Path | None, typer.Option("--draw", help="Draw it, layer by layer, into this file: .svg, .pdf or .png.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a network: stages, depth, parameters, multiply-adds, beside the paper's; and what a file says of its net."""
    from reslab.nets import named_residual
    from reslab.store import Classifier

    own = named_residual(residual)
    net = _in_file(Path(name), own)
    if net is None:
        found = describe(name, shortcut, stride_in, classes, size, residual)
    else:
        _refuse_changes(name, {"shortcut": shortcut, "stride-in": stride_in, "classes": classes, "size": size})
        found = cost_of(net.identity.spec, net.identity.model, net.identity.residual, own)
        found |= {"weights": classifier_values(net)} if isinstance(net, Classifier) else {"exported": file_values(net)}
    if draw_to:
        draw(draw_to, found, own)
        found["drawing"] = draw_to
    if json:
        emit(found)
        return
    if found["stages"]:
        _show_stages(found)
    rows = [
        ("net", not found["stages"] and _title(found)),
        ("depth", _depth(found)),
        *([("activation", "before each convolution")] if found["activation"] == "pre" else []),
        ("shortcut", _shortcut(found)),
        ("residual", found["residual"] and f"{found['residual']}, one's own{_uncounted(found)}"),
        *([("stride in", f"the first {found['stride_in']}")] if found["block"] == "bottleneck" else []),
        (
            "parameters",
            found["params"] and _beside(found["params"], found["paper"].get("params"), 1e6, f"M{_of_option(found)}"),
        ),
        (
            "multiply-adds",
            found["macs"] and _beside(found["macs"], found["paper"].get("macs"), 1e9, f"e9 FLOPs{_of_option(found)}"),
        ),
        ("its own paper", found["published"].get("text")),
        ("error in the paper", _errors(found["paper_errors"])),
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


def _show_stages(found: dict[str, Any]) -> None:
    """The rows of Table 1."""
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
        title=_title(found),
    )


def _title(found: dict[str, Any]) -> str:
    return f"{found['name']}, input {found['input_size']} x {found['input_size']}, {found['classes']} classes"


def _depth(found: dict[str, Any]) -> str:
    """In words; of one's own blocks nobody knows it."""
    if found["depth"] is None:
        return ""
    return f"{found['depth']} weighted layers" + (f", {found['block']} blocks" if found["block"] else "")


TEST_IMAGES = "; on the 100,000 test images are Table 5 and, of VGG in ILSVRC'14, a row of Table 4"


def _errors(printed: list[dict[str, Any]]) -> str:
    """What the paper prints of a net's error, in one line; "" for nothing."""
    if not printed:
        return ""
    images = printed[0]["images"]
    told = ", ".join(
        f"{one['error']:.2f} % {one['tested']} ({one['place']}{'; ' + one['runs'] if 'runs' in one else ''})"
        for one in printed
    )
    others = TEST_IMAGES if images.startswith("ImageNet") else ""
    return f"{told}, on {images}{others}"


def _uncounted(found: dict[str, Any]) -> str:
    """What to say of one's own residual function where it is not at hand."""
    if found["stages"]:
        return ""
    return f": stages and multiply-adds are known with --residual {found['residual']}"


def _in_file(place: Path, own: "Residual | None") -> "Classifier | ExportedNet | None":
    """The net in an exported file, a model file or another program's weights; None where `place` is no such file."""
    from reslab.interop import opened, trained

    found = opened(place)
    if isinstance(found, Path):
        return trained(found, own, say) if found.suffix.lower() == ".safetensors" else None
    if own and found.identity.residual is None:
        raise UsageError(_no_own(place))
    return found


def describe(
    name: str,
    shortcut: str | None,
    stride_in: str | None,
    classes: int | None,
    size: int | None,
    residual: str | None = None,
) -> dict[str, Any]:
    """What `reslab info --json` says of a net, or of that of a run folder or a trained net of ours.

    `residual` is a residual function of one's own, of a net that has none yet or has this one.
    """
    from reslab.nets import named_residual, spec
    from reslab.store import changed_since

    run, own, params = _recipe_of(name), named_residual(residual), None
    if run:
        if own and run.model.residual is None:
            raise UsageError(_no_own(name))
        if words := changed_since(Path(name), run.model.residual, run.model.residual_digest, own):
            say(words)
        asked = (shortcut, stride_in, classes, size)
        residual, params = run.model.residual, _params_of(name) if asked == (None,) * 4 else None
        name, shortcut, stride_in = run.model.name, shortcut or run.model.shortcut, stride_in or run.model.stride_in
        classes, size = classes or run.model.classes, size or run.data.size
    name = _net(name)
    return cost_of(spec(name, shortcut, classes, size, stride_in), name, residual, own, params)


def _shortcut(found: dict[str, Any]) -> str:
    """The option of sec. 4.1 in words, with how many of the shortcuts it is about."""
    kinds = found["shortcuts"]
    every = sum(kinds.values())
    some = f" ({every - kinds.get('identity', 0)} of {every})" if every else ""
    return {
        None: "none of sec. 3.3",
        "A": f"A: identity, zero padding where dimensions grow{some}; no parameters",
        "B": f"B: projection where dimensions grow{some}, identity elsewhere",
        "C": f"C: projection everywhere{some}",
    }[found["shortcut"]]


def _no_own(place: Path | str) -> str:
    return f"{place} has no residual function of one's own; leave --residual out"


def _params_of(run: str) -> int | None:
    """How many parameters the net of a finished run has."""
    from reslab.store import read_record

    return (read_record(run).result or {}).get("params")


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


def cost_of(
    found: "Architecture", name: str, residual: str | None, own: "Residual | None" = None, params: int | None = None
) -> dict[str, Any]:
    """What `reslab info --json` says of the net that `found` describes.

    `residual` names its own residual function, `own` is that function; without it nothing is counted, and `params` is
    what else is known of its parameters. How deep such a net is nobody knows.
    """
    from reslab.experiments import exact_counts, printed, printed_errors, published
    from reslab.nets import Spec

    counted = residual is None or own is not None
    cost = _counted(found, residual, own) if counted else {"params": params, "macs": None, "companion_params": 0}
    at_home = residual is None and exact_counts(name, found) is not None
    return {
        "name": name,
        "depth": found.depth if residual is None else None,
        "block": found.block if isinstance(found, Spec) and residual is None else None,
        "activation": found.activation if isinstance(found, Spec) else None,
        "params": cost["params"],
        "macs": cost["macs"],
        "input_size": found.size,
        "classes": found.classes,
        "shortcut": found.shortcut,
        "shortcuts": cost.get("shortcuts", {}),
        "stride_in": found.stride_in,
        "companion_params": cost["companion_params"],
        "residual": residual,
        "stages": cost.get("stages", []),
        # Papers speak of their own nets only: other classes, sizes or strides have nothing beside them.
        "paper": printed(name) if at_home else {},
        "published": published(name) if at_home else {},
        "paper_errors": printed_errors(name, found) if at_home else [],
    }


def _counted(found: "Architecture", residual: str | None, own: "Residual | None") -> dict[str, Any]:
    """Parameters and multiply-adds, whole and by stage. Raises UsageError for a residual function that does not fit."""
    from reslab.nets import Block, PreactBlock, complexity, rows_of, shortcut_kind, try_out

    if own:
        try_out(own, found)
    net = _shapes(found, own)
    cost = complexity(net, found.size)
    blocks = [module for module in net.modules() if isinstance(module, Block | PreactBlock)]
    rows = zip(cost.stages, rows_of(found, net), strict=True)
    texts = [f"[{residual}] x {stage.blocks}" if own and stage.blocks else text for stage, text in rows]
    return {
        "params": cost.params,
        "macs": cost.macs,
        "companion_params": cost.companion_params,
        "shortcuts": dict(Counter(shortcut_kind(block) for block in blocks if block.shortcut is not None)),
        "stages": [{**asdict(stage), "layers": text} for stage, text in zip(cost.stages, texts, strict=True)],
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


def draw(to: Path, found: dict[str, Any], own: "Residual | None" = None) -> None:
    """The net as a column of Figure 3, and its blocks as Figure 5 draws them, into the file `to`.

    Of GoogLeNet an inception module in place of a block.

    Raises UsageError for a file that is none of the pictures we can make, and where its residual function is not here.
    """
    from reslab.nets import layers_of, spec
    from reslab.reporting import FORMS, Column, columns_figure, first_blocks, inception_diagrams
    from reslab.store import write_bytes

    form = next((form for form in FORMS if to.suffix.lower() == f".{form}"), None)
    if form is None:
        raise UsageError(f"--draw {to}: a drawing is a file that ends in {', '.join(f'.{form}' for form in FORMS)}")
    if not found["stages"]:
        raise UsageError(f"--draw: the blocks of {found['name']} are one's own: give --residual {found['residual']}")
    made = spec(found["name"], found["shortcut"], found["classes"], found["input_size"], found["stride_in"])
    net = _shapes(made, own)
    note = f"{found['macs']:,} multiply-adds"
    column = Column(found["name"], note, layers_of(net, found["input_size"]))
    write_bytes(to, columns_figure([column], form, [*first_blocks(net), *inception_diagrams(net)]))


def _shapes(found: "Architecture", own: "Residual | None") -> "nn.Sequential":
    """The net without its numbers: 152 layers cost no more than 18."""
    import torch

    from reslab.nets import build

    with torch.device("meta"):
        return build(found, own)


def _of_option(found: dict[str, Any]) -> str:
    """Whose numbers the paper's are, where the net has other shortcuts than its: B in bottleneck nets, else A."""
    option = "B" if found["block"] == "bottleneck" else "A"
    return "" if found["shortcut"] in (None, option) else f", of option {option}"


def _beside(ours: int, papers: float | None, unit: float, word: str) -> str:
    return f"{ours:,}" + (f"   (paper: {papers / unit:g}{word})" if papers else "")
