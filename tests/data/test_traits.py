"""What is odd about a photograph's file, each thing by itself."""

import numpy as np
import pytest
from PIL import Image

from reslab.data.traits import look_at
from reslab.errors import DataError


@pytest.fixture
def scene(make_scene) -> Image.Image:
    return make_scene(3, (60, 40))


def traits(path) -> set[str]:
    return set(look_at(path).traits)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".bmp"])
def test_an_ordinary_photograph_has_none(tmp_path, scene, suffix):
    scene.save(tmp_path / f"plain{suffix}")
    look = look_at(tmp_path / f"plain{suffix}")
    assert (look.size, look.traits, look.small.shape) == ((60, 40), frozenset(), (16, 16))


@pytest.mark.parametrize(("orientation", "size"), [(1, (60, 40)), (3, (60, 40)), (6, (40, 60))])
def test_turned_by_exif(tmp_path, scene, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene.save(tmp_path / "turned.jpg", exif=exif)
    look = look_at(tmp_path / "turned.jpg")
    assert look.size == size and look.traits == ({"turned"} if orientation > 1 else set())


def test_a_large_jpeg_has_the_size_of_its_file(tmp_path, make_scene):
    make_scene(1, (1600, 1200)).save(tmp_path / "large.jpg")
    assert look_at(tmp_path / "large.jpg").size == (1600, 1200)


def test_more_than_8_bits(tmp_path, scene):
    grey = np.asarray(scene.convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(grey.astype(np.float32)).save(tmp_path / "float.tiff")
    assert traits(tmp_path / "deep.png") == traits(tmp_path / "float.tiff") == {"deep", "grey"}


def test_16_bits_of_colour(tmp_path):
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + struct.pack(">24H", *range(0, 48_000, 2_000)) for _ in range(8))  # 8 x 8, red, green, blue
    header = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert traits(tmp_path / "deep.png") == {"deep"}


def test_cmyk(tmp_path, scene):
    scene.convert("CMYK").save(tmp_path / "print.jpg")
    assert traits(tmp_path / "print.jpg") == {"cmyk"}


def test_transparent_is_what_lets_something_through(tmp_path, scene):
    scene.convert("RGBA").save(tmp_path / "opaque.png")
    assert traits(tmp_path / "opaque.png") == set()
    scene.putalpha(Image.linear_gradient("L").resize(scene.size))
    scene.save(tmp_path / "alpha.png")
    scene.quantize(16).save(tmp_path / "palette.png", transparency=0)
    scene.convert("RGB").save(tmp_path / "key.png", transparency=scene.convert("RGB").getpixel((0, 0)))
    for name in ("alpha", "palette", "key"):
        assert traits(tmp_path / f"{name}.png") == {"transparent"}


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_several_frames(tmp_path, scene, make_scene, suffix):
    scene.save(tmp_path / f"one{suffix}")
    scene.save(tmp_path / f"two{suffix}", save_all=True, append_images=[make_scene(4, scene.size)])
    assert "animated" not in traits(tmp_path / f"one{suffix}")
    assert "animated" in traits(tmp_path / f"two{suffix}")


def test_a_phones_jpeg_with_another_behind_it_does_not_move(tmp_path, scene, make_scene):
    scene.save(tmp_path / "phone.jpg", "MPO", save_all=True, append_images=[make_scene(4, scene.size)])
    assert traits(tmp_path / "phone.jpg") == set()


def test_strips(tmp_path, make_scene):
    make_scene(1, (161, 20)).save(tmp_path / "strip.png")
    make_scene(1, (160, 20)).save(tmp_path / "long.png")
    make_scene(1, (20, 161)).save(tmp_path / "tall.png")
    assert traits(tmp_path / "strip.png") == traits(tmp_path / "tall.png") == {"strip"}
    assert traits(tmp_path / "long.png") == set()


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey(tmp_path, scene, mode):
    scene.convert(mode).save(tmp_path / "grey.png")
    scene.convert("L").convert("RGB").save(tmp_path / "grey.jpg", quality=60)
    assert traits(tmp_path / "grey.png") == traits(tmp_path / "grey.jpg") == {"grey"}


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_what_is_torn_is_named(tmp_path, make_scene, suffix):
    path = tmp_path / f"torn{suffix}"
    make_scene(1).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="torn"):
        look_at(path)
