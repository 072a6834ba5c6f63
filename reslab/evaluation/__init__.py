"""Testing a net: views, error rates, confusions, evaluation of a split, ensembles, prediction of photographs."""

from reslab.evaluation.answered import Answer, Answers
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
from reslab.evaluation.scores import scores_of, single_view
from reslab.evaluation.views import PAPER_SCALES, VIEWS, Views, views_of

__all__ = [
    "PAPER_SCALES",
    "VIEWS",
    "Answer",
    "Answers",
    "ClassError",
    "Confusion",
    "Evaluation",
    "Net",
    "Picture",
    "Prediction",
    "Views",
    "answers",
    "balanced",
    "centre_crop",
    "class_errors",
    "confusion_matrix",
    "confusions",
    "cross_entropy",
    "evaluate",
    "mean_class_error",
    "photographs",
    "predict",
    "probabilities",
    "scores_of",
    "several",
    "single_view",
    "softmax",
    "ten_crop",
    "top_error",
    "views_of",
]
