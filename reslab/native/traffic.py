"""How many bytes of activations a training step moves: what bounds its speed where the arithmetic does not."""

from reslab.native.network import SIZE, WIDTHS, Geometry


def bytes_per_image(geometry: Geometry, bytes_per_value: int = 2) -> int:
    """Activations and their gradients that are read or written once each by the passes of a step, for one image.

    Counted from what the passes of kernels/forward.cpp and backward.cpp touch; what stays in cache within an image is
    not counted, and neither is what a very deep net computes again (see `network.Network`).
    """
    # Of the block before: its output, what its shortcut adds (values that are read), and whether that is a projection.
    before, adds, projected = (SIZE, WIDTHS[0]), 0, False
    moved = 3 * (SIZE + 2) ** 2 * 4  # the prepared image: written, read there and back
    moved += 3 * _values(*before)  # the stem's raw output, written and read; its gradient read
    for stage, count in enumerate(geometry.blocks):
        here = (SIZE >> stage, WIDTHS[stage])
        for index in range(count):
            grows = stage > 0 and index == 0
            projects = geometry.shortcut == "C" or (geometry.shortcut == "B" and grows)
            inside, outside = _values(*here), _values(*before)
            # First: raw output before, sum; a raw output out.
            moved += outside + adds + inside
            moved += 2 * inside  # second
            moved += 4 * inside  # second, back: gradient and both raw outputs; a gradient out
            moved += 2 * inside + 2 * outside  # first, back: gradient, raw, raw before; a gradient out
            if geometry.shortcut:
                moved += 2 * outside  # the block's input: out on the way forward, in on the way back
                moved += inside  # the gradient through the shortcut
            if projects:
                moved += 2 * inside  # its raw output, written and read
            if projected:
                moved += outside  # its raw output, for its normalisation on the way back
            # Zero padding reads every second pixel of every second row of half as many channels.
            adds = 0 if geometry.shortcut is None else inside // 2 if grows and not projects else inside
            before, projected = here, projects
    moved += 2 * _values(*before) + adds  # the head: raw output, shortcut; a gradient out
    return moved * bytes_per_value


def _values(side: int, channels: int) -> int:
    return side * side * channels
