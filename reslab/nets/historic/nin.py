"""Network in Network (Lin, Chen, Yan, arXiv 1312.4400): convolutions with two 1x1 layers behind each ("mlpconv").

A 1x1 convolution is one fully connected layer of the channels, the same at every position.
"""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import convolution


def nin(classes: int, size: int) -> nn.Sequential:
    """Three mlpconv stages of 192 filters, two max pools with dropout between; global average pooling of the scores.

    ReLU after every layer, the last 1x1 included, as in the authors' file; its second pool is a max pool, too (that of
    the Caffe and Lasagne versions is an average pool).
    """
    first = [*convolution(3, 192, 5), *convolution(192, 160, 1), *convolution(160, 96, 1)]
    second = [*convolution(96, 192, 5), *convolution(192, 192, 1), *convolution(192, 192, 1)]
    third = [*convolution(192, 192, 3), *convolution(192, 192, 1), *convolution(192, classes, 1)]
    return nn.Sequential(
        OrderedDict(
            stage1=nn.Sequential(*first, *shrink()),
            stage2=nn.Sequential(*second, *shrink()),
            stage3=nn.Sequential(*third),
            head=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        )
    )


def shrink() -> list[nn.Module]:
    """3x3 max pool of stride 2 that rounds up, and dropout."""
    return [nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5)]
