"""`export` with what int8 looks at: the net's own images, which `evaluation` finds and `interop` quantises with."""

from collections.abc import Iterable
from pathlib import Path

from reslab import interop
from reslab.arguments import checked, shown
from reslab.errors import UsageError
from reslab.evaluation import Net, looked_at
from reslab.interop import Exported, Int8
from reslab.interop.int8 import refuse_unjudged
from reslab.nets import Residual
from reslab.progress import Progress, Say, silent, unseen
from reslab.store import Classifier

MAX_RISE = 1.0  # points


@checked
def export(
    run_or_classifier: Net,
    to: str = "onnx",
    out: str | Path | None = None,
    *,
    scores: bool = False,
    temperature: float = 1.0,
    check: str | Path | Iterable[str | Path] = (),
    residual: Residual | None = None,
    int8: bool = False,
    images: str | Path | None = None,
    max_rise: float | None = None,
    data_root: str | Path | None = None,
    say: Say = silent,
    progress: Progress = unseen,
) -> Exported:
    """Write a trained net for other programs: `to` is "onnx", "torch-export", "torchvision" or "timm".

    Images go in as uint8 RGB (B, size, size, 3); probabilities (with `scores`, what the softmax is taken of) come out.
    What was written is run on random images, on the run's own mistakes and on the photographs `check`, before it gets
    its name: a file that differs from our scores by more than 1e-4 of the largest is not kept. A classifier that `load`
    gave is exported with the weights that it has now. With a `temperature` the scores are divided by it: probabilities
    are calibrated wherever the file is run. The names of files end as their format's do.

    With `int8` an ONNX file computes in whole numbers of 8 bits. The ranges of its activations are those on 512 of the
    net's own training images, or of the photographs in the folder or table `images`. It has other scores; it is kept if
    it has at most `max_rise` points (1, unless said) more of the net's validation images wrong than the file in fp32:
    `price` tells all that was measured, `progress` is told how many of them have judged. With infinity it is kept
    whatever it costs, and where there are no such images.

    Raises UsageError for what cannot be asked for and for packages that are missing, RunError where the exported net is
    another function or loses too much in int8, DataError for photographs that are not there or cannot be read.
    """
    if not int8 and not (images is None and max_rise is None and data_root is None):
        given = "images" if images is not None else "max-rise" if max_rise is not None else "data-root"
        raise UsageError(f"--{given} is for --int8, which looks at images")
    most, folder, root = _points(max_rise), _path(images), _path(data_root)

    def look(net: Classifier) -> Int8:
        found = looked_at(net, folder, root, say, unjudged=lambda why: refuse_unjudged(why, most))
        return Int8(*found, most=most)

    return interop.export(
        run_or_classifier,
        to,
        out,
        scores=scores,
        temperature=temperature,
        check=_photographs(check),
        residual=residual,
        int8=look if int8 else None,
        say=say,
        progress=progress,
    )


def _photographs(check: object) -> list[str | Path]:
    """One or several. Raises UsageError for what names none."""
    many = check if isinstance(check, Iterable) and not isinstance(check, str) else [check]
    found = []
    for one in many:
        if not isinstance(one, str | Path):
            raise UsageError(f"check={shown(one)}: that takes paths of photographs")
        found.append(one)
    return found


def _points(max_rise: float | None) -> float:
    """Raises UsageError for what is no number of points."""
    if max_rise is None:
        return MAX_RISE
    if not max_rise >= 0:
        raise UsageError(f"--max-rise {max_rise}: points by which the error may rise, 0 or more (inf: by any number)")
    return float(max_rise)


def _path(place: str | Path | None) -> Path | None:
    return None if place is None else Path(place)
