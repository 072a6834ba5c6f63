"""A sheet of paper for diagrams: boxes, arrows and words at places in pixels, y downwards; SVG, PDF or PNG out."""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Literal

from reslab.reporting.drawing import DOCUMENT_INK, repeatable, svg

Form = Literal["svg", "pdf", "png"]
FORMS: tuple[Form, ...] = ("svg", "pdf", "png")
DOTTED = (0, (2.2, 2.2))
PNG_DOTS = 200  # an inch: twice what a screen shows


class Sheet:
    """What is drawn on it first lies below. Colours are those of documents; text is `DOCUMENT_INK`."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        self.figure.patch.set_facecolor("#ffffff")
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)
        self._axes.axis("off")

    def box(self, x: float, y: float, width: float, height: float, colour: str, dashed: bool = False) -> None:
        """A rounded box with its upper left corner at (x, y), tinted with `colour`."""
        from matplotlib.patches import FancyBboxPatch

        for face, edge, alpha in ((colour, "none", 0.17), ("none", colour, 1.0)):
            shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=3.5")
            shape.set(facecolor=face, edgecolor=edge, alpha=alpha, linewidth=1.0)
            if dashed:
                shape.set_linestyle(DOTTED)
            self._axes.add_patch(shape)

    def words(self, x: float, y: float, text: str, size: float = 11, side: str = "center", **more: Any) -> None:
        """Text with its middle line at y; `side` says which part of it stands at x. 3x3 is written with a × sign."""
        shown = re.sub(r"(\d)x(\d)", r"\1×\2", text).replace("$", r"\$")
        style = {"color": DOCUMENT_INK, "fontsize": size, "ha": side, "va": "center_baseline", **more}
        self._axes.text(x, y, shown, **style)

    def line(self, points: Sequence[tuple[float, float]], dotted: bool = False, colour: str = DOCUMENT_INK) -> None:
        """Straight pieces from point to point."""
        self._axes.plot(
            *zip(*points, strict=True), color=colour, linewidth=1.1, linestyle=DOTTED if dotted else "-", clip_on=False
        )

    def arrow(self, x: float, top: float, bottom: float, head: float = 5.5) -> None:
        """Straight down."""
        self.line([(x, top), (x, bottom - 0.7 * head)])
        self.head(x, bottom, head)

    def head(self, x: float, y: float, length: float = 5.5, leftwards: bool = False) -> None:
        """The head of an arrow whose tip is (x, y), pointing down or to the left."""
        from matplotlib.patches import Polygon

        half = 0.55 * length
        corners = [(x, y), (x - half, y - length), (x + half, y - length)]
        if leftwards:
            corners = [(x, y), (x + length, y - half), (x + length, y + half)]
        self._axes.add_patch(Polygon(corners, closed=True, facecolor=DOCUMENT_INK, linewidth=0))

    def bypass(
        self,
        x: float,
        top: float,
        bottom: float,
        aside: float,
        dotted: bool = False,
        gap: float = 0,
        head: float = 5.5,
    ) -> None:
        """A shortcut: out of the line at (x, top), `aside` to its right, and back into it at (x + gap, bottom)."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        far, bend = x + aside, min(12.0, (bottom - top) / 2)
        path = [(x, top), (far - bend, top), (far, top), (far, top + bend)]
        path += [(far, bottom - bend), (far, bottom), (far - bend, bottom), (x + gap + 0.7 * head, bottom)]
        codes = [Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO]
        drawn = PathPatch(Path(path, codes), facecolor="none", edgecolor=DOCUMENT_INK, linewidth=1.1)
        if dotted:
            drawn.set_linestyle(DOTTED)
        self._axes.add_patch(drawn)
        self.head(x + gap, bottom, head, leftwards=True)

    def plus(self, x: float, y: float, radius: float = 8) -> None:
        """The addition of eq. 1 and 2."""
        from matplotlib.patches import Circle

        self._axes.add_patch(Circle((x, y), radius, facecolor="none", edgecolor=DOCUMENT_INK, linewidth=1.2))
        self.line([(x - 0.6 * radius, y), (x + 0.6 * radius, y)])
        self.line([(x, y - 0.6 * radius), (x, y + 0.6 * radius)])

    def content(self, form: Form = "svg") -> bytes:
        """The picture; the same drawing gives the same bytes."""
        assert form in FORMS
        if form == "svg":
            with repeatable(f"sheet {self.width} {self.height}"):
                return svg(self.figure).encode()
        buffer = BytesIO()
        if form == "pdf":
            from matplotlib.backends.backend_pdf import FigureCanvasPdf

            FigureCanvasPdf(self.figure).print_pdf(buffer, metadata={"CreationDate": None})
        else:
            from matplotlib.backends.backend_agg import FigureCanvasAgg

            self.figure.set_dpi(PNG_DOTS)
            FigureCanvasAgg(self.figure).print_png(buffer)
        return buffer.getvalue()
