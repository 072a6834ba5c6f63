"""How a run normalises its images: by the training images; where parts are frozen, as the net it began from did."""

import numpy as np

from reslab.data import Images, Preprocessing, by_colour, measure
from reslab.errors import RunError
from reslab.store import NORMALISATION, Classifier, RunFolder
from reslab.training.again import command_again
from reslab.training.recipe import Recipe


def normalisation_of(recipe: Recipe, train: Images, folder: RunFolder, source: Classifier | None) -> Preprocessing:
    """The preprocessing of a run that begins, from `source` perhaps, or goes on, for None.

    Frozen batch normalisation cannot make up for another mean and deviation than those it came with. They are written
    down, since what a run began from may be gone when it goes on. Of images of another size than theirs the mean colour
    is subtracted. Raises RunError where what was written down is gone or torn.
    """
    if recipe.model.frozen is None:
        return measure(train, recipe.data.mean)
    if source and not (folder.path / NORMALISATION).exists():
        theirs = source.preprocessing
        kept = theirs if theirs.size == train.size else by_colour(theirs)
        folder.write(NORMALISATION, {"mean": kept.mean.tolist(), "std": kept.std})
    try:
        written = folder.read(NORMALISATION)
        mean = np.array(written["mean"], np.float32)
        if mean.shape not in ((1, 1, 3), (train.size, train.size, 3)):
            raise ValueError(f"a mean of the shape {mean.shape}")
        return Preprocessing(mean, float(written["std"]), train.size)
    except (RunError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{folder.path / NORMALISATION} is gone or torn: put it back, or train anew "
            f"({command_again(folder.path)}) after deleting the state.safetensors beside it"
        ) from error
