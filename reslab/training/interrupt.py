"""Ctrl-C and termination, heard between two steps, so that the state that is saved is whole."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Has somebody asked to stop?"""

    asked = False


@contextmanager
def heard() -> Iterator[Interruption]:
    """While inside, the first Ctrl-C or termination only sets `asked`; the second acts at once."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption  # only the main thread may listen to signals
        return

    def listen(number: int, frame: FrameType | None) -> None:
        interruption.asked = True
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, listen) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
