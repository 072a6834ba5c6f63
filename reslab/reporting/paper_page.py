"""The page of the whole paper: claims, pictures, the paper's numbers beside ours. The values are handed in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase

from markupsafe import Markup

from reslab.reporting.drawing import DOCUMENT_INK, INK, inline
from reslab.reporting.names import printed, printed_picture
from reslab.reporting.page import page_environment

TEMPLATE = "paper.html.j2"
PHONE = 430  # pixels of a picture that a phone shows whole
COLUMNS = ("paper", "ours", "deviation", "n", "images")
SPREAD = " ± "  # between our number and its spread
# As wide as a digit and as a full stop: numbers of fewer decimals end with these, so that the points are below each
# other.
DIGIT, POINT = "\u2007", "\u2008"
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
    judged: bool = True  # is the claim judged by it, or does it only stand beside?

    @property
    def value(self) -> str:
        """Ours without its spread."""
        return self.ours.partition(SPREAD)[0]

    @property
    def spread(self) -> str:
        """ "± 0.49"; empty for one seed."""
        _, sign, spread = self.ours.partition(SPREAD)
        return sign.lstrip() + spread

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
    takes: str = ""  # what the command takes, in words
    beside: str = ""  # what was found besides, which the claim is not judged by
    seen: bool = False  # is it seen in one trained net of each kind, and so not decided?
    caption: str = ""  # what the picture shows
    way: str = ""  # how the nets were trained, where the same experiment stands here in two ways
    others: tuple["Entry", ...] = ()  # what is measured of it in another way, which its verdict is not about

    @property
    def verdict(self) -> str:
        """What the page says of the claim, in a few words."""
        if not self.measured:
            return "not measured yet"
        if self.seen:
            return "seen in one net each"
        return {True: "holds here", False: "does not hold here", None: "not decided here"}[self.holds]

    @property
    def mood(self) -> str:
        """The class of the verdict in the page's style."""
        if not self.measured:
            return "none"
        return "open" if self.holds is None else "holds" if self.holds else "fails"

    @property
    def shown(self) -> tuple[Line, ...]:
        """The rows: those that have no number stand empty among ours, and are left out where nothing is measured."""
        return tuple(line for line in self.lines if self.measured or line.paper or line.ours)

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
    def parts(self) -> list[str]:
        """What the finding says, one thing after the other."""
        return _parts(self.finding)

    @property
    def beside_parts(self) -> list[str]:
        """What was found besides, one thing after the other."""
        return _parts(self.beside)

    @property
    def share(self) -> str:
        """How many of the values are measured, where it is some: "4 of 10 values"."""
        ours = sum(bool(line.ours) for line in self.lines)
        return f"{ours} of {len(self.lines)} values" if 0 < ours < len(self.lines) else ""

    @property
    def columns(self) -> dict[str, list[str]]:
        """Numbers by column, of the rows shown, their points below each other; and the spreads of ours."""
        shown = self.shown
        found = {
            "paper": aligned([line.paper for line in shown]),
            "ours": aligned([line.value for line in shown]),
            "deviation": aligned([line.apart for line in shown]),
        }
        return {**found, "spread": [line.spread for line in shown]}

    @property
    def machine_keys(self) -> dict[str, str]:
        """A letter for each machine of the rows, whose names are too long for a column."""
        machines = dict.fromkeys(text for line in self.lines if (text := line.besides.get("machine")))
        return dict(zip(machines, ascii_lowercase, strict=False))

    @property
    def described(self) -> str:
        """The picture in words, for who does not see it; its numbers stand in the table."""
        told = self.finding if self.measured else "Nothing of ours is measured yet"
        return f"{self.number}: {self.title}. {self.caption} {told.rstrip('.')}.".replace("  ", " ")

    @property
    def number(self) -> str:
        """ "Figure 6" of "Figure 6, sec. 4.2"."""
        return self.place.partition(",")[0]

    @property
    def short(self) -> str:
        """That without what the chapter says already: "arXiv 1702.08591" of "beyond the paper: arXiv 1702.08591"."""
        return self.number.rpartition(": ")[2]

    @property
    def called(self) -> str:
        """How a list of contents calls it: "Figure 6"; "Gradients" where the paper has no number for it."""
        numbered = self.number.startswith(("Figure", "Table"))
        return self.number if numbered else self.name.capitalize()

    @property
    def as_printed(self) -> "Entry":
        """With names and signs as people print them; its command is none of them."""
        lines = [
            replace(line, label=printed(line.label), paper=printed(line.paper), ours=printed(line.ours))
            for line in self.lines
        ]
        return replace(
            self,
            lines=tuple(lines),
            picture=None if self.picture is None else printed_picture(self.picture),
            finding=printed(self.finding),
            beside=printed(self.beside),
            caption=printed(self.caption),
            notes=tuple(map(printed, self.notes)),
            others=tuple(other.as_printed for other in self.others),
        )

    @property
    def broad(self) -> bool:
        """Is the picture wider than a phone?"""
        return self.picture is not None and _width(self.picture.decode()) > PHONE

    @property
    def drawing(self) -> Markup | None:
        """The picture as a part of the page."""
        return None if self.picture is None else Markup(themed(self.picture))


@dataclass(frozen=True)
class Opening:
    """What stands on top: the picture that says it all, in the shapes of a desk and of a phone."""

    wide: bytes  # SVG, as documents have it
    narrow: bytes
    caption: str
    measured: str  # how much of the page is

    @property
    def as_printed(self) -> "Opening":
        """With names as people print them."""
        return replace(self, caption=printed(self.caption))

    @property
    def drawings(self) -> dict[str, Markup]:
        """By the class that the page shows them under."""
        return {"desk": Markup(themed(self.wide)), "phone": Markup(themed(self.narrow))}


def paper_html(
    entries: Sequence[Entry],
    claims: Sequence[tuple[str, str, str, str]],
    opening: Opening | None = None,
    prose: Mapping[str, str] | None = None,
    quick: Sequence[tuple[str, str]] = (),
) -> str:
    """One self-contained page; entries that its text has no place for come at its end.

    `claims` are (what notes say, what is right, place, command), `prose` paragraphs by the place in the page's text
    that they are for, `quick` (command, what it shows) for the first minutes. The page needs no network and no script;
    the same values give the same bytes.
    """
    template = page_environment().get_template(TEMPLATE)
    shown = {entry.name: entry.as_printed for entry in entries}
    return template.render(
        entries=shown, claims=claims, opening=opening and opening.as_printed, prose=prose or {}, quick=quick
    )


def _parts(sentence: str) -> list[str]:
    """What stands between semicolons; one inside brackets parts nothing."""
    parts = [""]
    for piece in sentence.rstrip(".").split("; "):
        if parts[-1].count("(") > parts[-1].count(")"):
            parts[-1] += f"; {piece}"
        else:
            parts.append(piece)
    return [part for part in parts if part]


def aligned(numbers: Sequence[str]) -> list[str]:
    """Texts of numbers with blanks behind them, so that in a column on the right their decimal points meet.

    Those with an exponent, "3.0e7" or "6 × 10⁻⁶", stay at its edge.
    """
    powers = [any(sign in number for sign in "e×") for number in numbers]
    plain = [len(number.partition(".")[2]) for number, power in zip(numbers, powers, strict=True) if not power]
    most = max(plain, default=0)
    decimals = [most if power else len(number.partition(".")[2]) for number, power in zip(numbers, powers, strict=True)]
    ends = [(POINT if most and not some else "") + DIGIT * (most - some) for some in decimals]
    return [number + end if number else "" for number, end in zip(numbers, ends, strict=True)]


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
