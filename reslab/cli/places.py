"""Where a command may write what it is asked for besides its answer."""

from pathlib import Path

from reslab.errors import UsageError, either


def refuse_place(option: str, file: Path, *suffixes: str) -> None:
    """UsageError, before any work is done, for a place where no file can be, or whose name ends otherwise."""
    if file.is_dir():
        raise UsageError(f"{option} {file} is a folder: name a file")
    if file.suffix.lower() not in suffixes:  # it may be a photograph
        raise UsageError(f"{option} {file}: name a file that ends in {either(suffixes)}")
    if not file.parent.is_dir():
        raise UsageError(f"{option} {file}: there is no folder {file.parent}")
