"""The loss around trained weights: directions filter by filter, lines and squares against nets moved by hand."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import Extent, landscape, random_direction, scores
from reslab.engine import Layout, parameter_layout
from reslab.errors import UsageError
from tests.analysis.test_responses import classifier, noise

LABELS = np.arange(12) % 10


def weights_of(net):
    layout = parameter_layout(net.net)
    return layout, layout.pack(dict(net.net.state_dict()))


def moved(net, offset: torch.Tensor):
    """A copy of the net with its weights elsewhere."""
    other = copy.deepcopy(net)
    layout, weights = weights_of(net)
    placed = layout.views(weights + offset)
    with torch.no_grad():
        for name, parameter in other.net.named_parameters():
            parameter.copy_(placed[name])
    return other


def loss_of(net, images: np.ndarray) -> float:
    found = nn.functional.cross_entropy(torch.from_numpy(scores(net, images)).double(), torch.from_numpy(LABELS))
    return float(found)


def test_a_direction_moves_each_filter_as_far_as_it_is_long():
    layout, weights = weights_of(classifier("resnet8"))
    found = layout.views(random_direction(layout, weights, seed=3))
    trained = layout.views(weights)
    for name in ("stem.0.weight", "stage2.0.residual.0.weight", "head.2.weight"):
        lengths = found[name].flatten(1).norm(dim=1)
        torch.testing.assert_close(lengths, trained[name].flatten(1).norm(dim=1))
    cosine = torch.cosine_similarity(found["head.2.weight"].flatten(), trained["head.2.weight"].flatten(), dim=0)
    assert abs(cosine) < 0.2, "and where to has nothing to do with it"


def test_biases_and_batch_normalisation_are_not_moved():
    net = classifier("resnet8")
    layout, weights = weights_of(net)
    found = layout.views(random_direction(layout, weights, seed=0))
    flat = [name for name, parameter in net.net.named_parameters() if parameter.dim() < 2]
    assert {name.rpartition(".")[2] for name in flat} == {"weight", "bias"}
    assert all(not found[name].any() for name in flat)


def test_a_filter_of_zeros_stays_where_it_is():
    layout = Layout(("a",), ((2, 3),))
    found = random_direction(layout, torch.tensor([0.0, 0.0, 0.0, 3.0, 0.0, 4.0]), seed=0)
    assert not found[:3].any() and float(found[3:].norm()) == pytest.approx(5)


def test_a_direction_is_a_function_of_seed_and_number():
    layout, weights = weights_of(classifier("resnet8"))
    one = random_direction(layout, weights, 0, 1)
    assert torch.equal(one, random_direction(layout, weights, 0, 1))
    assert not torch.equal(one, random_direction(layout, weights, 0, 0))
    assert not torch.equal(one, random_direction(layout, weights, 1, 1))


def test_a_line_is_the_loss_of_the_net_moved_along_it():
    net, images = classifier("resnet8"), noise(12)
    found = landscape(net, images, LABELS, Extent(directions=2, points=2, reach=0.5, seed=7))
    assert found.distances == (-0.5, -0.25, 0, 0.25, 0.5)
    layout, weights = weights_of(net)
    for number, line in enumerate(found.lines):
        way = random_direction(layout, weights, 7, number)
        wanted = [loss_of(moved(net, at * way), images) for at in found.distances]
        assert [height.loss for height in line] == pytest.approx(wanted, rel=1e-4)
    wrong = 100 * float((scores(net, images).argmax(1) != LABELS).mean())
    assert found.centre == found.lines[1][2] and found.centre.error == pytest.approx(wrong)


def test_a_surface_is_a_square_of_two_directions_with_their_lines_for_axes():
    net, images = classifier("resnet8"), noise(12)
    extent, told = Extent(directions=2, points=1, reach=0.5, surface=True), []
    found = landscape(net, images, LABELS, extent, progress=lambda *now: told.append(now))
    assert told == [(place, 9) for place in range(1, 10)], "every place once"
    layout, weights = weights_of(net)
    first, second = (random_direction(layout, weights, 0, number) for number in (0, 1))
    assert found.surface[1] == found.lines[0]
    assert tuple(row[1] for row in found.surface) == found.lines[1]
    corner = loss_of(moved(net, -0.5 * second + 0.5 * first), images)
    assert found.surface[0][2].loss == pytest.approx(corner, rel=1e-4)


def test_statistics_of_the_batch_undo_what_scales_a_layer():
    """Where they are taken anew, a longer filter computes the same; with those of the training it does not."""
    net, images = classifier("resnet8"), noise(12)
    longer = copy.deepcopy(net)
    with torch.no_grad():
        longer.net.stem[0].weight.mul_(3)
    extent = Extent(directions=1, points=1)
    for batch_statistics, same in ((True, True), (False, False)):
        one, other = (
            landscape(some, images, LABELS, extent, batch_statistics=batch_statistics).centre.loss
            for some in (net, longer)
        )
        assert (one == pytest.approx(other, rel=1e-3)) == same


def test_looking_leaves_the_net_as_it_was():
    net = classifier("resnet8")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes, threads = [module.training for module in net.modules()], torch.get_num_threads()
    for batch_statistics in (False, True):
        landscape(net, noise(12), LABELS, Extent(1, 1), batch_statistics=batch_statistics)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert [module.training for module in net.modules()] == modes and torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"directions": 0}, "at least one direction"),
        ({"points": 0}, "one point to either side"),
        ({"reach": 0.0}, "reach 0: a distance above 0"),
        ({"reach": float("nan")}, "a distance above 0"),
        ({"seed": -1}, "seed -1"),
        ({"directions": 1, "surface": True}, "a surface needs two directions"),
    ],
)
def test_what_is_no_extent_is_refused(values, said):
    with pytest.raises(UsageError, match=said):
        Extent(**values)


def test_what_cannot_be_looked_at_is_refused():
    net, extent = classifier("resnet8"), Extent(1, 1)
    with pytest.raises(UsageError, match="an image at least"):
        landscape(net, noise(0), LABELS[:0], extent)
    with pytest.raises(UsageError, match="two images at least"):
        landscape(net, noise(1), LABELS[:1], extent, batch_statistics=True)
    with pytest.raises(UsageError, match="nin has no batch normalisation"):
        landscape(classifier("nin"), noise(2), LABELS[:2], extent, batch_statistics=True)
    with pytest.raises(UsageError, match="no number so far from the trained weights"):
        landscape(net, noise(12), LABELS, Extent(1, 1, reach=1e9))
