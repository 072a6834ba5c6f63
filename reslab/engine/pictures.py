"""From a batch as it lies in memory to what a net sees: normalised, coloured, cropped, mirrored, mixed."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reslab.data import ContrastNormalisation, Preprocessing, crop_and_flip, mixed
from reslab.engine.interface import Batch


class Pictures:
    """The images of a batch as the net sees them that `preprocessing` is of, on `device`."""

    def __init__(self, preprocessing: Preprocessing, device: torch.device, channels_last: bool) -> None:
        self._device, self._channels_last = device, channels_last
        self._pixels = preprocessing.mean
        self._mean = torch.from_numpy(preprocessing.mean).to(device)
        self._scale = 1 / preprocessing.std
        contrast = preprocessing.contrast
        self._contrast = ContrastNormalisation(contrast).to(device) if contrast else None

    def augmented(self, batch: Batch) -> Tensor:
        """uint8 (B, H, W, 3) -> erased, normalised, lit, cropped, mirrored (B, 3, H, W), or (B, 3, size, size)."""
        images = self._normalised(batch.pixels(self._pixels))
        if batch.lighting is not None:
            images += torch.from_numpy(batch.colours()).to(self._device) * self._scale
        if batch.crops is not None or batch.flips is not None:
            count = len(batch.labels)
            crops = np.full((count, 2), batch.pad) if batch.crops is None else batch.crops
            flips = np.zeros(count, np.bool_) if batch.flips is None else batch.flips
            crops_here, flips_here = (torch.from_numpy(drawn).to(self._device) for drawn in (crops, flips))
            images = crop_and_flip(images, crops_here, flips_here, batch.pad, batch.size)
        if batch.mixing is not None:
            images = mixed(images, batch.mixing)
        return self._laid_out(images)

    def plain(self, images: NDArray[np.uint8]) -> Tensor:
        """uint8 (B, H, W, 3) -> normalised (B, 3, H, W)."""
        return self._laid_out(self._normalised(images))

    def _normalised(self, images: NDArray[np.uint8]) -> Tensor:
        # PyTorch takes no read-only memory: what is memory-mapped is copied, a batch is not.
        pixels = torch.from_numpy(np.require(images, requirements=["C", "W"])).to(self._device)
        return (pixels - self._mean) * self._scale if self._contrast is None else self._contrast(pixels)

    def _laid_out(self, images: Tensor) -> Tensor:
        # Batches come as (B, H, W, C), so that channels_last costs nothing.
        images = images.permute(0, 3, 1, 2)
        return images if self._channels_last else images.contiguous()
