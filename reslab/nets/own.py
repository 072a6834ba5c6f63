"""Residual functions of one's own: found by name, told apart, and tried before anything is begun."""

import hashlib
import importlib
import inspect
import sys

import torch

from reslab.errors import UsageError
from reslab.nets.architecture import Architecture, build
from reslab.nets.blocks import Residual
from reslab.nets.complexity import complexity
from reslab.nets.spec import Spec


def named_residual(name: str | None) -> Residual | None:
    """The residual function "module:function", as Python would import it from here; None for None.

    Raises UsageError where it cannot be imported.
    """
    if name is None:
        return None
    module, _, function = name.partition(":")
    sys.path.insert(0, "")  # one's own file beside where one stands, as `python -m` finds it
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        why = f" ({error})" if function else ""
        raise UsageError(f"no residual function '{name}': write module:function{why}") from error
    finally:
        sys.path.remove("")


def name_of(residual: Residual) -> str:
    """What a recipe calls a residual function: two different ones must never pass for the same run.

    Raises UsageError for a lambda, which has no name.
    """
    name = getattr(residual, "__qualname__", type(residual).__qualname__)
    if "<lambda>" in name:
        raise UsageError("a lambda has no name to tell its runs by: define the residual function with def")
    return f"{residual.__module__}:{name}"


def digest_of(residual: Residual) -> str:
    """Eight hex digits that change with the function's source, or with the module that it makes."""
    try:
        source = inspect.getsource(residual)
    except (OSError, TypeError):
        source = ""  # typed into an interpreter: what it makes has to do
    with torch.device("meta"):
        made = residual(16, 16, 1, "1x1")
    return hashlib.sha256(f"{source}{made}".encode()).hexdigest()[:8]


def try_out(residual: Residual, spec: Architecture) -> None:
    """Build and run the net of `spec` with it, on shapes alone.

    Raises UsageError, with the rule that residual functions follow, where that fails.
    """
    try:
        with torch.device("meta"):
            net = build(spec, residual)
        complexity(net, spec.size)
    except UsageError:
        raise
    except Exception as error:  # it is somebody else's code: anything may come
        channels = "4 * width" if isinstance(spec, Spec) and spec.expansion == 4 else "width"
        raise UsageError(
            f"the residual function {getattr(residual, '__name__', residual)} does not fit: {error}. It is called as "
            f"f(channels_in, width, stride, stride_in) and returns an nn.Module from channels_in to "
            f"{channels} channels, its output smaller by stride"
        ) from error
