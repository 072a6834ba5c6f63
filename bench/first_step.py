"""What deep nets take: seconds to the end of the first step of training, of a step after it, and memory.

python bench/first_step.py [--model resnet1202] [--batch 128] [--engine auto] [--threads 0]

Training begins where images are read and the kernels are there; from then on count the engine, the weights that it
begins with, and the step itself. Run it again for another round: only the first step of a process is a first one.
The images are noise of CIFAR's shape: what they show costs nothing.
"""

import argparse
import json
import sys
import time

import numpy as np

from reslab.data import Dataset, Images, measure
from reslab.engine import Request, choose, make_engine, this_machine
from reslab.training import facts_of, make_recipe
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.presets import spec_of, work_of
from reslab.training.state import initial_state


def gigabytes() -> float | None:
    """The most memory that this process has had; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1e9 if sys.platform == "darwin" else 1e6
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet1202")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()

    random = np.random.default_rng(0)
    train = Images(random.integers(0, 256, (45_000, 32, 32, 3), np.uint8), random.integers(0, 10, 45_000))
    facts = facts_of(Dataset("noise", tuple("0123456789"), {"train": train}))
    recipe = make_recipe(facts, asked.model, "paper", batch=asked.batch)
    execution, announcement = choose(
        Request(engine=asked.engine, threads=asked.threads), this_machine(), work_of(recipe)
    )
    mean = measure(train, recipe.data.mean)

    begin = time.perf_counter()
    engine = make_engine(spec_of(recipe), mean, execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    terms = terms_of(engine, recipe.optimizer)
    ready = time.perf_counter()
    update(recipe, state, engine, batch_at(recipe, train, state.step), terms)
    first = time.perf_counter()
    update(recipe, state, engine, batch_at(recipe, train, state.step), terms)
    second = time.perf_counter()
    seconds = {
        "ready_s": ready - begin, "first_step_s": first - ready, "to_first_step_s": first - begin,
        "second_step_s": second - first,
    }  # fmt: skip
    found = {name: round(value, 2) for name, value in seconds.items()}
    print(json.dumps({**found, "peak_gb": gigabytes(), "model": asked.model, "execution": announcement}))


if __name__ == "__main__":
    main()
