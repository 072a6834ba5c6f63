"""Where in a photograph a class is seen: class activation maps (Zhou et al. 2016, arXiv 1512.04150).

In a net that ends in global average pooling and one fully connected layer the score of a class is the mean over places
of what this layer gives at each place alone. That map is exact: nothing is differentiated or estimated.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reslab.analysis.checked import checked_classifier, checked_images, checked_labels
from reslab.errors import UsageError
from reslab.store import Classifier

NO_MAP = (
    "class activation maps are of nets that end in global average pooling and one fully connected layer: take a plain "
    "or residual net"
)
POOLED = [nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear]


def class_activation(classifier: Classifier, images: NDArray[np.uint8], classes: Sequence[int]) -> NDArray[np.float32]:
    """uint8 RGB images (N, H, W, 3) and a class of each (N,) -> maps (N, h, w) of the last stage's size.

    Their mean over places is the class's score before the softmax. Not for several threads at once on one classifier.
    Raises UsageError for a net with another end, and for images or classes that are none of it.
    """
    classifier = checked_classifier(classifier)
    images = checked_images(classifier, images)
    chosen = checked_labels(classifier, classes, images, "classes")
    head = dict(classifier.net.named_children()).get("head")
    layers = list(head.children()) if isinstance(head, nn.Sequential) else []
    if [type(layer) for layer in layers[-3:]] != POOLED:
        raise UsageError(NO_MAP)
    seen: list[torch.Tensor] = []
    hook = layers[-3].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        with torch.no_grad():
            classifier(images)
    finally:
        hook.remove()
    linear = layers[-1]
    assert isinstance(linear, nn.Linear)
    weights, biases = linear.weight[chosen].float(), linear.bias[chosen].float()
    found = torch.einsum("nchw,nc->nhw", seen[0].float(), weights) + biases[:, None, None]
    return found.detach().cpu().numpy()
