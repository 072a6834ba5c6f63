"""How a run normalises its images: by the training images; where parts are frozen, as the net it began from did."""

from dataclasses import replace

import numpy as np

from reslab.data import Contrast, Images, Preprocessing, by_colour, colour_of, measure, measure_contrast
from reslab.errors import ReslabError, RunError
from reslab.progress import Say, silent
from reslab.store import CONTRAST, NORMALISATION, Classifier, RunFolder
from reslab.training.again import command_again
from reslab.training.recipe import Recipe
from reslab.training.start import start_of


def normalisation_of(
    recipe: Recipe, train: Images, folder: RunFolder, source: Classifier | None, say: Say = silent
) -> Preprocessing:
    """The preprocessing of a run that begins, from `source` perhaps, or goes on, for None.

    Frozen batch normalisation cannot make up for another mean and deviation than those it came with. They are written
    down, since what a run began from may be gone when it goes on. Of images of another size than theirs the mean colour
    is subtracted. Raises RunError where what was written down is gone or torn.

    What images of one contrast have in common is written down, too: its sums depend on the number of threads, and a
    matrix for CIFAR takes twenty seconds.
    """
    if recipe.data.gcn:
        contrast = _contrast_of(recipe, train, folder, source, say)
        return replace(measure(train, recipe.data.mean), contrast=contrast)
    if recipe.model.frozen is None:
        return measure(train, recipe.data.mean)
    if source and not (folder.path / NORMALISATION).exists():
        kept = _kept(source, train.size)
        folder.write(NORMALISATION, {"mean": kept.mean.tolist(), "std": kept.std})
    try:
        return _written(folder, train.size)
    except (RunError, KeyError, TypeError, ValueError) as error:
        raise _lost(folder, NORMALISATION) from error


def normalised_otherwise(recipe: Recipe, folder: RunFolder) -> str | None:
    """What to say where the start of a run with frozen parts has the same weights, but normalises otherwise by now.

    A recipe knows its start by place and weights alone, so that such a start makes no other run. None for nothing, and
    where the start is gone.
    """
    if recipe.model.frozen is None:
        return None
    try:
        source = start_of(recipe)
        assert source, "what is frozen has a start"
        if recipe.data.gcn:
            same = _same_contrast(_contrast_from(source, recipe.data.size, recipe.data.zca), folder.contrast())
        elif (folder.path / NORMALISATION).exists():
            theirs, ours = _kept(source, recipe.data.size), _written(folder, recipe.data.size)
            same = ours.std == theirs.std and np.array_equal(ours.mean, theirs.mean)
        else:
            return None
    except (ReslabError, KeyError, TypeError, ValueError):  # said where it matters
        return None
    if same:
        return None
    return (
        f"{folder.path} normalises images as {recipe.model.start} did when it began, and that has the same weights but "
        "another mean or deviation by now: to train from it as it is, give another --run"
    )


def _contrast_of(recipe: Recipe, train: Images, folder: RunFolder, source: Classifier | None, say: Say) -> Contrast:
    """What training images have in common once they are of one contrast: as it was when the run began.

    Weights that a run starts from are for the centre and matrix that they learned with.
    """
    if folder.has_state:
        return _kept_contrast(folder)
    found = _contrast_from(source, train.size, recipe.data.zca) if source else None
    if found is None:
        if recipe.data.zca:
            say("how the training images are to be whitened is measured first")
        found = measure_contrast(train, recipe.data.mean, recipe.data.zca)
    folder.keep_contrast(found)
    return found


def _kept_contrast(folder: RunFolder) -> Contrast:
    """What a run that is under way wrote down. Raises RunError where that is gone or torn."""
    try:
        if found := folder.contrast():
            return found
    except RunError as error:
        raise _lost(folder, CONTRAST) from error
    raise _lost(folder, CONTRAST)


def _contrast_from(source: Classifier, size: int, zca: bool) -> Contrast | None:
    """That of a start, where it is of images like these; None where it is not."""
    theirs = source.preprocessing.contrast
    if theirs is None or (theirs.whitening is not None) != zca:
        return None
    if source.size == size:
        return theirs
    return None if zca else colour_of(theirs)


def _same_contrast(theirs: Contrast | None, ours: Contrast | None) -> bool:
    """Nothing is said of one that is not known."""
    if theirs is None or ours is None:
        return True
    if theirs.whitening is not None and ours.whitening is not None and (theirs.whitening != ours.whitening).any():
        return False
    return np.array_equal(theirs.centre, ours.centre)


def _lost(folder: RunFolder, name: str) -> RunError:
    return RunError(
        f"{folder.path / name} is gone or torn: put it back, or train anew "
        f"({command_again(folder.path)}) after deleting the state.safetensors beside it"
    )


def _kept(source: Classifier, size: int) -> Preprocessing:
    """Of a start's normalisation, what images of this size can have; the net that it becomes has one deviation."""
    theirs = replace(source.preprocessing, deviations=None)
    return theirs if theirs.size == size else by_colour(theirs)


def _written(folder: RunFolder, size: int) -> Preprocessing:
    """What a run wrote down. Raises what is raised of torn files and strange values."""
    written = folder.read(NORMALISATION)
    mean = np.array(written["mean"], np.float32)
    if mean.shape not in ((1, 1, 3), (size, size, 3)):
        raise ValueError(f"a mean of the shape {mean.shape}")
    return Preprocessing(mean, float(written["std"]), size)
