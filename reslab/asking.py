"""`predict` and `evaluate` of whatever `load` opens: exported files and other programs' weights by their names, too."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from reslab import evaluation
from reslab.arguments import checked
from reslab.evaluation import Net, several
from reslab.interop import opened, require_model
from reslab.progress import Say, silent

More = ParamSpec("More")
Found = TypeVar("Found")


def _opening(ask: Callable[Concatenate[Net, More], Found]) -> Callable[Concatenate[Net, More], Found]:
    """`ask`, whose nets may also be places of such files; what is to be said of these goes to its `say`."""

    @wraps(ask)
    def asked(run_or_classifier: Net, *more: More.args, **choices: More.kwargs) -> Found:
        say: Say = choices.get("say", silent)  # type: ignore[assignment]
        if "ensemble" in choices:
            choices["ensemble"] = [_opened(net, say) for net in several(choices["ensemble"])]  # type: ignore[arg-type]
        return ask(_opened(run_or_classifier, say), *more, **choices)

    return asked


def _opened(net: Net, say: Say) -> Net:
    if not isinstance(net, str | Path):
        return net
    found = opened(Path(net), say)
    if isinstance(found, Path):
        require_model(found)
    return found


predict = checked(_opening(evaluation.predict))
evaluate = checked(_opening(evaluation.evaluate))
