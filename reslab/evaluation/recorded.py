"""The temperature of recorded answers: those that a run gave to its validation images when it ended."""

from pathlib import Path

from reslab.errors import UsageError
from reslab.evaluation.calibrated import Fitted, fit
from reslab.evaluation.trained_on import learned_before, of_which_learned
from reslab.store import (
    Classifier,
    ExportedNet,
    RunFolder,
    exported_as,
    find_model,
    load,
    read_record,
    run_around,
    trained_names,
)


def recorded_temperature(place: Path | None) -> Fitted:
    """Of a run folder, the model file in it, or a trained net's name; for its single view.

    Raises UsageError, with the way out, where nothing is recorded that a temperature can be fitted on, RunError where
    there is no such net, or its record is torn.
    """
    if place is not None and exported_as(place):
        raise UsageError(
            f"the exported {place} has no recorded answers to fit a temperature on: give the run that it came from "
            "(reslab export RUN --calibrated writes files whose probabilities are calibrated)"
        )
    run = _recorded_at(place)
    if place is not None and (run is not None or not place.exists()):
        find_model(place)  # or else it says that there is none, or that the run is not finished
    if run is None:
        raise UsageError(
            f"{place or 'a net in memory'} has no recorded answers to fit a temperature on: give the folder of its run "
            "(reslab eval FILE FOLDER --split val --calibration fits a temperature on photographs of yours)"
        )
    answers = read_record(run).predictions.get("val")
    if answers is None or not len(answers.labels):
        raise UsageError(f"the run {run} held out no validation images, on which a temperature could be fitted")
    what = validation_images_of(run)
    return fit(answers.probabilities, answers.labels, f"{what}, by what {run} recorded of them")


def validation_images_of(run: Path) -> str:
    """What a run, or a trained net, recorded answers to, in words: with those that a net before it was trained on."""
    return f"validation images{of_which_learned(learned_before(RunFolder(run)))}"


def inside(net: Classifier | ExportedNet) -> str:
    """What to say of a net whose last layer has a temperature already, so that it needs no other; "" for any other."""
    temperature = net.identity.temperature
    return "" if temperature == 1 else f"{net.place} is calibrated already, at temperature {temperature:.3f} inside it"


def temperature_for(net: Classifier | ExportedNet) -> Fitted:
    """`recorded_temperature` of where a net is from, whose weights it must still have. Raises UsageError otherwise."""
    if isinstance(net, Classifier) and net.identity.origin is not None:
        raise UsageError(
            f"{net.place or net.identity.model} has another program's weights, and no recorded answers to fit a "
            "temperature on (reslab eval FILE FOLDER --split val --calibration fits one on photographs of yours)"
        )
    fitted = recorded_temperature(net.place)
    assert isinstance(net, Classifier) and net.place  # of exported files nothing is recorded
    if load(net.place, net.residual).digest() != net.digest():
        raise UsageError(
            f"this net has other weights, or weights of another type, than {net.place}, whose recorded answers the "
            "temperature is fitted on: give the run itself"
        )
    return fitted


def _recorded_at(place: Path | None) -> Path | None:
    """The run folder or trained net that `place` is or lies in."""
    if place is not None and not place.exists() and str(place) in trained_names():
        return place
    run = run_around(place)
    return run.path if run and run.recipe() is not None else None
