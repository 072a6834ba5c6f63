"""Images for what is measured of nets without training any: CIFAR-10's, and digits in a test."""

from reslab.analysis import Sample, sample_of
from reslab.experiments.experiment import Datasets, Runs
from reslab.training import Facts, make_recipe

DIGITS = Facts("digits", 10, 32, 1077, mirror=False, official=True)  # as large as CIFAR's images
TRAINED_ON = "cifar10"
TRAINED = ("plain20", "resnet20", "plain56", "resnet56")  # on it: the nets of the package that are two of one depth
ANY = "plain20"  # the net that a recipe is asked for with: only its data are wanted


def looked_with(runs: Runs, datasets: Datasets, split: str, count: int | None = None) -> Sample:
    """Labelled images of a split, evenly taken, or all of them. Raises DataError where CIFAR-10 is missing or
    damaged.
    """
    dataset = datasets.of(make_recipe(DIGITS, ANY, "small") if runs.setting.smoke else runs.setting.recipe(ANY))
    return sample_of(dataset, split, count or len(dataset.splits[split]))
