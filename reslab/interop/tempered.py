"""A temperature inside a net: whoever runs it gets calibrated probabilities, and need not know of it."""

import math
from copy import deepcopy
from dataclasses import replace

import torch

from reslab.errors import UsageError
from reslab.nets import last_layer
from reslab.store import Classifier


def tempered(classifier: Classifier, temperature: float) -> Classifier:
    """The net with its scores divided by `temperature`, as weights and biases of its last layer are.

    A copy, which says so of itself, but for a temperature of 1. Raises UsageError for what is no temperature, and for a
    net that ends in no fully connected layer.
    """
    if temperature == 1:
        return classifier
    if not 0 < temperature < math.inf:
        raise UsageError(f"temperature {temperature:g}: a number above 0 is needed, by which scores are divided")
    found = deepcopy(classifier)
    try:
        layer = last_layer(found.net)
    except UsageError as error:
        raise UsageError(
            f"a temperature is folded into the last fully connected layer, and {classifier.identity.model} ends in none"
        ) from error
    found.identity = replace(found.identity, temperature=found.identity.temperature * temperature)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.div_(temperature)
    return found
