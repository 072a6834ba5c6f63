"""What tells residual functions of one's own apart: two that compute different things never pass for the same run."""

import functools
import hashlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from reslab.nets.blocks import Residual


def digest_of(residual: Residual) -> str:
    """Eight hex digits that change with the function's source, with what that uses, and with the module that it makes.

    What it uses: values and functions around it, defaults, arguments bound by `partial`, and of modules that are
    neither PyTorch's nor ours the class and plain attributes. Arrays and other objects are told by their types alone.
    """
    with torch.device("meta"):
        made = residual(16, 16, 1, "1x1")
    told = f"{_source(residual)}{made}{''.join(_used_by(residual, set()))}{''.join(_within(made))}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _source(thing: Any) -> str:
    """The text of a function or class; of what was typed into an interpreter, what Python made of it."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        pass
    if inspect.isclass(thing):
        return "".join(f"{name}:{_source(held)}" for name, held in vars(thing).items() if inspect.isfunction(held))
    code = getattr(thing, "__code__", None)
    return f"{code.co_code.hex()}{code.co_names}{_plain(code.co_consts)}" if code else ""


def _used_by(thing: Any, seen: set[int]) -> Iterator[str]:
    """What a function or class of one's own is besides its source, and what it names; each thing once."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, functools.partial):
        yield f"{_plain(thing.args)}{_plain(thing.keywords)}{_source(thing.func)}"
        yield from _used_by(thing.func, seen)
    elif inspect.isclass(thing):
        for method in vars(thing).values():
            yield from _used_by(method, seen) if inspect.isfunction(method) else ()
    elif inspect.isfunction(thing):
        yield _plain(thing.__defaults__ or ()) + _plain(thing.__kwdefaults__ or {})
        for name, value in _around(thing):
            if (inspect.isfunction(value) or inspect.isclass(value)) and not _is_known(value):
                yield f"{name}:{_source(value)}"
                yield from _used_by(value, seen)
            elif not callable(value) and not inspect.ismodule(value):
                yield f"{name}={_plain(value)}"
    elif not inspect.isroutine(thing):  # an object that is called
        yield f"{_source(type(thing))}{_plain(vars(thing))}"


def _around(function: Any) -> list[tuple[str, Any]]:
    """Names of its module and of functions around it that a function uses, with their values."""
    try:
        found = inspect.getclosurevars(function)
    except ValueError:  # one of them has no value yet
        return []
    return sorted({**found.globals, **found.nonlocals}.items())


def _within(made: nn.Module) -> Iterator[str]:
    """Of what is made, classes that are neither PyTorch's nor ours, and their plain attributes."""
    for name, module in made.named_modules():
        if not _is_known(type(module)):
            values = {key: value for key, value in vars(module).items() if not key.startswith("_")}
            yield f"{name}:{_plain(values)}{_source(type(module))}{''.join(_used_by(type(module), set()))}"


def _is_known(thing: Any) -> bool:
    """Is it PyTorch's, ours, or Python's own? That changes with versions, which a run records."""
    room = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return room in ("torch", "reslab", "numpy", *sys.stdlib_module_names)


def _plain(value: Any) -> str:
    """A value as text that is the same in every process: of what has none such, its type. "" for nothing."""
    if isinstance(value, dict):
        return "".join(f"{key}={_plain(inner)}," for key, inner in sorted(value.items(), key=lambda pair: str(pair[0])))
    if isinstance(value, list | tuple):
        return "".join(f"{_plain(inner)}," for inner in value)
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    return getattr(value, "__qualname__", type(value).__qualname__)
