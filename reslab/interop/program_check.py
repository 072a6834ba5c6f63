"""May a .pt2 file that somebody brings be loaded? `torch.export.load` would run what is hidden in it.

PyTorch unpickles weights and examples where a file says so, looks operators up by any dotted name, and compiles names
and expressions of the graph as Python. Ours hold weights as bytes, operators of tensors, and plain names: nothing else
is let pass, and what is not known here is refused. (PyTorch itself says: never load what you do not trust.)
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from reslab.errors import RunError

ENTRY = re.compile(
    r"[^/]+/(data/weights/(weight_\d+|model_weights_config\.json)|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|data/sample_inputs/model\.pt|models/model\.json|extra/[^/]+"
    r"|archive_format|archive_version|byteorder|version|\.format_version|\.storage_alignment"
    r"|\.data/(version|serialization_id))"
)
OPERATOR = re.compile(r"torch\.ops\.aten\.\w+\.\w+|_operator\.(add|sub|mul|floordiv|mod|neg|getitem|eq|ne|ge|gt|le|lt)")
NAME = re.compile(r"[\w.]*")
SYMBOL = re.compile(r"Symbol\('[su]\d+'(, (positive|nonnegative|integer)=True)*\)")
ARITHMETIC = re.compile(r"([\d\s+*/,()-]|\b(Add|FloorDiv|Integer|Max|Min|Mod|Mul)\()*")
PARSED = ("in_spec", "out_spec")  # JSON in JSON
FREE = ("torch_version", "metadata")  # kept as text, never run


def refuse_code(data: bytes) -> None:
    """Raises RunError where a .pt2 file is torn, or holds more than a graph of tensors without pickles."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry.filename for entry in archive.infolist()]
            strange = [name for name in names if not ENTRY.fullmatch(name)]
            if strange or len(set(names)) < len(names):
                raise _refusal(f"an entry {strange[0]}" if strange else "an entry twice")
            for name in names:
                if name.endswith("/model.pt") and archive.read(name):
                    raise _refusal("a pickled example")
                if name.endswith("_config.json"):
                    _check_payloads(json.loads(archive.read(name)))
                elif name.endswith("/model.json"):
                    _check_graph(json.loads(archive.read(name)))
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError) as error:
        raise RunError(f"torn, or no program of torch.export: {error}") from error


def _check_payloads(config: dict[str, Any]) -> None:
    for name, entry in config["config"].items():
        if entry["use_pickle"] is not False or not re.fullmatch(r"(weight|tensor)_\d+", entry["path_name"]):
            raise _refusal(f"pickled values ({name})")


def _check_graph(model: dict[str, Any]) -> None:
    if model.get("guards_code"):
        raise _refusal("guards, which are Python")
    for key, text in _texts("", model):
        if not _plain(key, text):
            raise _refusal(f"{key or 'a name'} {text[:60]!r}")


def _plain(key: str, text: str) -> bool:
    if key == "target":
        return OPERATOR.fullmatch(text) is not None
    if key == "expr_str":
        return ARITHMETIC.fullmatch(SYMBOL.sub("1", text)) is not None
    if key in PARSED:
        return text == "" or all(NAME.fullmatch(word) or word == "[]" for _, word in _texts("", json.loads(text)))
    return NAME.fullmatch(text) is not None


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a value of JSON, keys too, with the key that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(key, inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield "", name
            if name not in FREE:
                yield from _texts(name, inner)


def _refusal(what: str) -> RunError:
    return RunError(
        f"it holds {what}, which might run code and is loaded from no file; torch.export.load takes it, if you trust it"
    )
