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
        print(f"reslab: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # of a place that may not be looked into, or whose name is too long to be one
        if error.filename is None:
            raise
        print(f"reslab: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
    except MemoryError as error:
        print(f"reslab: memory ends here ({error or 'it is not said for what'}); give less --batch", file=sys.stderr)
        sys.exit(1)
