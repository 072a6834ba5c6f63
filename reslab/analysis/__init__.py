"""Why residual learning works, looked at in trained nets: functions of a net and some images, one file each.

samples       images to look with: of the net's own data set, or anybody's photographs
construction  a deeper net that computes the same (sec. 1)
responses     standard deviation of layer responses (Figure 7)
"""

from reslab.analysis.construction import Agreement, agreement, deepened, scores
from reslab.analysis.responses import Response, layer_responses, responses
from reslab.analysis.samples import Sample, sample, sample_of

__all__ = [
    "Agreement",
    "Response",
    "Sample",
    "agreement",
    "deepened",
    "layer_responses",
    "responses",
    "sample",
    "sample_of",
    "scores",
]
