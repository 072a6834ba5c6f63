"""`reslab analyze`: what trained nets look like inside, a command a question."""

from collections.abc import Callable
from functools import wraps
from typing import Any

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


def _within_cores(command: Callable[..., None]) -> Callable[..., None]:
    """The command with PyTorch's threads bound as those of training are."""

    @wraps(command)
    def bound(*words: Any, **options: Any) -> None:
        from reslab.engine import within_cores

        with within_cores():
            command(*words, **options)

    return bound


for _command in (responses, gradients, lesion, landscape, cam):
    app.command()(_within_cores(_command))
