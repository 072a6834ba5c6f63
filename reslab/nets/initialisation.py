"""Initialisation of weights: He et al., "Delving deep into rectifiers" (2015), as sec. 3.4 asks, two variants that let
every residual function start as, or near, the identity, and those of the nets of the comparison.
"""

from collections.abc import Callable
from functools import partial

from torch import Generator, Tensor, nn

from reslab.errors import UsageError
from reslab.nets.blocks import Block, ZeroPad
from reslab.nets.historic.layers import companions_of
from reslab.nets.preact import PreactBlock

INITIALISATIONS = ("he", "xavier", "normal", "uniform", "identity", "zero_gamma")
SCALED = ("normal", "uniform")


def initialise(net: nn.Module, how: str = "he", generator: Generator | None = None, scale: float = 0.0) -> None:
    """Weights of every convolution and fully connected layer; biases 0, or what their layer asks for; batch
    normalisation as the identity. With a `generator`, the same weights at every call.

    "he": normal, variance 2 / fan_in; "xavier": uniform, variance 2 / (fan_in + fan_out) (Glorot, Bengio 2010);
    "normal", "uniform": standard deviation or bound `scale`, whatever the layer, but companions "xavier" (the authors'
    file of DSN); "identity", "zero_gamma": He, and what they change of it. What the net holds fixed
    (`requires_grad=False`) stays as it was made. Raises UsageError where `how` does not suit the net.
    """
    assert how in INITIALISATIONS
    fixed = [(parameter, parameter.detach().clone()) for parameter in net.parameters() if not parameter.requires_grad]
    if how == "normal":
        _draw(net, partial(nn.init.normal_, std=scale, generator=generator))
    elif how == "uniform":
        _draw(net, partial(nn.init.uniform_, a=-scale, b=scale, generator=generator))
    elif how == "xavier":
        _draw(net, partial(nn.init.xavier_uniform_, generator=generator))
    else:
        he_initialise(net, generator)
    if how in SCALED:
        for companion in companions_of(net):
            _draw(companion, partial(nn.init.xavier_uniform_, generator=generator))
    if how in ("identity", "zero_gamma"):
        _start_blocks(net, how)
    for parameter, made in fixed:
        parameter.copy_(made)  # which no gradient looks on


def he_initialise(net: nn.Module, generator: Generator | None = None) -> None:
    """Zero-mean normal weights of variance 2 / fan_in for every convolution and fully connected layer; biases 0;
    batch normalisation starts as the identity. With a `generator`, the same weights at every call.
    """
    _draw(net, partial(nn.init.kaiming_normal_, nonlinearity="relu", generator=generator))


def _draw(net: nn.Module, weights: Callable[[Tensor], object]) -> None:
    for module in net.modules():
        if any(parameter.is_meta for parameter in module.parameters(recurse=False)):
            continue  # a net of shapes alone: drawing nothing takes PyTorch milliseconds a layer
        if isinstance(module, nn.Conv2d | nn.Linear):
            weights(module.weight)
            if module.bias is not None:
                nn.init.constant_(module.bias, getattr(module, "initial_bias", 0.0))
        elif isinstance(module, nn.BatchNorm2d):
            for tensor, start in (
                (module.weight, 1.0),
                (module.bias, 0.0),
                (module.running_mean, 0.0),
                (module.running_var, 1.0),
            ):
                if tensor is not None:
                    nn.init.constant_(tensor, start)


def _start_blocks(net: nn.Module, how: str) -> None:
    blocks = [module for module in net.modules() if isinstance(module, Block | PreactBlock)]
    if not blocks:
        raise UsageError(f"model.init={how}: this net has no blocks of sec. 3.3 to start so; use he")
    for block in blocks:
        if how == "identity":
            start_as_identity(block)
        else:
            silence_residual(block)


def start_as_identity(block: Block | PreactBlock) -> None:
    """Every 3x3 convolution of the residual function hands its input on: filter i has a 1 in the middle of channel i.

    Filters beyond the input's channels keep their weights, and so do convolutions with fewer filters than input
    channels (cifar10-airbench, arXiv 2404.00498: identity initialisation, there of all convolutions but the first).
    """
    for module in block.residual.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3) and module.groups == 1:
            filters, channels = module.weight.shape[:2]
            if filters >= channels:
                nn.init.dirac_(module.weight.data[:channels])


def silence_residual(block: Block | PreactBlock) -> None:
    """The last batch normalisation of the residual function starts with scale 0: the block is its shortcut, at first
    (Goyal et al., arXiv 1706.02677, sec. 5.1).

    Where the shortcut pads with zeros (option A) its new channels keep scale 1: with both terms 0, ReLU would pass no
    gradient to them, and they would stay dead for the whole training, in this block and all that follow.

    Raises UsageError for a block of a plain net, which would hand on nothing at all, and for a residual function that
    does not end in batch normalisation.
    """
    *_, last = block.residual.modules()
    if block.shortcut is None:
        raise UsageError("model.init=zero_gamma: a plain net has no shortcuts, and would be dead; use he or identity")
    if not isinstance(last, nn.BatchNorm2d) or last.weight is None:
        raise UsageError(
            "model.init=zero_gamma: the residual function does not end in batch normalisation; use he or identity"
        )
    padded = block.shortcut.extra if isinstance(block.shortcut, ZeroPad) else 0
    nn.init.zeros_(last.weight.data[: len(last.weight) - padded])
