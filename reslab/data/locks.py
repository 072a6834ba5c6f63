"""One process at a time, and a word to the user while it is another's turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reslab.data.progress import Say


@contextmanager
def alone(lock_file: Path, work: str, say: Say) -> Iterator[None]:
    """Hold the lock while inside; `work` is what the other process is doing. OSError if it cannot be made."""
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is {work}; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
