"""Selective backpropagation: of more images than a batch holds, the hardest are trained on (Jiang et al. 2019)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reslab.engine import Batch, Engine, sample_losses
from reslab.training.recipe import Recipe
from reslab.training.state import State


def selected(recipe: Recipe, state: State, engine: Engine, candidates: Batch) -> Batch:
    """The `recipe.batch` candidates whose loss is largest, as they are; all of them where the recipe selects nothing.

    They are judged as in testing: by the running statistics, neither cropped nor mirrored.
    """
    if len(candidates.labels) == recipe.batch:
        return candidates
    parts = (part.images for part in candidates.divided())
    scores = torch.cat([engine.logits(state.weights, state.statistics, images) for images in parts])
    losses = sample_losses(recipe.loss, scores, torch.from_numpy(candidates.labels).to(scores.device))
    return candidates.only(hardest(losses, recipe.batch))


def hardest(losses: Tensor, count: int) -> NDArray[np.int64]:
    """Where the `count` largest losses are, in ascending order; of equal losses the first."""
    order = np.argsort(-losses.cpu().numpy(), kind="stable")
    return np.sort(order[:count])
