"""The report: one HTML page about one or more runs, complete in itself."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reslab.arguments import checked
from reslab.errors import UsageError
from reslab.reporting.panels import panels
from reslab.reporting.recipes import data_name, differing, labels, model_name
from reslab.reporting.results import overview
from reslab.reporting.rounding import count_text, duration_text, epochs_text, error_text, list_text
from reslab.reporting.sections import MOST_CLASSES, run_section
from reslab.store import Record, read_record

TEMPLATE = "report.html.j2"


@checked
def report(*runs: str | Path) -> str:
    """`report_html` of run folders: `Path("report.html").write_text(reslab.report("runs/a", "runs/b"))`.

    Raises RunError for a folder that is none of a run, or torn.
    """
    return report_html([read_record(run) for run in runs])


def report_html(records: list[Record]) -> str:
    """One self-contained page: results, curves, and of each run its mistakes, recipe and machine.

    It needs no network and no script; the same records give the same bytes. Raises UsageError for no records.
    """
    if not records:
        raise UsageError("a report is about at least one run: give its folder")
    names = labels(records)
    changed = set(differing(records))
    sections = [run_section(i, record, names[i], changed) for i, record in enumerate(records)]
    template = page_environment().get_template(TEMPLATE)
    return template.render(
        title=_title(records),
        runs=sections,
        overview=overview(records),
        panels=panels(records),
        single=len(records) == 1,
        most_classes=MOST_CLASSES,
        count=count_text,
        duration=duration_text,
        epochs=epochs_text,
    )


def _title(records: list[Record]) -> str:
    models = list(dict.fromkeys(model_name(record) for record in records))
    data = list(dict.fromkeys(data_name(record) for record in records))
    nets = list_text(models) if len(models) <= 3 else f"{len(models)} nets"
    return f"{nets} on {list_text(data) if len(data) <= 3 else f'{len(data)} data sets'}"


def page_environment() -> Environment:
    """The templates of this room; whatever is put into them is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # whatever a file's ending: every name may hold <, & or quotes
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=count_text, error=error_text, commands=commands)
    return environment


def commands(text: str) -> Markup:
    """A text that is Markdown in the documents, its `commands` as the page sets them; all else is escaped.

    A net's name, such as ResNet-110, stays on one line.
    """
    coded = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\b((?:ResNet|plain|VGG|FitNet|Highway)-\d+)", r'<span class="whole">\1</span>', coded))
