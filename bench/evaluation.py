"""How long judging images takes: one view of each, as after a training.

python bench/evaluation.py [--model resnet20] [--images 10000] [--rounds 7] [--engine auto] [--threads 0]

On the engine that a training would take, and on PyTorch in turn, so that a machine whose speed drifts slows both;
medians are compared. The images are noise of CIFAR's shape, and the weights those that a training begins with.
"""

import argparse
import json
import statistics
import time

import numpy as np
import torch

from reslab.data import Dataset, Images, measure
from reslab.engine import Request, choose, make_engine, this_machine
from reslab.evaluation import single_view
from reslab.training import facts_of, make_recipe
from reslab.training.presets import spec_of, work_of
from reslab.training.state import initial_state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()

    random = np.random.default_rng(0)
    images = Images(random.integers(0, 256, (asked.images, 32, 32, 3), np.uint8), np.arange(asked.images) % 10)
    recipe = make_recipe(facts_of(Dataset("noise", tuple("0123456789"), {"train": images})), asked.model, "paper")
    requests = {name: Request(engine=name, threads=asked.threads) for name in (asked.engine, "torch")}
    chosen = {name: choose(request, this_machine(), work_of(recipe)) for name, request in requests.items()}
    preprocessing = measure(images, recipe.data.mean)
    engines = {name: make_engine(spec_of(recipe), preprocessing, execution) for name, (execution, _) in chosen.items()}
    states = {name: initial_state(recipe, engine, spec_of(recipe), None) for name, engine in engines.items()}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    with torch.no_grad():
        for turn in range(asked.rounds + 1):
            for name, engine in engines.items():
                begin = time.perf_counter()
                single_view(engine, *states[name].result(), images)
                if turn:  # the first prepares kernels and memory
                    seconds[name].append(time.perf_counter() - begin)
    for name, found in seconds.items():
        told = {
            "seconds": round(statistics.median(found), 3),
            "least": round(min(found), 3),
            "most": round(max(found), 3),
            "images": asked.images,
            "model": asked.model,
            "execution": chosen[name][1],
        }
        print(json.dumps(told))


if __name__ == "__main__":
    main()
