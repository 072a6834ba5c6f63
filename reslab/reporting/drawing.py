"""What the figures have in common: quiet axes, names at the ends of lines, and SVG that is the same every time.

matplotlib is imported where something is drawn, here and beside: it takes a second or two, which neither a list of the
experiments nor each process of a queue should pay.
"""

import colorsys
import html
import re
import unicodedata
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each has a contrast of about 3:1 and more on white and on near-black, so that one picture serves both.
COLOURS = ("#2f7ed8", "#d9701a", "#2b9a58", "#9a62d2", "#d6455a", "#168f9c", "#a3821a", "#cf559a")
DOCUMENT_INK = "#24292f"
INK = "#010203"  # of inline pictures: replaced by the colour of the text around; nothing else has this colour
FONTS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif"
LONGEST = 36  # letters of a name; longer ones lose their middle
LEFT, TOP, BOTTOM = 44, 40, 46  # pixels around the axes; the space to the right depends on the names there


def colours(count: int) -> list[str]:
    """A colour a line."""
    if count <= len(COLOURS):
        return list(COLOURS[:count])
    turns = (colorsys.hls_to_rgb(i / count, 0.5, 0.6) for i in range(count))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in rgb) for rgb in turns]


def right_margin(labels: Sequence[str], width: int) -> int:
    """Pixels to the right of the axes, where the names of lines stand."""
    return min(20 + max(map(label_width, labels), default=0), width // 2)


def framed(width: int, height: int, right: int) -> "tuple[Figure, Axes]":
    """A figure of so many pixels, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    axes = figure.add_axes((LEFT / width, BOTTOM / height, 1 - (LEFT + right) / width, 1 - (BOTTOM + TOP) / height))
    return figure, axes


def quiet(axes: "Axes", ink: str) -> None:
    """Axes as quiet as they can be: a base line, thin horizontal lines."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=ink, alpha=0.5, linewidth=0.8)
    axes.grid(axis="y", color=ink, alpha=0.14, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="both", colors=ink, labelsize=12, length=0, pad=7)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))


def headed(axes: "Axes", quantity: str, key: str, ink: str, height: int) -> None:
    """Above the axes: what is drawn, and how to read it; horizontal words."""
    above = 1 + 16 / (height - TOP - BOTTOM)
    axes.text(0, above, quantity, color=ink, fontsize=12, transform=axes.transAxes)
    if key:
        axes.text(1, above, key, color=ink, fontsize=12, ha="right", transform=axes.transAxes)


def name_lines(
    axes: "Axes", ends: Sequence[tuple[float, int]], names: Sequence[str], height: int, own: Sequence[str] = ()
) -> None:
    """Each line's name at its end, moved apart where lines end together. `ends` are (height of the end, line).

    `own`: the lines' colours, where they are not those of `colours`.
    """
    low, high = axes.get_ylim()
    gap = 16 * (high - low) / (height - TOP - BOTTOM)
    places: list[float] = []
    for y, _ in sorted(ends):
        places.append(max(min(y, high), places[-1] + gap) if places else min(y, high))
    overflow = max(places[-1] - high, 0.0) if places else 0.0
    for place, (_, i) in zip(places, sorted(ends), strict=True):
        at = (1, place - overflow)
        axes.annotate(
            placeholder(i),
            at,
            xycoords=("axes fraction", "data"),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            color=(own or colours(len(names)))[i],
            fontsize=12,
            annotation_clip=False,
        )


def placeholder(place: int, letters: int = 0) -> str:
    """Stands for a name until `svg` puts it there: matplotlib has no glyphs for most scripts, and reads $ as maths.

    Where matplotlib is to leave room for the name, as in a legend, it is as many letters long.
    """
    return f"label{place};".ljust(min(letters, LONGEST), "_")


def repeatable(salt: str) -> AbstractContextManager[None]:
    """Settings under which the same picture is the same bytes, and its text is text."""
    import matplotlib

    return matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"reslab {salt}"})


def svg(figure: "Figure", names: Sequence[str] = (), longest: int = LONGEST) -> str:
    """The figure as SVG, `names` in place of their placeholders, with so many letters at most."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = BytesIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    text = _plain(buffer.getvalue().decode())
    for place, name in enumerate(names):
        shown = html.escape(_shortened(name, longest)).replace("\\", "\\\\")
        text = re.sub(rf">{placeholder(place)}_*<", f">{shown}<", text)
    return text


def inline(picture: str) -> str:
    """As an element of an HTML page: no prologue, no name spaces, no fixed size, the ink of the page."""
    picture = re.sub(r"<\?xml.*?\?>|\s(?:width|height)=\"[\d.]+pt\"|\sxmlns(:xlink)?=\"[^\"]*\"", "", picture)
    picture = picture.replace("xlink:href", "href").replace(INK, "currentColor")
    return picture.replace("<svg", '<svg aria-hidden="true"', 1).strip()


def label_width(label: str) -> int:
    """About how many pixels a label takes; letters of East Asian scripts are twice as wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in _shortened(label))
    return round(6.9 * (len(_shortened(label)) + wide))


def _shortened(label: str, longest: int = LONGEST) -> str:
    return label if len(label) <= longest else f"{label[: longest // 2 - 1]}…{label[-(longest // 2) :]}"


def _plain(text: str) -> str:
    """Without comments, metadata and group names, and in the fonts of the reader's system."""
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<!DOCTYPE.*?>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", rf"font: \1 {FONTS}", text)  # matplotlib up to 3.9
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", text)
    return re.sub(r"\n\s*", "\n", text)
