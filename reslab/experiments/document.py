"""What came out of an experiment, as Markdown and as plain values: our numbers beside the paper's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reslab.experiments.experiment import Experiment, Finding, Row, Runs, other_data
from reslab.experiments.jobs import NOT_FINISHED, Outcome
from reslab.reporting import BESIDE, machine_text, machines_note, markdown_table, markdown_text
from reslab.reporting.names import printed, printed_picture
from reslab.reporting.rounding import LARGE, count_text, decimals_text, epochs_text, list_text, power_text, tiny_text
from reslab.store import json_bytes


@dataclass(frozen=True)
class Document:
    """One experiment with what it came to."""

    experiment: Experiment
    runs: Runs
    rows: tuple[Row, ...]
    failed: tuple[Outcome, ...] = ()
    asked: str = ""  # the options of the command that made it
    name: str = ""  # what that command named where it was not this experiment: "all"

    @classmethod
    def of(
        cls, experiment: Experiment, runs: Runs, failed: Sequence[Outcome] = (), asked: str = "", name: str = ""
    ) -> "Document":
        shown = experiment.shown(runs)
        return cls(experiment, shown, tuple(experiment.rows(shown)), tuple(failed), asked, name)

    @property
    def stem(self) -> str:
        """What its files are called: "table6-small", "table6-small-0.25" with a quarter of the steps; "table1"."""
        if self.of_one_scale:
            return self.experiment.name
        part = self.runs.setting.part
        return f"{self.experiment.name}-{self.runs.setting.scale}" + (f"-{part:g}" if part < 1 else "")

    @property
    def of_one_scale(self) -> bool:
        """Does it neither train nor measure, and so say the same at every scale?"""
        return not self.experiment.rounds and not self.experiment.measure

    @property
    def too_small(self) -> str | None:
        """Why these runs cannot show the claim, whatever their numbers are; None where they may."""
        setting = self.runs.setting
        if not self.experiment.rounds and not self.experiment.of_a_test:
            return None
        if setting.smoke:
            words = "A few steps on digits" if self.experiment.rounds else "A small test"
            words += ": this shows that the experiment runs, and nothing of the claim"
            return f"{words}; {self.experiment.of_a_test}." if self.experiment.of_a_test else f"{words}."
        if setting.part < 1 and self.experiment.rounds and not self.experiment.by_length:
            return f"Only {100 * setting.part:g} % of the steps of scale {setting.scale}: too few to show the claim."
        return None

    @property
    def finding(self) -> Finding:
        """What the numbers say; runs that are too small say nothing."""
        if self.too_small:
            return Finding(None, self.too_small)
        found = self.experiment.finding(self.runs)
        if self.failed:
            return replace(found, holds=None, seen=False, words=f"{found.words}. Not all runs are done")
        return found

    def picture(self) -> bytes:
        """SVG, nets called as people print them."""
        return printed_picture(self.experiment.picture(self.runs, list(self.rows)))

    def files(self) -> dict[str, bytes]:
        """Markdown, JSON and picture by file name; the same runs give the same bytes."""
        return {
            f"{self.stem}.md": self.markdown().encode(),
            f"{self.stem}.json": json_bytes(self.values()),
            f"{self.stem}.svg": self.picture(),
        }

    def values(self) -> dict[str, Any]:
        """What `--json` says and the JSON file holds.

        Nets have their names in commands there, "resnet34 B", which stay; Markdown and picture print "ResNet-34 B".
        """
        experiment, setting, found = self.experiment, self.runs.setting, self.finding
        return {
            "experiment": experiment.name,
            "title": experiment.title,
            "place": experiment.place,
            "claim": experiment.claim,
            "command": self.command,
            "scale": None if self.of_one_scale else setting.scale,
            "part": None if self.of_one_scale else setting.part,
            "claim_holds": found.holds,
            "seen_in_one_net_each": found.seen,
            "finding": found.words,
            "beside": found.beside,
            "too_small": self.too_small is not None,
            "rows": [row.to_dict() for row in self.rows],
            "notes": self.notes(),
            "measured": dict(self.runs.measured),
            "runs": [
                {"label": label, **{name: run["result"].get(name) for name in RUN_FIELDS}}
                for label, runs in self.runs.found.items()
                for run in runs
            ],
            "failed": [{"run": str(o.job.folder), "label": o.job.label, "why": o.trouble} for o in self.failed],
            "machines": self.machines(),
        }

    def markdown(self) -> str:
        """The table, what it says of the claim, and what it rests on; nets are called as people print them."""
        experiment, found = self.experiment, self.finding
        verdict = {True: "It holds here", False: "It does not hold here", None: "Not decided here"}[found.holds]
        verdict = "Seen in one net each" if found.seen else verdict
        lines = [
            f"# {experiment.title}\n\n{experiment.place}. {experiment.claim}",
            replace(self, rows=tuple(replace(row, label=printed(row.label)) for row in self.rows)).table().strip(),
            *map(printed, (*self._told(f"**{verdict}:**", found), *self.notes())),
            *machines_note(self.machines()),
        ]
        if waiting := [printed(markdown_text(o.job.label)) for o in self.failed if o.trouble == NOT_FINISHED]:
            lines.append(f"Not finished yet: {'; '.join(waiting)}.")
        if failed := [o for o in self.failed if o.trouble != NOT_FINISHED]:
            told = (f"- {printed(markdown_text(o.job.label))}: {markdown_text(o.trouble or '')}" for o in failed)
            lines.append("Not finished:\n" + "\n".join(told))
        lines.append(f"![{experiment.title}]({self.stem}.svg)")
        lines.append(f"Made by `{self.command}`.")
        return "\n\n".join(lines) + "\n"

    def table(self) -> str:
        """The rows as a Markdown table."""
        units = list(dict.fromkeys(row.unit for row in self.rows))
        besides = list(dict.fromkeys(name for row in self.rows for name in row.besides if name not in IN_LABEL))
        columns = ("", *(["unit"] if len(units) > 1 else []), *besides, "paper", "ours", "deviation", "n", "images")
        head = "" if len(units) > 1 else units[0]
        cells = [
            [
                markdown_text(row.label) + ("" if row.judged else BESIDE),
                *([row.unit] if len(units) > 1 else []),
                *(besides_text(row.besides.get(name)) for name in besides),
                paper_text(row),
                ours_text(row),
                "" if row.deviation is None else number_text(row.deviation, row.unit, sign=True),
                row.n,
                "" if row.images is None else f"{count_text(row.images)} {row.on or ''}".strip(),
            ]
            for row in self.rows
        ]
        return markdown_table(cells, (head, *columns[1:]))

    def notes(self, brief: bool = False) -> list[str]:
        """What a reader must know of the numbers; `brief` leaves out what is the same for every table."""
        alone = self.experiment.about_runs_alone if self.runs.found else ""
        told = (self.experiment.about, self.experiment.about_measured if self.runs.measured else alone)
        notes = [text for text in told if text]
        if self.experiment.by_length and self.runs.setting.part < 1:
            notes.append("There was time for the shorter runs only; the longer ones are left out, these are whole.")
        results = [run["result"] for runs in self.runs.found.values() for run in runs]
        notes += _looked_at(self.runs)
        if any(row.read_off and row.ours is not None and not row.elsewhere for row in self.rows):
            notes.append("From a value with ≈, which was read off a picture, no deviation is reckoned.")
        if not all(row.judged for row in self.rows) and not brief:
            notes.append(f"Rows with{BESIDE} were measured besides, with no say in the verdict.")
        if not results:
            return notes
        data = list(dict.fromkeys(str(result["data"]) for result in results))
        steps = sorted({int(result["steps"]) for result in results})
        epochs = sorted({float(result["epochs"]) for result in results})
        lengths = list(dict.fromkeys(epochs_text(epochs[i]) for i in (0, -1)))
        recipes = list(dict.fromkeys(str(result["recipe"]) for result in results))
        notes.append(
            f"Ours: {list_text(data)}, recipe {list_text(recipes)}, {_span(steps)} steps ({' to '.join(lengths)} "
            f"epochs); last step, {self.runs.testing}."
            + ("" if brief else " The column images says on how many of them an error was counted.")
        )
        if others := list(dict.fromkeys(name for result in results if (name := other_data(result)))):
            notes.append(f"The paper's images are others than {list_text(others)}: a deviation would mean nothing.")
        if brief:
            return notes
        many = any((row.n or 0) > 1 for row in self.rows)
        single = {len(of) for of in self.runs.found.values()} == {1}
        if many:
            notes.append("± is the standard deviation over n seeds.")
        elif single and self.finding.holds is None and not self.too_small:
            way = "more runs, of other seeds," if "--from " in self.asked else "--seeds 3"
            notes.append(f"What one seed of each net leaves open, {way} may decide.")
        else:
            notes.append("One seed has no ±.")
        return notes

    def _told(self, verdict: str, found: Finding) -> list[str]:
        """The finding behind its verdict, and what was measured besides."""
        judged = f"{verdict} {found.words.rstrip('.')}." + (" Of others it decides nothing." if found.seen else "")
        beside = f"Measured besides, with no say in the verdict: {found.beside.rstrip('.')}."
        return [judged, beside] if found.beside else [judged]

    @property
    def command(self) -> str:
        """What makes it again."""
        return f"reslab reproduce {self.name or self.experiment.name} {self.asked}".strip()

    def machines(self) -> list[str]:
        """Where the runs were made, and what was measured apart from them."""
        environments = [run["environment"] for runs in self.runs.found.values() for run in runs]
        texts = map(machine_text, [*environments, self.runs.measured.get("environment") or {}])
        return list(dict.fromkeys(text for text in texts if text))


IN_LABEL = ("net", "epochs")  # of what a row tells besides
RUN_FIELDS = ("run", "model", "seed", "steps", "train_error", "val_error", "test_error", "val_images", "test_images")


def _looked_at(runs: Runs) -> list[str]:
    """Of nets that nothing was trained for: with which images they were looked at."""
    data, images = runs.measured.get("data"), runs.measured.get("images")
    return [f"Looked at: {count_text(images)} images of {str(data).partition(',')[0]}."] if data and images else []


def number_text(value: float | None, unit: str, sign: bool = False) -> str:
    """A value as its unit wants it: errors with two decimals, whole things without, and from 1e5 "7.4e17"."""
    if value is None:
        return ""
    if abs(value) >= LARGE:
        return power_text(value, sign)
    digits = 2 if unit.startswith(("error", "points")) or (abs(value) < 100 and value != int(value)) else 0
    return decimals_text(value, digits, sign)


def ours_text(row: Row) -> str:
    """Our value, with its spread where there is one: "12.07 ± 0.50", "8,397 ± 3,332"."""
    value = number_text(row.ours, row.unit)
    if row.std is None:
        return value
    spread = power_text(row.std) if row.std >= LARGE else f"{row.std:,.{2 if row.std < 100 else 0}f}"
    return f"{value} ± {spread}"


def paper_text(row: Row) -> str:
    """The paper's value with as many digits as it prints, which are two of an error; "≈9.5" where it was read off."""
    if row.paper is None:
        return ""
    if row.read_off:
        return f"≈{row.paper:g}"
    if row.unit.startswith("error") or row.paper == int(row.paper):
        return number_text(row.paper, row.unit)
    return tiny_text(row.paper)


def besides_text(value: str | float | None) -> str:
    """What a row tells besides, as a cell: "13", "2.1", "0.16"."""
    if value is None or isinstance(value, str):
        return markdown_text(value or "")
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _span(values: Sequence[float]) -> str:
    """ "7,031", "4 to 20"."""
    texts = [f"{value:,g}" if value != int(value) else f"{int(value):,}" for value in (values[0], values[-1])]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"
