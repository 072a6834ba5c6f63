import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from reslab.data.photo import PHOTO_SUFFIXES, fit, open_photo, picture_at, quiet, read_photo, scaled
from reslab.errors import DataError


def quarters() -> Image.Image:
    """Red, green / blue, white: every turn looks different."""
    pixels = np.zeros((8, 12, 3), np.uint8)
    pixels[:4, :6, 0] = pixels[:4, 6:, 1] = pixels[4:, :6, 2] = 255
    pixels[4:, 6:] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda p: p),
        (2, lambda p: p[:, ::-1]),
        (3, lambda p: p[::-1, ::-1]),
        (4, lambda p: p[::-1]),
        (5, lambda p: p.swapaxes(0, 1)),
        (6, lambda p: np.rot90(p, 1)),
        (7, lambda p: np.rot90(p, 2).swapaxes(0, 1)),
        (8, lambda p: np.rot90(p, -1)),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_photographs_are_turned_as_the_camera_was_held(tmp_path, orientation, undo, suffix):
    upright = np.asarray(quarters())
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(undo(upright))).save(tmp_path / f"turned{suffix}", exif=exif)
    assert (np.asarray(open_photo(tmp_path / f"turned{suffix}")) == upright).all()


def test_a_jpeg_is_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    quarters().save(tmp_path / "turned.jpg", exif=exif)
    assert open_photo(tmp_path / "turned.jpg").size == (8, 12)
    assert read_photo(tmp_path / "turned.jpg", 8).shape == (8, 8, 3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_spoil_a_picture(tmp_path):
    quarters().save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff junk")
    assert open_photo(tmp_path / "a.jpg").size == (12, 8)


def test_a_picture_in_memory_is_read_as_its_file(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    quarters().save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        assert (picture_at(picture, 8, False, "it") == read_photo(tmp_path / "turned.png", 8)).all()
        assert (picture_at(picture, 8, True, "it") == scaled(open_photo(tmp_path / "turned.png"), 8)).all()
    assert (picture_at(np.asarray(quarters()), 8, False) == fit(quarters(), 8)).all()
    assert (picture_at(tmp_path / "turned.png", 8, False) == read_photo(tmp_path / "turned.png", 8)).all()
    assert picture_at(tmp_path / "turned.png", 8, True).shape == (12, 8, 3)
    (tmp_path / "torn.png").write_bytes((tmp_path / "turned.png").read_bytes()[:-40])
    with Image.open(tmp_path / "torn.png") as picture, pytest.raises(DataError, match="it: cannot be read as an image"):
        picture_at(picture, 8, False, "it")


def grey_ramp() -> np.ndarray:
    return np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pgm"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    Image.fromarray(grey_ramp().astype(np.uint16) * 257).save(tmp_path / f"deep{suffix}")
    assert (np.asarray(open_photo(tmp_path / f"deep{suffix}")) == grey_ramp()[..., None]).all()


@pytest.mark.parametrize(
    "pixels",
    [
        grey_ramp(),
        grey_ramp().astype(np.int32),
        grey_ramp().astype(np.int32) * 257,
        grey_ramp().astype(np.float32),
        grey_ramp().astype(np.float32) / 255,
    ],
    ids=["L", "I to 255", "I to 65535", "F to 255", "F to 1"],
)
def test_every_kind_of_grey_is_the_same_grey(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "grey.tiff")
    assert (np.asarray(open_photo(tmp_path / "grey.tiff")) == grey_ramp()[..., None]).all()


def test_black_and_nan_of_floating_point(tmp_path):
    Image.fromarray(np.array([[0, np.nan], [-3, 0]], np.float32)).save(tmp_path / "black.tiff")
    assert not np.asarray(open_photo(tmp_path / "black.tiff")).any()


def test_what_is_transparent_is_white(tmp_path):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = 200, 0, 0, 255
    pixels[1, 1] = 0, 0, 0, 128
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    read = np.asarray(open_photo(tmp_path / "alpha.png"))
    assert read[0, 0].tolist() == [200, 0, 0]
    assert read[0, 1].tolist() == [255, 255, 255]
    assert read[1, 1].tolist() == [127, 127, 127]


@pytest.mark.parametrize(("mode", "suffix"), [("LA", ".png"), ("P", ".png"), ("RGBA", ".gif"), ("RGBA", ".webp")])
def test_transparency_of_other_modes(tmp_path, mode, suffix):
    image = Image.new("RGBA", (6, 6), (0, 0, 0, 0))
    image.paste((80, 80, 80, 255), (0, 0, 6, 3))
    path = tmp_path / f"image{suffix}"
    image.convert(mode).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    read = np.asarray(open_photo(path))
    assert (read[0] == 80).all()
    assert (read[-1] == 255).all()


def test_a_transparent_colour_of_rgb_is_white(tmp_path):
    quarters().save(tmp_path / "key.png", transparency=(255, 0, 0))
    assert np.asarray(open_photo(tmp_path / "key.png"))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_modes_become_rgb(tmp_path, mode):
    path = tmp_path / f"image{'.png' if mode in '1LP' else '.jpg'}"
    Image.new("RGB", (9, 5), (255, 255, 255)).convert(mode).save(path)
    read = open_photo(path)
    assert read.mode == "RGB"
    assert np.asarray(read).min() > 250


def test_fitting_scales_the_shorter_side_and_keeps_the_centre():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert (fit(Image.fromarray(wide), 10) == 255).all()
    scaled = np.asarray(Image.fromarray(wide).resize((15, 5), Image.Resampling.BICUBIC))
    assert (fit(Image.fromarray(wide), 5) == scaled[:, 5:10]).all()
    assert fit(Image.fromarray(wide.swapaxes(0, 1)), 20).shape == (20, 20, 3)


def test_an_image_of_the_right_size_is_left_as_it_is(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert (fit(Image.fromarray(pixels), 16) == pixels).all()


def test_scaling_down_is_antialiased():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert abs(fit(Image.fromarray(stripes), 8).astype(int) - 127).max() <= 6


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 5)])
def test_tiny_and_narrow_images_work(tmp_path, size):
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "tiny.png")
    assert (read_photo(tmp_path / "tiny.png", 8) == (10, 200, 30)).all()


def test_a_large_jpeg_is_decoded_small_but_looks_the_same(tmp_path, make_photo):
    path = make_photo(tmp_path / "large.jpg", size=(800, 600))
    assert min(open_photo(path, 64).size) < 600
    small, full = read_photo(path, 32), fit(open_photo(path), 32)
    assert abs(small.astype(int) - full).mean() < 1.5


def test_suffixes_are_those_that_pillow_decodes_by_itself():
    assert {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm"} <= PHOTO_SUFFIXES
    assert ".mpo" in PHOTO_SUFFIXES, "a JPEG with another behind it"
    assert not {".pdf", ".eps", ".ps", ".h5", ".mpg", ".txt"} & PHOTO_SUFFIXES


def test_postscript_in_disguise_is_not_run(tmp_path):
    (tmp_path / "innocent.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(DataError, match="not a format"):
        open_photo(tmp_path / "innocent.jpg")


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xe0 torn"])
def test_what_is_no_image_is_named(tmp_path, content):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.jpg: cannot be read as an image"):
        open_photo(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".tiff", ".bmp"])
def test_a_truncated_image_is_named(tmp_path, suffix, make_photo):
    path = make_photo(tmp_path / f"torn{suffix}", size=(64, 64))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="torn"):
        open_photo(path)


def test_a_decompression_bomb_is_named(tmp_path, monkeypatch, make_photo):
    path = make_photo(tmp_path / "bomb.png", size=(64, 64))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(DataError, match=r"bomb\.png.*decompression bomb"):
        open_photo(path)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.png.*No such file"):
        open_photo(tmp_path / "gone.png")
    with pytest.raises(DataError, match="cannot be read"):
        open_photo(tmp_path)


def test_whole_images_keep_their_shape(tmp_path):
    image = Image.new("RGB", (50, 30), (9, 99, 199))
    assert scaled(image, 24).shape == (24, 40, 3) and scaled(image.rotate(90, expand=True), 24).shape == (40, 24, 3)
    assert scaled(Image.new("RGB", (73, 64)), 100).shape == (100, 114, 3), "rounded down, as torchvision does"
    assert (scaled(image, 30) == np.asarray(image)).all()


def test_of_a_strip_of_20000_pixels_the_centre_is_looked_at():
    pixels = np.zeros((3, 20_000, 3), np.uint8)
    pixels[:, 9_986:10_014] = 255  # 24 pixels, and 2 that scaling looks at on each side
    assert scaled(Image.fromarray(pixels), 8).shape == (8, 64, 3)
    assert (scaled(Image.fromarray(pixels), 8) == 255).all()
    assert scaled(Image.new("RGB", (1, 20_000)), 640).shape == (5120, 640, 3)


def test_20000_by_20000_pixels_are_refused_in_words(tmp_path):
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)  # whose pixels need not follow
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT")
    with pytest.raises(DataError, match=r"huge\.png: .*more than the 178,956,970 pixels that are read.*scale it down"):
        read_photo(tmp_path / "huge.png", 8)


def test_a_large_picture_is_read_without_a_warning(tmp_path, monkeypatch, make_photo):
    path = make_photo(tmp_path / "large.png", size=(64, 64))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    with quiet():
        assert read_photo(path, 8).shape == (8, 8, 3)
