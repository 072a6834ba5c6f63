"""Another program's file of weights: its tensors by name, and what lies beside them. Nothing in it is run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from reslab.errors import RunError
from reslab.interop.hub_cache import snapshot_of
from reslab.interop.published import is_published, published_file, refuse_other
from reslab.interop.torch_file import read_torch_file
from reslab.interop.torch_program import first_line
from reslab.interop.torchvision_weights import KEY
from reslab.interop.within import beside, parts_of
from reslab.store import read_bytes, read_json

TORCH = (".pth", ".pt", ".th", ".bin", ".ckpt", ".tar")  # what people call files of torch.save
OTHERS = {".caffemodel": "Caffe", ".prototxt": "Caffe", ".h5": "Keras", ".hdf5": "Keras", ".keras": "Keras"}
IN_FOLDERS = ("model.safetensors", "pytorch_model.bin")  # timm's and Hugging Face's, a config.json beside them

AVERAGED = ("state_dict_ema", "model_ema")  # where trainers put averaged weights, beside the others
NESTED = (
    *AVERAGED,
    "state_dict",
    "model",
    "model_state_dict",
    "net",
)  # where they put weights: the first that is there
COUNTER = "n_averaged"  # of torch's AveragedModel, beside its weights
COUNTS = ("total_ops", "total_params")  # that thop leaves in every module whose operations it has counted
# Of DataParallel and averaged models, of torch.compile, where a trainer's module holds the net (Lightning), and of
# transformers around timm.
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "timm_model.")
POINTER = b"version https://git-lfs"  # how a file begins that git took without its content


@dataclass(frozen=True)
class Checkpoint:
    """The content of such a file."""

    place: Path  # as it was named: the file, or the folder that it lies in
    file: Path
    sha256: str
    tensors: dict[str, Tensor]  # on the CPU; a prefix that all names have is taken away
    config: dict[str, Any]  # config.json of its folder; {} where there is none
    images: dict[str, Any]  # preprocessor_config.json of its folder
    about: dict[str, Any]  # what `reslab export --to torchvision` wrote into it
    averaged: str = ""  # the part of the file that they are from, where these are averaged weights
    architecture: str = ""  # what the trainer called the net: its `arch`, beside the weights
    names: Mapping[str, Any] = field(default_factory=dict)  # what may be names of classes, beside the weights
    counts: int = 0  # tensors that were left out, since they are counts of operations
    within: tuple[str, ...] = ()  # the parts of the file that lead to the tensors, the outermost first
    prefix: str = ""  # that was taken away


def weights_file(place: Path) -> Path | None:
    """The file of another program's weights that `place` is, holds as a folder, or names; None for what is none.

    A model file or run folder of ours is none; files that `export` wrote for torchvision and timm are. Raises RunError
    for a folder of the hub's cache without weights, or of which nobody tells which version is meant, and for the name
    of published weights that are not on this machine.
    """
    if is_published(place):
        return published_file(str(place))
    if place.is_dir():
        if (place / "recipe.toml").is_file():
            return None
        snapshot = snapshot_of(place)
        inside = (folder / name for folder in [snapshot or place] for name in IN_FOLDERS if (folder / name).is_file())
        file = next((file for file in inside if weights_file(file)), None)
        if snapshot and not file:
            raise RunError(f"{snapshot} has no weights: neither {' nor '.join(IN_FOLDERS)}")
        return file
    if place.suffix.lower() in (*TORCH, *OTHERS):
        return place
    if place.suffix.lower() == ".safetensors" and place.is_file():
        about = _metadata(place)
        if about is None:
            return place if _is_pointer(place) else None
        return place if not about or about.get("kind") == "torchvision" else None
    return None


def read_checkpoint(place: Path) -> Checkpoint:
    """The weights in `place`, for which `weights_file` gives a file. Raises RunError for what is torn, or no weights.

    Files of torch.save are read under `weights_only`; besides tensors, a trainer's command line may be in them.
    """
    file = weights_file(place)
    assert file is not None
    if program := OTHERS.get(file.suffix.lower()):
        raise RunError(
            f"{file} is a file of {program}'s, which reslab does not read: of the same net torchvision, timm and "
            "Hugging Face have weights that it does"
        )
    data = read_bytes(file)
    if data.startswith(POINTER):
        raise RunError(
            f"{file} is a pointer of Git LFS, without the weights: git lfs pull, in its folder, fetches them"
        )
    sha256 = hashlib.sha256(data).hexdigest()
    if is_published(place):
        refuse_other(str(place), file, sha256)
    own = file.suffix.lower() == ".safetensors"
    found = _safetensors(file, data) if own else read_torch_file(file, data)
    folder = file.parent if file.name in IN_FOLDERS else None
    parts, levels = _innermost(found)
    tensors = _weights(file, levels[-1])
    weights = {name: tensor for name, tensor in tensors.items() if name.rpartition(".")[2] not in COUNTS}
    if not weights:
        raise RunError(f"{file} holds no weights by name, as net.state_dict() gives them")
    prefix = _prefix(list(weights))
    return Checkpoint(
        place,
        file,
        sha256,
        {name.removeprefix(prefix): tensor for name, tensor in weights.items()},
        _json(folder, "config.json"),
        _json(folder, "preprocessor_config.json"),
        (_metadata(file) or {}) if own else {},
        next((part for part in parts if part in AVERAGED), ""),
        _architecture(found),
        parts_of(level for level in levels if isinstance(level, Mapping)),
        len(tensors) - len(weights),
        tuple(parts),
        prefix,
    )


def own_export(file: Path) -> bool:
    """Is it a file of weights that `reslab export` wrote, for torchvision or timm?"""
    return (_metadata(file) or {}).get("kind") == "torchvision"


def _metadata(file: Path) -> dict[str, Any] | None:
    """What a file of ours says of itself, {} for another program's; None where it is torn."""
    try:
        with safe_open(file, framework="pt") as opened:
            about = json.loads((opened.metadata() or {}).get(KEY, "{}"))
    except (SafetensorError, OSError, ValueError):
        return None
    return about if isinstance(about, dict) else None


def _is_pointer(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(POINTER)) == POINTER
    except OSError:
        return False


def _safetensors(file: Path, data: bytes) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise RunError(f"{file} is torn, or no safetensors file: {first_line(error)}") from error


def _innermost(found: Any) -> tuple[list[str], list[Any]]:
    """The parts that lead to where trainers put weights, the outermost first, and what they lead through and to."""
    parts: list[str] = []
    levels = [found]
    while isinstance(found, Mapping) and (inner := next((k for k in NESTED if isinstance(found.get(k), Mapping)), "")):
        parts.append(inner)
        found = found[inner]
        levels.append(found)
    return parts, levels


def _architecture(found: Any) -> str:
    name = found.get("arch") if isinstance(found, Mapping) else None
    return name if isinstance(name, str) else ""


def _weights(file: Path, found: Any) -> dict[str, Tensor]:
    """The tensors by name. Raises RunError where there is anything else."""
    if not isinstance(found, Mapping) or not found:
        raise RunError(f"{file} holds no weights by name, as net.state_dict() gives them, but a {type(found).__name__}")
    tensors = {name: value for name, value in found.items() if name != COUNTER and not beside(name, value)}
    strange = [name for name, value in tensors.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if strange:
        raise RunError(f"{file} holds no weights by name, as net.state_dict() gives them: '{strange[0]}' is no tensor")
    return tensors


def _prefix(names: Sequence[str]) -> str:
    """Of trainers' modules around the net, what all names begin with."""
    found = ""
    for prefix in PREFIXES * 2:  # either may be outside
        if all(name.startswith(found + prefix) for name in names):
            found += prefix
    return found


def _json(folder: Path | None, name: str) -> dict[str, Any]:
    if folder is None or not (folder / name).is_file():
        return {}
    found = read_json(folder / name)
    if not isinstance(found, dict):
        raise RunError(f"{folder / name} does not describe a net")
    return found
