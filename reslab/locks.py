"""One process at a time, and a word to the user while it is another's turn."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reslab.progress import Say


@contextmanager
def alone(lock_file: Path, work: str, say: Say, patience_s: float = -1) -> Iterator[None]:
    """Hold the lock while inside; `work` is what the other process is doing. A process that dies lets go of it.

    Raises OSError if the lock cannot be made, TimeoutError if it is not free within `patience_s` (negative: waits on).
    """
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is {work}; waiting for it")
        lock.acquire(timeout=patience_s)
    except NotImplementedError as error:  # older versions of filelock, where the file system knows no locks
        raise OSError(errno.ENOLCK, "the file system has no locks", str(lock_file)) from error
    try:
        yield
    finally:
        lock.release()
