"""From a photograph's file to the pixels that a net sees; training, testing and prediction use the same way."""

import errno
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from reslab.errors import DataError

# Left out of what Pillow registers: formats that it names but cannot decode by itself (some start other programs).
_NOT_DECODED = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}

Image.init()
_FORMATS = tuple(sorted(Image.OPEN.keys() - _NOT_DECODED))
# MPO, a JPEG with another picture behind it as some phones write it, is opened as a JPEG, and has no format of its own.
PHOTO_SUFFIXES = frozenset(
    suffix for suffix, kind in Image.registered_extensions().items() if kind in (*_FORMATS, "MPO")
)

_ORIENTATION = 0x0112  # the EXIF tag that says how the camera was held
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

MARGIN = 2  # a JPEG may come at a half, a quarter, an eighth of its size, if this many times what is asked for is left
LARGEST_SCALE = 2048  # pixels: a batch of larger images would fill the memory
LONGEST = 8  # times its shorter side: of a longer strip the centre is looked at, or scaling it would fill the memory

# The value of white, by mode. "I;16" says how many bits it has; integers of 32 bits and floating point do not, so
# the smallest usual range that holds the image is taken.
_WHITE = {"I;16": (65535.0,), "I": (255.0, 65535.0), "F": (1.0, 255.0, 65535.0)}

_DECIDING = threading.RLock()


def read_photo(path: Path | str, size: int) -> NDArray[np.uint8]:
    """The photograph in a file as (size, size, 3); see `open_photo` and `fit`."""
    return fit(open_photo(path, MARGIN * size), size)


def open_photo(file: Path | str | bytes, enough: int | None = None, name: str = "") -> Image.Image:
    """The photograph upright, in RGB, what is transparent on white. DataError, naming the file, if it is none.

    `file` may be a file's content, which is called `name`.

    With `enough`, a large JPEG may come at 1/2, 1/4 or 1/8 of its size, its shorter side still `enough` pixels.
    """
    with opened(file, name) as image:
        if enough is not None:
            image.draft(None, (enough, enough))
        image.load()
        return as_rgb(upright(image))


def picture_at(
    picture: Path | bytes | Image.Image | NDArray[np.uint8], side: int, whole: bool, name: str = ""
) -> NDArray[np.uint8]:
    """A photograph's file, its content, or a picture in memory, its shorter side at `side` pixels.

    Of an array, RGB (H, W, 3), RGBA (H, W, 4) or grey (H, W). `whole`, as `scaled` gives it, or the square in its
    centre, as `read_photo` does. Of a JPEG that is decoded already all pixels are scaled, where reading may start from
    half of them. DataError, calling what is in memory `name`, if it cannot be read.
    """
    image = _seen(picture, MARGIN * side, name)
    return scaled(image, side) if whole else fit(image, side)


def _seen(picture: Path | bytes | Image.Image | NDArray[np.uint8], enough: int, name: str) -> Image.Image:
    if isinstance(picture, Path | bytes):
        return open_photo(picture, enough, name)
    if type(picture) is JpegImageFile and picture.fp is not None:  # one picture, not decoded yet: as from its file
        with _decoding(name):
            content = _content(picture.fp)
        return open_photo(content, enough, name)
    return _in_memory(picture, name)


def _content(file: IO[bytes]) -> bytes:
    """All of a file that somebody else has open, who finds it as it was."""
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    return content


def _in_memory(picture: Image.Image | NDArray[np.uint8], name: str) -> Image.Image:
    """As `open_photo` gives a file; a lazily read picture may turn out to be damaged."""
    with _decoding(name):
        if isinstance(picture, np.ndarray):
            return as_rgb(Image.fromarray(picture))
        picture.load()
        return as_rgb(upright(picture))


def glance(path: Path | str) -> None:
    """DataError, naming the file, if it does not begin as a photograph. What is torn further on is not seen."""
    with opened(path):
        pass


def fit(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """Shorter side scaled to `size` (bicubic, antialiased) and the centre cut out: (size, size, 3)."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Only the centre is scaled, so that a strip of 10,000 x 1 pixels does not become 2,240,000 wide first.
    square = image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return np.asarray(square)


def scaled(image: Image.Image, shorter: int) -> NDArray[np.uint8]:
    """The whole image, its shorter side scaled to `shorter` (bicubic, antialiased): (H, W, 3).

    Of a strip that is more than `LONGEST` times as long as wide, the centre. The longer side is rounded down, as
    torchvision does.
    """
    left, top, right, bottom = centre_piece(image)
    width, height = right - left, bottom - top
    short = min(width, height)
    size = (shorter * width // short, shorter * height // short)
    if size == image.size:
        return np.asarray(image)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, box=(left, top, right, bottom)))


def centre_piece(image: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of what is looked at: everything, but for strips longer than `LONGEST`."""
    most = LONGEST * min(image.size)
    width, height = min(image.width, most), min(image.height, most)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return left, top, left + width, top + height


@contextmanager
def one_of_many() -> Iterator[None]:
    """While a photograph of a data set is read: if it cannot be, the error says how to do without it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{error}; --on-bad skip looks at all photographs first, and leaves such ones out") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Odd metadata and large pictures are no news among thousands: Pillow's warnings are not shown.

    What is shown is decided for the whole process, so another thread that would decide waits.
    """
    with _DECIDING, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


@contextmanager
def opened(file: Path | str | bytes, name: str = "") -> Iterator[Image.Image]:
    """The picture in a file, not decoded yet. What fails while it is used is a DataError that names the file.

    `file` may be a file's content, which is called `name`.
    """
    with _decoding(name if isinstance(file, bytes) else file):
        if not isinstance(file, bytes):
            _refuse_special(file)
        with Image.open(BytesIO(file) if isinstance(file, bytes) else file, formats=_FORMATS) as image:
            yield image


def _refuse_special(path: Path | str) -> None:
    """OSError for a pipe, socket or device, which opening could wait for without end."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(errno.EINVAL, "no regular file")


@contextmanager
def _decoding(name: Path | str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # decoders fail on damaged files in any way
        raise DataError(f"{name}: cannot be read as an image ({reason(error)})") from error


def upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF data tell that the camera was held; itself where nothing is to be turned."""
    try:
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF data beside a good picture
        turn = None
    return image if turn is None else image.transpose(turn)


def as_rgb(image: Image.Image) -> Image.Image:
    """Eight bits a channel, what is transparent on white."""
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), coloured).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Grey of 16 or 32 bits as 8, where Pillow would clip."""
    grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
    brightest = float(grey.max())
    white = next((white for white in _WHITE[image.mode[:4]] if brightest <= white), brightest)
    return np.rint(grey.clip(0, white) * (255 / white)).astype(np.uint8)


def reason(error: BaseException) -> str:
    """Why a picture cannot be decoded: what its decoder raised, in words."""
    if isinstance(error, Image.DecompressionBombError) and Image.MAX_IMAGE_PIXELS:
        most = 2 * Image.MAX_IMAGE_PIXELS  # Pillow warns from one, and refuses from twice as many
        return f"it has more than the {most:,} pixels that are read, as a decompression bomb would; scale it down"
    if isinstance(error, Image.UnidentifiedImageError):
        return "not a format that Pillow decodes"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
