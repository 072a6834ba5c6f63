"""The page of the paper: complete in itself, every claim with its verdict, whatever stands in the values."""

import re
from html.parser import HTMLParser

import pytest

from reslab.reporting import Entry, Line, Opening, paper_html
from reslab.reporting.paper_page import DIGIT, POINT, aligned, themed

SVG = b"""<?xml version="1.0" encoding="utf-8" standalone="no"?>
<svg xmlns="http://www.w3.org/2000/svg" width="500pt" height="300pt" viewBox="0 0 500 300" version="1.1">
<path d="M 0 0 L 1 1 z" style="fill: #ffffff"/><text style="fill: #24292f">words</text></svg>"""


def entry(name: str = "figure1", **changes) -> Entry:
    values = {
        "name": name, "place": "Figure 1, sec. 1", "title": "A <title>", "claim": "A claim.", "picture": SVG,
        "lines": (Line("plain20 & co", "error %", "9.50", "12.27 ± 0.49", "+2.77", "2", "5,000 val"),),
        "holds": True, "measured": True, "finding": "it is so", "notes": ("A note.",), "machines": ("A machine",),
        "command": f"reslab reproduce {name}", **changes,
    }  # fmt: skip
    return Entry(**values)


class Strict(HTMLParser):
    """Elements that are open must be closed in order."""

    EMPTY = ("meta", "br", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.open += [] if tag in self.EMPTY else [tag]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page: str) -> Strict:
    parser = Strict()
    parser.feed(page)
    assert not parser.open
    return parser


def test_what_stands_beside_is_under_no_verdict():
    lines = (Line("a", "error %", "", "1.00"), Line("b", "error %", "", "2.00", judged=False))
    page = paper_html([entry(finding="it is so; by far", beside="b is more; nothing is sure of b", lines=lines)], [])
    read(page)
    under, beside = page.partition("Holds here:")[2].split("Measured besides, with no say in the verdict:")
    assert "by far" in under and "nothing is sure of b" not in under and "nothing is sure of b" in beside
    assert page.count("measured besides") == 1, "between the rows"
    assert page.index("measured besides") < page.index('<th scope="row">b</th>')
    assert "Measured besides" not in paper_html([entry()], [])


def test_one_net_each_is_a_verdict_of_its_own():
    page = paper_html([entry(holds=None, seen=True)], [])
    assert "Seen in one net each:" in page and "Holds here" not in page.partition('class="finding"')[2]
    assert page.count("seen in one net each") >= 2, "in the contents, too"
    assert (entry(holds=None, seen=True).mood, entry(holds=None, seen=True, measured=False).verdict) == (
        "open",
        "not measured yet",
    )


def test_it_is_complete_in_itself():
    page = paper_html([entry(), entry("table6", place="Table 6, sec. 4.2")], [("said", "right", "sec. 1", "reslab x")])
    found = read(page)
    assert page == paper_html(
        [entry(), entry("table6", place="Table 6, sec. 4.2")], [("said", "right", "sec. 1", "reslab x")]
    )
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page and "src=" not in page
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert len(found.ids) == len(set(found.ids))


def test_what_is_measured_in_another_way_has_a_picture_only_where_there_is_one():
    page = paper_html([entry(others=(entry(picture=None, way="By another recipe"), entry(way="By a third")))], [])
    _, _, second = page.partition("By another recipe")
    second, _, third = second.partition("By a third")
    assert "<figure" not in second and ">12.27<" in second and "<figure" in third
    read(page)


def test_every_entry_is_there_once_with_its_numbers_and_its_command():
    page = paper_html([entry(), entry("mine", place="sec. 9")], [])
    assert page.count("<article") == 2 and "More experiments" in page
    for words in (
        "A &lt;title&gt;",
        "plain-20 &amp; co",
        ">12.27<",
        ">± 0.49<",
        "+2.77",
        "5,000 val",
        "A note.",
        "A machine",
    ):
        assert words in page
    assert "reslab reproduce mine" in page and "reslab reproduce figure1" in page


@pytest.mark.parametrize(
    ("holds", "measured", "words"),
    [
        (True, True, "Holds here"),
        (False, True, "Does not hold here"),
        (None, True, "Not decided here"),
        (None, False, "Not measured yet"),
    ],
)
def test_verdicts(holds, measured, words):
    made = entry(holds=holds, measured=measured, picture=SVG if measured else None, finding="so" if measured else "")
    page = paper_html([made], [])
    article = page.partition("<article")[2]
    assert (f"{words}:</span> so." if measured else f"{words}. This measures it") in page
    assert article.count(words) == 1, "it is said once"
    assert f"{words[0].lower()}{words[1:]}" in page.partition("<article")[0], "and in the contents"


def test_what_is_not_measured_shows_the_papers_numbers_marked_so():
    lines = (Line("a", "error %", "1.00", ""), Line("b", "error %", "", ""))
    made = entry(measured=False, holds=None, finding="", lines=lines, caption="From its Table 9.")
    article = paper_html([made], []).partition("<article")[2].partition("</article>")[0]
    assert "A claim." in article and "reslab reproduce figure1" in article and "A note." in article
    caption = article.partition("<figcaption>")[2].partition("</figcaption>")[0]
    assert "The paper's numbers alone; nothing is measured here yet." in caption and "From its Table 9." in caption
    assert "Nothing of ours is measured yet." in made.described
    before, _, folded = article.partition("<details")
    assert "<table" not in before and "<table" in folded
    assert ">a</th>" in folded and ">b</th>" not in folded, "a row without a number is none"
    assert ">ours</th>" not in article and ">the paper</th>" in article
    nothing = entry(measured=False, picture=None, holds=None, finding="", lines=lines[1:], notes=(), machines=())
    article = paper_html([nothing], []).partition("<article")[2].partition("</article>")[0]
    assert "<details" not in article and "<table" not in article and "<figure" not in article


def test_columns_without_numbers_are_left_out_and_several_units_are_said():
    one = entry(
        lines=(Line("a", "error %", "1.00", ""), Line("b", "error %", "2.00", "")), measured=False, picture=None
    )
    assert one.filled == {"paper": True} | dict.fromkeys(("ours", "deviation", "n", "images"), False) and not one.units
    assert "deviation</th>" not in paper_html([one], [])
    ours = entry(lines=(Line("a", "std", "", "1.04", "", "1", "1,000 val"), Line("b", "std", "", "")))
    page = paper_html([ours], [])
    assert ">the paper</th>" not in page and ">images</th>" in page
    two = entry(lines=(Line("a", "error %", "1.00", ""), Line("b", "weights", "2", "3", "+1")))
    assert two.units and ">unit</th>" in paper_html([two], [])


def test_of_what_is_measured_in_part_a_row_without_any_number_stays_empty():
    lines = (Line("resnet34", "error %", "25.03", "21.80"), Line("vgg19", "error %", "", ""))
    row = paper_html([entry(lines=lines, holds=None)], []).partition(">VGG-19</th>")[2].partition("</tr>")[0]
    assert "number" in row and not re.search(r">[^<\s]", row), "a row, and nothing in it"
    below = entry(others=(entry(lines=lines, way="By another recipe"),))
    assert paper_html([below], []).count("VGG-19") == 0, "in another way, what is measured alone"


def test_nets_trained_in_another_way_stand_below_with_the_rows_that_have_a_number():
    rows = (Line("resnet20", "error %", "8.75", "8.12"), Line("resnet32", "error %", "7.51", ""))
    other = entry(lines=rows, holds=None, finding="not known: one", way="By the paper's own recipe", notes=("A note.",
        "Another note."), command="reslab reproduce figure1 --scale full")  # fmt: skip
    text = paper_html([entry(others=(other,))], [])
    read(text)
    below = text.partition("<h4>By the paper&#39;s own recipe</h4>")[2]
    assert (
        "Not decided here so far:</span> not known: one." in below and "reslab reproduce figure1 --scale full" in below
    )
    assert (
        "8.12" in below
        and "ResNet-20" in below
        and "ResNet-32" not in text
        and text.count("A note.") == 1
        and "Another note." in below
    )


def test_claims_are_escaped_and_may_have_no_command():
    page = paper_html([entry()], [("<b>said</b>", "right", "", "")])
    assert "&lt;b&gt;said" in page and "Nothing here shows it." in page
    read(page)


def test_pictures_take_the_colours_of_the_page():
    svg = themed(SVG)
    assert svg.startswith("<svg") and "#24292f" not in svg and "#ffffff" not in svg and "currentColor" in svg
    assert "--wide: 500px" in svg and 'pt"' not in svg and not re.search(r"xmlns", svg)


def test_a_phone_is_told_where_a_picture_goes_on():
    narrow = SVG.replace(b"0 0 500 300", b"0 0 300 300")
    assert entry().broad and not entry(picture=narrow).broad and not entry(picture=None).broad
    assert '<figure class="wide">' in paper_html([entry()], [])
    assert '<figure class="wide">' not in paper_html([entry(picture=narrow)], [])


@pytest.mark.parametrize(("deviation", "printed"), [("+0", "0"), ("-0.06", "−0.06"), ("+2.77", "+2.77"), ("", "")])
def test_deviations_are_printed_with_care(deviation, printed):
    assert Line("a", "error %", "1.00", "1.00", deviation).apart == printed


def test_on_top_is_the_picture_that_says_it_all():
    narrow = SVG.replace(b"0 0 500 300", b"0 0 350 600")
    page = paper_html([entry()], [], Opening(SVG, narrow, "What <it> shows.", "1 of 2 is measured."))
    read(page)
    header = page.partition("<header")[2].partition("</header>")[0]
    assert header.index('class="lead"') < header.index("<svg") < header.index("1 of 2 is measured.")
    assert header.index("1 of 2 is measured.") < header.index('id="contents"')
    assert "--wide: 500px" in header and "--wide: 350px" in header and "What &lt;it&gt; shows." in header
    assert "<svg" not in paper_html([entry()], []).partition("<header")[2].partition("</header>")[0]


def test_the_contents_say_how_much_is_measured():
    lines = tuple(Line(name, "error %", "1.00", "2.00" if name == "a" else "") for name in "abc")
    header = paper_html([entry(lines=lines, holds=None)], []).partition("<header")[2].partition("</header>")[0]
    assert "1 of 3 values" in header and "not decided here" in header and "measured in part" in header
    assert "the paper's numbers alone" not in header, "no mark is explained that is not there"
    assert entry().share == "" == entry(measured=False, lines=(Line("a", "error %", "1.00", ""),)).share


def test_the_keyboard_gets_past_the_contents_and_into_wide_tables():
    page = paper_html([entry()], [])
    assert page.index("Past the contents") < page.index("<nav") and 'href="#main"' in page
    assert 'class="scroll" role="region" aria-label="Figure 1: numbers" tabindex="0"' in page


def test_a_picture_is_told_to_who_does_not_see_it():
    assert entry(caption="Two lines.").described == "Figure 1: A <title>. Two lines. it is so."
    assert 'aria-label="Figure 1: A &lt;title&gt;. it is so."' in paper_html([entry()], [])


def test_findings_of_several_parts_are_a_list():
    page = paper_html([entry(finding="one; two, three; four.")], [])
    read(page)
    assert "<li>one</li><li>two, three</li><li>four</li>" in page


def test_a_semicolon_inside_brackets_parts_nothing():
    found = entry(finding="one (of two; each (so; small)); another; (a; b)", beside="a (b; c), where d; e")
    assert found.parts == ["one (of two; each (so; small))", "another", "(a; b)"]
    assert found.beside_parts == ["a (b; c), where d", "e"]


def test_equations_scroll_sideways_alone():
    """What scrolls in one direction scrolls in both, if the other is not said: arrows stood beside each equation."""
    style = re.search(r"\.equation \{([^}]*)\}", paper_html([entry()], []))
    assert style and "overflow: auto hidden" in style[1] and "padding" in style[1]


def test_decimal_points_stand_below_each_other():
    assert aligned(["9.50", "≈9.5", "", "10"]) == ["9.50", f"≈9.5{DIGIT}", "", f"10{POINT}{2 * DIGIT}"]
    assert aligned(["25", "0.4", "6e-06"]) == [f"25{POINT}{DIGIT}", "0.4", "6e-06"]
    assert aligned(["25", "0.4", "6 × 10⁻⁶"]) == [f"25{POINT}{DIGIT}", "0.4", "6 × 10⁻⁶"]
    assert aligned(["3", "12"]) == ["3", "12"] and aligned([]) == []
    lines = (Line("a", "error %", "", "12.07 ± 0.50"), Line("b", "error %", "", "9.1"))
    columns = entry(lines=lines).columns
    assert columns["ours"] == ["12.07", f"9.1{DIGIT}"] and columns["spread"] == ["± 0.50", ""]


def test_machines_have_a_letter_in_their_column():
    machines = ("First, 2 threads", "Second", "First, 2 threads", "")
    lines = tuple(Line(str(i), "error %", "1.00", "2.00", besides={"machine": m}) for i, m in enumerate(machines))
    page = paper_html([entry(lines=lines)], [])
    assert page.count("First, 2 threads") == 1 and "a: First, 2 threads." in page and "b: Second." in page
    assert re.findall(r'<td class="soft">(\w?)</td>', page) == ["a", "b", "a", ""]


def test_what_is_told_besides_of_some_rows_alone_is_empty_in_the_others():
    lines = tuple(Line(str(i), "times", "", "2.00", besides=b) for i, b in enumerate(({"from": "1 to 3"}, {})))
    assert '<td class="number">1 to 3</td>' in paper_html([entry(lines=lines)], [])


def test_commands_in_notes_are_set_as_commands():
    page = paper_html([entry(notes=("Ask `reslab reproduce <degradation>` & see.",))], [])
    assert "Ask <code>reslab reproduce &lt;degradation&gt;</code> &amp; see." in page


def test_nets_have_their_printed_names_but_in_commands():
    lines = (Line("resnet34 B", "error %", "", "-2.03"),)
    notes = ("Of vgg16, nin: `reslab train --model resnet34`.",)
    made = entry(lines=lines, notes=notes, finding="plain56 is above plain20", command="reslab info resnet34",
        picture=SVG.replace(b"words", b"plain34, -1 &amp; bn-inception"))  # fmt: skip
    article = paper_html([made], []).partition("<article")[2]
    assert ">ResNet-34 B</th>" in article and ">−2.03</td>" in article
    assert '<span class="whole">plain-56</span> is above <span class="whole">plain-20</span>' in article
    assert "NIN: <code>reslab train --model resnet34</code>" in article and "reslab info resnet34" in article
    assert ">plain-34, −1 &amp; BN-inception</text>" in article


@pytest.mark.parametrize(
    ("place", "short", "called"),
    [
        ("Figure 6, sec. 4.2", "Figure 6", "Figure 6"),
        ("sec. 4.1, deeper nets", "sec. 4.1", "Mine"),
        ("beyond the paper: arXiv 1702.08591", "arXiv 1702.08591", "Mine"),
    ],
)
def test_contents_are_short(place, short, called):
    made = entry("mine", place=place)
    assert (made.short, made.called) == (short, called)
    page = paper_html([made], [])
    assert f'<a href="#mine">{called}<span' in page and f'<a href="#mine">{short}</a>' in page


def test_chapters_tell_what_has_numbers_where_it_is_given():
    prose = {"testing": "Of 10 crops & more.", "cifar": "So many steps."}
    page = paper_html([entry()], [], prose=prose)
    read(page)
    testing = page.partition('<section id="testing"')[2].partition("</section>")[0]
    assert "<p>Of 10 crops &amp; more.</p>" in testing and "So many steps." not in testing
    why = paper_html([entry("lesion")], []).partition('<section id="why"')[2].partition("</section>")[0]
    assert '<article id="lesion"' in why and why.index("sum over paths") < why.index("<article")


def test_what_is_ours_stands_below_its_head_and_its_spread_beside_it():
    head = paper_html([entry()], []).partition("<thead>")[2].partition("</thead>")[0]
    assert '<th scope="col" class="number left">ours</th><td></td>' in head
    alone = entry(lines=(Line("a", "error %", "1.00", "2.00"),))
    assert '<th scope="col" class="number">ours</th>' in paper_html([alone], [])
