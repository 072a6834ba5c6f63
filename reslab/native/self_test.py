"""Do compiled kernels compute what they should? Tried in a process of its own, where a crash harms nobody.

A compiler may err, a processor may lack what it says it has, and matrix units that kernels were written for may be met
for the first time on a user's machine. So a library is tried once, when it is made. The known answers are PyTorch's in
fp32: `tests/native/test_self_test.py` makes them again, and asserts that they are.
"""

import ctypes
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reslab.native.compiler import run_to_end
from reslab.native.known_answer import answers
from reslab.native.network import tier

KNOWN = Path(__file__).with_name("known_answers.json")
PATIENCE_S = 60.0
# Not `-m`, which warns of a module that its own package imports: where warnings are errors, no kernels would pass.
PROGRAM = f"import sys; from {__name__} import main; sys.exit(main(sys.argv[1]))"
# Relative distances that are still right. In fp32 a ReLU may flip where an activation is as good as zero; in bf16
# each activation is rounded. A wrong tap, channel or border makes several tenths.
BEARABLE = {"fp32": {"values": 1e-4, "gradients": 0.02}, "bf16": {"values": 0.02, "gradients": 0.35}}

Answers = Mapping[str, list[float]]


def self_test(library: Path) -> None:
    """Raises Unavailable, with the reason, where a library crashes, hangs, or computes something else."""
    if not sys.executable:  # Python inside another program: there is no process to try it in
        return
    command = [sys.executable, "-P", "-c", PROGRAM, str(library.absolute())]
    package = str(Path(__file__).parents[2])
    paths = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    run_to_end("a trial of the compiled kernels", command, PATIENCE_S, surroundings={"PYTHONPATH": paths})


def distances(found: Answers, known: Answers) -> dict[str, float]:
    """Relative distances (L2) by name; not a number counts as infinitely far."""

    def apart(name: str) -> float:
        ours, theirs = np.array(found[name]), np.array(known[name])
        return float(np.nan_to_num(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs), nan=np.inf))

    return {name: apart(name) for name in known}


def wrong(found: Answers, known: Answers, exact: bool) -> list[str]:
    """What is too far from the known answers, worst first, in words; `exact`: does the library compute in fp32?"""
    bearable = BEARABLE["fp32" if exact else "bf16"]
    far = [
        (apart, f"{name} by {apart:.2g}")
        for name, apart in distances(found, known).items()
        if not apart <= bearable["gradients" if name.startswith("gradient") else "values"]
    ]
    return [words for _, words in sorted(far, reverse=True)]


def main(place: str) -> str | None:
    """None, or why the library must not be used."""
    library = ctypes.CDLL(place)
    if not library.reslab_ready():  # this process may not use what it needs: another variant will be taken
        return None
    far = wrong(answers(library), json.loads(KNOWN.read_text()), tier(library).startswith("fp32"))
    return f"error: they do not compute what they should (relative distances: {', '.join(far[:3])})" if far else None
