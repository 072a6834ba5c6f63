"""The page of the whole paper: each experiment with what is recorded of it, as the page shows it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reslab.experiments.document import IN_LABEL, Document, besides_text, number_text, ours_text, paper_text
from reslab.experiments.experiment import Experiment, Result, Row, Runs
from reslab.experiments.inventory import expected_hours
from reslab.experiments.loose import loose_claims
from reslab.experiments.opening import opening
from reslab.experiments.pairs import rows_beside
from reslab.experiments.prose import prose
from reslab.experiments.quick import QUICK
from reslab.experiments.recorded import recorded_scales
from reslab.experiments.recorded_pace import RecordedPaces
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting
from reslab.reporting import Entry, Line, paper_html
from reslab.reporting.rounding import count_text, list_text

WAYS = {"full": "By the paper's own recipe", "small": "By shorter trainings"}


def paper_page(
    results: Sequence[Result],
    trained: Mapping[str, dict[str, Any]] | None = None,
    measurements: Mapping[str, dict[str, Any]] | None = None,
) -> str:
    """One self-contained HTML page of every experiment, from recorded results; the same ones give the same page."""
    paces = RecordedPaces(results)
    entries = [entry(experiment, results, trained, measurements, paces) for experiment in EXPERIMENTS.values()]
    claims = [(c.said, c.right, c.place, c.command) for c in loose_claims()]
    return paper_html(entries, claims, opening(list(EXPERIMENTS.values()), entries, results), prose(), QUICK)


def entry(
    experiment: Experiment,
    results: Sequence[Result],
    trained: Mapping[str, dict[str, Any]] | None = None,
    measurements: Mapping[str, dict[str, Any]] | None = None,
    paces: RecordedPaces | None = None,
) -> Entry:
    """One experiment with what is recorded of it; where that is nothing, the paper's numbers stand alone.

    `paces` are those of `results`, by which it is reckoned what the command takes.
    """
    known = paces or RecordedPaces(results)
    first, *others = (
        _at(experiment, runs, known, alone=place == 0)
        for place, runs in enumerate(recorded_scales(experiment, results, trained, measurements))
    )
    return replace(first, others=tuple(other for other in others if other.measured))


def _at(experiment: Experiment, runs: Runs, paces: RecordedPaces, alone: bool) -> Entry:
    """One experiment at one scale; `alone` keeps the rows that have the paper's number alone."""
    scale, seeds = runs.setting.scale, _seeds(experiment, experiment.shown(runs))
    asked = f"--scale {scale}" + (f" --seeds {seeds}" if seeds > 1 else "")
    document = Document.of(experiment, runs, asked=asked if experiment.rounds or experiment.measure else "")
    measured = any(row.ours is not None for row in document.rows)
    if not measured:  # runs of which nothing is shown, such as members of an ensemble that was never looked at
        document = Document.of(experiment, Runs(runs.setting), asked=document.asked)
    finding = document.finding
    picture, caption, rows = _drawn(document, measured, alone)
    return Entry(
        name=experiment.name,
        place=experiment.place,
        title=experiment.title,
        claim=experiment.claim,
        lines=tuple(_line(row) for row in rows),
        picture=picture,
        caption=caption,
        holds=finding.holds if measured else None,
        measured=measured,
        seen=finding.seen and measured,
        finding=finding.words if measured else "",
        beside=finding.beside if measured else "",
        notes=tuple(document.notes(brief=True)),
        machines=tuple(document.machines()),
        command=document.command,
        takes=_takes(experiment, runs.setting, seeds, paces),
        way=WAYS.get(scale, ""),
    )


def _takes(experiment: Experiment, setting: Setting, seeds: int, paces: RecordedPaces) -> str:
    """What the command takes, in words; "" where nobody can reckon it."""
    if not experiment.rounds:
        return "Nothing is trained for it."
    hours = expected_hours(experiment, setting, seeds, paces)
    return (
        f"About {hours} core-hours, reckoned from the fastest machine that is recorded for such nets." if hours else ""
    )


def _seeds(experiment: Experiment, runs: Runs) -> int:
    """As many as most of the compared nets have, of equally many the fewer; what has more says so in its row."""
    needs = experiment.rounds[-1](runs) if experiment.rounds else ()
    asked = [need.label for need in needs if need.alike and need.seeds != 1]  # 1: however many are asked for
    return min(statistics.multimode(len(runs.of(label)) for label in asked if runs.of(label)), default=1)


def _drawn(document: Document, measured: bool, alone: bool) -> tuple[bytes | None, str, Sequence[Row]]:
    """The picture, what it shows, and the rows that stand below it."""
    experiment, rows = document.experiment, document.rows
    if measured:
        if not alone and len(document.runs.found) == 1:  # nothing is beside it: its table says as much
            return None, "", rows
        shown = [row for row in rows if alone or row.ours is not None]
        return experiment.picture(document.runs, shown), experiment.caption or _shares(shown), rows
    if experiment.told:
        told = experiment.told.rows()
        return rows_beside(told, told[0].unit), experiment.told.caption, told
    if any(row.paper is not None for row in rows):
        return document.picture(), "", rows
    return None, "", rows


def _shares(rows: Sequence[Row]) -> str:
    """What the rows that are drawn show, and of how many of them there is a number of whom."""
    papers, ours = (
        sum(number is not None for number in side) for side in zip(*((r.paper, r.ours) for r in rows), strict=True)
    )
    marks = (
        f"Rings are the paper's values ({papers}), dots ours ({ours})" if papers else f"Dots are our values ({ours})"
    )
    bars = (
        ", bars their standard deviation over n runs" if any(row.ours is not None and row.std for row in rows) else ""
    )
    elsewhere = list(dict.fromkeys(row.elsewhere for row in rows if row.elsewhere))
    apart = (
        f" Ours are errors on {list_text(elsewhere)}, other images than the paper's, on an axis of their own: compare "
        "how nets stand to each other, not how high."
    )
    return f"{marks}{bars}." + (apart if elsewhere else "")


def _line(row: Row) -> Line:
    return Line(
        label=row.label,
        unit=row.unit,
        paper=paper_text(row),
        ours=ours_text(row),
        deviation="" if row.deviation is None else number_text(row.deviation, row.unit, sign=True),
        n="" if row.n is None else str(row.n),
        images="" if row.images is None else f"{count_text(row.images)} {row.on or ''}".strip(),
        besides={name: besides_text(value) for name, value in row.besides.items() if name not in IN_LABEL},
        judged=row.judged,
    )
