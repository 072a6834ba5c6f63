"""Residual functions of one's own: found by name, and tried before anything is begun."""

import importlib
import inspect
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch
from torch import nn

from reslab.errors import ReslabError, UsageError
from reslab.nets.architecture import Architecture, build
from reslab.nets.blocks import Residual
from reslab.nets.complexity import complexity
from reslab.nets.spec import Spec

MAIN = "__main__"  # the script that runs, or what is typed
PARTIAL = "functools:partial"  # `name_of` of every partial
OBJECT = "FILE:NAME, for the FILE.py that calls it NAME"  # how one asks for what has no name of its own

_being_imported: ContextVar[str | None] = ContextVar("_being_imported", default=None)  # a residual function's module


def named_residual(name: str | None) -> Residual | None:
    """The residual function "module:function", as Python would import it from here; None for None.

    Raises UsageError where it cannot be imported, and where the name is that of a class, one of whose objects was given
    (`name_of`): which one, nobody knows.
    """
    if name is None:
        return None
    found = _imported(name)
    if inspect.isclass(found) and not issubclass(found, nn.Module):
        raise UsageError(
            f"{name} is a class, and the residual function was an object of it: give it as residual=... in Python, or "
            f"have it in a file, and write {OBJECT}"
        )
    return found


def _imported(name: str) -> Any:
    """What `name` means, as Python would import it from here."""
    module, _, function = name.partition(":")
    if module == _lasting(MAIN) and hasattr(sys.modules[MAIN], function):
        return getattr(sys.modules[MAIN], function)  # imported by its own name, the script would run once more
    sys.path.insert(0, "")  # one's own file beside where one stands, as `python -m` finds it
    importing = _being_imported.set(module)
    try:
        return getattr(importlib.import_module(module), function)
    except ReslabError:
        raise
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"no residual function '{name}': {_way_to(name, error)}") from error
    finally:
        _being_imported.reset(importing)
        sys.path.remove("")


def asked_as(name: str) -> str:
    """How one asks for a residual function that is recorded under `name`."""
    module, _, function = name.partition(":")
    if name == PARTIAL:
        return OBJECT
    return name if module != MAIN else f"FILE:{function}, for the FILE.py that defines it"


def _way_to(name: str, error: Exception) -> str:
    module, _, function = name.partition(":")
    if module == MAIN:
        return f"it was typed, or defined in a script; write {asked_as(name)}"
    if not function:
        return "write module:function"
    return f"write module:function, where its file is in this folder or on PYTHONPATH ({error})"


def refuse_while_imported() -> None:
    """Raises UsageError where a module is imported for its residual function alone, and trains at its top."""
    if module := _being_imported.get():
        raise UsageError(
            f"{module} trains when its residual function is imported: put its training under "
            'if __name__ == "__main__": or the function into a file of its own'
        )


def hint_of_main(name: str) -> str:
    """How a function of the script that runs, or a partial, of this `name_of`, is found later; "" for any other."""
    module = name.partition(":")[0]
    if module == MAIN or name == PARTIAL:
        return (
            f"the run records its residual function as {name}, which is found nowhere later: have it in a file, and "
            f"open the run with --residual {asked_as(name)}"
        )
    if module != _lasting(MAIN):
        return ""
    return (
        f"the run records its residual function as {name}, which imports {module} later: have its training under "
        'if __name__ == "__main__": or the function in a file of its own'
    )


def name_of(residual: Residual) -> str:
    """What a recipe calls a residual function: two different ones must never pass for the same run.

    Raises UsageError for a lambda, which has no name.
    """
    if not callable(residual):
        raise UsageError(f"residual={residual!r}: that takes a function; by name, it is the field model.residual")
    name = getattr(residual, "__qualname__", type(residual).__qualname__)
    if "<lambda>" in name:
        raise UsageError("a lambda has no name to tell its runs by: define the residual function with def")
    return f"{_lasting(residual.__module__)}:{name}"


def _lasting(module: str) -> str:
    """By which name a module can be imported later: that of the script that runs is its file's, if it has one."""
    if module != MAIN:
        return module
    main = sys.modules[MAIN]
    if spec := getattr(main, "__spec__", None):
        return str(spec.name)  # of `python -m`
    script = Path(getattr(main, "__file__", None) or "")
    return script.stem if script.suffix == ".py" and "." not in script.stem else MAIN


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
