"""A training in two processes that something befalls, for test_together.py: run by torchrun."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from reslab.data import Dataset
from reslab.engine import Distributed, Lost, Request
from reslab.errors import DataError
from reslab.processes import this_team
from reslab.store import RunFolder
from reslab.training import Interrupted, Recipe, Surroundings, recipe_for, together, train
from reslab.training.again import command_again

INTERRUPTED, KILLED, STEPS = 9, 20, 36
IN_FP32 = Surroundings(Request(precision="fp32"), save_every=1e6)


def recipe() -> Recipe:
    """Of digits; of its batches of 33 one process takes 16, the other 17."""
    return replace(
        recipe_for(model="resnet8", batch=33, steps=STEPS, fields={"data.gcn": True, "data.zca": True}),
        average=0.9,
        statistics_batches=2,
    )


def interrupt() -> None:
    """Ctrl-C in the first process, in the middle of a step."""
    original = Distributed.step

    def step(self, parameters, batch, statistics=None):
        step.count += 1
        if this_team().leads and step.count == INTERRUPTED:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, parameters, batch, statistics)

    step.count = 0
    Distributed.step = step


def kill() -> None:
    """The second process ends as the system ends it, in the middle of a step of the run, which goes on at another."""
    original = Distributed.step

    def step(self, parameters, batch, statistics=None):
        step.count += 1
        if not this_team().leads and step.count == KILLED - INTERRUPTED:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, parameters, batch, statistics)

    step.count = 0
    Distributed.step = step


def hinder(place: Path) -> None:
    """The second process does not find the data; both catch what comes of it, and train again."""
    here = together._data
    if not this_team().leads:
        together._data = missing
    try:
        train(recipe(), place / "hindered", around=IN_FP32)
    except (DataError, Lost) as error:
        (place / f"hinder {this_team().rank}").write_text(f"{type(error).__name__}: {error}")
    together._data = here
    result = train(recipe(), place / "hindered", around=IN_FP32)
    (place / f"result of {this_team().rank}").write_text(str(result["val_error"]))


def missing(recipe: Recipe, told: object) -> Dataset:
    raise DataError("no such photograph")


def main(place: Path, befalls: str) -> None:
    rank = this_team().rank
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun sends it to who is left, who has yet to write what befell
    if befalls == "nothing":
        (place / f"again {rank}").write_text(command_again(Path("run")))
        return
    if befalls == "hinder":
        hinder(place)
        return
    if befalls == "interrupt":
        result = train(recipe(), place / "whole", around=IN_FP32)
        (place / f"result of {rank}").write_text(str(result["val_error"]))
    {"interrupt": interrupt, "kill": kill}[befalls]()
    try:
        train(recipe(), place / "stopped", around=IN_FP32)
    except (Interrupted, Lost) as error:
        (place / f"{befalls} {rank}").write_text(f"{type(error).__name__}: {error}")
    step = RunFolder(place / "stopped").load_state()[1]["step"] if rank == 0 else 0
    (place / f"saved {befalls} {rank}").write_text(str(step))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
