"""The page of the whole paper: claims, pictures, the paper's numbers beside ours. The values are handed in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from reslab.reporting.drawing import DOCUMENT_INK, INK, inline
from reslab.reporting.page import page_environment

TEMPLATE = "paper.html.j2"
PHONE = 430  # pixels of a picture that a phone shows whole
COLUMNS = ("paper", "ours", "deviation", "n", "images")
DARKS = (DOCUMENT_INK, "#111111", "#000000")  # of documents, which are white: on the page, the colour of its text


@dataclass(frozen=True)
class Line:
    """A row of a table, as text; what is not known is empty."""

    label: str
    unit: str
    paper: str
    ours: str
    deviation: str = ""
    n: str = ""
    images: str = ""
    besides: Mapping[str, str] = field(default_factory=dict)  # in columns of their own, by name

    @property
    def apart(self) -> str:
        """The deviation as it is printed: with a true minus, and no sign of nothing."""
        return "0" if self.deviation in ("+0", "-0") else self.deviation.replace("-", "−")


@dataclass(frozen=True)
class Entry:
    """One table or figure. `holds` is None where our numbers do not decide the claim."""

    name: str
    place: str
    title: str
    claim: str
    lines: tuple[Line, ...]
    picture: bytes | None  # SVG of ours, as documents have it
    holds: bool | None
    measured: bool
    finding: str
    notes: tuple[str, ...]
    machines: tuple[str, ...]
    command: str
    way: str = ""  # how the nets were trained, where the same experiment stands here in two ways
    others: tuple["Entry", ...] = ()  # what is measured of it in another way, which its verdict is not about

    @property
    def verdict(self) -> str:
        """What the page says of the claim, in a few words."""
        if not self.measured:
            return "not measured yet"
        return {True: "holds here", False: "does not hold here", None: "not decided here"}[self.holds]

    @property
    def mood(self) -> str:
        """The class of the verdict in the page's style."""
        if not self.measured:
            return "none"
        return "open" if self.holds is None else "holds" if self.holds else "fails"

    @property
    def shown(self) -> tuple[Line, ...]:
        """The rows that have a number, of the paper's or of ours."""
        return tuple(line for line in self.lines if line.paper or line.ours)

    @property
    def ours(self) -> "Entry":
        """With the rows alone that have a number of ours."""
        return replace(self, lines=tuple(line for line in self.lines if line.ours))

    @property
    def units(self) -> bool:
        """Are there several, so that each row has to say its own?"""
        return len({line.unit for line in self.shown}) > 1

    @property
    def filled(self) -> dict[str, bool]:
        """Which of the columns have anything in them."""
        return {field: any(getattr(line, field) for line in self.shown) for field in COLUMNS}

    @property
    def besides(self) -> list[str]:
        """The names of what is told besides, where a row has it."""
        return list(dict.fromkeys(name for line in self.shown for name, text in line.besides.items() if text))

    @property
    def number(self) -> str:
        """ "Figure 6" of "Figure 6, sec. 4.2"."""
        return self.place.partition(",")[0]

    @property
    def broad(self) -> bool:
        """Is the picture wider than a phone?"""
        return self.picture is not None and _width(self.picture.decode()) > PHONE

    @property
    def drawing(self) -> Markup | None:
        """The picture as a part of the page."""
        return None if self.picture is None else Markup(themed(self.picture))


def paper_html(entries: Sequence[Entry], claims: Sequence[tuple[str, str, str, str]]) -> str:
    """One self-contained page; entries that its text has no place for come at its end.

    `claims` are (what notes say, what is right, place, command). It needs no network and no script; the same values
    give the same bytes.
    """
    return page_environment().get_template(TEMPLATE).render(entries={e.name: e for e in entries}, claims=claims)


def themed(picture: bytes) -> str:
    """A document's SVG as an element of the page: without its white ground, its ink that of the text around it.

    The page knows its own width in pixels as `--wide`, so that its text is never much larger, and on a phone never much
    smaller, than it is meant to be.
    """
    svg = picture.decode()
    for dark in DARKS:
        svg = svg.replace(dark, INK)
    svg = re.sub(r"fill: #ffffff", "fill: none", svg)
    return inline(svg).replace("<svg", f'<svg style="--wide: {_width(svg):.0f}px"', 1)


def _width(svg: str) -> float:
    """Pixels, as our own pictures say them."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ', svg)
    assert found, "a picture of ours has its size"
    return float(found[1])
