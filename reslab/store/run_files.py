"""What the files of a run folder are called, and what to say of a folder that lacks them."""

from pathlib import Path

from reslab.errors import as_typed

RECIPE, METRICS, STATE = "recipe.toml", "metrics.jsonl", "state.safetensors"
ENVIRONMENT, RESULT, PREDICTIONS, SPLIT = "environment.json", "result.json", "predictions.safetensors", "split.json"
MODEL_FILE = "model.safetensors"
LINEAGE = "lineage.json"  # there where the net began from another one
CONTRAST = "contrast.safetensors"  # there while a run is under way whose images are of one contrast
NORMALISATION = "normalisation.json"  # there where parts are frozen, without `data.gcn`: that of the start
EVENTS = "events.out.tfevents.reslab"  # TensorBoard finds files by the middle of this
DIVERGED = "diverged.json"  # there where the loss stopped being a number


def why_no_model(run: Path) -> str:
    """What to say of the folder `run`, in which there is no model, and the way out."""
    if not (run / RECIPE).is_file():
        return f"{run} is no run folder: it has no {MODEL_FILE}{runs_hint(run)}"
    again = f"reslab train --run {as_typed(run)}"
    if (run / RESULT).is_file():
        return (
            f"the run {run} is finished, but its {MODEL_FILE} is gone: put it back, or delete its {RESULT} and train "
            f"it anew ({again})"
        )
    if (run / DIVERGED).is_file():
        return f"the loss of the run {run} stopped being a number: train another one with a smaller rate (--lr)"
    return f"the run {run} is not finished; go on with: {again}"


def runs_hint(folder: Path) -> str:
    """What to say of a folder that is no run, but has some in it; "" for any other."""
    inside = sorted(path.parent for path in folder.glob(f"*/{RECIPE}")) if folder.is_dir() else []
    if not inside:
        return ""
    return f"; there {'is a run' if len(inside) == 1 else f'are {len(inside):,} runs'} in it, such as {inside[0]}"
