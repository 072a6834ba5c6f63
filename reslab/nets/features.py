"""What a net makes of images before it tells classes apart: for retrieval, clustering, a classifier of one's own."""

from torch import Tensor, nn

from reslab.errors import UsageError


def features(net: nn.Sequential, images: Tensor) -> Tensor:
    """What the fully connected layer that makes the scores sees: normalised (B, 3, H, W) -> (B, F).

    In residual and plain nets that is the last map after global average pooling (F is 64 in those of sec. 4.2, 512 or
    2048 in those of Table 1); in a net of the comparison with hidden fully connected layers, the last of them. Raises
    UsageError as `last_layer` does.
    """
    *before, _ = _parts(net)
    for part in before:
        images = part(images)
    return images


def last_layer(net: nn.Sequential) -> nn.Linear:
    """The fully connected layer that makes the scores. Raises UsageError for a net whose scores are no such layer's."""
    last = _parts(net)[-1]
    assert isinstance(last, nn.Linear)
    return last


def _parts(net: nn.Sequential) -> list[nn.Module]:
    """What images go through, one after another; the last one is `last_layer`."""
    head = dict(net.named_children()).get("head")
    layers = list(head.children()) if isinstance(head, nn.Sequential) else []
    if not layers or not isinstance(layers[-1], nn.Linear):
        raise UsageError(
            "features are what the last fully connected layer sees, and this net ends in none "
            "(NIN and DSN pool the scores themselves): take another one, or a hook on a stage"
        )
    return [*list(net.children())[:-1], *layers]
