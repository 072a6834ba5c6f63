"""What `reslab data check` says: how many images of which class, their sizes, problems and notes, a line each."""

from typing import TYPE_CHECKING, Any, NamedTuple

from reslab.cli.show import counting, out, pairs, show_text, table

if TYPE_CHECKING:
    from reslab.data import Finding, Survey

MOST_CLASSES = 40  # that the table shows one by one
ENDS = 10  # of more classes, so many of the largest and of the smallest
EXAMPLES = 3


class Words(NamedTuple):
    """What is said where a thing is true once, and {n} times; of which images; and the way out, or what follows."""

    one: str
    many: str
    then: str = ""


# {image}: "photograph" or "image"; {same}: "byte for byte" or "pixel for pixel"; {few}, {longest}: limits.
# fmt: off
WORDS = {
    "unreadable": Words("1 photograph cannot be read", "{n} photographs cannot be read",
                        "training leaves them out with --on-bad skip"),
    "missing": Words("1 photograph that the table names is not there",
                     "{n} photographs that the table names are not there",
                     "training leaves them out with --on-bad skip; paths are relative to the table's folder"),
    "empty_classes": Words("1 class has no photograph", "{n} classes have no photograph",
                           "give it some, or take it away"),
    "strangers": Words("1 class has {image}s, but none to learn from",
                       "{n} classes have {image}s, but none to learn from",
                       "put some into train, or take the class away elsewhere"),
    "empty_splits": Words("1 split has no photograph", "{n} splits have no photograph",
                          "give it some, or take it away"),
    "lacking": Words("1 class is missing in a split", "{n} times a class is missing in a split",
                     "errors there say nothing of it"),
    "copies_in_splits": Words("1 {image} lies in two splits, {same}", "{n} {image}s lie in two splits, {same}",
                              "what is tested was learned: keep one of each"),
    "copies_in_classes": Words("1 {image} lies in two classes, {same}", "{n} {image}s lie in two classes, {same}",
                               "keep each in the right one"),
    "similar_in_splits": Words("1 photograph lies in two splits, nearly the same",
                               "{n} photographs lie in two splits, nearly the same",
                               "look at them, and keep one of each"),
    "similar_in_classes": Words("1 photograph lies in two classes, nearly the same",
                                "{n} photographs lie in two classes, nearly the same",
                                "look at them, and keep each in the right one"),
    "hardly_differ": Words("1 class has nearly another one's name", "{n} classes have nearly another one's name",
                           "if they are one, put them into one folder"),
    "few": Words("1 class has fewer than {few} {image}s to learn from",
                 "{n} classes have fewer than {few} {image}s to learn from", "their errors are mostly chance"),
    "copies_within": Words("1 {image} lies twice in its class, {same}", "{n} {image}s lie twice in their class, {same}",
                           "what is there twice weighs twice"),
    "similar_within": Words("1 photograph lies twice in its class, nearly the same",
                            "{n} photographs lie twice in their class, nearly the same"),
    "unlabelled": Words("1 row of the table has no class, and is not used",
                        "{n} rows of the table have no class, and are not used"),
    "broken": Words("1 link leads nowhere, and is ignored", "{n} links lead nowhere, and are ignored",
                    "what they name has moved, or is gone"),
    "special": Words("1 pipe, socket or device is ignored", "{n} pipes, sockets or devices are ignored"),
    "ignored": Words("1 file has no suffix of a picture that Pillow reads, and is ignored",
                     "{n} files have no suffix of a picture that Pillow reads, and are ignored"),
    "hidden": Words("1 hidden file or folder is ignored", "{n} hidden files or folders are ignored"),
    "loose": Words("1 photograph is in no class folder, and not used",
                   "{n} photographs are in no class folder, and not used"),
    "unused": Words("1 folder beside train is not used", "{n} folders beside train are not used"),
    "turned": Words("1 photograph is turned upright, as its EXIF data say",
                    "{n} photographs are turned upright, as their EXIF data say",
                    "other programs may not do so"),
    "deep": Words("1 photograph has more than 8 bits a channel", "{n} photographs have more than 8 bits a channel",
                  "scaled to 8"),
    "cmyk": Words("1 photograph is in CMYK", "{n} photographs are in CMYK", "made RGB without a colour profile"),
    "transparent": Words("1 photograph is partly transparent", "{n} photographs are partly transparent",
                         "laid on white"),
    "animated": Words("1 photograph has several frames", "{n} photographs have several frames",
                      "only the first is used"),
    "strip": Words("1 photograph is more than {longest} times as long as wide",
                   "{n} photographs are more than {longest} times as long as wide", "only the centre is looked at"),
    "grey": Words("1 photograph is grey, others are coloured", "{n} photographs are grey, others are coloured"),
}
# fmt: on


def show_survey(survey: "Survey") -> None:
    """The survey as text on stdout."""
    _show_classes(survey)
    rows = [("sizes", _sizes(survey)), ("val", _held_out(survey))]
    rows += [("problem", sentence(found, survey)) for found in survey.problems]
    rows += [("note", sentence(found, survey)) for found in survey.notes]
    rows.append(("result", counting(len(survey.problems), "problem") if survey.problems else "no problem found"))
    out.print()
    pairs(row for row in rows if row[1])


def survey_values(survey: "Survey") -> dict[str, Any]:
    """What `reslab data check --json` says: nothing is shortened."""
    return {
        "data": survey.name,
        "folder": survey.folder,
        "images": survey.images,
        "whole": survey.whole,
        "classes": survey.classes,
        "counts": survey.counts,
        "held_out": survey.held_out,
        "sizes": survey.sizes._asdict() if survey.sizes else None,
        "unreadable": survey.unreadable,
        "problems": [_values(found, survey) for found in survey.problems],
        "notes": [_values(found, survey) for found in survey.notes],
    }


def _values(found: "Finding", survey: "Survey") -> dict[str, Any]:
    message = sentence(found, survey)
    return {"kind": found.kind, "count": len(found.items), "items": found.items, "message": message}


def sentence(found: "Finding", survey: "Survey") -> str:
    """One line: how many, the first few, and the way out."""
    from reslab.data.findings import FEW
    from reslab.data.photo import LONGEST
    from reslab.data.suffixes import way_out

    if found.kind == "refused":
        return f"training refuses the {_kind(survey)}: {found.items[0]}"
    if found.kind in ("columns", "short"):
        return "; ".join(map(str, found.items))
    if found.kind == "empty_splits" and survey.held_out:
        return "too few photographs to hold any out: nothing will test what is learned; more of each class are needed"
    if found.kind == "imbalance":
        return _imbalance(found, survey)
    words, count = WORDS[found.kind], len(found.items)
    same = "byte for byte" if survey.folder else "pixel for pixel"
    limits = {"few": FEW, "longest": LONGEST}
    what = (words.one if count == 1 else words.many).format(n=f"{count:,}", image=_noun(survey), same=same, **limits)
    shown = [_example(found.kind, item, survey) for item in found.items[:EXAMPLES]]
    more = f" and {count - EXAMPLES:,} more" if count > EXAMPLES else ""
    then = way_out(map(str, found.items)) if found.kind == "ignored" else words.then
    return f"{what}: {', '.join(shown)}{more}{then and f'; {then}'}"


def _example(kind: str, item: str | tuple[str, ...], survey: "Survey") -> str:
    if isinstance(item, tuple):
        one, other = item[:2]
        if kind == "lacking":
            return f"{other} in {one}"
        if kind == "hardly_differ":
            return " and ".join(map(repr, item))
        return f"{one} {'=' if kind.startswith('copies') else '~'} {other}"
    if kind == "unreadable":
        return f"{item} ({survey.unreadable[item]})"
    return f"{item} ({survey.counts['train'][item]:,})" if kind == "few" else item


def _imbalance(found: "Finding", survey: "Survey") -> str:
    largest, smallest = map(str, found.items)
    most, fewest = survey.counts["train"][largest], survey.counts["train"][smallest]
    return (
        f"{largest} has {most / fewest:.1f} times as many {_noun(survey)}s to learn from as {smallest}"
        f" ({most:,} and {fewest:,}); --set balance=1 lets each class weigh the same"
    )


def _show_classes(survey: "Survey") -> None:
    """A row a class, a column a split; of very many classes the largest and the smallest."""
    splits = list(survey.counts)
    rows: list[tuple[Any, ...]] = [(name, *(survey.counts[split][name] for split in splits)) for name in survey.classes]
    of = f" of {survey.whole:,}" if survey.whole is not None else ""
    classes = "1 class" if len(rows) == 1 else f"{len(rows):,} classes"
    shown = f"; the {ENDS} largest and smallest classes (all: --json)" if len(rows) > MOST_CLASSES else ""
    title = f"{survey.name}: {classes}, {survey.images:,}{of} {_noun(survey)}s{shown}"
    show_text(title)
    table(("class", *splits), [*_shortened(rows), _summed("all", rows)])


def _shortened(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if len(rows) <= MOST_CLASSES:
        return rows
    ordered = sorted(rows, key=lambda row: -row[1])
    between = ordered[ENDS:-ENDS]
    return [*ordered[:ENDS], _summed(f"({len(between):,} others)", between), *ordered[-ENDS:]]


def _summed(name: str, rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return (name, *(sum(column) for column in list(zip(*rows, strict=True))[1:]))


def _kind(survey: "Survey") -> str:
    from reslab.data import is_table

    return "table" if survey.folder and is_table(survey.folder) else "folder"


def _noun(survey: "Survey") -> str:
    return "photograph" if survey.folder else "image"


def _sizes(survey: "Survey") -> str:
    from reslab.nets import SMALLEST_SIZE

    if survey.sizes is None:
        return ""
    smallest, median, largest = (f"{w:,} x {h:,}" for w, h in survey.sizes[:3])
    text = f"{smallest} smallest, {median} median, {largest} largest by the shorter side"
    smaller, training = survey.sizes.smaller, survey.sizes.training
    if not smaller:
        return text
    usual = min(survey.sizes.median)
    way_out = f"; --size {usual} takes most as they are" if SMALLEST_SIZE <= usual < training else ""
    return f"{text}; {smaller:,} smaller than the {training:,} px of training, and scaled up{way_out}"


def _held_out(survey: "Survey") -> str:
    images = sum(survey.counts["val"].values()) if survey.held_out else 0
    if not images:
        return ""
    none = "no folder for val or test" if _kind(survey) == "folder" else "no row of val or test"
    return f"{images:,} of the photographs, which training will hold out, as there is {none}"
