"""The paper's figures over iterations, and values beside the paper's: what is drawn, and what is left out."""

import re
from dataclasses import replace

from reslab.reporting import Axis, Curve, Pair, Panel, beside_figure, panels_figure
from reslab.reporting.beside import NUMBERS
from reslab.reporting.figures import moved_apart

AXIS = Axis(0, 20, (0, 10, 20))
LINE = Curve("one", "#111111", "bold", ((0, 30.0), (100, 12.0)))
NOTHING = Curve("another", "#222222", "bold", ())


def drawn(*panels: Panel, **changes) -> str:
    return panels_figure(panels, AXIS, (0, 1), **changes).decode()


def size(svg: str) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return float(found[1]), float(found[2])


def test_a_panel_without_a_line_is_left_out():
    one, other = Panel("first", (LINE, NOTHING)), Panel("second", (NOTHING,))
    svg = drawn(one, other)
    assert ">first<" in svg and ">second<" not in svg and "not run" not in svg
    assert size(svg)[0] == 340 and size(drawn(one, one))[0] == 680
    assert size(drawn(one, other, width=760))[0] == 380, "each panel is as wide as it would be"
    assert svg == drawn(one, other)


def test_with_nothing_run_every_panel_says_so():
    svg = drawn(Panel("first", (NOTHING,)), Panel("second", ()))
    assert ">first<" in svg and ">second<" in svg and svg.count(">not run<") == 2


def test_there_is_no_room_for_words_that_are_not_there():
    bare, titled = Panel("", (LINE,)), Panel("first", (LINE,))
    assert size(drawn(bare))[1] < size(drawn(titled))[1] < size(drawn(titled, key="what lines mean"))[1]


def test_lines_end_with_their_depth_apart_from_each_other():
    ends = [Curve("", "#111111", "bold", ((0, 30.0), (100, 12.0)), end) for end in ("32", "56")]
    svg = drawn(Panel("", (*ends, NOTHING)))
    found = re.findall(r'x="([\d.]+)" y="([\d.]+)"[^>]*>(?:32|56)<', svg)
    (one, above), (other, below) = ((float(x), float(y)) for x, y in found)
    assert one == other > 300 and abs(above - below) >= 11.9
    assert size(svg)[0] == 340, "the picture is no wider for them"
    assert ">32<" not in drawn(Panel("", (LINE,)))


def test_names_of_lines_crowd_around_their_ends_and_stay_inside_the_axes():
    assert moved_apart([1, 5, 5, 5], 1, 0, 10) == [1, 4, 5, 6], "half of them move down"
    assert moved_apart([0, 0, 10, 10], 2, 0, 10) == [0, 2, 8, 10]
    assert moved_apart([], 1, 0, 10) == [] and moved_apart([4, 4, 4], 4, 0, 6) == [0, 4, 8], "low has the last word"
    ends = [Curve("", "#111111", "bold", ((0, 100.0), (100, 90.0)), str(end)) for end in (20, 32, 44, 56, 110)]
    found = re.findall(r'y="([\d.]+)"[^>]*>(100|20|32|44|56|110)<', drawn(Panel("", tuple(ends))))
    tops = {text: float(y) for y, text in found}
    assert min(tops[str(end)] for end in (20, 32, 44, 56, 110)) >= tops["100"] - 1, "the tick on top is as high"


def test_a_line_leads_to_names_that_had_to_make_room():
    near, far = (Curve("", "#123456", "bold", ((0, 30.0), (100, y)), "20") for y in (5.0, 15.0))
    close = replace(far, points=near.points)
    alone, crowd = drawn(Panel("", (near, far))), drawn(Panel("", (near, close)))
    assert crowd.count("stroke: #123456") == alone.count("stroke: #123456") + 2


def test_panels_may_have_axes_of_their_own():
    high = replace(LINE, points=((0, 90.0), (100, 55.0)))
    panels = (Panel("first", (LINE,)), Panel("second", (high,)))
    assert ">10<" not in drawn(*panels), "one that fits both"
    assert drawn(*panels, apart=True).count(">10<") == 1, "the first keeps that of the paper"


def test_the_legend_has_the_order_in_which_lines_end():
    low, high = (Curve(name, "#111111", "bold", ((0, 30.0), (100, y))) for name, y in (("low", 5.0), ("high", 15.0)))
    svg = drawn(Panel("", (low, high)))
    assert svg.index(">high<") < svg.index(">low<")


def test_spreads_end_inside_the_picture():
    svg = beside_figure([Pair("a", 9.0, 10.0, 0.5), Pair("b", 8.5, None)], "error %").decode()
    marks = [float(x) for x in re.findall(r'<use[^>]* x="([\d.]+)"', svg)]
    assert len(marks) > 3 and max(marks) <= size(svg)[0] - NUMBERS
    assert ">10.00<" in svg and "± 0.50" in svg


def texts(svg: bytes) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())


def test_the_papers_numbers_alone_are_plainly_the_papers():
    found = texts(beside_figure([Pair("a", 9.0, None), Pair("b", 9.5, None, read_off=True)], "error %"))
    assert "rings: the paper's numbers; of ours none is measured yet" in found
    assert "paper" in found and "ours" not in found and "9.00" in found and "≈9.5" in found and "9.50" not in found
    both = texts(beside_figure([Pair("a", 9.0, 10.0), Pair("b", 8.5, None)], "error %"))
    assert "ring: the paper, dot: ours" in both and {"paper", "ours"} <= set(both)
    ours = texts(beside_figure([Pair("a", None, 10.0)], "error %"))
    assert "dots: ours" in ours and "paper" not in ours


def test_a_pair_of_which_nothing_is_known_is_left_out():
    found = texts(beside_figure([Pair("a", 9.0, None), Pair("b", None, None)], "error %"))
    assert "a" in found and "b" not in found
    assert "b" in texts(beside_figure([Pair("b", None, None)], "error %")), "unless there is no other"


def test_each_quantity_has_an_axis_of_its_own():
    one, five = Pair("a", 28.0, 27.0), Pair("a", 9.0, None, quantity="top-5 error %")
    svg = beside_figure([one, five], "top-1 error %")
    found = texts(svg)
    assert found.index("top-1 error %") < found.index("top-5 error %") and found.count("a") == 2
    assert found.count("paper") == 1 and "15" not in found, "no axis reaches from one to the other"
    assert size(svg.decode())[1] > size(beside_figure([one, one], "top-1 error %").decode())[1]


def test_ours_of_other_images_have_an_axis_of_their_own():
    """An error of 71 % on twenty classes pressed the paper's, of 21 to 28 % on a thousand, into one place."""
    pairs = [
        Pair("a", 28.0, 71.4, elsewhere="$pets$"),
        Pair("b", 25.0, 21.8, elsewhere="$pets$"),
        Pair("c", 21.0, None),
    ]
    svg = beside_figure(pairs, "error %", papers="ImageNet").decode()
    found = texts(svg.encode())
    assert "ring: the paper, ImageNet" in found and "dot: ours, $pets$" in found and found.count("error %") == 2
    assert found.count("a") == 1 and "71.40" in found and "28.00" in found
    ticks = [int(text) for text in found if text.isdecimal()]
    assert {21, 22, 28} & set(ticks) and {20, 40, 60} <= set(ticks), "one axis of small steps and one of large ones"
    one = texts(beside_figure([replace(pair, elsewhere="") for pair in pairs], "error %"))
    assert "ring: the paper, dot: ours" in one and one.count("error %") == 1
    five = [replace(pair, quantity="top-5 error %", ours=None, elsewhere="") for pair in pairs]
    both = texts(beside_figure([*pairs, *five], "error %"))
    assert both.count("top-5 error %") == 1 and "ring: the paper" in both, "no empty axis where none of ours is known"


def test_a_panel_that_its_title_explains_needs_no_legend_and_ends_in_its_lines_colour():
    line = Curve("net-20", "#b08c00", "bold", ((0, 30.0), (100, 12.0)), end="20")
    svg = drawn(Panel("nets, by layers", (line,), legend=False))
    assert "net-20" not in svg and "not run" not in svg and ">net-20<" in drawn(Panel("nets", (line,)))
    assert re.search(r"<text[^>]*fill: #b08c00[^>]*>20</text>", svg)


def test_the_end_of_the_training_is_enlarged_where_lines_leave_room():
    """A line that falls late leaves the lower left corner free, one that falls at once the upper right one."""
    late = Curve("", "#111111", "bold", ((0, 19.0), (50, 18.0), (95, 14.0), (100, 12.0)))
    early = replace(late, points=((0, 19.0), (20, 6.0), (40, 5.0), (95, 4.0), (100, 4.0)))

    def grounds(*curves: Curve, enlarged: bool = True) -> list[tuple[float, float]]:
        svg = drawn(Panel("", curves, enlarged=enlarged))
        found = re.findall(r'<path d="M ([\d.]+) ([\d.]+)[^"]*"[^>]*fill: #ffffff', svg)
        return [(float(x), float(y)) for x, y in found]

    (left, lower), (right, upper) = grounds(late)[-1], grounds(early)[-1]
    assert left < right and lower > upper, "pixels are counted from the top"
    plain = grounds(late, enlarged=False)
    assert len(grounds(late)) == len(plain) + 1 and grounds(NOTHING) == grounds(NOTHING, enlarged=False)
