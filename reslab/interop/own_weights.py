"""Weights alone of a net of ours, `torch.save(net.state_dict(), FILE)`: they do not tell which net it is."""

import re

from reslab.errors import RunError
from reslab.interop.checkpoint import Checkpoint
from reslab.nets import HISTORIC, spec, unfilled

PARTS = re.compile(r"(stem|stage\d+|head)\.")  # of a net of `create`, but of many a module of others', too
BLOCK = re.compile(r"stage\d+\.\d+\.(residual|shortcut)\.")  # of a net of blocks, and of no other program's


def refuse_own_weights(found: Checkpoint) -> None:
    """Raises RunError, with the way to a classifier, where every tensor is called as a net of ours calls its own."""
    if not _ours(list(found.tensors)):
        return
    raise RunError(
        f"{found.file} holds the weights of a net of reslab.create, without its name, classes and normalisation. Make "
        f"the net again, net = reslab.create(...), and give it these: net.load_state_dict({_read(found)}); then "
        "reslab.save(reslab.classifier(net, classes, mean=..., std=...), 'mine.safetensors') makes a file that can be "
        "opened"
    )


def _ours(names: list[str]) -> bool:
    """Are tensors called so in a net of blocks, or in a historic one, which has no name that others could not have?"""
    if not all(PARTS.match(name) for name in names):
        return False
    if any(BLOCK.match(name) for name in names):
        return {"stem", "head"} <= {name.partition(".")[0] for name in names}
    return any(unfilled(spec(historic)).state_dict().keys() == set(names) for historic in HISTORIC)


def _read(found: Checkpoint) -> str:
    """The expression that gives the tensors as the net calls them."""
    own = found.file.suffix.lower() == ".safetensors"
    reader = "safetensors.torch.load_file" if own else "torch.load"
    read = f"{reader}({str(found.file)!r})" + "".join(f"[{part!r}]" for part in found.within)
    if not found.prefix:
        return read
    ours = f"if name.startswith({found.prefix!r})"  # beside them, AveragedModel has a counter
    return f"{{name.removeprefix({found.prefix!r}): tensor for name, tensor in {read}.items() {ours}}}"
