"""Arguments of the functions that everybody calls: what is none of them, or of another kind, is refused by name."""

import errno
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from functools import cache, wraps
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from reslab.errors import UsageError, either, unknown

Given = ParamSpec("Given")
Found = TypeVar("Found")

# What an argument of a type may be, and how that is said. A truth is no number, though Python takes it for one.
_KINDS: dict[Any, tuple[type | tuple[type, ...], str]] = {
    bool: (bool, "True or False"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: (str, "text"),
    Path: (Path, "a path"),
}

Way = Callable[[str, Any], str]  # of a name that is no argument, and its value: what to do instead; "" for nothing

CLOSE = 0.7  # likeness of an argument that may have been meant
LONGEST = 200  # characters of a value in an error
BEGINNING = 50  # characters of a name that is too long, in an error
_HOW = ("device", "threads", "engine", "precision", "compile")  # of a Request
# What other libraries call what is an argument here.
_ELSEWHERE = {
    "arch": ("model", "name"),
    "architecture": ("model", "name"),
    "batch_size": ("batch",),
    "data_dir": ("data",),
    "frozen": ("freeze",),
    "image_size": ("size",),
    "img_size": ("size",),
    "imgsz": ("size",),
    "input_size": ("size",),
    "learning_rate": ("lr",),
    "model": ("name",),
    "model_name": ("model", "name"),
    "n_classes": ("classes",),
    "num_classes": ("classes",),
    "pretrained": ("start",),
    "preset": ("recipe",),
    "resume": ("run",),
    "weights": ("start",),
}


def _no_way(name: str, value: Any) -> str:
    return ""


def checked(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """`function`, with a UsageError for arguments that it does not have, and for values of another kind.

    Of its types, plain ones are looked at, and classes; of what it takes as `**asked: Unpack[...]`, the same.
    Names that are longer than any file may have, and that the call comes upon, are refused, too.
    """
    return _checked(function, _no_way, _no_way)


def checked_with(way: Way, nearly: Way = _no_way) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """`checked`, where `way` knows some names that are no arguments, `nearly` some that are near to no argument."""
    return lambda function: _checked(function, way, nearly)


def _checked(function: Callable[Given, Found], way: Way, nearly: Way) -> Callable[Given, Found]:

    @wraps(function)
    def asked(*given: Given.args, **named: Given.kwargs) -> Found:
        kinds = _kinds(function)
        for name, value in named.items():
            if name not in kinds:
                raise _unknown(function, name, value, kinds, way, nearly)
        for name, value in zip(_places(function, len(given)), given, strict=False):
            if name in named:
                raise _twice(function, name, value, named[name], kinds)
        for name, value in _by_name(function, given, named):
            check_kind(name, value, kinds[name])
        with _nameable():
            return function(*given, **named)

    return asked


@contextmanager
def _nameable() -> Iterator[None]:
    """UsageError for a name that is longer than any of a file: text, maybe, or bytes that were decoded."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = str(error.filename)
        shown = name if len(name) <= BEGINNING else f"{name[:BEGINNING]}..."
        raise UsageError(f"{shown} is too long for the name of a file ({len(name):,} characters)") from error


def _unknown(
    function: Callable[..., Any], name: str, value: Any, kinds: dict[str, Any], way: Way, nearly: Way
) -> UsageError:
    if name in _HOW and "request" in kinds:
        return UsageError(f"reslab.{function.__name__}: {name} is part of request=reslab.Request({name}=...)")
    if here := next((called for called in _ELSEWHERE.get(name, ()) if called in kinds), ""):
        return UsageError(f"reslab.{function.__name__}: {name} is called {here} here")
    if words := way(name, value):
        return UsageError(f"reslab.{function.__name__}: {words}")
    if close := [other for other in kinds if is_close(name, other)]:
        return unknown(f"argument of reslab.{function.__name__}", name, close)
    if words := nearly(name, value):
        return UsageError(f"reslab.{function.__name__}: {words}")
    return UsageError(f"unknown argument of reslab.{function.__name__} '{name}': it takes {', '.join(kinds)}")


def _twice(function: Callable[..., Any], name: str, value: Any, other: Any, kinds: dict[str, Any]) -> UsageError:
    return UsageError(
        f"reslab.{function.__name__}: {shown(value)} stands in the place of {name}, and {name}={shown(other)} is "
        f"given, too; give the first by its own name: it takes {', '.join(kinds)}"
    )


def is_close(name: str, other: str) -> bool:
    """May `other` have been meant by `name`?"""
    return SequenceMatcher(None, name.lower(), other).ratio() >= CLOSE


@cache
def _kinds(function: Callable[..., Any]) -> dict[str, Any]:
    """The types of all arguments that may be given by name."""
    hints = get_type_hints(function)
    kinds: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            kinds |= get_type_hints(get_args(hints[name])[0])  # Unpack[a TypedDict]
        else:
            kinds[name] = hints.get(name, Any)
    return kinds


def _by_name(function: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every argument with its name, of those in a row (`*runs`) each."""
    yield from zip(_places(function, len(given)), given, strict=False)
    yield from named.items()


def _places(function: Callable[..., Any], number: int) -> Iterator[str]:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            yield from [name] * number
        elif parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            yield name


def check_kind(name: str, value: Any, hint: Any) -> None:
    """Raises UsageError where the value of what is called `name` is none of the types that `hint` has."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if not all(isinstance(option, type) for option in options):
        return  # a function, a mapping: the callee's matter
    if any(_is_a(value, option) for option in options):
        return
    options = tuple(option for option in options if option is not types.NoneType)
    wanted = [_KINDS[option][1] if option in _KINDS else _with_article(option) for option in options]
    raise UsageError(f"{name}={shown(value)}: that takes {either(wanted)}")


def shown(value: object) -> str:
    """As it would be typed; of what prints on several lines, as nets do, its type."""
    text = repr(value)
    return text if len(text) <= LONGEST and "\n" not in text else kind_of(value)


def kind_of(value: object) -> str:
    """Its type, with the article: "a Network", "an OptimizedModule"."""
    return _with_article(type(value))


def _with_article(kind: type) -> str:
    name = kind.__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def _is_a(value: Any, option: type) -> bool:
    kind, _ = _KINDS.get(option, (option, ""))
    return isinstance(value, kind) and not (isinstance(value, bool) and option in (int, float))
