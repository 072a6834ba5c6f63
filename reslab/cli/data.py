"""`reslab data`: fetching data sets."""

from pathlib import Path
from typing import Annotated

import typer

from reslab.cli.show import emit, out, say
from reslab.cli.watch import counted

app = typer.Typer(help="Fetch data sets.", no_args_is_help=True)


@app.callback()
def _data() -> None:
    """Fetch data sets."""


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="cifar10 or cifar100.")],
    data_url: Annotated[str | None, typer.Option(help="Fetch from this address instead.")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Fetch a data set's official archive, with checksum; an interrupted one goes on where it stopped."""
    from reslab.data import fetch_dataset

    with counted("fetching, bytes") as progress:
        path = fetch_dataset(name, root=data_root, url=data_url, say=say, progress=progress)
    if path is None:
        say(f"{name} is embedded: there is nothing to fetch")
    if json:
        emit({"data": name, "file": path})
    elif path:
        out.print(str(path), markup=False, soft_wrap=True)
