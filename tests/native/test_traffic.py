"""What a step moves, against a count by hand."""

from reslab.engine.native_engine import geometry_of
from reslab.native import bytes_per_image
from reslab.nets import spec

MAP = 32 * 32 * 16  # values of the first stage; the second's are half as many, the third's a quarter


def moved(name: str, shortcut: str | None = None, size: int = 2) -> int:
    return bytes_per_image(geometry_of(spec(name, shortcut, 10, 32))[0], size)


def test_a_plain_net_by_hand():
    """In maps of a block's input (o) and of its inside (i). First: reads o, writes i; second: reads i, writes i;
    second, back: reads 3 i, writes i; first, back: reads 2 i and o, writes o: 9 i + 3 o. The stem writes, and reads
    back its output and gradient: 3; the head reads one, writes one. The image is moved three times."""
    blocks = (9 + 3) + (9 * 0.5 + 3) + (9 * 0.25 + 3 * 0.5)
    assert moved("plain8") == 2 * (MAP * (3 + blocks + 2 * 0.25) + 3 * 34 * 34 * 4)


def test_zero_padding_by_hand():
    """More than the plain net: each block's input is written and read back (2 of 1 + 1 + 0.5), forward each sum reads
    the shortcut (1; a half of 0.5; a half of 0.25 by the head), and back each block reads the gradient that comes
    through it (1 + 0.5 + 0.25)."""
    inputs, sums, through = 2 * (1 + 1 + 0.5), 1 + 0.25 + 0.125, 1 + 0.5 + 0.25
    assert moved("resnet8", "A") - moved("plain8") == 2 * MAP * (inputs + sums + through)


def test_shortcuts_cost_traffic_and_fp32_twice_as_much():
    assert moved("plain20") < moved("resnet20", "A") < moved("resnet20", "B") < moved("resnet20", "C")
    assert moved("resnet20", size=4) == 2 * moved("resnet20")


def test_the_raw_output_of_a_projection_is_read_again_by_the_block_after_it():
    """B beside A: both projections (0.5 and 0.25) write and read a raw output and are added whole, where zero padding
    reads a half; the next block, or the head for the last, reads what is added; and once more, of the first alone."""
    for name, after in (("resnet8", 0.5), ("resnet20", 0.5 + 0.25)):
        assert moved(name, "B") - moved(name, "A") == 2 * MAP * (2 * 0.75 + 0.75 / 2 + after)


def test_it_grows_with_depth():
    assert moved("resnet56") - moved("resnet38") == moved("resnet38") - moved("resnet20") > 0
