"""An exported file in words and as plain values: what it takes, gives and came from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reslab.store import ExportedNet

SHOWN = 5  # class names


def class_names(classes: Sequence[str]) -> str:
    """The first few, and how many there are."""
    more = f", ... ({len(classes):,})" if len(classes) > SHOWN else ""
    return ", ".join(classes[:SHOWN]) + more


def file_values(net: "ExportedNet") -> dict[str, Any]:
    """What `reslab info --json` says of an exported file besides its net."""
    return {
        "file": net.place,
        "to": net.format,
        "model": net.identity.model,
        "data": net.identity.data,
        "split": net.identity.split,
        "class_names": list(net.classes),
        "size": net.size,
        "preprocessing": list(net.preprocessing),
        "output": "scores" if net.scores else "probabilities",
        "runtime": net.runtime,
        "reslab": net.version,
    }


def file_rows(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of what `file_values` gave."""
    split = f", split {found['split']}" if found["split"] else ""
    names, size = found["class_names"], found["size"]
    return [
        ("file", f"{found['file']} ({found['to']}, written by reslab {found['reslab']})"),
        ("trained on", f"{found['data']}{split}"),
        ("classes", class_names(names)),
        ("input", f"pixels: uint8 RGB, (batch, {size}, {size}, 3); they are normalised inside"),
        *(("photograph" if not number else "", step) for number, step in enumerate(found["preprocessing"])),
        ("output", f"{found['output']}: float32, (batch, {len(names)})"),
        ("runs on", f"the CPU, by {found['runtime']}"),
    ]
