"""Stands in for a worker: takes its order and behaves as told for its seed, without training anything.

`python fake_worker.py '{"0": "done", "1": "fails"}'`; what it met is written to `met.json` in the run's folder.
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    begun = time.time()
    told = json.loads(sys.stdin.buffer.readline())
    recipe, run = told["recipe"], Path(told["run"])
    run.mkdir(parents=True, exist_ok=True)
    behaviour = json.loads(sys.argv[1]).get(str(recipe["seed"]), "done")
    steps = recipe["schedule"]["steps"]
    for step in (1, steps):
        progress = {"step": step, "steps": steps, "loss": 1.0, "train_error": 50.0, "images_per_second": 9.0}
        sys.stdout.write(json.dumps({**progress, "seconds_left": 1.0, "val_error": None}) + "\n")
        sys.stdout.flush()
        time.sleep(0.05)
    sys.stdout.write("no line of JSON\n")
    sys.stdout.flush()
    stopped = behaviour == "waits" and os.read(0, 1) == b""
    met = {
        "begun": begun,
        "ended": time.time(),
        "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [],
        "threads": told["request"]["threads"],
        "omp": os.environ["OMP_NUM_THREADS"],
        "stopped": stopped,
    }
    (run / "met.json").write_text(json.dumps(met))
    if behaviour == "fails":
        sys.exit("a note\nreslab: the disk is full")
    if behaviour == "crashes":
        raise ZeroDivisionError("by nothing")
    if behaviour == "dies":
        os.kill(os.getpid(), 9)
    if behaviour == "diverges":
        (run / "diverged.json").write_text('{"step": 7}')
        sys.exit("reslab: the loss is no longer a number")
    if behaviour == "deaf":
        time.sleep(60)
    if behaviour == "done":
        measured = {"val_error": 10.0 + recipe["seed"], "val_images": 360}
        (run / "result.json").write_text(json.dumps({"run": str(run), "seed": recipe["seed"], **measured}))


if __name__ == "__main__":
    main()
