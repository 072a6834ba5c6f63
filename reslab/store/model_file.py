"""The self-describing model file: weights in safetensors, and in its metadata the net, class names, preprocessing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from reslab.data import Contrast, Preprocessing
from reslab.errors import ReslabError, RunError, UsageError
from reslab.nets import Residual, architecture_from, asked_as, unfilled
from reslab.store.classifier import Classifier, Identity, Origin
from reslab.store.contrast_tensors import contrast_from, contrast_tensors
from reslab.store.exported_net import exported_as
from reslab.store.run_files import MODEL_FILE, why_no_model
from reslab.store.trained_places import trained_hint, trained_model

KEY = "reslab"  # safetensors writes several keys in random order: under one, the same model is the same bytes
FORMATS = (1, 2)  # 2: images are of one contrast, of which older versions know nothing
MEAN = "preprocessing.mean"


def model_bytes(weights: dict[str, Tensor], identity: Identity, preprocessing: Preprocessing) -> bytes:
    """The content of a model file. `weights` are the net's parameters and batch-norm statistics by name."""
    tensors = {f"net.{name}": tensor.detach().to("cpu").contiguous() for name, tensor in weights.items()}
    about: dict[str, Any] = {
        "kind": "model",
        "format": FORMATS[preprocessing.contrast is not None],
        "model": identity.model,
        "spec": identity.spec.to_dict(),
        "classes": list(identity.classes),
        "data": identity.data,
        "split": identity.split,
        "fingerprint": identity.fingerprint,
        "residual": identity.residual,
        "preprocessing": {"std": preprocessing.std, "size": preprocessing.size},
    }
    if preprocessing.deviations:
        about["preprocessing"]["deviations"] = list(preprocessing.deviations)
    if identity.residual_digest:
        about["residual_digest"] = identity.residual_digest
    if identity.origin:
        about["origin"] = asdict(identity.origin)
    if identity.before:
        about["before"] = list(identity.before)
    if identity.temperature != 1:
        about["temperature"] = identity.temperature
    tensors[MEAN] = torch.from_numpy(preprocessing.mean.copy())
    if preprocessing.contrast:
        tensors |= contrast_tensors(preprocessing.contrast)
    return save(tensors, {KEY: json.dumps(about, ensure_ascii=False)})


def load(run_or_file: str | Path, residual: Residual | None = None, *, replacing: bool = False) -> Classifier:
    """The trained classifier of a run folder, a model file or a name ("resnet20-cifar10"), ready for the CPU.

    It is in evaluation mode, and its weights have no gradients; `.requires_grad_()` gives them back.
    A net with a user's own residual function needs that function as `residual`: files never run code by themselves. Any
    other net would be another one with it: only `replacing` puts it in place of the net's own, for weights that a
    training of it begins with. Raises RunError for a file that is absent, torn or foreign, UsageError for a function
    that is lacking or that the net does not take.
    """
    path = find_model(Path(run_or_file))
    tensors, about = read_tensors(path, "model")
    if about.get("format") not in FORMATS:
        raise RunError(
            f"{path} has format {about.get('format')}, and this version reads {FORMATS[-1]}; take the newer reslab"
        )
    try:
        identity = Identity(
            model=about["model"],
            spec=architecture_from(about["spec"]),
            classes=tuple(about["classes"]),
            data=about["data"],
            split=about["split"],
            fingerprint=about["fingerprint"],
            residual=about["residual"],
            residual_digest=about.get("residual_digest"),
            origin=Origin(**about["origin"]) if "origin" in about else None,
            before=tuple(map(str, about.get("before", ()))),
            temperature=float(about.get("temperature", 1)),
        )
        contrast = contrast_from(tensors)
        preprocessing = _preprocessing(tensors.pop(MEAN).numpy(), about["preprocessing"], contrast)
        weights = {name.removeprefix("net."): tensor.float() for name, tensor in tensors.items()}
        if identity.residual and residual is None:
            raise UsageError(
                f"{path} has the residual function {identity.residual}, and files run no code: give it "
                f"(residual=..., or --residual {asked_as(identity.residual)})"
            )
        if residual and identity.residual is None and not replacing:
            raise UsageError(
                f"{run_or_file} has no residual function of one's own, and with another one it would be another net; "
                "leave --residual out"
            )
        with torch.device("meta") if residual else nullcontext():  # nothing that a user's function may draw is drawn
            net = unfilled(identity.spec, residual)
        for name in [n for n, _ in net.named_buffers() if n.endswith("num_batches_tracked")]:
            weights[name] = torch.tensor(0)
        net.load_state_dict(weights, assign=True)
    except ReslabError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if residual:
            raise UsageError(f"{path}: the residual function that was given builds another net") from error
        raise RunError(f"{path} does not hold the model that it describes: {str(error).splitlines()[0]}") from error
    return Classifier(net, identity, preprocessing, residual, Path(run_or_file)).requires_grad_(False).eval()


def _preprocessing(mean: NDArray[np.float32], told: dict[str, Any], contrast: Contrast | None) -> Preprocessing:
    one = Preprocessing(mean, float(told["std"]), int(told["size"]), contrast=contrast)
    if "deviations" not in told:
        return one
    red, green, blue = map(float, told["deviations"])
    return replace(one, deviations=(red, green, blue))


def find_model(path: Path) -> Path:
    """The model file of a run folder, of a trained net by its name, or `path` itself.

    Raises RunError where there is none, with the way to one.
    """
    if trained := trained_model(path):
        return trained
    if path.is_dir():
        if (path / MODEL_FILE).is_file():
            return path / MODEL_FILE
        raise RunError(why_no_model(path))
    if exported_as(path):
        raise RunError(
            f"{path} is an exported file, a graph without a net: this needs the run folder or model file that it came "
            "from. reslab predict, eval and info take it; in Python, predict and evaluate take reslab.load of it"
        )
    if not path.is_file():
        raise RunError(f"no run folder or model file {path} (reslab train makes one){trained_hint(path)}")
    return path


def read_tensors(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and metadata of a safetensors file of ours: a "model", "state" or "predictions".

    Raises RunError for a torn or foreign file, or one of another kind.
    """
    with _read(path, kind) as (file, about):
        # Copies: the file is closed and may be replaced while they are in use (Windows refuses otherwise).
        return {name: file.get_tensor(name).clone() for name in file.keys()}, about  # noqa: SIM118


def read_about(path: Path, kind: str) -> dict[str, Any]:
    """The metadata alone. Raises RunError as `read_tensors`."""
    with _read(path, kind) as (_, about):
        return about


@contextmanager
def _read(path: Path, kind: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The open file and its metadata."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[KEY])
            if not isinstance(about, dict) or about.get("kind") != kind:
                raise RunError(f"{path} holds no {kind} of reslab's")
            yield file, about
    except KeyError as error:
        raise RunError(
            f"{path} is no file of reslab's (reslab.load and reslab convert read other programs' weights)"
        ) from error
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path} is torn, or no file of reslab's: {error}") from error
