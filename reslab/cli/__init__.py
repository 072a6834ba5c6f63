"""The command `reslab`: arguments in, text or JSON out."""

import os
import sys


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and an exit code, never a traceback."""
    # Huge pages for PyTorch's CPU memory, where Linux has them; read by PyTorch when it starts.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    for stream in (sys.stdout, sys.stderr):  # class names in any script, also where the terminal's encoding is old
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    from reslab.cli.start import QuietLoading, ends_at_once

    with ends_at_once():
        from reslab.cli.app import app
        from reslab.errors import ReslabError
    sys.meta_path.insert(0, QuietLoading())

    try:
        app()
    except ReslabError as error:
        _end(str(error), error.exit_code)
    except OSError as error:  # of a place that may not be looked into, or whose name is too long to be one
        if error.filename is None:
            raise
        _end(f"{error.filename}: {error.strerror}")
    except MemoryError as error:
        _end(f"memory ends here ({error or 'it is not said for what'}); give less --batch")


def _end(reason: str, code: int = 1) -> None:
    from reslab.cli.show import printable

    print(f"reslab: {printable(reason)}", file=sys.stderr)
    sys.exit(code)
