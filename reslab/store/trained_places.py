"""Trained nets that ship with the package, by name: `reslab.load("resnet20-cifar10")`. Here, only where they lie.

An entry is three files: NAME.safetensors, the model; NAME.predictions.safetensors, its answers; NAME.json, its record,
which is written last: a name without it is none.
"""

from pathlib import Path

from reslab.errors import either, nearest

TRAINED = Path(__file__).parent / "trained"


def trained_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all that are there, sorted."""
    return tuple(sorted(path.stem for path in (folder or TRAINED).glob("*.json")))


def trained_model(place: Path) -> Path | None:
    """The model file of the trained net that `place` names; None where it names none, or something of the user's."""
    return TRAINED / f"{place}.safetensors" if not place.exists() and str(place) in trained_names() else None


def trained_hint(place: Path) -> str:
    """What to say of names where `place`, a single word, is nothing that exists."""
    names = trained_names()
    if not names or len(place.parts) != 1 or place.suffix:
        return ""
    near = nearest(str(place), names)
    return f"; did you mean the trained {either(near)}?" if near else f"; trained nets: {', '.join(names)}"
