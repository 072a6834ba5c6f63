"""Measurements of speed (`reslab bench train --save`) as a Markdown table and as bars: PyTorch at its best is 1."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, framed, placeholder, repeatable, svg
from reslab.reporting.processors import processor_text, units_text
from reslab.reporting.rounding import count_text
from reslab.reporting.tables import markdown_table, markdown_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "net",
    "batch",
    "threads",
    "PyTorch at its best, img/s",
    "with",
    "reslab, img/s",
    "engine",
    "ratio (least to most, rounds)",
    "PyTorch as it comes, img/s",
    "ratio",
    "GFLOP/s, as direct products (of peak)",
    "machine",
)
BAR, HEADING, BOTTOM = 24, 34, 40  # pixels
NAMES, NUMBERS = 150, 250  # pixels to the left and to the right of the bars
LETTER = 10  # pixels that a letter of a heading takes at most; a heading has the whole line
COMPARED, PLAIN = "#8c959f", "#c9d1d9"


def bench_table(benches: Sequence[dict[str, Any]]) -> str:
    """Our training speed beside PyTorch's as Markdown, one row a measurement; empty where there is none."""
    return markdown_table([_row(bench) for bench in benches], COLUMNS) if benches else ""


def bench_figure(benches: Sequence[dict[str, Any]], *, width: int = 760) -> bytes:
    """Three bars a measurement as SVG, PyTorch at its best first; their unit is its speed in that measurement.

    The thin line on our bar goes from the smallest to the largest ratio of a round.
    """
    results = [bench["result"] for bench in benches]
    height = len(results) * (3 * BAR + HEADING) + BOTTOM
    longest = max((max(bar.length, bar.most) for result in results for bar in _bars(result)), default=1.0)
    headings = [_heading(bench) for bench in benches]
    with repeatable(f"speed {width}"):
        figure, axes = framed(width, height, NUMBERS)
        figure.patch.set_facecolor("#ffffff")
        axes.set_position((NAMES / width, BOTTOM / height, 1 - (NAMES + NUMBERS) / width, 1 - BOTTOM / height))
        axes.set_xlim(0, longest)
        axes.set_ylim(height - BOTTOM, 0)
        for place, result in enumerate(results):
            _draw(axes, result, place)
        _dress(axes)
        return svg(figure, headings, longest=width // LETTER).encode()


class _Bar:
    """One contender of a measurement: its speed over that of PyTorch at its best."""

    def __init__(self, name: str, colour: str, rate: float, length: float, least: float = 0, most: float = 0) -> None:
        self.name, self.colour, self.rate, self.length = name, colour, rate, length
        self.least, self.most = least, most  # over rounds

    @property
    def words(self) -> str:
        spread = f" ({self.least:.2f} to {self.most:.2f})" if self.most else ""
        return f"{count_text(self.rate)} img/s: {self.length:.2f}{spread}"


def _bars(result: dict[str, Any]) -> list[_Bar]:
    best, plain = result["best_torch_images_per_second"], result["plain_images_per_second"]
    ours = (result["images_per_second"], result["best_torch_ratio"], result["ratio_min"], result["ratio_max"])
    return [
        _Bar("PyTorch at its best", COMPARED, best, 1.0),
        _Bar(f"reslab, engine {result['engine']}", COLOURS[0], *ours),
        _Bar("PyTorch as it comes", PLAIN, plain, plain / best),
    ]


def _draw(axes: "Axes", result: dict[str, Any], place: int) -> None:
    from matplotlib.transforms import blended_transform_factory

    top = place * (3 * BAR + HEADING)
    axes.annotate(
        placeholder(place),
        (0, top + 0.62 * HEADING),
        xycoords=blended_transform_factory(axes.figure.transFigure, axes.transData),
        xytext=(12, 0),
        textcoords="offset points",
        va="center",
        color=DOCUMENT_INK,
        fontsize=13,
        fontweight="bold",
        annotation_clip=False,
    )
    for row, bar in enumerate(_bars(result)):
        middle = top + HEADING + (row + 0.5) * BAR
        axes.barh(middle, bar.length, height=0.72 * BAR, color=bar.colour)
        if bar.most:
            axes.plot([bar.least, bar.most], [middle, middle], color=DOCUMENT_INK, linewidth=1.2, clip_on=False)
        for words, at, side, offset in ((bar.name, 0, "right", -8), (bar.words, max(bar.length, bar.most), "left", 8)):
            axes.annotate(
                words,
                (at, middle),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center",
                ha=side,
                color=DOCUMENT_INK,
                fontsize=12,
                annotation_clip=False,
            )


def _dress(axes: "Axes") -> None:
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=DOCUMENT_INK, labelsize=12, length=0)
    axes.set_xlabel("training speed, PyTorch at its best = 1", color=DOCUMENT_INK, fontsize=12)


def _heading(bench: dict[str, Any]) -> str:
    result = bench["result"]
    return f"{result['model']}, {_threads(result)}, {units_text(_machine(bench)) or processor_text(_machine(bench))}"


def _range(result: dict[str, Any]) -> str:
    return f"{result['ratio_min']:.2f} to {result['ratio_max']:.2f}"


def _threads(result: dict[str, Any]) -> str:
    return f"{result['threads']} thread{'' if result['threads'] == 1 else 's'}"


def _machine(bench: dict[str, Any]) -> dict[str, Any]:
    return dict(bench["environment"]["machine"])


def _untried(result: dict[str, Any]) -> str:
    """What PyTorch at its best does without because nobody saw how fast it is."""
    tried = [each for each in result.get("tried", ()) if each["settings"]["compiled"]]
    return " (not compiled)" if tried and all(each["ratio_to_best_before"] is None for each in tried) else ""


def _row(bench: dict[str, Any]) -> list[str]:
    result = bench["result"]
    share = result["achieved_gflops"] / result["peak_gflops"]
    cells = [
        result["model"],
        str(result["batch"]),
        str(result["threads"]),
        count_text(result["best_torch_images_per_second"]),
        result["best_torch"] + _untried(result),
        count_text(result["images_per_second"]),
        f"{result['engine']}, {result['precision']}",
        f"{result['best_torch_ratio']:.2f} ({_range(result)}, {result['rounds']})",
        count_text(result["plain_images_per_second"]),
        f"{result['plain_ratio']:.2f}",
        f"{count_text(result['achieved_gflops'])} ({100 * share:.0f} %)",
        processor_text(_machine(bench)),
    ]
    return [markdown_text(cell) for cell in cells]
