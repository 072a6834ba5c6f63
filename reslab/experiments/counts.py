"""What a net costs, counted on the net itself, once."""

from functools import lru_cache

import torch

from reslab.nets import Complexity, build, complexity, spec


@lru_cache(maxsize=64)
def counted(name: str, shortcut: str | None = None) -> Complexity:
    """Parameters and multiply-adds of a net of the paper, at the size of images that it is made for."""
    found = spec(name, shortcut)
    with torch.device("meta"):  # shapes alone
        return complexity(build(found), found.size)
