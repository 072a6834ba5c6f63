"""The reliability diagram of the page: what it draws, and what its caption says."""

import re
from dataclasses import replace

import numpy as np
import pytest

from reslab.errors import RunError
from reslab.evaluation import Bin, best_temperature, expected_calibration_error
from reslab.reporting import report_html
from reslab.reporting.reliability import counted_span, reliability_figure, reliability_of, short_count
from reslab.reporting.rounding import standard_error
from reslab.store import ENVIRONMENT, SPLIT, Ancestor, RunFolder, write_lineage
from reslab.store.run_folder import LINEAGE
from tests.reporting.invented_runs import answers, metric_lines, recipe_values, result_values
from tests.reporting.test_report_page import outline, text_of

BINS = (Bin(0, 50, 0, None, None), Bin(50, 75, 40, 61.0, 55.0), Bin(75, 100, 1_234, 93.0, 90.0))


def test_the_caption_says_the_error_and_what_chance_does(digits_run):
    page = report_html([digits_run])
    text, answered = text_of(page), digits_run.predictions["test"]
    error = expected_calibration_error(answered.probabilities, answered.labels)
    assert "Is it right as often as it says?" in text and "360 test images by the probability" in text
    assert f"Expected calibration error: {error:.2f} %. On so many images a calibrated net has" in text
    val = digits_run.predictions["val"]
    temperature = best_temperature(val.probabilities, val.labels)
    assert f"At the temperature {temperature:.3f}, fitted on 360 validation images, it is" in text
    assert 'aria-label="Accuracy against confidence on 360 test images"' in page
    outline(page)


def test_validation_images_are_judged_by_halves(make_run):
    recipe = recipe_values()
    result = result_values(recipe, test_error=None)
    text = text_of(report_html([make_run("a", recipe, metric_lines(), result, {"val": answers(10, 360, 20)})]))
    assert "360 validation images by the probability" in text
    assert "fitted on 360 validation images themselves, each half of them judged" in text


def test_photographs_that_a_net_before_it_learned_are_said(make_run, tmp_path):
    photo = tmp_path / "photos" / "val" / "cat" / "1.png"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"of which only the bytes count")
    recipe, splits = recipe_values(), {"val": answers(10, 360, 20), "test": answers(10, 360, 20, seed=1)}
    record = make_run("a", recipe, metric_lines(), result_values(recipe), splits)
    run, files = RunFolder(record.path), ["val/cat/1.png"]
    run.write(ENVIRONMENT, {**run.read(ENVIRONMENT), "folder": str(tmp_path / "photos")})
    run.write(SPLIT, {"classes": ["cat"], "files": {"val": files}, "labels": {"val": [0]}, "fingerprint": ""})
    assert "fitted on 360 validation images, it is" in text_of(report_html([record]))
    write_lineage(run, (Ancestor("first", "photos", True, str(tmp_path / "photos"), tuple(files)),))
    told = "fitted on 360 validation images (a net before it was trained on 1 of them), it is"
    assert told in text_of(report_html([record]))
    run.write(LINEAGE, {"no": "list"})
    with pytest.raises(RunError, match=r"lineage\.json is no lineage"):
        report_html([record])


def test_without_numbers_or_answers_there_is_none(digits_run, make_run):
    test = digits_run.predictions["test"]
    lost = replace(test, probabilities=np.full_like(test.probabilities, np.nan))
    record = replace(digits_run, predictions={"test": lost})
    assert reliability_of(record, "test", "test") is None
    unfinished = make_run("b", recipe_values(), metric_lines(until=100), None)
    assert "right as often" not in report_html([unfinished])


def test_without_validation_images_there_is_no_temperature(digits_run):
    record = replace(digits_run, predictions={"test": digits_run.predictions["test"]})
    text = text_of(report_html([record]))
    assert "Expected calibration error" in text and "At the temperature" not in text


def test_the_picture_has_a_count_for_every_bar_and_no_fixed_colour_of_text():
    picture = reliability_figure(BINS, width=360, height=380).decode()
    assert picture.startswith("<svg") and "currentColor" in picture and "#010203" not in picture
    assert ">40<" in picture and ">1.2k<" in picture and ">0<" in picture
    assert reliability_figure(BINS, width=360, height=380).decode() == picture
    assert reliability_figure(BINS[:1], width=360, height=380)


@pytest.mark.parametrize(("share", "images"), [(0.0, 1), (100.0, 2), (50.0, 4), (90.0, 1_234)])
def test_bars_end_where_a_share_is_one_standard_error_away(share, images):
    """Also where all or none of a few images are right: they are no proof that all others are."""
    low, high = counted_span(share, images)
    assert 0 <= low <= share <= high <= 100 and low < high
    for end in {low, high} - {share}:
        assert abs(end - share) == pytest.approx(standard_error(end, images))


def test_the_picture_has_a_bar_where_all_are_right():
    picture = reliability_figure((Bin(75, 100, 2, 93.0, 100.0),), width=360, height=380).decode()
    ends = re.search(r'd="M [\d.]+ ([\d.]+) \nL [\d.]+ ([\d.]+) \n" style="[^"]*stroke-width: 1\.2"', picture)
    assert float(ends[1]) - float(ends[2]) > 20, "of two images both were right: a third of others may be wrong"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1_000, "1.0k"), (9_949, "9.9k"), (9_950, "10k"), (123_456, "123k")]
)
def test_short_counts(count, text):
    assert short_count(count) == text
