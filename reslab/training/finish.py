"""What a run ends with: measurements on every split, model, predictions, result."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.data import ENOUGH_PIXELS, Dataset, Preprocessing
from reslab.engine import Engine, Execution, part_of
from reslab.evaluation import answers, single_view, top_error
from reslab.store import Identity, RunFolder, lineage_of, model_bytes, predictions_bytes, unknown_of
from reslab.training.presets import spec_of
from reslab.training.recipe import Recipe
from reslab.training.state import State


def finish(
    recipe: Recipe,
    state: State,
    engine: Engine,
    preprocessing: Preprocessing,
    dataset: Dataset,
    folder: RunFolder,
    execution: Execution,
    exact: bool,
    seen_val: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """Measure the result on every split, write model, predictions and result.

    Of very many training images a part is looked at (`Images.thinned`), which `train_images` counts. `seen_val` are the
    scores of the validation images, (N, classes), where they are known already.
    """
    weights, statistics = state.result()
    kept, errors, counts = {}, {}, {}
    for split, images in dataset.splits.items():
        seen = images.thinned(ENOUGH_PIXELS) if split == "train" else images
        known = seen_val if split == "val" else None
        scores = single_view(engine, weights, statistics, seen.shared(part_of(engine))) if known is None else known
        errors[split], counts[split] = top_error(scores, seen.labels), len(seen)
        if split != "train":
            kept[split] = answers(scores, seen)
    layout = engine.parameters.of_net
    named = {**layout.views(weights[: layout.total]), **engine.statistics.views(statistics)}
    identity = Identity(
        model=recipe.model.name,
        spec=spec_of(recipe),
        classes=dataset.classes,
        data=recipe.data.name,
        split=recipe.data.split,
        fingerprint=recipe.data.fingerprint,
        residual=recipe.model.residual,
        residual_digest=recipe.model.residual_digest,
        before=unknown_of(lineage_of(folder)),
    )
    result = {
        "run": str(folder.path),
        "data": recipe.data.name,
        "model": recipe.model.name,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "steps": recipe.steps,
        "epochs": round(recipe.epochs(len(dataset.splits["train"])), 3),
        "params": layout.total,
        "engine": execution.engine,
        "precision": execution.precision,
        "compiled": execution.compiled,
        **measured(errors, counts),
        "seconds": round(state.seconds, 2),
        "images_per_second": round(recipe.steps * recipe.batch / state.seconds, 1),
        "exact": exact,
    }
    folder.finish(model_bytes(named, identity, preprocessing), predictions_bytes(kept, dataset.classes), result)
    return result


def measured(errors: dict[str, float | None], counts: dict[str, int]) -> dict[str, float | int | None]:
    """Error of each split, and on how many images; null and 0 where a data set has no such split."""
    found: dict[str, float | int | None] = {}
    for split in ("train", "val", "test"):
        found[f"{split}_error"] = errors.get(split)
        found[f"{split}_images"] = counts.get(split, 0)
    return found
