"""`reslab analyze`: what trained nets look like inside, a command a question."""

import typer

from reslab.cli.cam import cam
from reslab.cli.gradients import gradients
from reslab.cli.landscape import landscape
from reslab.cli.lesion import lesion
from reslab.cli.responses import responses

app = typer.Typer(help="Look into trained nets.", no_args_is_help=True)


@app.callback()
def _analyze() -> None:
    """Look into trained nets."""


app.command()(responses)
app.command()(gradients)
app.command()(lesion)
app.command()(landscape)
app.command()(cam)
