"""A pickle reader that can make arrays, numbers, strings, lists, tuples and dicts, and nothing else.

A pickle is a program. This one runs with a handful of inert stand-ins instead of Python's and NumPy's own
constructors, so a file never gets hold of a function of ours, and arrays are made here, from checked parts.
"""

import io
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.errors import DataError

_PLAIN_DTYPE = re.compile(r"[biufcSU]\d+")  # no objects, no structures


def read_pickle(data: bytes, where: str) -> Any:
    """What the pickle `data` of the file `where` holds; text of Python 2 is read as latin1. DataError if unsafe."""
    try:
        return _plain(_Reader(io.BytesIO(data), encoding="latin1").load(), {})
    except _ForbiddenError as error:
        raise DataError(f"{where}: refused, since this pickle asks for {error}") from error
    except Exception as error:  # a broken pickle can fail in any way
        raise DataError(f"{where}: not a readable pickle ({type(error).__name__}: {error})") from error


class _ForbiddenError(Exception):
    """The pickle asks for something that data does not need."""


class _Dtype:
    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not _PLAIN_DTYPE.fullmatch(code):
            raise _ForbiddenError(f"an array of {code!r}; only numbers and text are read")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, raw = state
        self.array = _array(raw, dtype, shape, "F" if fortran else "C")


def _array(raw: bytes | str, dtype: _Dtype, shape: tuple[int, ...], order: Any = "C") -> NDArray[Any]:
    content = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
    return np.frombuffer(content, dtype.dtype).reshape(shape, order=order)


def _scalar(dtype: _Dtype, raw: bytes | str) -> Any:
    return _array(raw, dtype, ()).item()


def _encode(text: str, encoding: str) -> bytes:
    # How pickles of protocol 2 spell bytes.
    if encoding != "latin1":
        raise _ForbiddenError(f"the text encoding {encoding!r}")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Array,  # only ever an argument of _reconstruct
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _array,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # NumPy 2 renamed numpy.core to numpy._core.
        place = (module.replace("numpy._core", "numpy.core"), name)
        if place not in _STAND_INS:
            raise _ForbiddenError(f"{module}.{name}; only arrays, numbers, text, lists, tuples and dicts are read")
        stand_in = _STAND_INS[place]
        return lambda *arguments: stand_in(*arguments)  # a fresh one: a pickle may set attributes of what it gets


def _plain(value: Any, seen: dict[int, Any]) -> Any:
    """`value` with every stand-in replaced by its array; a part that is shared is converted once."""
    if id(value) not in seen:
        seen[id(value)] = _converted(value, seen)
    return seen[id(value)]


def _converted(value: Any, seen: dict[int, Any]) -> Any:
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, dict):
        return {_plain(key, seen): _plain(item, seen) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, seen) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item, seen) for item in value)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, bytearray, np.ndarray)):
        return value
    raise _ForbiddenError(f"a {type(value).__name__}; only arrays, numbers, text, lists, tuples and dicts are read")
