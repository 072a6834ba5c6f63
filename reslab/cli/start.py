"""Ctrl-C while the command is loaded: a quiet end at once, since there is nothing yet to save."""

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def ends_at_once() -> Iterator[None]:
    """While inside, Ctrl-C ends the process as the system does it (exit code 130 in a shell), without a word.

    Where somebody ignores it (a shell does for what it runs in the background) or has a handler of his own, that stays.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class QuietLoading(MetaPathFinder):
    """Loads PyTorch inside `ends_at_once`, whoever imports it first.

    Its C++ part aborts the process, with words that no user understands, where an exception comes out of Python.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torch":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with ends_at_once():
                    load(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
