"""Where a command may write what it is asked for besides its answer."""

from pathlib import Path

from reslab.errors import UsageError


def refuse_place(option: str, file: Path, suffix: str) -> None:
    """UsageError, before any work is done, for a place where no file can be, or whose name ends otherwise."""
    if file.is_dir():
        raise UsageError(f"{option} {file} is a folder: name a file")
    if file.suffix.lower() != suffix:  # it may be a photograph
        raise UsageError(f"{option} {file}: name a file that ends in {suffix}")
    if not file.parent.is_dir():
        raise UsageError(f"{option} {file}: there is no folder {file.parent}")
