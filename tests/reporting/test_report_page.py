"""The page says what the records say, is complete in itself, and survives whatever names and gaps they have."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from reslab.errors import UsageError
from reslab.reporting import report_html
from reslab.store import Record
from tests.reporting.invented_runs import MakeRun, answers, metric_lines, recipe_values, result_values

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Outline(HTMLParser):
    """Tags that open and close in order, and every address that the page mentions."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "srcset")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    assert not parsed.open
    return parsed


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<(style|svg).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", body)


def test_training_errors_of_mixed_images_are_said_to_be_of_both_labels(digits_run: Record) -> None:
    said = "Of mixed images it is weighted between both labels"
    assert said not in text_of(report_html([digits_run]))
    for field in ("mixup", "cutmix"):
        assert said in text_of(report_html([replace(digits_run, recipe={**digits_run.recipe, field: 0.2})]))


def test_numbers_with_their_images(digits_run: Record) -> None:
    text = text_of(report_html([digits_run]))
    assert "resnet20 on digits" in text
    assert "9 of 360 test images wrong: an error of 2.50 %" in text
    assert "2.22 ± 0.78 8 of 360" in text
    assert "0.00 0 of 1,077" in text
    assert "272,474 parameters, 507 steps (30.1 epochs), 31 s, 1,123 images per second" in text
    assert "360 validation images" in text


def test_recipe_and_machine(digits_run: Record) -> None:
    text = text_of(report_html([digits_run]))
    for words in ("optimizer.weight_decay 0.0005", "optimizer.nesterov true", "schedule.drops none"):
        assert words in text
    for words in ("processor Some Processor 9000", "torch 2.13.0", "commit 0123abcdef", "no bf16 units"):
        assert words in text


def test_the_page_is_complete_in_itself(digits_run: Record) -> None:
    page = report_html([digits_run])
    parsed = outline(page)
    assert "script" not in parsed.tags
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in parsed.addresses)
    assert "http" not in page
    assert "@import" not in page
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", page)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_the_same_record_gives_the_same_page(digits_run: Record) -> None:
    assert report_html([digits_run]) == report_html([digits_run])


def test_confusion_matrix_is_of_the_test_images(make_run: MakeRun) -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    answered = np.array([0, 1, 1, 1, 1, 0])
    probabilities = np.eye(3, dtype=np.float32)[answered] * 0.9
    test = replace(answers(3, 6, 3), labels=labels, probabilities=probabilities, worst=np.array([1, 2, 5]))
    recipe = recipe_values()
    result = result_values(recipe, 50.0, test_images=6)
    run = make_run("r", recipe, [], result, {"val": answers(3, 9, 1), "test": test}, ("cat", "dog", "eel"))
    page = report_html([run])
    text = text_of(page)
    assert "6 test images, 3 of them wrong" in text
    assert "cat 1 2 0 dog 0 2 0 eel 1 0 0" in text
    assert "eel 100 1 / 1 cat (1)" in text
    assert "the mean of their errors is 56 %" in text
    assert "cat taken for dog , 90.0 %" in text
    assert page.count('class="small"') == 3


def test_names_in_any_script_and_with_markup(make_run: MakeRun) -> None:
    names = ("中文", "العربية", '<b>&"', "a long name with spaces", "{{ 1 }}", "日本語のクラス")
    recipe = recipe_values(data="/photos/الصور/猫<u>", model="resnet18")
    result = result_values(recipe, None)
    run = make_run("照片 <u>", recipe, metric_lines(), result, {"val": answers(6, 60, 9, size=120)}, names)
    page = report_html([run])
    parsed = outline(page)
    assert "u" not in parsed.tags
    for name in ("中文", "العربية", "&lt;b&gt;&amp;&#34;", "a long name with spaces", "{{ 1 }}"):
        assert f'<bdi dir="auto">{name}</bdi>' in page
    assert "resnet18 on 猫&lt;u&gt;" in page
    assert "60 validation images" in page


def test_an_unfinished_run_shows_what_there_is(make_run: MakeRun) -> None:
    text = text_of(report_html([make_run("r", recipe_values(), metric_lines(until=240), None)]))
    assert "Unfinished: at step 240 of 507" in text
    assert "So far the validation error is" in text and "on 360 images" in text
    assert "Go on with reslab train --run" in text
    assert "What was taken for what" not in text


def test_a_run_that_has_measured_nothing(make_run: MakeRun) -> None:
    text = text_of(report_html([make_run("r", recipe_values(), [], None, environment={})]))
    assert "Unfinished: nothing measured yet" in text
    assert "Nothing has been measured yet" in text
    assert "Not recorded" in text


def test_a_finished_run_without_predictions_or_held_out_images(make_run: MakeRun) -> None:
    recipe = recipe_values()
    result = result_values(recipe, None, val_error=None, val_images=0)
    text = text_of(report_html([make_run("r", recipe, metric_lines(), result)]))
    assert "no stored predictions" in text
    assert "No image was held out" in text


def test_nothing_wrong_is_not_called_certain(make_run: MakeRun) -> None:
    recipe = recipe_values()
    run = make_run("r", recipe, [], result_values(recipe, 0.0), {"test": answers(10, 360, 0)})
    text = text_of(report_html([run]))
    assert "the true error is likely (95 %) below 0.83 %" in text
    assert "No image of them was wrong" in text


def test_numbers_that_are_none(make_run: MakeRun) -> None:
    lines = [
        {"step": 1, "epoch": 0.1, "loss": math.nan, "train_error": math.nan},
        {"step": 2, "epoch": 0.2, "val_error": math.inf, "val_loss": math.nan, "val_images": 5},
        {"step": 3},
    ]
    recipe = recipe_values()
    result = result_values(recipe, math.nan, val_error=None, seconds=math.nan)
    text = text_of(report_html([make_run("r", recipe, lines, result)]))
    assert not re.search(r"\bnan\b|\binf\b", text)
    assert "None" not in text


def test_a_thousand_classes_are_a_picture_and_lists(make_run: MakeRun) -> None:
    names = tuple(f"kind {i}" for i in range(1000))
    recipe = recipe_values("resnet50", data="photos")
    predictions = {"val": answers(1000, 3000, 700, size=8)}
    run = make_run("r", recipe, metric_lines(), result_values(recipe, None), predictions, names)
    page = report_html([run])
    assert 'class="heat"' in page and 'class="matrix' not in page
    assert "Most frequent confusions" in page
    assert "All 1,000 classes" in page and "kind 999" in page
    assert "24 of the 700" in text_of(page)
    assert len(page) < 1_000_000


def test_runs_are_called_by_what_differs(make_run: MakeRun) -> None:
    finished = [recipe_values(seed=0), recipe_values(seed=1), recipe_values("plain20")]
    runs = [make_run(f"r{i}", r, metric_lines(seed=i), result_values(r, 2.0 + i)) for i, r in enumerate(finished)]
    runs.append(make_run("late", recipe_values("resnet56"), metric_lines(until=100), None))
    page = report_html(runs)
    text = text_of(page)
    for label in ("resnet20 · seed 0", "resnet20 · seed 1", "plain20", "resnet56"):
        assert page.count(f'<bdi dir="auto">{label}</bdi>') == 3 + (label == "plain20")  # also in the table of seeds
    assert "4 nets" not in text and "resnet20, plain20 and resnet56 on digits" in text
    assert "2.50 ± 0.71 n=2, 360 images" in text
    assert "unfinished, at step 100 of 507" in text
    assert page.count("<figure>") == 2  # error and loss, all runs overlaid
    outline(page)


def test_runs_of_the_same_recipe_keep_their_folders_names(make_run: MakeRun) -> None:
    runs = [make_run(name, recipe_values(), metric_lines(), None) for name in ("one", "two")]
    page = report_html(runs)
    assert '<bdi dir="auto">one</bdi>' in page and '<bdi dir="auto">two</bdi>' in page


def test_each_data_set_has_its_own_curves(make_run: MakeRun) -> None:
    runs = [make_run(d.strip("/"), recipe_values(data=d), metric_lines(), None) for d in ("/a", "/b")]
    page = report_html(runs)
    assert page.count("<figure>") == 4
    assert "resnet20 on a and b" in page


def test_no_run_is_no_report() -> None:
    with pytest.raises(UsageError, match="at least one run"):
        report_html([])
