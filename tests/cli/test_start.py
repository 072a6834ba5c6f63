"""Ctrl-C before there is anything to save: the process ends as the system ends it, and says nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
INTERRUPT = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


def run(code: str, home: Path) -> subprocess.CompletedProcess:
    """A process of its own, in which `torch` is a file of a test's."""
    paths = os.pathsep.join([str(home), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize("verb", ["train", "info"])
def test_while_pytorch_is_loaded_the_end_is_quiet(tmp_path, verb):
    (tmp_path / "torch.py").write_text(INTERRUPT)
    ended = run(f"import sys; sys.argv[1:] = ['{verb}', 'digits']; from reslab.cli import main; main()", tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_afterwards_python_hears_it_again(tmp_path):
    (tmp_path / "torch.py").write_text("import signal\nduring = signal.getsignal(signal.SIGINT)\n")
    code = (
        "import signal, sys\nfrom reslab.cli.start import QuietLoading\nsys.meta_path.insert(0, QuietLoading())\n"
        "import torch\nassert torch.during is signal.SIG_DFL\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
        "assert not any(isinstance(finder, QuietLoading) for finder in sys.meta_path)\n"
    )
    ended = run(code, tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_what_somebody_ignores_is_left_alone(tmp_path):
    (tmp_path / "torch.py").write_text(INTERRUPT + "print('on')\n")
    code = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from reslab.cli.start import QuietLoading\nsys.meta_path.insert(0, QuietLoading())\nimport torch\n"
        "assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN\n"
    )
    ended = run(code, tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "on\n"), ended.stderr
