"""Maps inside a net, and the regressor by which one net's map guesses another's (FitNets, arXiv 1412.6550)."""

from itertools import dropwhile, takewhile

import torch
from torch import Tensor, nn

from reslab.errors import UsageError, unknown
from reslab.nets.historic.layers import Maxout

PIECES = 2  # of the regressor's maxout units, as its authors have them


def map_until(net: nn.Sequential, last: str, images: Tensor) -> Tensor:
    """What the part `last` of a net gives (stem, stage1, ...)."""
    for name, part in net.named_children():
        images = part(images)
        if name == last:
            return images
    raise AssertionError(f"no part {last}")


def map_after(net: nn.Sequential, last: str, found: Tensor) -> Tensor:
    """The net's scores, of what its part `last` gave."""
    for _, part in list(dropwhile(lambda named: named[0] != last, net.named_children()))[1:]:
        found = part(found)
    return found


def hint_regressor(student: nn.Sequential, teacher: nn.Sequential, parts: tuple[str, str], size: int) -> nn.Module:
    """One maxout convolution from the map of the student's part to that of the teacher's, for images of `size` px.

    Its kernel is as large as the maps differ by, and one more (sec. 3.1 there). Raises what `hint_shape` raises.
    """
    channels, units, kernel = hint_shape(student, teacher, parts, size)
    return nn.Sequential(nn.Conv2d(channels, PIECES * units, kernel), Maxout(PIECES))


def hint_shape(
    student: nn.Sequential, teacher: nn.Sequential, parts: tuple[str, str], size: int
) -> tuple[int, int, int]:
    """Channels, units and kernel of that regressor.

    Raises UsageError for parts that the nets have not got, that give no map, or where the teacher's map is the larger.
    """
    ours, theirs = (
        _map_shape(net, part, size, whose)
        for net, part, whose in zip((student, teacher), parts, ("the net", "its teacher"), strict=True)
    )
    kernel = ours[1] - theirs[1] + 1
    if kernel < 1:
        raise UsageError(
            f"teacher.hints {'='.join(parts)}: the teacher's map of {theirs[1]} x {theirs[1]} is larger than the net's "
            f"own of {ours[1]} x {ours[1]}: name an earlier part of the net or a later one of the teacher, "
            "--set teacher.hints=OURS=THEIRS"
        )
    return ours[0], theirs[0], kernel


def _map_shape(net: nn.Sequential, part: str, size: int, whose: str) -> tuple[int, int]:
    """Channels, and height = width, of what a part gives."""
    before = [name for name, _ in takewhile(lambda named: named[0] != "head", net.named_children())]
    if part not in before:
        raise unknown(f"part of {whose} for hints", part, before)
    device = next(net.parameters()).device
    training = net.training
    with torch.no_grad():
        shape = map_until(net.eval(), part, torch.zeros(1, 3, size, size, device=device)).shape
    net.train(training)
    return shape[1], shape[2]
