"""Loss functions by name: what a step minimises, from scores and labels to a loss for each sample."""

from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot, relu

LOSSES = ("cross_entropy", "squared_hinge")


def sample_losses(name: str, scores: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """(B, classes) fp32 scores and (B,) labels -> (B,) losses.

    "cross_entropy" is the paper's, after a softmax; "squared_hinge" that of DSN (arXiv 1409.5185, eq. 2): one
    classifier a class, sum over classes of max(0, 1 - y * score)^2, where y is 1 for the label and -1 for the others.
    """
    if name == "cross_entropy":
        return cross_entropy(scores, labels, reduction="none", label_smoothing=smoothing)
    assert name == "squared_hinge" and not smoothing
    signs = 2 * one_hot(labels, scores.shape[1]) - 1
    return relu(1 - signs * scores).square().sum(1)
