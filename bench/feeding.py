"""What feeding costs: choosing, reading, drawing and augmenting a batch, as a part of the training step.

python bench/feeding.py [--model resnet20] [--batch 128] [--steps 60]

Feeding and whole steps are timed in turn, so that a machine whose speed drifts slows both; medians are compared.
The images are noise of CIFAR's shape: what they show costs nothing.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from reslab.data import Dataset, Images, measure
from reslab.engine import Request, TorchEngine, choose, this_machine
from reslab.nets import build
from reslab.training import facts_of, make_recipe
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of
from reslab.training.state import initial_state


def milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=60)
    asked = parser.parse_args()

    random = np.random.default_rng(0)
    train = Images(random.integers(0, 256, (45_000, 32, 32, 3), np.uint8), random.integers(0, 10, 45_000))
    dataset = Dataset("noise", tuple("0123456789"), {"train": train})
    recipe = make_recipe(facts_of(dataset), asked.model, "paper", batch=asked.batch)
    execution, announcement = choose(Request(), this_machine())
    engine = TorchEngine(build(spec_of(recipe)), measure(train, recipe.data.mean), execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    terms = terms_of(engine, recipe.optimizer)

    def step() -> None:
        update(recipe, state, engine, batch_at(recipe, train, state.step), terms)

    for _ in range(3):
        step()

    feeding, augmenting, steps = [], [], []
    for _ in range(asked.steps):
        batch = batch_at(recipe, train, state.step)
        feeding.append(milliseconds(lambda: batch_at(recipe, train, state.step)))
        augmenting.append(milliseconds(lambda batch=batch: engine._augmented(batch)))  # type: ignore[misc]
        steps.append(milliseconds(step))
    medians = [statistics.median(times) for times in (feeding, augmenting, steps)]
    result = dict(zip(("feed_ms", "augment_ms", "step_ms"), (round(m, 3) for m in medians), strict=True))
    share = 100 * (medians[0] + medians[1]) / medians[2]
    print(json.dumps({**result, "share_percent": round(share, 2), "model": asked.model, "execution": announcement}))


if __name__ == "__main__":
    main()
