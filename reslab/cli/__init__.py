"""The command `reslab`: arguments in, text or JSON out."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of a disk


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr, with details below it, and an exit code.

    Never a traceback."""
    # Huge pages for PyTorch's CPU memory, where Linux has them; read by PyTorch when it starts.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    for stream in (sys.stdout, sys.stderr):  # class names in any script, also where the terminal's encoding is old
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    from reslab.cli.start import QuietLoading, ends_at_once

    with ends_at_once():
        from reslab.cli.app import app
        from reslab.cli.company import said_once
        from reslab.errors import ReslabError
    sys.meta_path.insert(0, QuietLoading())

    try:
        try:
            with said_once(), _for_json():
                app()
        finally:
            if sys.stdout:
                sys.stdout.flush()  # a full disk is told here, and not by Python when everything is over
    except ReslabError as error:
        _end(error.message, error.exit_code, error.details)
    except BrokenPipeError:  # whoever read has had enough: `reslab list | head`
        _drop_output()
        sys.exit(1)
    except OSError as error:
        if error.filename is not None:  # of a place that may not be looked into, or whose name is too long to be one
            _end(f"{error.filename}: {error.strerror}")
        if error.errno in _NO_ROOM:
            _drop_output()
            _end(f"the output cannot be written ({error.strerror}): make room there, or send it elsewhere")
        _end_of_memory(error)
        raise
    except (MemoryError, RuntimeError) as error:
        _end_of_memory(error)
        raise


def _for_json() -> AbstractContextManager[None]:
    """stdout for values alone, where --json is asked for and no help."""
    from reslab.cli.show import values_alone

    asked = "--json" in sys.argv and not {"--help", "-h"} & set(sys.argv)
    return values_alone() if asked else nullcontext()


def _end_of_memory(error: Exception) -> None:
    """End with one line where that is what `error` says, in whoever's words."""
    from reslab.errors import no_memory

    if why := no_memory(error):
        _end(f"memory ends here ({why}); a smaller --batch or --size, where the command has them, needs less")


def _drop_output() -> None:
    """What could not be written is not tried again at the end, where Python would complain of it."""
    with suppress(OSError, ValueError):  # a stream that is no file has nothing that is tried again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(reason: str, code: int = 1, details: Sequence[str] = ()) -> None:
    from reslab.cli.show import printable

    print(f"reslab: {printable(reason)}", file=sys.stderr)
    for detail in details:
        print(f"  {printable(detail)}", file=sys.stderr)
    sys.exit(code)
