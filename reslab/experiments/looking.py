"""Images for what is measured of nets without training any: CIFAR-10's, or digits where that is not here."""

from reslab.analysis import Sample, sample_of
from reslab.data import Dataset
from reslab.errors import DataError
from reslab.experiments.experiment import Datasets, Runs
from reslab.training import Facts, make_recipe

DIGITS = Facts("digits", 10, 32, 1077, mirror=False, official=True)  # as large as CIFAR's images
TRAINED_ON = "cifar10"
TRAINED = ("plain20", "resnet20", "plain56", "resnet56")  # on it: the nets of the package that are two of one depth
ANY = "plain20"  # the net that a recipe is asked for with: only its data are wanted


def looked_with(runs: Runs, datasets: Datasets, split: str, count: int | None = None) -> Sample:
    """Labelled images of a split, evenly taken, or all of them; of digits in a test, too."""
    dataset = _dataset(runs, datasets)
    return sample_of(dataset, split, count or len(dataset.splits[split]))


def _dataset(runs: Runs, datasets: Datasets) -> Dataset:
    digits = make_recipe(DIGITS, ANY, "small")
    if runs.setting.smoke:
        return datasets.of(digits)
    try:
        return datasets.of(runs.setting.recipe(ANY))
    except DataError:
        return datasets.of(digits)
