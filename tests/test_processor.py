import platform

import pytest

from reslab import processor
from reslab.processor import cpu_words, fingerprint, openmp_threads
from tests.torchrun import as_rank

ONE = {"processor": "0", "model name": "One", "cpu MHz": "2596.120", "flags": "sse2 avx2"}


def test_words_are_those_of_the_first_processor():
    if platform.system() != "Linux":
        pytest.skip("only Linux has /proc/cpuinfo")
    assert cpu_words()["processor"] == "0"


@pytest.mark.parametrize("change", [{"flags": "sse2"}, {"model name": "Two"}, {"Features": "asimd"}])
def test_another_model_or_feature_is_another_processor(monkeypatch, change):
    monkeypatch.setattr(processor, "cpu_words", lambda: ONE)
    one = fingerprint()
    monkeypatch.setattr(processor, "cpu_words", lambda: ONE | change)
    assert fingerprint() != one


@pytest.mark.parametrize(
    ("text", "threads"), [("1", 1), (" 12 ", 12), ("0", None), ("-1", None), ("two", None), ("2,1", None), ("", None)]
)
def test_what_openmp_is_told(monkeypatch, text, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert openmp_threads() == threads


def test_what_openmp_is_not_told(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert openmp_threads() is None
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    as_rank(monkeypatch, 0)
    assert openmp_threads() is None, "torchrun says 1 by itself"


def test_another_clock_is_the_same_processor(monkeypatch):
    monkeypatch.setattr(processor, "cpu_words", lambda: ONE)
    one = fingerprint()
    monkeypatch.setattr(processor, "cpu_words", lambda: ONE | {"cpu MHz": "1200.000"})
    assert fingerprint() == one


def test_without_cpuinfo_the_architecture_tells_them_apart(monkeypatch):
    monkeypatch.setattr(processor, "cpu_words", dict)
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    one = fingerprint()
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert fingerprint() != one


def test_the_digest_is_of_the_fingerprint(monkeypatch):
    told = []
    for flags in ("avx2", "avx2", "avx2 avx512f"):
        monkeypatch.setattr(processor, "cpu_words", lambda flags=flags: ONE | {"flags": flags})
        told.append(processor.digest())
    assert told[0] == told[1] != told[2] and len(told[0]) == 16


def test_a_flag_of_the_kernels_is_no_other_processor_to_the_digest(monkeypatch):
    """Mitigations come with kernels; what is compiled is compiled anew, but a run goes on with the same arithmetic."""
    told = []
    for flags in ("sse2 avx2", "sse2 avx2 retbleed nopl", "sse2 avx2 avx512_bf16 nopl"):
        monkeypatch.setattr(processor, "cpu_words", lambda flags=flags: ONE | {"flags": flags})
        told.append(processor.digest())
    assert told[0] == told[1] != told[2]
