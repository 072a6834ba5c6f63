"""`reslab report`: one self-contained page of one or more runs."""

from pathlib import Path
from typing import Annotated
from zlib import crc32

import typer

from reslab.cli.show import emit, out


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    to: Annotated[Path | None, typer.Option("--out", help="The page; default: in the run, or beside the runs.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write curves, recipe, machine, confusions and worst mistakes as one HTML page."""
    path = write_report(runs, to)
    if json:
        emit({"report": path, "runs": runs, "bytes": path.stat().st_size})
    else:
        out.print(f"{path}", markup=False, soft_wrap=True)


def write_report(runs: list[Path], to: Path | None = None) -> Path:
    """Make the page and say where it lies."""
    from reslab.reporting import report
    from reslab.store import write_bytes

    beside = runs[0].resolve().parent / f"report-{crc32(' '.join(run.name for run in runs).encode()):08x}.html"
    inside = runs[0] / "report.html" if runs[0].is_dir() else Path(f"report-{runs[0].name}.html")
    path = to or (inside if len(runs) == 1 else beside)
    write_bytes(path, report(*runs).encode())
    return path
