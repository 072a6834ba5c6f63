"""What feeding costs: choosing, reading and drawing a batch, as a part of the training step.

python bench/feeding.py [--model resnet20] [--batch 128] [--steps 60] [--engine auto] [--threads 0]

On the engine that a training would take. Feeding, whole steps, and steps with a batch that is there already are timed
in turn, so that a machine whose speed drifts slows all of them; medians are compared. Cropping and mirroring are the
engine's work, and part of both kinds of steps. The images are noise of CIFAR's shape: what they show costs nothing.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from reslab.data import Dataset, Images, measure
from reslab.engine import Request, choose, make_engine, this_machine
from reslab.training import facts_of, make_recipe
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of, work_of
from reslab.training.state import initial_state

WARM_UP = 3  # steps


def milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()

    random = np.random.default_rng(0)
    train = Images(random.integers(0, 256, (45_000, 32, 32, 3), np.uint8), random.integers(0, 10, 45_000))
    dataset = Dataset("noise", tuple("0123456789"), {"train": train})
    recipe = make_recipe(facts_of(dataset), asked.model, "paper", batch=asked.batch)
    execution, announcement = choose(
        Request(engine=asked.engine, threads=asked.threads), this_machine(), work_of(recipe)
    )
    engine = make_engine(spec_of(recipe), measure(train, recipe.data.mean), execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    terms = terms_of(engine, recipe.optimizer)

    def fed() -> None:
        update(recipe, state, engine, batch_at(recipe, train, state.step), terms)

    for _ in range(WARM_UP):
        fed()

    feeding, whole, bare = [], [], []
    for _ in range(asked.steps):
        batch = batch_at(recipe, train, state.step)
        feeding.append(milliseconds(lambda: batch_at(recipe, train, state.step)))
        whole.append(milliseconds(fed))
        bare.append(milliseconds(lambda batch=batch: update(recipe, state, engine, batch, terms)))  # type: ignore[misc]
    medians = [statistics.median(times) for times in (feeding, whole, bare)]
    result = dict(zip(("feed_ms", "step_ms", "step_without_feeding_ms"), (round(m, 3) for m in medians), strict=True))
    share = 100 * medians[0] / medians[1]
    print(json.dumps({**result, "share_percent": round(share, 2), "model": asked.model, "execution": announcement}))


if __name__ == "__main__":
    main()
