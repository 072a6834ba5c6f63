"""Testing a net: views, error rates, confusions, calibration, whole splits, ensembles, prediction of photographs."""

from reslab.evaluation.answered import Answer, Answers
from reslab.evaluation.calibrated import Calibration, Fitted, at_fitted, cross_fitted, fit
from reslab.evaluation.calibration import (
    Bin,
    Measures,
    brier_score,
    ece_by_chance,
    expected_calibration_error,
    measures,
    negative_log_likelihood,
    reliability,
)
from reslab.evaluation.confusion import (
    ClassError,
    Confusion,
    balanced,
    class_errors,
    confusion_matrix,
    confusions,
    mean_class_error,
)
from reslab.evaluation.crops import centre_crop, ten_crop
from reslab.evaluation.ensemble import Net, several
from reslab.evaluation.error import cross_entropy, softmax, top_error
from reslab.evaluation.evaluate import Evaluation, evaluate
from reslab.evaluation.mistakes import answers
from reslab.evaluation.pictures import Picture, photographs
from reslab.evaluation.predict import Prediction, predict
from reslab.evaluation.probabilities import probabilities
from reslab.evaluation.ranges import Looked, looked_at
from reslab.evaluation.recorded import recorded_temperature, temperature_for, validation_images_of
from reslab.evaluation.scores import scores_of, single_view
from reslab.evaluation.temperature import at_temperature, best_temperature
from reslab.evaluation.trained_on import learned_before
from reslab.evaluation.views import PAPER_SCALES, VIEWS, Views, views_of

__all__ = [
    "PAPER_SCALES",
    "VIEWS",
    "Answer",
    "Answers",
    "Bin",
    "Calibration",
    "ClassError",
    "Confusion",
    "Evaluation",
    "Fitted",
    "Looked",
    "Measures",
    "Net",
    "Picture",
    "Prediction",
    "Views",
    "answers",
    "at_fitted",
    "at_temperature",
    "balanced",
    "best_temperature",
    "brier_score",
    "centre_crop",
    "class_errors",
    "confusion_matrix",
    "confusions",
    "cross_entropy",
    "cross_fitted",
    "ece_by_chance",
    "evaluate",
    "expected_calibration_error",
    "fit",
    "learned_before",
    "looked_at",
    "mean_class_error",
    "measures",
    "negative_log_likelihood",
    "photographs",
    "predict",
    "probabilities",
    "recorded_temperature",
    "reliability",
    "scores_of",
    "several",
    "single_view",
    "softmax",
    "temperature_for",
    "ten_crop",
    "top_error",
    "validation_images_of",
    "views_of",
]
