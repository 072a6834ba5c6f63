"""Numbers as the command line says them."""

import pytest

from reslab.cli.show import counting, duration, pairs, printable, say, show_lines, show_text, table


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.37, "0.4 s"),
        (0.94, "0.9 s"),
        (0.96, "1 s"),
        (42.4, "42 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (9 * 86_400, "9 days"),
        (700 * 86_400, "700 days"),
        (14.2 * 365.25 * 86_400, "14 years"),
        (float("inf"), "unknown time"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_one_is_no_plural():
    assert [counting(n, "step") for n in (0, 1, 64_000)] == ["0 steps", "1 step", "64,000 steps"]


def test_nothing_that_is_named_steers_the_terminal(capsys):
    name = "a\x1b[31mred\r\x9bb\u202eok"
    plain = r"a\x1b[31mred\r\x9bb\u202eok"
    assert printable(name) == plain
    say(name)
    show_text(name)
    pairs([("file", name)])
    table(("file", name), [(name, 1)])
    shown = capsys.readouterr()
    assert shown.err == f"{plain}\n"
    assert shown.out.count(plain) == 4 and "\x1b[31m" not in shown.out


def test_what_is_no_control_character_stays():
    words = "Bär, 熊, \u05d3\u05d5\u05d1, [bold] one other"
    assert printable(words) == words


def test_a_name_breaks_no_line_and_a_text_of_ours_keeps_its_lines(capsys):
    name, plain = "do\ng, ow\tl", r"do\ng, ow\tl"
    say(name)
    show_text(name)
    pairs([("class", name)])
    table(("class", name), [(name, 1)])
    shown = capsys.readouterr()
    assert shown.err == f"{plain}\n" and shown.out.count(plain) == 4 and shown.out.count("\n") == 4
    show_lines("| a |\n| b\x1b |", end="")
    assert capsys.readouterr().out == "| a |\n| b\\x1b |"
