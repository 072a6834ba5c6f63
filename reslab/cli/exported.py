"""An exported file, or a net in a file of weights, in words and as plain values: what it takes, gives and came from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reslab.store import Classifier, ExportedNet

SHOWN = 5  # class names


def class_names(classes: Sequence[str]) -> str:
    """The first few, and how many there are."""
    more = f", ... ({len(classes):,})" if len(classes) > SHOWN else ""
    return ", ".join(classes[:SHOWN]) + more


def doubled(classes: Sequence[str]) -> list[tuple[str, str]]:
    """A row for names that several classes have, as in lists of ImageNet's; earlier versions took these as they are."""
    names = [name for name, count in Counter(classes).items() if count > 1]
    if not names:
        return []
    several = f"several classes each are called {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
    way = "reslab convert gives each a name of its own, if it makes the file anew from the weights it came from"
    return [("note", f"{several}, and no answer tells which of them is meant; {way}")]


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
        "temperature": net.identity.temperature,
        "runtime": net.runtime,
        "precision": net.precision,
        "ranges": net.ranges or None,
        "reslab": net.version,
    }


def file_rows(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of what `file_values` gave."""
    split = f", split {found['split']}" if found["split"] else ""
    names, size = found["class_names"], found["size"]
    ranges = f", the ranges of activations from {found['ranges']}" if found["ranges"] else ""
    return [
        ("file", f"{found['file']} ({found['to']}, written by reslab {found['reslab']})"),
        ("trained on", f"{found['data']}{split}"),
        ("classes", class_names(names)),
        *doubled(names),
        ("input", f"pixels: uint8 RGB, (batch, {size}, {size}, 3); they are normalised inside"),
        *(("photograph" if not number else "", step) for number, step in enumerate(found["preprocessing"])),
        ("output", f"{found['output']}: float32, (batch, {len(names)})"),
        *([("temperature", f"{found['temperature']:.3f} inside: calibrated")] if found["temperature"] != 1 else []),
        ("runs on", f"the CPU, by {found['runtime']}, in {found['precision']}{ranges}"),
    ]


def classifier_values(net: "Classifier") -> dict[str, Any]:
    """What `reslab convert --json` says, and `reslab info --json` of a file of weights."""
    identity, preprocessing = net.identity, net.preprocessing
    return {
        "model": identity.model,
        "shortcut": identity.spec.shortcut,
        "stride_in": identity.spec.stride_in if getattr(identity.spec, "block", None) == "bottleneck" else None,
        "data": identity.data,
        "split": identity.split,
        "class_names": list(net.classes),
        "size": net.size,
        "mean": [round(float(value), 4) for value in preprocessing.mean.mean(axis=(0, 1))],
        "std": round(preprocessing.std, 4),
        "contrast": preprocessing.instead,
        "origin": asdict(identity.origin) if identity.origin else None,
    }


def classifier_rows(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of what `classifier_values` gave."""
    split = f", split {found['split']}" if found["split"] else ""
    normal = f"less {', '.join(f'{value:.1f}' for value in found['mean'])}, over {found['std']:.1f}"
    origin = found["origin"]
    rows = [
        ("model", found["model"] + (f", stride on the {found['stride_in']}" if found["stride_in"] else "")),
        ("trained on", f"{found['data']}{split}"),
        ("classes", class_names(found["class_names"])),
        *doubled(found["class_names"]),
        ("input", f"{found['size']} x {found['size']} pixels, {found['contrast'] or normal}"),
    ]
    if origin:
        rows.append(("from", f"{origin['file']}, in the layout of {origin['layout']}, sha256 {origin['sha256']}"))
    return rows
