"""The page's curves: one panel a data set, since errors on different images are not compared."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reslab.reporting.curves import Against, Quantity, Series, curves_figure
from reslab.reporting.drawing import colours
from reslab.reporting.recipes import data_key, data_name, labels
from reslab.reporting.rounding import finite
from reslab.store import Record

WIDE, NARROW = (880, 400), (360, 300)  # a desk and a phone: text keeps its size, so there are two pictures


@dataclass(frozen=True)
class Figure:
    """One figure in two shapes; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Panel:
    """The runs on one data set, overlaid."""

    data: str
    legend: list[tuple[str, str]]  # (colour, run)
    error: Figure | None
    loss: Figure | None
    against: str
    val_images: list[int]
    mixed: bool  # did one of them train on images that are mixed with each other?


def panels(records: list[Record]) -> list[Panel]:
    """A panel for each data set whose runs have anything to draw."""
    by_data: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        by_data.setdefault(data_key(record), []).append(record)
    made = [_panel(together) for together in by_data.values()]
    return [panel for panel in made if panel.error or panel.loss]


def _panel(records: list[Record]) -> Panel:
    names = labels(records)
    against: Against = "epoch" if _epochs(records) else "step"
    images = [line["val_images"] for record in records for line in record.metrics if finite(line.get("val_images"))]
    return Panel(
        data=data_name(records[0]),
        legend=list(zip(colours(len(names)), names, strict=True)),
        error=_figure(records, names, "error", against),
        loss=_figure(records, names, "loss", against),
        against=against,
        val_images=sorted(set(images)),
        mixed=any(record.recipe.get("mixup") or record.recipe.get("cutmix") for record in records),
    )


def _epochs(records: list[Record]) -> bool:
    """Are epochs known in every run, and more than a first part of one?"""
    last: list[Any] = [max((finite(m.get("epoch")) or 0.0 for m in r.metrics), default=None) for r in records]
    known = [epoch for epoch in last if epoch is not None]
    return bool(known) and min(known) > 0 and max(known) >= 2


def _figure(records: list[Record], names: list[str], quantity: Quantity, against: Against) -> Figure | None:
    series = [Series.of(name, r.metrics, quantity, against) for name, r in zip(names, records, strict=True)]
    if all(s.empty for s in series):
        return None
    wide, narrow = (
        # Our own SVG, without any name in it: nothing to escape.
        Markup(curves_figure(series, quantity=quantity, against=against, theme="page", width=w, height=h).decode())
        for w, h in (WIDE, NARROW)
    )
    return Figure(wide, narrow)
