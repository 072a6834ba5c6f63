"""How far each engine's training losses lie from PyTorch's in fp32, beside what PyTorch's own bf16 does.

python bench/deviation.py [--model resnet20] [--data cifar10] [--recipe paper] [--batch 128] [--steps 100] [--seeds 5]
                          [--bf16] [--json]

For each seed the same recipe begins with the same weights and meets the same batches: in PyTorch fp32, in PyTorch bf16
(autocast), and on the native kernels, in fp32 and, where the processor has instructions for it or --bf16 asks for it,
in bf16. A step's loss is the mean over its batch; the deviation of a run is the root mean square over its steps of (its
loss - that of PyTorch fp32); medians over seeds are compared. `ratio` is to the deviation of autocast.

What this says, and what not. Training is chaotic: at the paper's rate a difference in the last place of one sum grows
tenfold and more at each of the first steps, until after five to ten of them two runs are as far apart as the noise of
their batches lets them be. From there on the deviation does not depend on the rounding that began it: two computations
in fp32 that add in another order end up as far apart as fp32 and bf16. So over 100 steps the ratio says whether an
engine is *biased*, by a gradient that is wrong or a rounding that always goes one way: then its losses run away from
the others', and the ratio is well beyond 1. It does not say how exact an engine is. That the first steps do, where
differences have not yet grown: `first_rms` is the deviation over FIRST of them. What each layer's gradient loses by
roundings, which no chaos hides, is compared by tests/native/test_network.py.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.data import Dataset, load_dataset, measure
from reslab.engine import Execution, make_engine, this_machine
from reslab.engine.work import lacking
from reslab.native import SIZE
from reslab.training import Recipe, facts_of, make_recipe
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of, work_of
from reslab.training.state import initial_state

FIRST = 2  # steps: at equal weights, and after one update
REFERENCE, AUTOCAST = ("torch", "fp32"), ("torch", "bf16")


def losses_of(kind: tuple[str, str], recipe: Recipe, dataset: Dataset, steps: int, threads: int) -> NDArray[np.float64]:
    """(steps,) mean losses of the batches of the first `steps` updates, by the engine and precision `kind`."""
    engine_name, precision = kind
    execution = Execution(engine_name, "cpu", precision, engine_name == "torch", False, threads)
    train = dataset.splits["train"]
    engine = make_engine(spec_of(recipe), measure(train, recipe.data.mean), execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    terms = terms_of(engine, recipe.optimizer)
    losses = np.empty(steps)
    for step in range(steps):
        update(recipe, state, engine, batch_at(recipe, train, step), terms)
        losses[step] = float(state.sums[0]) / recipe.batch
        state.sums.zero_()
    return losses


def deviation(losses: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Root mean square over steps."""
    return float(np.sqrt(np.mean((losses - reference) ** 2)))


def compared(losses: dict[tuple[str, str], list[NDArray[np.float64]]]) -> list[dict[str, Any]]:
    """A row for each engine and precision but the reference: medians over seeds, and the ratios to autocast's.

    `losses` has an array (steps,) for each seed.
    """
    rows = []
    for (engine, precision), runs in losses.items():
        if (engine, precision) == REFERENCE:
            continue
        row: dict[str, Any] = {"engine": engine, "precision": precision}
        for key, steps in (("rms", slice(None)), ("first_rms", slice(FIRST))):
            own = [deviation(run[steps], right[steps]) for run, right in zip(runs, losses[REFERENCE], strict=True)]
            row |= {key: float(np.median(own)), f"{key}_least": min(own), f"{key}_most": max(own)}
        rows.append(row)
    autocast = next(row for row in rows if (row["engine"], row["precision"]) == AUTOCAST)
    return [
        row | {"ratio": row["rms"] / autocast["rms"], "first_ratio": row["first_rms"] / autocast["first_rms"]}
        for row in rows
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--recipe", default="paper")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--bf16", action="store_true", help="also where the processor has no instructions for it (slow)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = parser.parse_args(arguments)

    machine = this_machine()
    kinds = [REFERENCE, AUTOCAST, ("native", "fp32")]
    if asked.bf16 or "avx512_bf16" in machine.features:
        kinds.append(("native", "bf16"))
    dataset = load_dataset(asked.data, size=SIZE, root=asked.data_root)
    recipe = make_recipe(facts_of(dataset), asked.model, asked.recipe, batch=asked.batch)
    if missing := lacking(work_of(recipe)):
        parser.error(f"--model {asked.model} --data {asked.data}: the native kernels are not made for {missing}")
    losses: dict[tuple[str, str], list[NDArray[np.float64]]] = {kind: [] for kind in kinds}
    for seed in range(asked.seeds):
        for kind in kinds:
            print(f"seed {seed}: {' '.join(kind)}", file=sys.stderr, flush=True)
            losses[kind].append(losses_of(kind, replace(recipe, seed=seed), dataset, asked.steps, asked.threads))
    rows = compared(losses)
    last = {" ".join(kind): float(np.mean([run[-1] for run in runs])) for kind, runs in losses.items()}
    if asked.json:
        told = {
            name: getattr(asked, name) for name in ("model", "data", "recipe", "batch", "steps", "seeds", "threads")
        }
        facts = {"processor": machine.processor, "features": machine.features, "torch": machine.torch}
        print(json.dumps(told | {"first_steps": FIRST, "rows": rows, "last_loss": last} | facts))
        return
    for row in rows:
        print(
            f"{row['engine']} {row['precision']}: rms {row['rms']:.2e} ({row['rms_least']:.1e} to "
            f"{row['rms_most']:.1e}), {row['ratio']:.2f} times autocast's; of the first {FIRST} steps "
            f"{row['first_rms']:.1e}, {row['first_ratio']:.3f} times"
        )


if __name__ == "__main__":
    main()
