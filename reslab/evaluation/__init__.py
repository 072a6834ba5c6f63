"""Testing a net: scores of a view, error rates, evaluation of a split, prediction of photographs."""

from reslab.evaluation.error import cross_entropy, softmax, top_error
from reslab.evaluation.evaluate import Evaluation, evaluate
from reslab.evaluation.mistakes import answers
from reslab.evaluation.predict import Prediction, predict
from reslab.evaluation.scores import scores_of, single_view

__all__ = [
    "Evaluation",
    "Prediction",
    "answers",
    "cross_entropy",
    "evaluate",
    "predict",
    "scores_of",
    "single_view",
    "softmax",
    "top_error",
]
