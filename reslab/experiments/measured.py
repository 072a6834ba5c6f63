"""Our measured results beside the paper's numbers: the tables and the figure of the documents."""

from collections.abc import Sequence
from typing import Any

from reslab.experiments.paper import exact_counts, paper, printed
from reslab.nets import HISTORIC, spec
from reslab.reporting import SeedGroup, Series, curves_figure, markdown_table, seed_groups
from reslab.training import Facts, Recipe, lasting, make_recipe

Result = dict[str, Any]  # one JSON of results/

NETS = tuple(name for name in paper()["printed"] if name.startswith("resnet"))
COMPARED = tuple(name for name in paper()["table6"] if name in HISTORIC)
# Trainings that nets stand side by side in: a preset and its epochs, None for as many as it has.
LENGTHS = (("paper", None), ("fast", None), ("fast", 60), ("record", None), ("record", 30))
CIFAR10 = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")


def cifar10_presets() -> dict[str, Recipe]:
    """What each preset for any net makes of ResNet-20 on CIFAR-10."""
    return {preset: make_recipe(CIFAR10, "resnet20", preset) for preset in ("paper", "fast", "record", "small")}


def by_preset(results: Sequence[Result], model: str, preset: str, epochs: float | None = None) -> list[Result]:
    """The CIFAR-10 results of a net under a preset just as it stands, by seed; a run that changed a field is none.

    With `epochs`, of the preset stretched to so many.
    """
    wanted = lasting(make_recipe(CIFAR10, model, preset), CIFAR10.train_images, None, epochs).digest()
    found = [r for r in results if r["recipe"]["name"] == preset and Recipe.from_dict(r["recipe"]).digest() == wanted]
    return sorted(found, key=lambda r: r["recipe"]["seed"])


def counts_table() -> str:
    """Our nets' parameters and multiply-adds beside what the paper prints, as Markdown."""
    rows = []
    for name in NETS:
        # The paper's FLOPs of 18 and 34 layers are those of the plain nets, and so of option A.
        found = spec(name, "A" if name in ("resnet18", "resnet34") else None)
        counts, told = exact_counts(name, found), printed(name)
        assert counts is not None
        flops = f"{told['macs'] / 1e9:.1f}e9" if "macs" in told else ""
        params = f"{told['params'] / 1e6:g}M" if "params" in told else ""
        rows.append((name, found.shortcut, f"{counts['params']:,}", params, f"{counts['macs']:,}", flops))
    return markdown_table(rows, ("net", "option", "parameters", "paper", "multiply-adds", "paper's FLOPs"))


def measured_table6(results: Sequence[Result]) -> str:
    """Table 6, and what we measured under the paper's own recipe and the fast one, as Markdown.

    Nets of the comparison have the recipe of their own authors in place of the paper's.
    """
    rows = []
    for name in (*COMPARED, *(net for net in NETS if net in paper()["table6"])):
        own = "original" if name in COMPARED else "paper"
        ours = [
            "; ".join(g.cell("val") for g in seed_groups(by_preset(results, name, p), anywhere=True))
            for p in (own, "fast")
        ]
        command = f"`reslab train cifar10 --model {name} --recipe {own}`"
        rows.append((name, _told(name), *ours, command))
    columns = ("net", "paper, test error %", "ours, `paper` or `original`, val %", "ours, `fast`, val %", "command")
    return markdown_table(rows, columns)


def measured_nets(results: Sequence[Result]) -> str:
    """Every plain and residual net of CIFAR-10 that we trained under a preset, beside the paper's error, as Markdown.

    A column for each of LENGTHS; shallow nets first, and of a depth the plain one.
    """
    cells = {
        net: [seed_groups(by_preset(results, net, *length), anywhere=True) for length in LENGTHS]
        for net in _nets(results)
    }
    found = {net: groups for net, groups in cells.items() if any(groups)}
    bases = {group.basis("val").partition(", ")[2] for groups in found.values() for g in groups for group in g}
    told = {name: _told(name) for name in paper()["table6"] if name in NETS}
    rows = [
        (net, told.get(net, ""), *("; ".join(_brief(group) for group in groups) for groups in per_preset))
        for net, per_preset in found.items()
    ]
    columns = (
        "net",
        "the paper",
        *(f"`{p}`, {_epochs(p, e):.0f} epochs" for p, e in LENGTHS),
    )
    note = f"Errors in %: the paper's on the test images, ours on {' or '.join(sorted(bases))} for validation.\n"
    return f"{markdown_table(rows, columns)}\n{note}" if rows else ""


def _nets(results: Sequence[Result]) -> list[str]:
    """The plain and residual nets that were trained on CIFAR-10."""
    names = {str(r["recipe"]["model"]["name"]) for r in results if r["recipe"]["data"]["name"] == CIFAR10.name}
    found = (name for name in names if name.startswith(("plain", "resnet")))
    return sorted(found, key=lambda name: (spec(name).depth, name))


def _brief(group: SeedGroup) -> str:
    """Mean, spread and number of seeds; how many images is said once."""
    return f"{group.error('val')} (n={len(group.results)})"


def _epochs(preset: str, epochs: float | None) -> float:
    """So many, or as many as the preset has."""
    return epochs or make_recipe(CIFAR10, "resnet20", preset).epochs(CIFAR10.train_images)


def _told(name: str) -> str:
    """The paper's error of a net, and the mean of its runs where it prints one."""
    told = paper()["table6"]
    if f"{name}_mean" not in told:
        return f"{told[name]:.2f}"
    return f"{told[name]:.2f} (best), {told[f'{name}_mean']:.2f} ± {told[f'{name}_std']:.2f}"


def fast_curves(results: Sequence[Result]) -> bytes:
    """Training and validation error of plain and residual nets under `fast`, the first seed of each, as SVG."""
    chosen = [
        by_preset(results, model, "fast")[:1] for depth in (20, 56) for model in (f"plain{depth}", f"resnet{depth}")
    ]
    return curves_figure([Series.of(r["result"]["model"], r["metrics"]) for found in chosen for r in found])
