"""How many bytes of activations a training step moves: what bounds its speed where the arithmetic does not."""

from reslab.native.network import SIZE, WIDTHS, Geometry


def bytes_per_image(geometry: Geometry, bytes_per_value: int = 2) -> int:
    """Activations and their gradients that are read or written once each by the passes of a step, for one image.

    Counted from what the passes of kernels/forward.cpp and backward.cpp touch; what stays in cache within an image is
    not counted, and neither is what a very deep net computes again (see `network.Network`).
    """
    before, adds = (SIZE, WIDTHS[0]), 0  # what the shortcut before adds to a raw output: values that are read
    moved = 3 * (SIZE + 2) ** 2 * 4  # the prepared image: written, read there and back
    moved += 3 * _values(*before)  # the stem's raw output, written and read; its gradient read
    for stage, count in enumerate(geometry.blocks):
        here = (SIZE >> stage, WIDTHS[stage])
        for index in range(count):
            grows = stage > 0 and index == 0
            projects = geometry.shortcut == "C" or (geometry.shortcut == "B" and grows)
            inside, outside = _values(*here), _values(*before)
            moved += (
                2 * outside + adds + inside
            )  # first: raw output before, sum; the block's input and a raw output out
            moved += 2 * inside  # second
            moved += 4 * inside  # second, back: gradient and both raw outputs; a gradient out
            moved += 2 * inside + 3 * outside  # first, back: gradient, raw, input, raw before; a gradient out
            if geometry.shortcut:
                moved += inside  # the gradient through the shortcut
            if projects:
                moved += 2 * inside  # its raw output, written and read
            moved += (
                outside if _was_projection(geometry, stage, index) else 0
            )  # for the normalisation of the one before
            # Zero padding reads every second pixel of every second row of half as many channels.
            adds = 0 if geometry.shortcut is None else inside // 2 if grows and not projects else inside
            before = here
    moved += 2 * _values(*before) + adds  # the head: raw output, shortcut; a gradient out
    return moved * bytes_per_value


def _was_projection(geometry: Geometry, stage: int, index: int) -> bool:
    """Did the block before this one project its shortcut?"""
    if stage == 0 and index == 0:
        return False
    return geometry.shortcut == "C" or (geometry.shortcut == "B" and (stage > 0 and index == 1))


def _values(side: int, channels: int) -> int:
    return side * side * channels
