"""`predict` and `evaluate` of whatever `load` opens: exported files and other programs' weights by their names, too."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from reslab import evaluation
from reslab.interop import opened
from reslab.progress import silent
from reslab.store import Classifier, ExportedNet

Net = str | Path | Classifier | ExportedNet
More = ParamSpec("More")
Found = TypeVar("Found")


def _opening(ask: Callable[Concatenate[Net, More], Found]) -> Callable[Concatenate[Net, More], Found]:
    """`ask`, whose first net may also be the place of such a file; what is to be said of that goes to its `say`."""

    @wraps(ask)
    def asked(run_or_classifier: Net, *more: More.args, **choices: More.kwargs) -> Found:
        if isinstance(run_or_classifier, str | Path):
            run_or_classifier = opened(Path(run_or_classifier), choices.get("say", silent))  # type: ignore[arg-type]
        return ask(run_or_classifier, *more, **choices)

    return asked


predict = _opening(evaluation.predict)
evaluate = _opening(evaluation.evaluate)
