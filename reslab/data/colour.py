"""The "standard color augmentation" of sec. 3.4: AlexNet's, along the principal components of ImageNet's colours.

To all pixels of an image one colour is added: the sum of the components, each times its eigenvalue and a random number
(Krizhevsky et al. 2012, sec. 4.1). Components and eigenvalues are the published ones (fb.resnet.torch), on a scale of
0 to 1.
"""

import numpy as np
from numpy.typing import NDArray

from reslab.data.randomness import generator

EIGENVALUES = np.array([0.2175, 0.0188, 0.0045])
EIGENVECTORS = np.array(  # of colours (red, green, blue), one a column
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]]
)


def draw_lighting(batch: int, std: float, seed: int, step: int) -> NDArray[np.float32]:
    """The colour that is added to each image, (batch, 3) on a scale of 0 to 255.

    `std` is the standard deviation of the three random numbers of an image: 0.1 in the paper.
    """
    alphas = generator(seed, "lighting", step).normal(0.0, std, size=(batch, 3))
    return (255 * (alphas * EIGENVALUES) @ EIGENVECTORS.T).astype(np.float32)
