"""Sec. 1: a deeper net need not be worse, since it holds the shallower one. Here is the net, made of a trained one."""

from typing import Any

import numpy as np

from reslab.analysis import agreement, deepened, scores
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.looking import looked_with
from reslab.experiments.pairs import rows_beside
from reslab.store import load, read_trained

SHALLOW, DEEP = "plain20", "plain56"
TRAINED, MADE, DEEPER = f"{SHALLOW}, trained", f"{DEEP}, made of {SHALLOW}", f"{DEEP}, trained"
LAYERS = 56


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """The nets that ship with the package, and the one that is made of the shallow one, on validation images.

    On CIFAR-10, where the nets have an error; in a test on digits, where they have none.
    """
    images = looked_with(runs, datasets, "val")
    data = images.source.partition(",")[0]
    shallow = load(f"{SHALLOW}-cifar10")
    nets = {TRAINED: shallow, MADE: deepened(shallow, LAYERS), DEEPER: load(f"{DEEP}-cifar10")}
    found = {label: scores(net, images.pixels) for label, net in nets.items()}
    alike = agreement(found[TRAINED], found[MADE])
    wrong = {label: float(np.mean(of.argmax(1) != images.labels)) for label, of in found.items()}
    return {
        "data": data,
        "images": alike.images,
        "errors": {label: round(100 * part, 4) for label, part in wrong.items()} if data == "cifar10" else {},
        "differing": alike.images - alike.same,
        "difference": alike.difference,
    }


def rows(runs: Runs) -> list[Row]:
    measured = runs.measured
    errors = measured.get("errors", {})
    found = [
        Row(label, None, errors[label], 1, measured["images"], on="val") if label in errors else Row(label)
        for label in (TRAINED, MADE, DEEPER)
    ]
    return [*found, Row("images that the first two answer differently", 0, measured.get("differing"), unit="images")]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside([row for row in found if row.unit == "error %"], "error %")


def finding(runs: Runs) -> Finding:
    """The construction is one where it answers every image as the shallow net does; how bad the trained one is, is
    told where it is known.
    """
    measured = runs.measured
    if not measured:
        return Finding(None, "not measured")
    near = measured["difference"]
    scores_are = f"its scores within {near:.0e} of the largest" if near else "its scores the same to the last bit"
    words = (
        f"{MADE}, answers {measured['images'] - measured['differing']:,} of {measured['images']:,} images of "
        f"{measured['data']} as {SHALLOW} does, {scores_are}"
    )
    errors = measured["errors"]
    if errors:
        words += f"; its error is {errors[MADE]:.2f} %, that of the trained {DEEP} {errors[DEEPER]:.2f} %"
        words += _rounded(errors[DEEPER], measured["images"])
    return Finding(measured["differing"] == 0, words)


def _rounded(error: float, images: int) -> str:
    """Why the error is not that of the run's end, where it is not and is the one that was measured of rounded weights.

    It is the rounding, and not how it was measured: in fp32 both engines give every image one answer, and 27.10 %.
    """
    record = read_trained(f"{DEEP}-cifar10")
    ended, half = record["result"]["val_error"], record["measured"]["half"]
    if ended == error or (half["top1_error"], half["images"]) != (error, images):
        return ""
    return f" ({ended:.2f} % at the end of its run, before its weights were rounded to half precision for the package)"


CONSTRUCTION = Experiment(
    name="construction",
    title="A plain net of 56 layers that is no worse than one of 20",
    claim="There is a deeper net that is as good as the shallower one: its layers copied, all others doing nothing.",
    place="sec. 1",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    looks=True,
    about="The added layers are convolutions that are the identity, with batch normalisation that is one, too. What "
    "reaches them is never negative, so that their own ReLUs take nothing from it. One seed of each net, "
    "of those that come with the package.",
    caption="Validation error of the net of 20 layers, of the deeper net made of it, and of a "
    "trained net of that depth.",
)
