"""`reslab report`: one self-contained page of one or more runs, or their curves for TensorBoard."""

from pathlib import Path
from typing import Annotated, Any
from zlib import crc32

import typer

from reslab.cli.places import refuse_place
from reslab.cli.show import emit, say, show_text
from reslab.errors import UsageError, as_typed

PAPER = "paper.html"
ENDINGS = (".html", ".htm")


def report(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Run folders, or names of trained nets.")
    ] = None,
    paper: Annotated[bool, typer.Option("--paper", help="The whole paper, from all recorded results.")] = False,
    to: Annotated[
        Path | None, typer.Option("--out", help="The page, an .html; default: in the run, or beside the runs.")
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="No page: curves for TensorBoard, in each run's folder.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Write curves, recipe, machine, confusions and worst mistakes as one HTML page.

    Or the curves as event files: reslab report runs/* --tensorboard, then tensorboard --logdir runs.
    """
    if paper == bool(runs):
        raise UsageError("name runs to report on, or ask for --paper, the page of the whole paper; not both")
    if tensorboard:
        _write_events(runs or [], paper, to, json)
        return
    path = write_paper(to) if paper else write_report(runs or [], to)
    if json:
        emit({"report": path, "runs": runs or [], "bytes": path.stat().st_size})
    else:
        show_text(f"{path}")


def _write_events(runs: list[Path], paper: bool, to: Path | None, json: bool) -> None:
    """TensorBoard's events of each run."""
    if paper or to:
        raise UsageError("--tensorboard writes the curves of runs into their folders: leave --paper and --out out")
    from reslab.reporting.tensorboard import write_events

    files = [write_events(run) for run in runs]
    if json:
        emit({"events": files, "runs": runs})
        return
    for file in files:
        show_text(f"{file}")
    above = {run.resolve().parent for run in runs}
    say(
        f"look at them: tensorboard --logdir {as_typed(above.pop()) if len(above) == 1 else 'FOLDER, that they lie in'}"
    )


def write_report(runs: list[Path], to: Path | None = None) -> Path:
    """Make the page and say where it lies."""
    if to is not None:
        refuse_place("--out", to, *ENDINGS)
    from reslab.reporting import report
    from reslab.store import write_bytes

    beside = runs[0].resolve().parent / f"report-{crc32(' '.join(run.name for run in runs).encode()):08x}.html"
    inside = runs[0] / "report.html" if runs[0].is_dir() else Path(f"report-{runs[0].name}.html")
    path = to or (inside if len(runs) == 1 else beside)
    write_bytes(path, report(*runs).encode())
    return path


def write_paper(to: Path | None = None) -> Path:
    """Make the page of the paper and say where it lies."""
    if to is not None:
        refuse_place("--out", to, *ENDINGS)
    from reslab.experiments.story import paper_page
    from reslab.store import write_bytes

    path = to or Path(PAPER)
    write_bytes(path, paper_page(*package_records()).encode())
    return path


def package_records() -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """What comes with the package: recorded runs, records of trained nets, and what was measured without a training."""
    from reslab.store import read_measurements, read_results, read_trained, trained_names

    return read_results(), {name: read_trained(name) for name in trained_names()}, read_measurements()
