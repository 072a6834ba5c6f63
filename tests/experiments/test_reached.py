"""Which trainings README names first: those of which several seeds leave little doubt that they reach the paper."""

import pytest

from reslab.experiments.budgets import BUDGETS
from reslab.experiments.document import Document
from reslab.experiments.reached import reached_table
from reslab.experiments.recorded import recorded
from tests.experiments.test_budgets import result


def runs_of(errors: list[float], preset: str = "fast", epochs: int = 50):
    found = []
    for seed, error in enumerate(errors):
        one = result("resnet20", epochs, seed, preset)
        one["result"]["val_error"] = error
        found.append(one)
    return found


def table(results) -> str:
    document = Document.of(BUDGETS, recorded(BUDGETS, results))
    return reached_table(document.runs, document.rows)


def test_lengths_and_record_stand_in_it_where_five_seeds_are_below():
    text = table([*runs_of([8.2, 8.3, 8.4, 8.1, 8.5]), *runs_of([8.0, 8.2, 8.1, 8.3, 8.4], "record", 30)])
    first, second = (line for line in text.splitlines() if "resnet20" in line)
    assert [cell.strip() for cell in first.split("|")[1:5]] == [
        "resnet20, fast, 50 epochs", "8.75", "8.30 ± 0.16 (n=5)", "8.45",
    ]  # fmt: skip
    assert "resnet20, record, 30 epochs" in second and "on 5,000 validation images" in text


@pytest.mark.parametrize(
    "errors", [[8.2, 8.3, 8.4, 8.1], [8.7, 8.7, 8.9, 8.6, 8.8]], ids=["four seeds", "a bound above"]
)
def test_what_is_not_sure_stands_not_in_it(errors):
    assert table([*runs_of(errors), *runs_of([12.0], epochs=8)]) == ""
