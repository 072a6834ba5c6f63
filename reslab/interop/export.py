"""From a trained classifier to a file that runs without us, proved to be the same function before it is kept."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from reslab.data import quiet, read_photo
from reslab.engine import within_cores
from reslab.errors import RunError, UsageError, unknown
from reslab.interop.checkpoint import own_export, weights_file
from reslab.interop.deployed import INPUT, output_name, steps
from reslab.interop.hub_cache import name_in_cache
from reslab.interop.int8 import PRECISION, Int8, Look, few_images, in_int8, refuse_other_format, refuse_unjudged
from reslab.interop.onnx_graph import onnx_bytes, opset, own_graph, read_onnx, require_onnx
from reslab.interop.opening import trained
from reslab.interop.price import Price
from reslab.interop.published import is_published
from reslab.interop.tempered import tempered
from reslab.interop.torch_program import own_program, program_bytes, read_program
from reslab.interop.torchvision_names import first_version
from reslab.interop.torchvision_weights import (
    STRIDE_NOTE,
    colours,
    read_torchvision,
    timm_config,
    timm_steps,
    torchvision_bytes,
)
from reslab.interop.verify import TOLERANCE, Agreement, Pixels, Runner, compare
from reslab.nets import Residual, Spec
from reslab.progress import Progress, Say, silent, unseen
from reslab.store import (
    MODEL_FILE,
    PREDICTIONS,
    Classifier,
    ExportedNet,
    find_model,
    make_folder,
    read_predictions,
    trained_names,
    write_bytes,
)

# What can be written, and how its names end. timm's is a folder.
TARGETS = {"onnx": ".onnx", "torch-export": ".pt2", "torchvision": ".torchvision.safetensors", "timm": "-timm"}
SUFFIXES = {"onnx": ".onnx", "torch-export": ".pt2", "torchvision": ".safetensors"}  # without which none is written
OWN = {"onnx": own_graph, "torch-export": own_program, "torchvision": own_export}  # did `export` write such a file?
WHOLE = ("onnx", "torch-export")  # take pixels and give probabilities: the others hold weights for other programs


@dataclass(frozen=True)
class Exported:
    """A file (of timm: a folder) that was written, and how it was proved."""

    path: Path
    target: str
    model: str
    classes: tuple[str, ...]
    size: int  # height = width in pixels of the images that it takes
    preprocessing: tuple[str, ...]  # from a photograph to these, in words
    input: str | None  # name of what goes in; None where another program builds the net
    output: str | None  # "probabilities" or "scores"
    opset: int | None  # of ONNX
    bytes: int
    agreement: Agreement
    temperature: float  # that was folded into the last layer; 1 for none
    notes: tuple[str, ...]
    mean: tuple[float, ...] | None = None  # a colour, of images in [0, 1], where another program normalises these
    std: tuple[float, ...] | None = None
    price: Price | None = None  # of quantisation: `agreement` is that of the graph before it

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.path,
            "to": self.target,
            "model": self.model,
            "classes": list(self.classes),
            "size": self.size,
            "preprocessing": list(self.preprocessing),
            "input": self.input,
            "output": self.output,
            "opset": self.opset,
            "mean": self.mean,
            "std": self.std,
            "bytes": self.bytes,
            "temperature": self.temperature,
            "precision": PRECISION if self.price else "fp32",
            "int8": self.price.to_dict() if self.price else None,
            "verified": self.agreement.to_dict(),
            "notes": list(self.notes),
        }


@within_cores()
def export(
    run_or_classifier: str | Path | Classifier | ExportedNet,
    to: str = "onnx",
    out: str | Path | None = None,
    *,
    scores: bool = False,
    temperature: float = 1.0,
    check: Iterable[str | Path] = (),
    residual: Residual | None = None,
    int8: Look | None = None,
    say: Say = silent,
    progress: Progress = unseen,
) -> Exported:
    """Write a trained net for other programs: `to` is "onnx", "torch-export", "torchvision" or "timm".

    Images go in as uint8 RGB (B, size, size, 3); probabilities (with `scores`, what the softmax is taken of) come out.
    What was written is run on random images, on the run's own mistakes and on the photographs `check`, before it gets
    its name: a file that differs from our scores by more than `verify.TOLERANCE` is not kept. A classifier that `load`
    gave is exported with the weights that it has now. With a `temperature` the net that is written and compared is
    `tempered`: its probabilities are calibrated wherever the file is run. The names of files end as their format's do
    (`SUFFIXES`). With `int8`, which tells of the net what to look at, it is quantised then (see `in_int8`), and kept if
    its error rises by no more than is allowed; `progress` is told how many images have judged it.

    Raises UsageError for what cannot be asked for and for packages that are missing, RunError where the exported net is
    another function, DataError for a photograph that cannot be read.
    """
    if to not in TARGETS:
        raise unknown("format", to, TARGETS)
    if int8:
        refuse_other_format(to)
    if to == "onnx":
        require_onnx()
    if scores and to not in WHOLE:
        raise UsageError(
            f"--scores: a file for {to} holds weights, and what is made of them is another program's affair"
        )
    asked, source = _source(run_or_classifier)
    assert not isinstance(run_or_classifier, ExportedNet)  # which is refused: it has no weights
    marked = f"-{PRECISION}" if int8 else ""
    path = _destination(asked, source, to, Path(out) if out is not None else None, marked)
    classifier = tempered(_classifier(run_or_classifier, residual, say), temperature)
    looked = int8(classifier) if int8 else None
    if looked and looked.held_out is None:
        refuse_unjudged(looked.held_out_source, looked.most)
    say(f"{classifier.identity.model} as {to}: writing, and running what was written ...")
    files, read = _made(classifier, to, scores, path)
    data = next(iter(files.values()))
    run, _ = read(data)
    agreement = compare(run, classifier, scores or to not in WHOLE, _real(source, classifier, check))
    if not agreement.good:
        raise RunError(
            f"the {to} file computes another function: scores differ by {agreement.largest_difference:.3g} of "
            f"{agreement.largest_score:.3g} (at most {TOLERANCE:g} of it is allowed); {path} was not written"
        )
    price, notes = None, _notes(classifier, to, agreement)
    if looked:
        say(f"in int8: ranges of activations, of {looked.source}, and what it costs, on {_judges(looked)} ...")
        data, price = in_int8(data, looked, scores, progress)
        files, notes = {path: data}, (*notes, *looked.notes, *filter(None, [few_images(price, looked.most)]))
    if to == "timm":
        make_folder(path)
    for name, content in files.items():
        write_bytes(name, content)
    return Exported(
        path=path,
        target=to,
        model=classifier.identity.model,
        classes=classifier.classes,
        size=classifier.size,
        preprocessing=tuple(timm_steps(classifier) if to == "timm" else steps(classifier.size)),
        input=INPUT if to in WHOLE else None,
        output=output_name(scores) if to in WHOLE else None,
        opset=opset(data) if to == "onnx" else None,
        bytes=sum(map(len, files.values())),
        agreement=agreement,
        temperature=temperature,
        notes=notes,
        mean=None if to in WHOLE else tuple(colours(classifier)["mean"]),
        std=None if to in WHOLE else tuple(colours(classifier)["std"]),
        price=price,
    )


def _judges(looked: Int8) -> str:
    return looked.held_out_source if looked.held_out else "the same"


def _source(net: str | Path | Classifier | ExportedNet) -> tuple[Path, Path]:
    """What was asked for, and the file that its weights are from; of a net whose file is gone, its name for both.

    Raises RunError for an exported net, which has no weights, as for its file.
    """
    if not isinstance(net, Classifier):
        place = net.place if isinstance(net, ExportedNet) else Path(net)
        return place, weights_file(place) or find_model(place)
    with suppress(RunError):
        if net.place:
            return net.place, weights_file(net.place) or find_model(net.place)
    return Path(net.identity.model), Path(net.identity.model)


def _classifier(net: str | Path | Classifier, residual: Residual | None, say: Say) -> Classifier:
    """The net to be written, as `load` gives it: on the CPU, in fp32, in evaluation mode."""
    if isinstance(net, Classifier):
        if residual:
            raise UsageError(f"{net.identity.model} is loaded already, with its residual function; leave residual= out")
        return deepcopy(net).to("cpu", torch.float32).requires_grad_(False).eval()
    return trained(net, residual, say)


Read = Callable[[bytes], tuple[Runner, dict[str, Any]]]


def _made(classifier: Classifier, to: str, scores: bool, path: Path) -> tuple[dict[Path, bytes], Read]:
    """Names and contents of the files, weights first, and what reads these back."""
    if to == "onnx":
        return {path: onnx_bytes(classifier, scores)}, read_onnx
    if to == "torch-export":
        return {path: program_bytes(classifier, scores)}, read_program
    if to == "torchvision":
        return {path: torchvision_bytes(classifier)}, read_torchvision
    config = timm_config(classifier)
    return {path / "model.safetensors": torchvision_bytes(classifier), path / "config.json": config}, read_torchvision


def _destination(asked: Path, source: Path, to: str, out: Path | None, marked: str = "") -> Path:
    """Where the file goes: beside the model, or into the current folder, if that is the package's or a cache's.

    `marked` is a part of its name there. Raises UsageError for a place that cannot be meant, or that another file has.
    """
    ending = TARGETS[to]
    named = is_published(asked) or (not asked.exists() and str(asked) in trained_names())
    cached = name_in_cache(source)
    beside = (Path(source.name) if named else source).with_name(source.stem + marked + ending)
    path = out or (Path(cached + marked + ending) if cached else beside)
    if out and to != "timm" and not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")
    others = [name for name, end in TARGETS.items() if name != to and path.name.endswith(end)]
    if others and not path.name.endswith(ending):
        raise UsageError(f"--out {path}: that is the name of a file for --to {others[0]}; --to {to} ends in {ending}")
    if to == "timm":
        if path.is_file() or (path / "recipe.toml").is_file() or path.resolve() == source.parent.resolve():
            raise UsageError(f"--out {path}: timm's form is a folder of its own; name one that is not there yet")
        if path.is_dir() and any(path.iterdir()) and not own_export(path / "model.safetensors"):
            raise UsageError(f"--out {path} has other files in it, which stay; name a folder that is not there yet")
    elif path.is_dir():
        raise UsageError(f"--out {path} is a folder; name a file in it, as {path / (source.stem + ending)}")
    elif path.name in (source.name, MODEL_FILE):
        raise UsageError(f"--out {path}: that is what models of reslab's own are called; choose another name")
    elif path.suffix.lower() != SUFFIXES[to]:  # a photograph, say, which would be gone
        raise UsageError(f"--out {path}: the name of a file for --to {to} ends in {SUFFIXES[to]}")
    elif (out or to in WHOLE) and path.is_file() and not OWN[to](path):
        what, way = (f"--out {path}", "name another file") if out else (path, "name another file with --out")
        raise UsageError(f"{what} is there already, and reslab export did not make it; {way}")
    return path


def _real(source: Path, classifier: Classifier, check: Iterable[str | Path]) -> Iterator[Pixels]:
    """The mistakes that the run has kept, and the photographs that were named, as the net sees them."""
    stored = source.with_name(PREDICTIONS)
    if stored.is_file() and source.name == MODEL_FILE:
        splits, _ = read_predictions(stored)
        for predictions in splits.values():
            if predictions.worst_images.shape[1:3] == (classifier.size, classifier.size):
                yield from predictions.worst_images
    for photo in check:
        with quiet():
            yield read_photo(photo, classifier.size)


def _notes(classifier: Classifier, to: str, agreement: Agreement) -> tuple[str, ...]:
    net, notes = classifier.identity.spec, []
    if to == "torchvision" and isinstance(net, Spec) and first_version(net):
        notes.append(STRIDE_NOTE)
    if agreement.certain_images == agreement.random_images + agreement.real_images:
        notes.append(
            "all answers were certain, probabilities of 1 and 0, which tells little of the scores behind them; "
            "--scores compares those, --check FOLDER more images"
        )
    return tuple(notes)
