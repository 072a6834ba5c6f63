"""Gradients at each layer against PyTorch's own, and what a net is after it was looked at."""

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import gradients, layer_gradients, untrained
from reslab.errors import UsageError
from reslab.nets import Block
from tests.analysis.test_responses import classifier, noise

LABELS = np.arange(6) % 10


def test_norms_are_those_of_each_image_s_own_loss():
    """In evaluation, where images have nothing to do with each other, against one image at a time."""
    net, images = classifier("resnet8"), noise(3)
    found = layer_gradients(net.eval(), torch.from_numpy(images), torch.tensor([1, 2, 3]), net.net)
    assert [signal.layer for signal in found] == list(range(1, 8))
    assert (found[0].name, found[0].stage, found[-1].stage) == ("stem.1", "stem", "stage3")
    norms = []
    for image, label in zip(images, (1, 2, 3), strict=True):
        seen = []
        hook = net.net.get_submodule("stage2.0.residual.4").register_forward_hook(
            lambda _, __, out, s=seen: s.append(out)
        )
        loss = nn.functional.cross_entropy(net(image[None]), torch.tensor([label]))
        hook.remove()
        (gradient,) = torch.autograd.grad(loss, seen)
        norms.append(gradient.norm().item())
    by_name = {signal.name: signal for signal in found}
    assert by_name["stage2.0.residual.4"].gradient == pytest.approx(np.mean(norms), rel=1e-5)


def test_at_the_start_each_response_has_a_deviation_of_one_and_the_net_stays_as_it_was():
    net = classifier("plain8").eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = gradients(net, noise(6), LABELS)
    assert all(signal.std == pytest.approx(1, abs=1e-3) for signal in found)  # of the batch, not of what was learned
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not net.net.training and not any(p.grad is not None for p in net.parameters())


def test_what_is_drawn_in_training_is_left_out():
    """Stochastic depth: the same net gives the same norms again, of every layer."""
    net = classifier("resnet8")
    for module in net.modules():
        if isinstance(module, Block):
            module.survival = 0.5
    found = [gradients(net, noise(6), LABELS) for _ in range(6)]
    assert all(signals == found[0] for signals in found) and all(signal.gradient > 0 for signal in found[0])


def test_untrained_is_he_initialisation_of_a_seed():
    net = classifier("resnet8")
    fresh, again, other = untrained(net), untrained(net, 0), untrained(net, 1)
    weights = [of.net.get_submodule("stage2.0.residual.3").weight for of in (fresh, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert weights[0].std().item() == pytest.approx((2 / (9 * 32)) ** 0.5, rel=0.05)


def test_one_image_and_nets_without_batch_normalisation_are_refused():
    with pytest.raises(UsageError, match="at least two images"):
        gradients(classifier("resnet8"), noise(1), LABELS[:1])
    with pytest.raises(UsageError, match="nin has no 3x3 layer with batch normalisation"):
        gradients(classifier("nin"), noise(2), LABELS[:2])
