"""Why residual learning works, looked at in trained nets: functions of a net and some images, one file each.

samples       images to look with: of the net's own data set, or anybody's photographs
construction  a deeper net that computes the same (sec. 1)
responses     standard deviation of layer responses (Figure 7)
gradients     how strong they are at each layer on their way back (sec. 4.1)
shattering    how alike they are at different inputs (arXiv 1702.08591)
lesion        what is left of a net without one of its blocks (arXiv 1605.06431)
activation    where in a photograph a class is seen (arXiv 1512.04150)
"""

from reslab.analysis.activation import class_activation
from reslab.analysis.construction import Agreement, agreement, deepened, scores
from reslab.analysis.gradients import BATCH, Signal, gradients, layer_gradients, untrained
from reslab.analysis.lesion import Lesion, lesions
from reslab.analysis.responses import Response, layer_responses, responses
from reslab.analysis.samples import Sample, sample, sample_of
from reslab.analysis.shattering import alikeness, autocorrelation, input_gradients

__all__ = [
    "BATCH",
    "Agreement",
    "Lesion",
    "Response",
    "Sample",
    "Signal",
    "agreement",
    "alikeness",
    "autocorrelation",
    "class_activation",
    "deepened",
    "gradients",
    "input_gradients",
    "layer_gradients",
    "layer_responses",
    "lesions",
    "responses",
    "sample",
    "sample_of",
    "scores",
    "untrained",
]
