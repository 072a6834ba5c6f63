"""Residual functions of one's own: found by name, and named."""

import importlib
import sys

from reslab.errors import UsageError
from reslab.nets.blocks import Residual


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
        raise UsageError(f"no residual function '{name}': write module:function ({error})") from error
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
