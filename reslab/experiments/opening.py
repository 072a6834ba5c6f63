"""What stands on top of the page of the paper: the picture that says it all, and how much of it is measured here."""

from collections.abc import Sequence

from reslab.experiments.comparing import SPLIT_WORDS, difference
from reslab.experiments.document import number_text, paper_text
from reslab.experiments.experiment import Experiment, Result, Row, Runs
from reslab.experiments.figure6 import FIGURE6, PLAIN, RESIDUAL
from reslab.experiments.recorded import as_recorded, recorded_scales
from reslab.experiments.reproduce import needs_of
from reslab.experiments.scales import Setting
from reslab.nets import spec
from reslab.reporting import DepthPanel, DepthPoint, Entry, Opening, depths_figure
from reslab.reporting.rounding import count_text, epochs_text, list_text
from reslab.training import Recipe

NETS = tuple(f"{kind}{depth}" for kind, depths in (("plain", PLAIN), ("resnet", RESIDUAL)) for depth in depths)


def opening(experiments: Sequence[Experiment], entries: Sequence[Entry], results: Sequence[Result]) -> Opening:
    """Drawn from Figure 6's nets up to 110 layers, in the way in which more of them were trained."""
    runs = recorded_scales(FIGURE6, results)[0]
    panels = [papers_panel(), *(_panel(runs, split) for split in dict.fromkeys((runs.held_out, "train")))]
    shown = [panel for panel in panels if panel.papers or panel.plain or panel.residual]
    return Opening(
        wide=depths_figure(shown),
        narrow=depths_figure(shown, stacked=True),
        caption=_caption(runs, shown),
        measured=f"{_verdicts(experiments, entries)} {_trainings(experiments, results)}",
    )


def papers_panel() -> DepthPanel:
    """What the paper prints of its nets, and what others read off its Figure 6."""
    whole = Setting.nominal("full").recipe(NETS[0])
    rows = [row for row in FIGURE6.rows(Runs(Setting.nominal("full"))) if row.label in NETS]
    plain, residual = ([_paper_point(row) for row in rows if row.label.startswith(kind)] for kind in ("plain", "res"))
    quantity = f"test error %, {count_text(whole.schedule.steps)} steps"
    return DepthPanel("The paper", quantity, tuple(plain), tuple(residual), papers=True)


def _paper_point(row: Row) -> DepthPoint:
    assert row.paper is not None
    return DepthPoint(spec(row.label).depth, row.paper, paper_text(row))


def _panel(runs: Runs, split: str) -> DepthPanel:
    rows = [row for name in NETS if (row := runs.row(name, split=split)).ours is not None]
    plain, residual = ([_point(row) for row in rows if row.label.startswith(kind)] for kind in ("plain", "res"))
    return DepthPanel(
        "Measured here", f"{SPLIT_WORDS[split]} error %, {_span(runs, 'steps')} steps", tuple(plain), tuple(residual)
    )


def _point(row: Row) -> DepthPoint:
    assert row.ours is not None
    return DepthPoint(spec(row.label).depth, row.ours, number_text(row.ours, row.unit), row.std)


def _caption(runs: Runs, panels: Sequence[DepthPanel]) -> str:
    papers = (
        "Error against depth. Plain nets are orange squares, residual nets blue circles. Hollow marks are the paper's "
        "numbers, ≈ where others read them off its Figure 6."
    )
    if all(panel.papers for panel in panels):
        return f"{papers} None of these nets is measured here yet."
    return " ".join(filter(None, (papers, _ours(runs), _degradation(runs))))


def _ours(runs: Runs) -> str:
    """How our nets were trained, and what their errors were counted on."""
    rows = [row for name in NETS if (row := runs.row(name)).ours is not None]
    recipe = "the paper's own" if runs.setting.scale == "full" else "shorter"
    images = f"{count_text(rows[0].images or 0)} {SPLIT_WORDS[runs.held_out]} images or on the training images"
    single = [row.label for row in rows if row.n == 1]
    seeds = "one seed each" if len(single) == len(rows) else "bars are the standard deviation over seeds"
    if single and len(single) < len(rows):
        seeds += f", and {list_text(single)} {'has' if len(single) == 1 else 'have'} one seed"
    return f"Filled marks are ours, of {recipe} trainings of {_span(runs, 'epochs')} epochs, on {images}; {seeds}."


def _degradation(runs: Runs) -> str:
    """Said where our own training errors show it."""
    plain = [name for name in NETS if name.startswith("plain") and runs.values(name, "train_error")]
    apart = difference(runs, plain[-1], plain[0], "train") if len(plain) > 1 else None
    if apart is None or not apart.sure or apart.points < 0:
        return ""
    return "At one rate for all, the plain net's training error rises with its depth, too: that is no over-fitting."


def _span(runs: Runs, key: str) -> str:
    """ "20" epochs, or "4 to 20", of the nets shown."""
    values = sorted({value for name in NETS for value in runs.values(name, key)})
    texts = list(dict.fromkeys(epochs_text(values[i]) for i in (0, -1))) if values else ["no"]
    return " to ".join(texts)


def _verdicts(experiments: Sequence[Experiment], entries: Sequence[Entry]) -> str:
    """ "Of the 18 claims on this page, 7 hold here (6 of them without a training for it), ..."."""
    moods = {
        mood: [entry.name for entry in entries if entry.mood == mood] for mood in ("holds", "fails", "open", "none")
    }
    counted = [e.name for e in experiments if not e.rounds and e.name in moods["holds"]]
    parts = [
        f"{len(moods['holds'])} hold here" + (f" ({len(counted)} of them without a training for it)" if counted else "")
    ]
    parts += [f"{len(moods['fails'])} do not"] if moods["fails"] else []
    seen = sum(entry.seen for entry in entries)
    told = f" ({seen} of them seen in one net each)" if seen else ""
    parts += [f"{_are(moods['open'])} not decided{told}"] if moods["open"] else []
    parts += [f"{_are(moods['none'])} not measured yet, with the paper's numbers alone"] if moods["none"] else []
    return f"Of the {len(entries)} claims on this page, {', '.join(parts)}."


def _are(names: Sequence[str]) -> str:
    return f"{len(names)} {'is' if len(names) == 1 else 'are'}"


def _trainings(experiments: Sequence[Experiment], results: Sequence[Result]) -> str:
    """How many of the trainings that the claims ask for are recorded, at the smaller scale."""
    setting = as_recorded(Setting.nominal("small"), results)
    asked = {need.recipe.digest() for need in needs_of([e for e in experiments if e.rounds], setting)}
    done = asked & {Recipe.from_dict(result["recipe"]).digest() for result in results}
    return f"Of the {len(asked)} shorter trainings that would measure them all, {len(done)} are done."
