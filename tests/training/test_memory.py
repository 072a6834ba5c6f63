"""Where memory ends in training, the error names what needs less: parts of a batch, a smaller one, smaller images."""

from dataclasses import replace

import pytest

from reslab.engine import Request, TorchEngine
from reslab.errors import DataError, RunError
from reslab.training import Surroundings, train_on
from reslab.training.memory import told_of_memory


def test_a_training_without_memory_says_what_needs_less(digits, recipe, tmp_path, monkeypatch):
    def full(self, parameters, batch):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes\nmore")

    monkeypatch.setattr(TorchEngine, "step", full)
    with pytest.raises(RunError, match=r"^memory ends here .*allocate 9 bytes\): .* 64 images at 8 px\.") as end:
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(engine="torch", threads=1)))
    for way in ("--set accumulate=4 trains on a batch in 4 parts", "--batch", "--size"):
        assert way in str(end.value)


@pytest.mark.parametrize(
    ("batch", "accumulate", "offered"),
    [(64, 2, "=8 "), (64, 16, "=32 "), (64, 32, None), (7, 1, "=3 "), (8, 1, "=4 "), (2, 1, None)],
)
def test_more_parts_are_offered_while_they_have_images(recipe, batch, accumulate, offered):
    with (
        pytest.raises(RunError, match="a smaller --batch or --size") as end,
        told_of_memory(replace(recipe, batch=batch, accumulate=accumulate)),
    ):
        raise MemoryError
    assert (offered or "accumulate") in str(end.value) if offered else "accumulate" not in str(end.value)
    assert ("in 2 parts at" in str(end.value)) == (accumulate == 2)


@pytest.mark.parametrize("error", [RuntimeError("an error of ours"), OSError("a disk"), DataError("out of memory")])
def test_other_errors_stay_what_they_are(recipe, error):
    with pytest.raises(type(error)) as end, told_of_memory(recipe):
        raise error
    assert end.value is error
