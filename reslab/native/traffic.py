"""How many bytes of activations a training step moves: what bounds its speed where the arithmetic does not."""

from reslab.native.network import SIZE, WIDTHS, Geometry


def bytes_per_image(geometry: Geometry, bytes_per_value: int = 2) -> int:
    """Activations and their gradients that are read or written once each by the passes of a step, for one image.

    Counted from what the passes of kernels/network.cpp touch; what stays in cache within an image is not counted.
    """
    stem = (SIZE, WIDTHS[0])
    moved = 2 * _values(*stem) + _values(*stem)  # the stem's raw output: written and read; its gradient read
    before, projected = stem, False
    for stage, count in enumerate(geometry.blocks):
        here = (SIZE >> stage, WIDTHS[stage])
        for index in range(count):
            grows = stage > 0 and index == 0
            projects = geometry.shortcut == "C" or (geometry.shortcut == "B" and grows)
            inside, outside = _values(*here), _values(*before)
            # Forward: the raw output before and what the shortcut adds are read, the input and two raw outputs written,
            # one of them read. Backward: gradients 3 read, 2 written; raw outputs 3 read; the input read.
            moved += outside * (3 if projected or geometry.shortcut else 2) + 3 * inside
            moved += (2 + 2) * inside + inside  # second: g, both raw outputs and its own gradient; first: that, raw
            moved += inside + 3 * outside + (inside if geometry.shortcut else 0)  # input, raw before, gradient out
            moved += (2 * inside if projects else 0) + (outside if projected else 0)
            before, projected = here, projects
    moved += 3 * _values(*before)  # the head: raw output and shortcut read, gradient written
    return moved * bytes_per_value


def _values(side: int, channels: int) -> int:
    return side * side * channels
