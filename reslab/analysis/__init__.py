"""Why residual learning works, looked at in trained nets: functions of a net and some images, one file each.

samples       images to look with: of the net's own data set, or anybody's photographs
checked       what analyses are given: a classifier, images, labels
construction  a deeper net that computes the same (sec. 1)
responses     standard deviation of layer responses (Figure 7)
layers        of which layers
own_layers    and of which in residual functions of one's own
gradients     how strong they are at each layer on their way back (sec. 4.1)
shattering    how alike they are at different inputs (arXiv 1702.08591)
lesion        what is left of a net without one of its blocks (arXiv 1605.06431)
directions    random directions for its weights, each filter as far as it is long (arXiv 1712.09913)
landscape     the loss along them
shape         what such a line says
activation    where in a photograph a class is seen (arXiv 1512.04150)
"""

from reslab.analysis.activation import class_activation
from reslab.analysis.construction import Agreement, agreement, deepened, scores
from reslab.analysis.directions import random_direction
from reslab.analysis.gradients import BATCH, Signal, gradients, layer_gradients, untrained
from reslab.analysis.landscape import Extent, Height, Landscape, execution_to_look, landscape
from reslab.analysis.lesion import Lesion, blocks_in, lesions
from reslab.analysis.responses import Response, layer_responses, responses
from reslab.analysis.samples import Sample, sample, sample_of
from reslab.analysis.shape import downward, steadiness
from reslab.analysis.shattering import alikeness, autocorrelation, input_gradients

__all__ = [
    "BATCH",
    "Agreement",
    "Extent",
    "Height",
    "Landscape",
    "Lesion",
    "Response",
    "Sample",
    "Signal",
    "agreement",
    "alikeness",
    "autocorrelation",
    "blocks_in",
    "class_activation",
    "deepened",
    "downward",
    "execution_to_look",
    "gradients",
    "input_gradients",
    "landscape",
    "layer_gradients",
    "layer_responses",
    "lesions",
    "random_direction",
    "responses",
    "sample",
    "sample_of",
    "scores",
    "steadiness",
    "untrained",
]
