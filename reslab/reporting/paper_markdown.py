"""The paper's tables and figures as a document of the repository: ours beside the paper's, a section for each.

What `paper_page` shows as a page to be opened by itself, without the text around it: pictures are files of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reslab.reporting.names import printed
from reslab.reporting.paper_page import Entry, Line
from reslab.reporting.tables import BESIDE, machines_note, markdown_table, markdown_text


def paper_markdown(entries: Sequence[Entry], folder: str) -> str:
    """A table of all of them, a section of each that is measured, and by its command each that is not.

    The pictures are `FOLDER/NAME.svg`, see `paper_pictures`. The same values give the same text.
    """
    shown = [entry.as_printed for entry in entries]
    measured = [entry for entry in shown if entry.measured]
    waiting = [entry for entry in shown if not entry.measured]
    parts = [_contents(shown), *(_section(entry, folder) for entry in measured)]
    if waiting:
        told = [f"- {_sentence(entry.place)} {markdown_text(entry.title)}: `{entry.command}`" for entry in waiting]
        parts.append("## Not measured yet\n\n" + "\n".join(told))
    return "\n\n".join(parts) + "\n"


def paper_pictures(entries: Sequence[Entry], folder: str) -> dict[str, bytes]:
    """The pictures of those that are measured, by their paths."""
    shown = [entry.as_printed for entry in entries if entry.measured]
    return {f"{folder}/{entry.name}.svg": entry.picture for entry in shown if entry.picture is not None}


def _contents(entries: Sequence[Entry]) -> str:
    rows = [
        (
            f"[{entry.called}](#{entry.name})" if entry.measured else entry.called,
            markdown_text(entry.title),
            entry.verdict,
            _measured(entry),
            f"`{entry.command}`",
        )
        for entry in entries
    ]
    return markdown_table(rows, ("place", "what it is", "the claim", "measured", "command")).strip()


def _measured(entry: Entry) -> str:
    return f"{sum(bool(line.ours) for line in entry.lines)} of {len(entry.lines)}"


def _section(entry: Entry, folder: str) -> str:
    """The claim, the picture, the table, what it says of the claim, and what it rests on."""
    lines = [
        f'<a id="{entry.name}"></a>\n## {entry.title}\n\n{_sentence(entry.place)} {entry.claim}',
        *([f"![{markdown_text(entry.title)}]({folder}/{entry.name}.svg)"] if entry.picture else []),
        *([entry.caption] if entry.caption else []),
        *_told(entry),
    ]
    for other in entry.others:
        notes = tuple(note for note in other.notes if note not in entry.notes)
        lines += [f"### {other.way}", *_told(replace(other.ours, notes=notes))]
    return "\n\n".join(lines)


def _sentence(words: str) -> str:
    """ "Sec. 4.2." of "sec. 4.2"."""
    return f"{words[:1].upper()}{words[1:]}."


def _told(entry: Entry) -> list[str]:
    """The table and all below it."""
    beside = any(not line.judged for line in entry.lines)
    return [
        _table(entry),
        f"**{entry.verdict.capitalize()}:** {entry.finding.rstrip('.')}.",
        *([f"Measured besides, with no say in the verdict: {entry.beside.rstrip('.')}."] if entry.beside else []),
        *([f"Rows with{BESIDE} were measured besides."] if beside else []),
        *entry.notes,
        *machines_note(entry.machines),
        f"Made again by `{entry.command}`.",
    ]


def _table(entry: Entry) -> str:
    """All rows, those without a number of ours, too; columns that are empty throughout are left out."""
    units = list(dict.fromkeys(line.unit for line in entry.lines))
    cells: dict[str, list[str]] = {
        "": [markdown_text(line.label) + ("" if line.judged else BESIDE) for line in entry.lines]
    }
    if len(units) > 1:
        cells["unit"] = [line.unit for line in entry.lines]
    cells |= {name: [printed(line.besides.get(name, "")) for line in entry.lines] for name in _besides(entry.lines)}
    cells |= {
        "paper": [line.paper for line in entry.lines],
        "ours": [line.ours for line in entry.lines],
        "deviation": [line.apart for line in entry.lines],
        "n": [line.n for line in entry.lines],
        "images": [line.images for line in entry.lines],
    }
    kept = {name: texts for name, texts in cells.items() if any(texts)}
    head = "" if len(units) > 1 else units[0]
    return markdown_table(list(zip(*kept.values(), strict=True)), [head, *list(kept)[1:]]).strip()


def _besides(lines: Sequence[Line]) -> list[str]:
    told: Mapping[str, None] = dict.fromkeys(name for line in lines for name, text in line.besides.items() if text)
    return list(told)
