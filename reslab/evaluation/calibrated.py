"""What a net's probabilities are worth as it was trained, and at a temperature that was fitted on other images."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reslab.errors import RunError, UsageError
from reslab.evaluation.calibration import Labels, Measures, Probabilities, measures
from reslab.evaluation.temperature import COLDEST, at_temperature, best_temperature, cross_tempered, is_usable


class Fitted(NamedTuple):
    """A temperature, and the images that it was fitted on, in words."""

    temperature: float
    on: str


@dataclass(frozen=True)
class Calibration:
    """Measures of the same images, as trained and at a temperature; None where there is no temperature to be had."""

    trained: Measures
    tempered: Measures | None
    temperature: float | None
    basis: str  # what the temperature was fitted on, or why there is none, in words
    inside: float = 1.0  # a temperature that the net had already: an exported file's

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "temperature": self.temperature,
            "basis": self.basis,
            "temperature_inside": self.inside,
            "as_trained": self.trained.to_dict(),
            "at_temperature": self.tempered.to_dict() if self.tempered else None,
        }


def at_fitted(probabilities: Probabilities, labels: Labels, fitted: Fitted | str) -> Calibration:
    """With a temperature that was fitted on other images, or without one, for the reason `fitted`.

    Raises RunError where probabilities are no numbers, or there is no image.
    """
    _refuse_no_numbers(probabilities)
    trained = measures(probabilities, labels)
    if isinstance(fitted, str):
        return Calibration(trained, None, None, fitted)
    tempered = measures(at_temperature(probabilities, fitted.temperature), labels)
    return Calibration(trained, tempered, fitted.temperature, fitted.on)


def cross_fitted(probabilities: Probabilities, labels: Labels, what: str) -> Calibration:
    """Without other images: each half of these, "validation images", at the temperature that is best for the other.

    The temperature that is told is that of all. Raises RunError as `at_fitted` does.
    """
    _refuse_no_numbers(probabilities)
    trained, tempered = measures(probabilities, labels), cross_tempered(probabilities, labels)
    try:
        fitted = fit(probabilities, labels, what)
    except UsageError as error:
        return Calibration(trained, None, None, str(error))
    if tempered is None:
        return Calibration(trained, None, None, f"{fitted.on} cannot be halved so that each half has a temperature")
    basis = f"{fitted.on} themselves, each half of them judged at the temperature of the other"
    return Calibration(trained, measures(tempered, labels), fitted.temperature, basis)


def fit(probabilities: Probabilities, labels: Labels, what: str) -> Fitted:
    """The best temperature for these images, `what` in words ("validation images of runs/pets").

    Raises UsageError where none is between 0 and infinity, RunError where probabilities are no numbers.
    """
    _refuse_no_numbers(probabilities)
    on, temperature = f"{len(labels):,} {what}", best_temperature(probabilities, labels)
    if not is_usable(temperature):
        raise UsageError(f"no temperature can be fitted on {on}: there {_why(probabilities, labels, temperature)}")
    return Fitted(temperature, on)


def _why(probabilities: Probabilities, labels: Labels, temperature: float) -> str:
    """Why the best temperature is 0 or infinite."""
    if temperature > 0:
        return "the net does no better than chance"
    if (probabilities.argmax(axis=1) == labels).all():
        return "the net is never wrong"
    return f"the net's probabilities are nearly alike, and the best temperature is below {COLDEST:g}"


def _refuse_no_numbers(probabilities: Probabilities) -> None:
    if not len(probabilities):
        raise RunError("there is no image to calibrate probabilities on")
    if not np.isfinite(probabilities).all():
        raise RunError("some probabilities are no numbers, as of a net that has diverged: they cannot be calibrated")
