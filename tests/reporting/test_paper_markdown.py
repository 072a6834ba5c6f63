"""The paper's tables and figures as a document: what is measured with its picture, what is not by its command."""

from reslab.reporting import Entry, Line, paper_markdown, paper_pictures

SVG = b'<svg viewBox="0 0 5 3"><text>plain20</text></svg>'


def entry(name: str, **changes) -> Entry:
    lines = (
        Line("plain20 *", "error %", "9.50", "12.27 ± 0.49", "+2.77", "2", "5,000 val"),
        Line("vgg19", "error %", "", ""),
    )
    values = {
        "name": name, "place": "sec. 1", "title": f"Title of {name}", "claim": "A claim.", "picture": SVG,
        "lines": lines, "holds": True, "measured": True, "finding": "it is so", "notes": ("A note.",),
        "machines": ("A <machine>",), "command": f"reslab reproduce {name}", **changes,
    }  # fmt: skip
    return Entry(**values)


def test_a_section_has_claim_picture_table_verdict_and_command():
    text = paper_markdown([entry("figure1")], "pictures")
    section = text[text.index('<a id="figure1">') :]
    order = ["Sec. 1. A claim.", "(pictures/figure1.svg)", "| plain-20 \\*", "**Holds here:** it is so.", "A note."]
    places = [section.index(words) for words in [*order, "A &lt;machine&gt;", "Made again by `reslab reproduce"]]
    assert places == sorted(places)
    assert "| VGG-19 " in section, "a row that nothing is known of stays, empty"
    assert "[Figure1](#figure1)" in text.partition("<a id")[0] and "1 of 2" in text.partition("<a id")[0]


def test_what_is_not_measured_has_its_command_and_no_section():
    waiting = entry("table4", measured=False, holds=None, lines=(Line("a", "error %", "1.00", ""),), finding="")
    text = paper_markdown([entry("figure1"), waiting], "pictures")
    assert '<a id="table4">' not in text and "Not measured yet" in text
    assert "- Sec. 1. Title of table4: `reslab reproduce table4`" in text and "0 of 1" in text
    assert "Not measured yet" not in paper_markdown([entry("figure1")], "pictures")
    assert set(paper_pictures([entry("figure1"), waiting], "docs")) == {"docs/figure1.svg"}


def test_pictures_have_names_as_printed():
    found = paper_pictures([entry("figure1"), entry("table5", picture=None)], "docs/pictures")
    assert set(found) == {"docs/pictures/figure1.svg"} and b"plain-20" in found["docs/pictures/figure1.svg"]
    assert "table5.svg" not in paper_markdown([entry("table5", picture=None)], "pictures")


def test_what_stands_beside_has_a_mark_and_no_say():
    lines = (Line("a", "error %", "", "1.00"), Line("b", "points", "", "-2.00", judged=False, besides={"minutes": "3"}))
    text = paper_markdown([entry("budgets", lines=lines, beside="b is more")], "pictures")
    assert "| b †" in text and "Rows with † were measured besides." in text and "−2.00" in text
    assert "Measured besides, with no say in the verdict: b is more." in text and "| unit " in text
    assert "| minutes " in text and "| paper " not in text, "a column is left out where it is empty"


def test_another_way_has_its_own_table_and_says_nothing_twice():
    other = entry("figure1", way="By shorter trainings", notes=("A note.", "Another."), finding="it is less so")
    text = paper_markdown([entry("figure1", others=(other,))], "pictures")
    assert text.count("A note.") == 1 and "Another." in text and "it is less so" in text
    assert text.count("| VGG-19 ") == 1, "of the other way only what is measured"
    assert text.index("### By shorter trainings") > text.index("it is so")
