"""Weights as torchvision and timm name them, in safetensors: for programs that build the net themselves."""

import json
from typing import Any

import torch
from safetensors.torch import load, save

from reslab.errors import UsageError
from reslab.interop.deployed import description
from reslab.interop.torchvision_names import first_version, obstacle, torchvision_model, torchvision_names
from reslab.interop.verify import Pixels, Runner
from reslab.nets import Spec, build
from reslab.store import Classifier, json_bytes

KEY = "reslab"  # of the metadata: under one key, the same weights are the same bytes
STRIDE_LINE = "for s in (net.layer2, net.layer3, net.layer4): s[0].conv1.stride, s[0].conv2.stride = (2, 2), (1, 1)"
STRIDE_NOTE = (
    "the stride of its bottlenecks is on the 1x1 (v1, as in the paper), and torchvision builds it on the 3x3 (v1.5): "
    f"there, before use, {STRIDE_LINE}"
)


def spec_for(classifier: Classifier, target: str) -> Spec:
    """The spec of a net that torchvision can build. Raises UsageError, with the way out, for one that it cannot."""
    reason = obstacle(classifier)
    if reason is not None:
        raise UsageError(
            f"--to {target}: {classifier.identity.model} has no equal there: {reason}. "
            "--to onnx and --to torch-export take every net"
        )
    net = classifier.identity.spec
    assert isinstance(net, Spec)
    return net


def torchvision_bytes(classifier: Classifier) -> bytes:
    """The content of a safetensors file that torchvision's net of the same name loads; labels, mean and std inside.

    Raises UsageError for a net that torchvision does not have.
    """
    net = spec_for(classifier, "torchvision")
    state = classifier.net.state_dict()
    tensors = {
        f"{theirs}.{kind}": state[f"{ours}.{kind}"].detach().clone().contiguous()
        for ours, theirs in torchvision_names(net).items()
        for kind in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        if f"{ours}.{kind}" in state
    }
    assert len(tensors) == len(state)
    about = {
        **description(classifier),
        "kind": "torchvision",
        "architecture": torchvision_model(net),
        **colours(classifier),
        "stride_in": net.stride_in if net.block == "bottleneck" else None,
        "note": STRIDE_NOTE if first_version(net) else None,
    }
    return save(tensors, {KEY: json.dumps(about, ensure_ascii=False)})


def timm_config(classifier: Classifier) -> bytes:
    """The config.json that lies beside model.safetensors in a folder of timm's: `create_model("local-dir:FOLDER")`.

    Raises UsageError for a net that timm does not have, among them bottlenecks with the stride on the 1x1: timm would
    build them otherwise, and say nothing.
    """
    net = spec_for(classifier, "timm")
    if first_version(net):
        raise UsageError(
            "--to timm: the stride of this net's bottlenecks is on the 1x1 (v1, as in the paper), and timm would build "
            "it on the 3x3 without a word; --to onnx and --to torch-export take it as it is, and nets that are trained "
            "with --stride-in 3x3 go to timm"
        )
    size, classes = classifier.size, list(classifier.classes)
    return json_bytes(
        {
            "architecture": torchvision_model(net),
            "num_classes": len(classes),
            "num_features": net.widths[-1] * net.expansion,
            "label_names": classes,
            "pretrained_cfg": {
                "num_classes": len(classes),
                "label_names": classes,
                "input_size": [3, size, size],
                "pool_size": [net.smallest_map] * 2,
                **looks(classifier),
                **colours(classifier),
                "first_conv": "conv1",
                "classifier": "fc",
            },
        }
    )


def looks(classifier: Classifier) -> dict[str, Any]:
    """What of an image is looked at, and how it is scaled, in timm's words.

    As the program does it that the weights are from, where it said so; else as reslab does.
    """
    origin, size = classifier.identity.origin, classifier.size
    scale, scaling = (origin.scale, origin.scaling) if origin else (None, "")
    return {
        "crop_pct": crop_part(size, scale) if scale else 1.0,
        "crop_mode": "center",
        "interpolation": scaling or "bicubic",
    }


def timm_steps(classifier: Classifier) -> list[str]:
    """From a photograph to the pixels of the net, as timm's transform makes them by that config, in words."""
    told, size = looks(classifier), classifier.size
    return [
        f"its shorter side scaled to {int(size / told['crop_pct'])} pixels: {told['interpolation']}",
        f"the {size} x {size} pixels in its centre",
    ]


def crop_part(size: int, scale: int) -> float:
    """The shortest decimal fraction by which timm, which rounds down, comes from `size` to the shorter side `scale`."""
    parts = (round(size / aim, digits) for digits in range(1, 17) for aim in (scale, scale + 0.5))
    return next(part for part in parts if part and int(size / part) == scale)


def colours(classifier: Classifier) -> dict[str, list[float]]:
    """Mean and standard deviation for images in [0, 1], one number a colour, as torchvision's Normalize takes them."""
    preprocessing = classifier.preprocessing
    mean = [float(value) / 255 for value in preprocessing.mean.reshape(-1)]
    return {"mean": mean, "std": [preprocessing.std / 255] * 3}


def read_torchvision(data: bytes) -> tuple[Runner, dict[str, Any]]:
    """Scores of the net that is built from such a file, images normalised as it says; and what it says of itself."""
    about = _metadata(data)
    net = Spec.from_dict(about["spec"])
    theirs = load(data)
    names = {theirs: ours for ours, theirs in torchvision_names(net).items()}
    state = {f"{names[module]}.{kind}": theirs[f"{module}.{kind}"] for module, kind in map(_split, theirs)}
    with torch.device("meta"):
        built = build(net)
    built.load_state_dict(state, assign=True)
    built.eval()
    mean, std = (torch.tensor(about[name], dtype=torch.float32) for name in ("mean", "std"))

    def run(pixels: Pixels) -> Any:
        images = (torch.from_numpy(pixels) / 255 - mean) / std
        with torch.no_grad():
            return built(images.permute(0, 3, 1, 2)).numpy()

    return run, about


def _metadata(data: bytes) -> dict[str, Any]:
    """A safetensors file begins with the length of its header, in eight bytes, and the header, in JSON."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KEY])


def _split(name: str) -> tuple[str, str]:
    module, _, kind = name.rpartition(".")
    return module, kind
