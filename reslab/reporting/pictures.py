"""Pixels as PNG pictures inside the page."""

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST = 192  # pixels: a page of photographs stays small enough to send
SHOWN, GAP = 288, 8  # pixels of a photograph with its map beside it, and between the two
HEAT = 0.6  # how much of the map is seen over the photograph
PIXELATED = 96  # below this, enlarged pixels are shown as squares, not blurred


def png_uri(pixels: NDArray[np.uint8]) -> str:
    """uint8 (H, W, 3) or (H, W, 4) as a data URI, made smaller where it is large."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if max(picture.size) > LARGEST:
        picture.thumbnail((LARGEST, LARGEST))
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def heat_map(matrix: NDArray[np.int64]) -> NDArray[np.uint8]:
    """A confusion matrix of many classes as a picture on a clear ground: mistakes in colour, right answers grey.

    Where there are more classes than pixels, a pixel is the sum of neighbours.
    """
    right = _pooled(np.diag(np.diag(matrix)))
    wrong = _pooled(matrix - np.diag(np.diag(matrix)))
    # The square root keeps single mistakes visible beside frequent ones.
    depth = np.sqrt(wrong / max(wrong.max(), 1))
    picture = np.zeros((*wrong.shape, 4), np.uint8)
    picture[right > 0] = (128, 128, 128, 90)
    seen = wrong > 0
    picture[seen] = (47, 126, 216, 0)
    picture[seen, 3] = (60 + 195 * depth[seen]).astype(np.uint8)
    return picture


def activation_png(pixels: NDArray[np.uint8], places: NDArray[np.float32]) -> bytes:
    """A photograph, uint8 (H, W, 3), and beside it where in it a class is seen, (h, w), as PNG.

    Dark where the map is lowest, light where it is highest, over the photograph in grey; both enlarged to be looked at.
    """
    from matplotlib import colormaps

    side = max(SHOWN, *pixels.shape[:2])
    photograph = Image.fromarray(np.ascontiguousarray(pixels)).resize((side, side), Image.Resampling.BICUBIC)
    reach = float(places.max() - places.min())
    strength = (places - places.min()) / (reach or 1.0)
    spread = Image.fromarray(strength.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    colours = colormaps["inferno"](np.clip(np.asarray(spread), 0, 1))[:, :, :3]
    heat = Image.fromarray((255 * colours).round().astype(np.uint8))
    seen = Image.blend(photograph.convert("L").convert("RGB"), heat, HEAT)
    both = Image.new("RGB", (2 * side + GAP, side), "white")
    both.paste(photograph, (0, 0))
    both.paste(seen, (side + GAP, 0))
    buffer = BytesIO()
    both.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _pooled(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    size = len(matrix)
    factor = -(-size // LARGEST)
    short = -size % factor
    padded = np.pad(matrix, (0, short)).reshape(-(-size // factor), factor, -(-size // factor), factor)
    return padded.sum(axis=(1, 3))
