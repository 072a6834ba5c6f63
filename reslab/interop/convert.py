"""Another program's weights as a model file of ours, which knows its class names, its normalisation and its origin."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from reslab.errors import RunError, UsageError, as_typed
from reslab.interop.asked import Asked
from reslab.interop.checkpoint import IN_FOLDERS, weights_file
from reslab.interop.foreign import read_foreign
from reslab.interop.hub_cache import name_in_cache
from reslab.interop.published import name_hint
from reslab.progress import Say, silent
from reslab.store import Classifier, Origin, load, save
from reslab.store.trained_places import trained_hint, trained_model

ENDING = ".safetensors"


@dataclass(frozen=True)
class Converted:
    """A model file that was written, and what is in it."""

    path: Path
    classifier: Classifier = field(repr=False)


def convert(
    file: str | Path,
    out: str | Path | None = None,
    *,
    classes: str | Path | None = None,
    stride_in: str | None = None,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    say: Say = silent,
) -> Converted:
    """Write a model file from weights of torchvision's, timm's, Hugging Face's, akamaster's or chenyaofo's nets.

    `file` is a .pth, .pt, .th, .bin or .safetensors file, a folder with config.json and weights, a folder of Hugging
    Face's cache, whose refs/main tells the version, or a name of `published`. `classes` is a text file with the
    classes' names, a line each, in the order of the scores. `stride_in="1x1"` is for bottlenecks that subsample as in
    the paper (v1), which weights do not tell; nor do they tell `size`, the height = width in pixels of their images,
    and what is done to these: `mean` and `std` of red, green and blue, of images in [0, 1]. `out` defaults to a file
    beside it, of weights in that cache and of a name to one in the current folder.

    Raises RunError for what is torn or none of our nets, UsageError for what is asked and does not fit, or contradicts
    what a config.json says, and for a place that something else has.
    """
    place = Path(file)
    asked = Asked(stride_in=stride_in, size=size, mean=mean, std=std)
    _require_foreign(place)
    path = _destination(place, Path(out) if out is not None else None)
    names = read_names(Path(classes)) if classes is not None else None
    classifier = read_foreign(place, replace(asked, classes=names), say)
    _keep_another(path, classifier.identity.origin, in_cache=bool(name_in_cache(place)))
    return Converted(save(classifier, path), classifier)


def read_names(file: Path) -> tuple[str, ...]:
    """The lines of a text file in UTF-8. Raises UsageError where there are none, or one of them is empty."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except OSError as error:
        raise UsageError(f"--classes {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--classes {file} is no text in UTF-8: name a file with a class's name a line") from error
    while lines and not lines[-1]:
        lines.pop()
    if not lines or "" in lines:
        number = lines.index("") + 1 if lines else 1
        raise UsageError(f"--classes {file}: line {number} is empty; each line is the name of a class")
    return tuple(lines)


def _require_foreign(place: Path) -> None:
    """Raises UsageError for a model of our own, RunError where there is nothing to convert."""
    if weights_file(place):
        return
    if trained_model(place):
        raise UsageError(
            f"{place} is a trained net of reslab's own, and needs no converting: every command takes its name, as "
            f"reslab predict {as_typed(place)} PHOTO"
        )
    if not place.exists():
        hint = _hub_hint(place) or name_hint(place) or trained_hint(place)
        raise RunError(f"no file or folder {place}{hint}")
    if place.is_dir() and not any((place / name).exists() for name in ("recipe.toml", *IN_FOLDERS)):
        raise RunError(f"{place} has no weights: neither model.safetensors nor pytorch_model.bin")
    load(place)  # raises RunError where it is torn or none
    raise UsageError(f"{place} is a model of reslab's own already: every command takes it as it is")


def _hub_hint(place: Path) -> str:
    """What to say of "timm/resnet50.a1_in1k", the name of weights on a hub."""
    if len(place.parts) != 2 or place.is_absolute() or place.parent.exists():
        return ""
    return (
        "; of hubs reslab fetches nothing: download them, and name their folder (in the hub's cache, "
        f"models--{'--'.join(place.parts)})"
    )


def _destination(place: Path, out: Path | None) -> Path:
    """Where the file goes. Raises UsageError for a place that has anything but a model file that was made so."""
    if out is None:
        named = place if place.name.strip(".") else place.resolve()  # "." has no name beside which to write
        stem = named.name if named.is_dir() else named.stem
        cached = name_in_cache(named)
        out = (
            Path(cached + ENDING)
            if cached
            else named.with_name(f"{stem}{'.reslab' if named.suffix == ENDING else ''}{ENDING}")
        )
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; name a file in it, as {out / 'net.safetensors'}")
    if out.suffix != ENDING:
        raise UsageError(f"--out {out}: the names of model files end in {ENDING}")
    if out.exists() and not _origin(out):
        raise UsageError(f"--out {out} is there already, and reslab convert did not make it; name another file")
    return out


def _keep_another(out: Path, origin: Origin | None, in_cache: bool) -> None:
    """Raises UsageError where `out` was made from a file of another name, as x.pt is beside x.pth.

    In the hub's cache all weights have the same name, and repositories of two makers may have one: there the content
    counts.
    """
    before = _origin(out) if out.exists() else None
    if before and origin and before.file != origin.file:
        raise UsageError(f"--out {out} is there already, made from {before.file}; name another file")
    if before and origin and in_cache and before.sha256 != origin.sha256:
        raise UsageError(f"--out {out} is there already, made from other weights; name another file")


def _origin(file: Path) -> Origin | None:
    """Where the weights of a model file are from; None for anything that `convert` did not make."""
    try:
        return load(file).identity.origin
    except (RunError, UsageError):
        return None
