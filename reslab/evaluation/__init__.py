"""Testing a net: scores of views, error rates, evaluation of a split, ensembles, prediction of photographs."""

from reslab.evaluation.crops import centre_crop, ten_crop
from reslab.evaluation.error import cross_entropy, softmax, top_error
from reslab.evaluation.evaluate import Evaluation, evaluate
from reslab.evaluation.mistakes import answers
from reslab.evaluation.predict import Prediction, predict
from reslab.evaluation.probabilities import probabilities
from reslab.evaluation.scores import scores_of, single_view
from reslab.evaluation.views import PAPER_SCALES, VIEWS, Views, views_of

__all__ = [
    "PAPER_SCALES",
    "VIEWS",
    "Evaluation",
    "Prediction",
    "Views",
    "answers",
    "centre_crop",
    "cross_entropy",
    "evaluate",
    "predict",
    "probabilities",
    "scores_of",
    "single_view",
    "softmax",
    "ten_crop",
    "top_error",
    "views_of",
]
