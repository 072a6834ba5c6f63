"""Initialisation of weights: He et al., "Delving deep into rectifiers" (2015), as sec. 3.4 asks."""

from torch import Generator, nn


def he_initialise(net: nn.Module, generator: Generator | None = None) -> None:
    """Zero-mean normal weights of variance 2 / fan_in for every convolution and fully connected layer; biases 0;
    batch normalisation starts as the identity. With a `generator`, the same weights at every call.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            for tensor, start in (
                (module.weight, 1.0),
                (module.bias, 0.0),
                (module.running_mean, 0.0),
                (module.running_var, 1.0),
            ):
                if tensor is not None:
                    nn.init.constant_(tensor, start)
