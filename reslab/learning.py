"""`reslab train` for Python: a recipe, and its training, with the notes and the progress that the command shows."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from reslab import training
from reslab.arguments import checked_with
from reslab.cli.show import say
from reslab.cli.watch import counted, watched
from reslab.engine import Request
from reslab.nets import Residual
from reslab.progress import silent
from reslab.training import Recipe, Surroundings, as_field, as_near_field, recipe_for


class Choices(TypedDict, total=False):
    """What a recipe is asked for, by the options of `reslab train`."""

    model: str | None  # a net of `reslab list`
    shortcut: str | None  # A, B or C
    stride_in: str | None  # of a bottleneck: "1x1" (the paper) or "3x3"
    split: str | None  # of CIFAR: 45k/5k, 40k/5k/5k or 50k
    size: int | None  # height = width of a folder's images in pixels
    steps: int | None
    epochs: float | None
    batch: int | None
    lr: float | None
    seed: int
    start: str | Path | None  # fine-tuning: a run, a model file, a net by name, others' weights
    freeze: str | None  # with a start: the last part that stays as it came, or "body"
    teacher: str | Path | None  # distillation: a trained net, whose answers are learned beside the labels
    fields: Mapping[str, Any] | None  # any other field, as `reslab list --fields` has them: {"augment.erase": 0.25}


@checked_with(as_field, as_near_field)
def recipe(
    data: str | Path = "digits",
    *,
    recipe: str | None = None,
    data_root: str | Path | None = None,
    download: bool = False,
    on_bad: str = "error",
    quiet: bool = False,
    **choices: Unpack[Choices],
) -> Recipe:
    """The recipe of the house for a data set or a folder of photographs: `recipe("cifar10", epochs=5)`.

    `recipe` is the preset: paper, fast, small, record or original. `choices` are what `reslab train` takes: model,
    shortcut, stride_in, split, size, steps, epochs, batch, lr, seed, start (`--from`), freeze, teacher, and as
    `fields` what `--set` takes, {"optimizer.weight_decay": 1e-3}. `data_root` says where data sets lie (else
    $RESLAB_DATA), `download` whether what is missing may be fetched; `on_bad="skip"` leaves out photographs that cannot
    be read.

    Raises UsageError for names that do not exist and values that make no sense, DataError where the data set is missing
    or damaged.
    """
    around = Surroundings(data_root=_path(data_root), download=download, on_bad=on_bad, say=silent if quiet else say)
    return recipe_for(data, recipe=recipe, around=around, **choices)


@checked_with(as_field, as_near_field)
def train(
    recipe: Recipe | str | Path | None = None,
    run: str | Path | None = None,
    *,
    data: str | Path | None = None,
    runs: str | Path | None = None,
    residual: Residual | None = None,
    request: Request | None = None,
    data_root: str | Path | None = None,
    download: bool = False,
    on_bad: str = "error",
    save_every: float = 20.0,
    quiet: bool = False,
    **choices: Unpack[Choices],
) -> dict[str, Any]:
    """Train, or go on where it stopped, and return the result (the keys of `reslab train --json`).

    `recipe` is one that `reslab.recipe` gave, or names the data, `train("photos", model="resnet50", epochs=10)`, with
    the `choices` of `reslab.recipe`; beside `data` it names the preset, `train(recipe="fast", data="cifar10")`; or it
    is a run folder, which goes on by its own recipe, as `train(run="runs/x")` does. `run` names the folder; without it,
    it is `<data>-<model>-<recipe>-<hash>-s<seed>` in the folder `runs` (else "runs"). With a recipe that
    `reslab.recipe` gave, `data` says where its photographs lie, if not under the data root. A finished run returns its
    recorded result. `request` says how it is executed, `reslab.Request(device="cuda", threads=4)`, `save_every` how
    many seconds lie between two checkpoints. Notes and progress go to stderr unless it shall be `quiet`. In several
    processes, as torchrun starts them, all have to call this; the first trains with the help of the others.

    `residual` is a residual function of one's own, called as residual(channels_in, width, stride, stride_in) for each
    block: it returns an nn.Module from channels_in to `width` channels (of bottlenecks 4 * width), its output smaller
    by `stride`. The block adds the shortcut. `help(reslab.create)` has the rest, docs/python.md an example.

    Raises UsageError for what cannot be trained, DataError and RunError for trouble with the data or the run folder.
    """
    with ExitStack() as stack:
        around = Surroundings(request or Request(), _path(data_root), download, on_bad=on_bad, save_every=save_every)
        if not quiet:
            around = replace(
                around,
                say=say,
                reading=stack.enter_context(counted("reading images")),
                watch=stack.enter_context(watched()),
            )
        return training.train(recipe, run, data=data, runs=runs, residual=residual, around=around, asked=choices)


def _path(place: str | Path | None) -> Path | None:
    return None if place is None else Path(place)
