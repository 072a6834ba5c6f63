"""What `--set` can change, as a table."""

from reslab.experiments import cifar10_presets
from reslab.reporting import field_rows, fields_table
from reslab.training import field_names, with_fields


def test_every_field_has_its_value_and_the_presets_that_have_another():
    rows = {row.field: row for row in field_rows(cifar10_presets())}
    assert list(rows) == field_names()
    assert (rows["optimizer.lr"].value, rows["optimizer.lr"].elsewhere) == ("0.1", "fast, record 0.2")
    assert (rows["augment.flip"].value, rows["augment.flip"].elsewhere) == ("true", "")
    assert rows["name"].elsewhere == ""
    assert rows["schedule.drops"].elsewhere == "fast, record, small (empty)"


def test_values_are_as_set_takes_them():
    """But for those of the data itself, and of functions and weights, which are not for `--set`."""
    recipe = cifar10_presets()["paper"]
    typed = [f"{row.field}={row.value}" for row in field_rows(cifar10_presets()) if row.field != "augment.aspect"]
    assert "schedule.steps=64000" in typed and "schedule.drops=32000,48000" in typed and "augment.area=" in typed
    assert with_fields(recipe, typed) == recipe


def test_stars_and_bars_stand_in_the_table_as_they_are():
    row = next(line for line in fields_table(cifar10_presets()).splitlines() if "`optimizer.rates`" in line)
    assert "\\*.bias=2" in row and row.replace("\\|", "").count("|") == 5
