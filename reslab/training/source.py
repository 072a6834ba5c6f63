"""The data set of a run, and the recipe that suits it."""

from pathlib import Path
from typing import Any

from reslab.data import Dataset, FolderIndex, load_dataset
from reslab.errors import UsageError
from reslab.store import ENVIRONMENT, SPLIT, RunFolder
from reslab.training.presets import Facts, make_recipe
from reslab.training.recipe import Recipe
from reslab.training.surroundings import Surroundings


def facts_of(dataset: Dataset, split: str | None = None) -> Facts:
    """What a recipe needs to know of a data set."""
    official = dataset.folder is None
    cifar = dataset.name.startswith("cifar") and official
    return Facts(
        name=dataset.name,
        classes=len(dataset.classes),
        size=dataset.size,
        train_images=len(dataset.splits["train"]),
        mirror=dataset.mirror,
        official=official,
        split=(split or "45k/5k") if cifar else None,
        fingerprint=dataset.fingerprint or None,
    )


def recipe_for(data: str | Path = "digits", around: Surroundings | None = None, **choices: Any) -> Recipe:
    """The recipe of the house for a data set: `recipe_for("cifar10", model="resnet56", seed=1)`.

    Choices are `split`, `size`, and those of `presets.make_recipe`: model, preset, shortcut, stride_in, seed, batch.
    Raises UsageError for names that do not exist, DataError where the data set is missing or damaged.
    """
    split, size = choices.pop("split", None), choices.pop("size", None)
    dataset = read_data(data, split, size, around or Surroundings())
    return make_recipe(facts_of(dataset, split), **choices)


def read_data(
    name: str | Path, split: str | None, size: int | None, around: Surroundings, run: Path | None = None
) -> Dataset:
    """A data set; for a run that wrote down its split of a folder, in that split."""
    written = RunFolder(run).read(SPLIT) if run else None
    return load_dataset(
        name,
        split=split,
        size=size,
        root=around.data_root,
        download=around.download,
        url=around.url,
        on_bad=around.on_bad,
        index=FolderIndex.from_dict(written) if written else None,
        say=around.say,
        progress=around.reading,
    )


def data_of_run(recipe: Recipe, run: Path, around: Surroundings) -> Dataset:
    """The data set that an existing run trains on; a folder of photographs from where it lay then.

    Raises UsageError where it is not there any more, and says how to name its new place.
    """
    place = (RunFolder(run).read(ENVIRONMENT) or {}).get("folder")
    if place and not Path(place).is_dir():
        raise UsageError(f"the photographs of {run} are not in {place} any more; reslab train NEW_PLACE --run {run}")
    return read_data(place or recipe.data.name, recipe.data.split, recipe.data.size, around, run)
