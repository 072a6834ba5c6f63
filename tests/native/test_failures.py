"""What fails inside the kernels reaches the user in words: short memory as such, anything else as what it is."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reslab.errors import RunError
from reslab.native import ABI, FP32, Network, Variant, library, peak_gflops
from reslab.native.known_answer import COUNT, MEAN, STD, geometry, images, parameters
from tests.native.conftest import built

STUB = f"""\
extern "C" {{
int reslab_abi() {{ return {ABI}; }}
int reslab_ready() {{ return 1; }}
static int failure = 0;
void fail(int how) {{ failure = how; }}
const char* reslab_reason() {{ return "the words"; }}
int reslab_create(void** network, ...) {{ static int made; *network = &made; return failure; }}
void reslab_destroy(void*) {{}}
int reslab_step(...) {{ return failure; }}
int reslab_evaluate(...) {{ return failure; }}
int reslab_peak(int, double, double*) {{ return failure; }}
}}
"""

# Little memory: not the stacks of so many threads, nor the activations of so many images.
SHORT = """\
import json, resource
from pathlib import Path
import numpy as np
from reslab.errors import RunError
from reslab.native import FP32, Network, library
from tests.native.test_failures import network_of, step

kernels = library(FP32)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))
said = {}
try:
    network_of(kernels, 100)
except RunError as error:
    said["threads"] = str(error)
network = network_of(kernels, 1)
before = step(network, 1)
try:
    step(network, 400)
except MemoryError as error:
    said["batch"] = str(error)
said["after"] = bool((step(network, 1) == before).all())
print(json.dumps(said))
"""


def network_of(kernels, threads: int = 1) -> Network:
    return Network(kernels, geometry(), np.full(3, MEAN, np.float32), 1 / STD, threads)


def step(network: Network, times: int):
    """The gradient of so many copies of the known images."""
    given, count, net = images(), times * COUNT, geometry()
    gradient, statistics = np.empty(net.parameters, np.float32), np.empty(net.statistics, np.float32)
    losses, errors = np.empty(count, np.float32), np.empty(count, np.bool_)
    labels = np.tile(given.labels, times)
    network.step(parameters(), np.tile(given.images, (times, 1, 1, 1)), labels, gradient, statistics, losses, errors)
    return gradient


@pytest.fixture
def stub(tmp_path, untried, gxx):
    folder = tmp_path / "stub"
    folder.mkdir()
    (folder / "api.cpp").write_text(STUB)
    made = library(Variant("stub", ()), kernels=folder)
    yield made
    made.fail(0)  # who asks for the same library again is given this one


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [(1, MemoryError, "no memory for {} in the native kernels: the words"),
     (2, RunError, "{} failed in the native kernels: the words")],
)  # fmt: skip
def test_each_call_says_what_it_wanted_and_why_it_failed(stub, how, error, words):
    network, values, kept = network_of(stub), parameters(), np.ones(geometry().statistics, np.float32)
    step(network, 1)
    stub.fail(how)
    for call, wanted in (
        (lambda: network_of(stub, 2), "a net with 2 threads"),
        (lambda: step(network, 2), f"a batch of {2 * COUNT} images"),
        (lambda: network.evaluate(values, kept, images().images), f"the evaluation of {COUNT} images"),
        (lambda: peak_gflops(stub, 1), "a measurement with 1 thread"),
    ):
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == words.format(wanted)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux bounds a process's memory so")
def test_too_little_memory_is_told_from_too_few_threads_and_a_smaller_batch_goes_on():
    built(FP32)
    ran = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["threads"] == "a net with 100 threads failed in the native kernels: Resource temporarily unavailable"
    assert said["batch"] == f"no memory for a batch of {400 * COUNT} images in the native kernels: std::bad_alloc"
    assert said["after"]
