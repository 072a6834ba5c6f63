"""Is a net right as often as it says? A reliability diagram, and what is said below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from markupsafe import Markup

from reslab.errors import RunError, UsageError
from reslab.evaluation import Bin, Calibration, Fitted, at_fitted, cross_fitted, fit, validation_images_of
from reslab.reporting.drawing import BOTTOM, COLOURS, INK, LEFT, inline, quiet, repeatable, svg
from reslab.reporting.panels import Figure
from reslab.store import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE, NARROW = (560, 420), (360, 380)  # pixels, of a desk and of a phone
RIGHT, HEAD, BETWEEN, LOW = 12, 30, 36, 64  # pixels around and between the panels, and how high the lower one is


@dataclass(frozen=True)
class Reliability:
    """The diagram of one split of a run, and the numbers of its caption."""

    split: str
    picture: Figure
    calibration: Calibration


def reliability_of(record: Record, split: str, word: str) -> Reliability | None:
    """Of the run's recorded answers to a split, which is called `word`; None where they are no numbers.

    Raises RunError for a torn lineage.
    """
    images = validation_images_of(record.path)
    try:
        found = _calibration(record, split, images)
    except RunError:
        return None
    # Our own SVG, without any name in it: nothing to escape.
    wide, narrow = (
        Markup(reliability_figure(found.trained.bins, width=w, height=h).decode()) for w, h in (WIDE, NARROW)
    )
    return Reliability(word, Figure(wide, narrow), found)


def _calibration(record: Record, split: str, images: str) -> Calibration:
    """At a temperature of the validation `images`; those themselves are judged by halves. RunError as `at_fitted`."""
    judged, val = record.predictions[split], record.predictions.get("val")
    if split == "val":
        return cross_fitted(judged.probabilities, judged.labels, images)
    fitted: Fitted | str = "no validation images are recorded"
    if val is not None and len(val.labels):
        try:
            fitted = fit(val.probabilities, val.labels, images)
        except UsageError as error:
            fitted = str(error)
    return at_fitted(judged.probabilities, judged.labels, fitted)


def reliability_figure(bins: Sequence[Bin], *, width: int, height: int) -> bytes:
    """Accuracy against confidence, and below how many images there are, as an inline SVG in the colour of the page.

    Bars are `counted_span`. The same input gives the same bytes.
    """
    from matplotlib.figure import Figure as Canvas

    used = [one for one in bins if one.images]
    with repeatable(f"reliability {width}"):
        figure = Canvas(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_visible(False)
        wide, high = 1 - (LEFT + RIGHT) / width, height - HEAD - BETWEEN - LOW - BOTTOM
        upper = figure.add_axes((LEFT / width, (BOTTOM + LOW + BETWEEN) / height, wide, high / height))
        lower = figure.add_axes((LEFT / width, BOTTOM / height, wide, LOW / height))
        _draw_accuracy(upper, used)
        _draw_images(lower, used)
        for axes, words, tall in ((upper, "right, % of images", high), (lower, "images", LOW)):
            axes.set_xlim(0, 100)
            axes.text(0, 1 + 14 / tall, words, color=INK, fontsize=12, transform=axes.transAxes)
        lower.set_xlabel("confidence %", color=INK, fontsize=12, labelpad=6)
        return inline(svg(figure)).encode()


def _draw_accuracy(axes: "Axes", bins: Sequence[Bin]) -> None:
    quiet(axes, INK)
    axes.set_ylim(0, 100)
    axes.set_xticklabels([])
    axes.plot((0, 100), (0, 100), color=INK, alpha=0.45, linewidth=1.0, linestyle=(0, (4, 2)))
    x, y = [one.confidence or 0.0 for one in bins], [one.accuracy or 0.0 for one in bins]
    spans = [counted_span(one.accuracy or 0.0, one.images) for one in bins]
    spread = [[at - low for at, (low, _) in zip(y, spans, strict=True)]]
    spread += [[high - at for at, (_, high) in zip(y, spans, strict=True)]]
    axes.errorbar(x, y, yerr=spread, fmt="o", color=COLOURS[0], markersize=6, elinewidth=1.2, clip_on=False)


def counted_span(share: float, images: int) -> tuple[float, float]:
    """Within one standard error of a share that was counted on so many images, all in percent, by Wilson (1927).

    Of the shares that this one is not farther from than their own standard error: also of 0 and 100 %, which a few
    images may well show by chance.
    """
    p = share / 100
    middle, reach = p + 1 / (2 * images), sqrt(p * (1 - p) / images + 1 / (4 * images**2))
    low, high = (100 * (middle + sign * reach) / (1 + 1 / images) for sign in (-1, 1))
    return min(max(low, 0.0), share), max(min(high, 100.0), share)


def _draw_images(axes: "Axes", bins: Sequence[Bin]) -> None:
    """A bar a bin, its count above it; the bars' heights are what the eye compares, so there is no axis."""
    quiet(axes, INK)
    axes.set_yticks([])
    most = max((one.images for one in bins), default=1)
    axes.set_ylim(0, 1.3 * most)
    for one in bins:
        width, middle = one.high - one.low, (one.low + one.high) / 2
        axes.bar(middle, one.images, width=0.86 * width, color=COLOURS[0], alpha=0.75)
        axes.text(middle, one.images + 0.05 * most, short_count(one.images), color=INK, fontsize=9, ha="center")


def short_count(count: int) -> str:
    """In at most four letters, up to a million: "788", "1.6k", "16k"."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 9950 else f"{count / 1000:.0f}k"
