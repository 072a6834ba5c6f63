"""What is done to pixels before a net sees them: subtract the training images' mean, divide by one number.

Or what some nets of the comparison have in its place: images of one contrast, whitened (`contrast.py`).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reslab.data.contrast import Contrast, colour_of
from reslab.data.dataset import ENOUGH_PIXELS, Images


@dataclass(frozen=True)
class Preprocessing:
    """Normalisation of uint8 images, x -> (x - mean) / std; where each colour has its own, / deviations.

    The paper subtracts the per-pixel mean and does not divide. Dividing everything by one number changes no function
    that a net with batch normalisation after its first layer can learn, nor its gradient; it keeps numbers near one.
    """

    mean: NDArray[np.float32]  # (H, W, 3) per pixel, or (1, 1, 3) per channel; 0-255
    std: float  # of all pixels together; 0-255
    size: int  # height = width of the images
    # Red's, green's and blue's, 0-255, of a net that was trained elsewhere. What std leaves of them is in the first
    # convolution of its classifier (`factors`), so that whoever computes divides by std all the same.
    deviations: tuple[float, float, float] | None = None
    # What is done in place of all that, where it is not None; the mean then fills what is empty or erased.
    contrast: Contrast | None = None

    @property
    def factors(self) -> tuple[float, ...]:
        """What a net of images / deviations lacks for images / std, a factor a colour."""
        return tuple(self.std / deviation for deviation in self.deviations or [self.std] * 3)

    def __repr__(self) -> str:
        """In one line: of a mean image its mean colour."""
        colours = ", ".join(f"{colour:.5g}" for colour in self.mean.mean(axis=(0, 1)))
        kind = "" if self.mean.shape[:2] == (1, 1) else " per pixel, on average"
        own = f" ({', '.join(f'{deviation:.5g}' for deviation in self.deviations)})" if self.deviations else ""
        std = own or f" {self.std:.5g}"
        instead = f", {self.instead}" if self.contrast else ""
        return f"Preprocessing(mean{kind} ({colours}), std{std} of 255, size {self.size}{instead})"

    @property
    def instead(self) -> str | None:
        """In words, what is done to an image in place of mean and deviation; None for nothing."""
        if self.contrast is None:
            return None
        return "of one contrast (GCN)" + (", whitened (ZCA)" if self.contrast.whitening is not None else "")

    @property
    def any_size(self) -> bool:
        """Can images of another size be normalised? Not by a mean image, nor by a matrix."""
        centre = self.mean if self.contrast is None else self.contrast.centre
        return centre.shape[:2] == (1, 1) and (self.contrast is None or self.contrast.whitening is None)


def measure(images: Images, mean: str) -> Preprocessing:
    """The preprocessing that fits these training images, or a part of very many (`Images.thinned`).

    `mean` is "pixel" (sec. 4.2) or "channel".
    """
    assert mean in ("pixel", "channel")
    images = images.thinned(ENOUGH_PIXELS)
    total = np.zeros(images.pixels.shape[1:])
    squares = 0.0
    for block in images.blocks():
        total += block.sum(axis=0, dtype=np.float64)
        squares += float(np.square(block).sum(dtype=np.float64))
    per_pixel = total / len(images)
    centre = per_pixel if mean == "pixel" else per_pixel.mean(axis=(0, 1), keepdims=True)
    # The variance about the mean image; 1 where all pixels are the same, so that nothing is divided by zero.
    variance = squares / (len(images) * total.size) - float(np.square(per_pixel).mean())
    return Preprocessing(centre.astype(np.float32), float(np.sqrt(variance)) if variance > 1e-6 else 1.0, images.size)


def by_colour(preprocessing: Preprocessing) -> Preprocessing:
    """The same with the mean colour instead of the mean image, for images of any size.

    Raises UsageError where images are whitened.
    """
    contrast = colour_of(preprocessing.contrast) if preprocessing.contrast else None
    mean = preprocessing.mean.mean(axis=(0, 1), keepdims=True, dtype=np.float32)
    return replace(preprocessing, mean=mean, contrast=contrast)
