"""`reslab data`: fetching data sets, and looking through them before training."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli import options
from reslab.cli.check import show_survey, survey_values
from reslab.cli.show import emit, say, show_text
from reslab.cli.watch import counted
from reslab.errors import UsageError, unknown

app = typer.Typer(help="Fetch data sets and published weights; check data.", no_args_is_help=True)


@app.callback()
def _data() -> None:
    """Fetch data sets and published weights; check data."""


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="cifar10, cifar100, or weights: resnet50-imagenet, ... (reslab list).")],
    data_url: Annotated[str | None, typer.Option(help="Fetch from this address instead.")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Fetch a data set's official archive, or published weights, checked; what was interrupted goes on."""
    from reslab.data import NAMES, fetch_dataset
    from reslab.interop import PUBLISHED, fetch_published

    if name in PUBLISHED and data_root is not None:
        raise UsageError("--data-root is for data sets; weights lie in the user's cache folder ($RESLAB_CACHE)")
    with counted("fetching, bytes") as progress:
        if name in PUBLISHED:
            path: Path | None = fetch_published(name, data_url, say, progress)
        elif name in NAMES:
            path = fetch_dataset(name, root=data_root, url=data_url, say=say, progress=progress)
        else:
            raise unknown("data set or weights", name, [*NAMES, *PUBLISHED], listed="reslab list")
    if path is None:
        say(f"{name} is embedded: there is nothing to fetch")
    if json:
        emit({"weights" if name in PUBLISHED else "data": name, "file": path})
    elif path:
        show_text(str(path))


@app.command()
def check(
    data: Annotated[
        str, typer.Argument(help="A folder of class folders, or a .csv table; or digits, cifar10, cifar100.")
    ],
    size: Annotated[int | None, typer.Option(help="Pixels of training, if not those of `reslab train FOLDER`.")] = None,
    data_root: options.DataRoot = None,
    json: options.Json = False,
) -> None:
    """Read every image once; say what is there and what is wrong: exit 1 where training would suffer."""
    from reslab.data import NAMES, survey_dataset

    if size is not None and data not in NAMES:  # whose images have one size: --size is refused there
        from reslab.training.rules import check_pixels

        check_pixels(size)
    with counted("reading images") as progress:
        survey = survey_dataset(data, size, data_root, progress)
    if json:
        emit(survey_values(survey))
    else:
        show_survey(survey)
    if survey.problems:
        raise typer.Exit(1)
