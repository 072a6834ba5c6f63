"""What the top of the page says: each run's errors with the images they were counted on."""

from dataclasses import dataclass

from reslab.reporting.recipes import labels
from reslab.reporting.rounding import finite, standard_error
from reslab.reporting.tables import SeedGroup, seed_groups
from reslab.store import Record

SPLITS = {"test": "test", "val": "validation", "train": "training"}


@dataclass(frozen=True)
class Measured:
    """An error in percent on so many images."""

    split: str
    error: float
    images: int

    @property
    def wrong(self) -> int:
        return round(self.error * self.images / 100)

    @property
    def uncertain(self) -> float:
        """One standard error, in points; 0 where none or all are wrong, and the formula says nothing."""
        return standard_error(self.error, self.images)

    @property
    def bound(self) -> float:
        """With none wrong, what the true error is below with 95 % confidence: the rule of three."""
        return min(300 / self.images, 100.0)


@dataclass(frozen=True)
class Overview:
    """Several runs: those splits that any of them was measured on, and means over seeds where there are seeds."""

    splits: dict[str, str]
    seeds: list[tuple[str, SeedGroup]]


def measured(record: Record) -> dict[str, Measured]:
    """Errors by split; only those that are there."""
    found = {}
    for split, word in SPLITS.items():
        error, images = finite(record.result.get(f"{split}_error")), finite(record.result.get(f"{split}_images"))
        if error is not None and images:
            found[split] = Measured(word, error, int(images))
    return found


def overview(records: list[Record]) -> Overview:
    """What the table of several runs shows."""
    splits = {s: word for s, word in SPLITS.items() if any(s in measured(record) for record in records)}
    # By place, not by name: folders in different places may have one name.
    groups = seed_groups(
        [
            {"place": place, "recipe": record.recipe, "result": record.result, "environment": record.environment}
            for place, record in enumerate(records)
            if record.result
        ]
    )
    if all(len(group.results) == 1 for group in groups):
        return Overview(splits, [])
    names = labels([_without_seed(records[group.first["place"]]) for group in groups])
    return Overview(splits, list(zip(names, groups, strict=True)))


def _without_seed(record: Record) -> Record:
    recipe = {name: value for name, value in record.recipe.items() if name != "seed"}
    return Record(**{**vars(record), "recipe": recipe})
