"""Which images a temperature is fitted on, when probabilities are judged on a split: never on those of the test."""

from dataclasses import replace

from reslab.data import ALL
from reslab.errors import UsageError
from reslab.evaluation.calibrated import Calibration, Fitted, at_fitted, cross_fitted, fit
from reslab.evaluation.calibration import Probabilities
from reslab.evaluation.recorded import inside, temperature_for
from reslab.evaluation.source import Tested, by_name
from reslab.evaluation.trained_on import learned_by, of_which_learned
from reslab.evaluation.trial import Trial
from reslab.progress import Progress

VAL = "val"
OWN = "validation images"


def calibration_of(probabilities: Probabilities, tested: Tested, trial: Trial, progress: Progress) -> Calibration:
    """How right the probabilities of a split are, with a temperature that was fitted on

    | judged | fitted |
    |---|---|
    | one net in its single view that has a temperature inside | not at all |
    | validation images | each half of them on the other half |
    | another split of the nets' own data set | its validation images, tested in the same way |
    | other images, by one net in its single view | what its run recorded of its validation images |
    | anything else | not at all |

    Raises RunError where probabilities are no numbers.
    """
    labels, first = tested.images.labels, trial.members[0].classifier
    if trial.single and (words := inside(first)):
        return replace(at_fitted(probabilities, labels, words), inside=first.identity.temperature)
    if tested.split == VAL:
        return cross_fitted(probabilities, labels, OWN)
    return at_fitted(probabilities, labels, _fitted(tested, trial, progress))


def _fitted(tested: Tested, trial: Trial, progress: Progress) -> Fitted | str:
    """A temperature, or why there is none."""
    try:
        if _held_out(tested, trial):
            images = by_name(trial.dataset, VAL, trial.members[0].classes)
            learned, _ = learned_by(trial.members, replace(tested, split=VAL, images=images), trial.say)
            what = f"{OWN}{of_which_learned(learned or 0)}, tested in the same way"
            return fit(trial.scored(VAL, images, progress)[1], images.labels, what)
        if trial.single:
            return _recorded(tested, trial)
    except UsageError as error:
        return f"no temperature: {error}"
    return "no temperature: there are no validation images here that all of the nets held out"


def _recorded(tested: Tested, trial: Trial) -> Fitted:
    fitted = temperature_for(trial.members[0].classifier)
    among = ", which are among those that are tested" if tested.own and tested.split == ALL else ""
    return fitted._replace(on=f"{fitted.on}{among}")


def _held_out(tested: Tested, trial: Trial) -> bool:
    """Are there validation images that no net was trained on, as far as nets say what they were trained on?"""
    first, *others = [member.classifier.identity for member in trial.members]
    held = (first.data, first.split, first.fingerprint)
    by_its_name = first.fingerprint is None and first.data == trial.dataset.name and trial.dataset.folder is None
    same = all((other.data, other.split, other.fingerprint) == held for other in others)
    return VAL in trial.dataset.splits and same and (tested.own is not None or by_its_name)
