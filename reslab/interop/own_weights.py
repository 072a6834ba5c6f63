"""Weights alone of a net of ours, `torch.save(net.state_dict(), FILE)`: they do not tell which net it is."""

import re

from reslab.errors import RunError
from reslab.interop.checkpoint import Checkpoint

PARTS = re.compile(r"(stem|stage\d+|head)\.")  # of a net of `create`, and of no other program's


def refuse_own_weights(found: Checkpoint) -> None:
    """Raises RunError, with the way to a classifier, where every tensor is called as a net of ours calls its own."""
    if not all(PARTS.match(name) for name in found.tensors):
        return
    raise RunError(
        f"{found.file} holds the weights of a net of reslab.create, without its name, classes and normalisation. Make "
        f"the net again, net = reslab.create(...), and give it these: net.load_state_dict({_read(found)}); then "
        "reslab.save(reslab.classifier(net, classes, mean=..., std=...), 'mine.safetensors') makes a file that can be "
        "opened"
    )


def _read(found: Checkpoint) -> str:
    """The expression that gives the tensors as the net calls them."""
    own = found.file.suffix.lower() == ".safetensors"
    reader = "safetensors.torch.load_file" if own else "torch.load"
    read = f"{reader}({str(found.file)!r})" + "".join(f"[{part!r}]" for part in found.within)
    if not found.prefix:
        return read
    return f"{{name.removeprefix({found.prefix!r}): tensor for name, tensor in {read}.items()}}"
