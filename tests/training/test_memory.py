"""Where memory ends in training, the error names what needs less: parts of a batch, a smaller one, smaller images."""

import re
from dataclasses import replace

import pytest

from reslab.engine import Request, TorchEngine
from reslab.errors import DataError, RunError
from reslab.training import Surroundings, train_on
from reslab.training.memory import told_of_memory
from reslab.training.suitable import check_parts


def test_a_training_without_memory_says_what_needs_less(digits, recipe, tmp_path, monkeypatch):
    def full(self, parameters, batch, statistics=None):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes\nmore")

    monkeypatch.setattr(TorchEngine, "step", full)
    with pytest.raises(RunError, match=r"^memory ends here .*allocate 9 bytes\): .* 64 images at 8 px\.") as end:
        train_on(digits, recipe, tmp_path / "run", Surroundings(Request(engine="torch", threads=1)))
    for way in ("--set accumulate=4 trains on a batch in 4 parts", "--batch", "--size"):
        assert way in str(end.value)


@pytest.mark.parametrize(
    ("batch", "accumulate", "processes", "offered"),
    [
        (64, 2, 1, 8),
        (64, 16, 1, 32),
        (64, 32, 1, None),
        (7, 1, 1, 3),
        (8, 1, 1, 4),
        (2, 1, 1, None),
        (64, 1, 2, 4),
        (64, 8, 2, 16),
        (64, 16, 2, None),
        (15, 1, 4, None),
        (16, 1, 4, 2),
        (4, 1, 4, None),
    ],
)
def test_more_parts_are_offered_while_they_have_images(recipe, batch, accumulate, processes, offered):
    recipe = replace(recipe, batch=batch, accumulate=accumulate)
    with pytest.raises(RunError, match="a smaller --batch or --size") as end, told_of_memory(recipe, processes):
        raise MemoryError
    if offered is None:
        assert "accumulate" not in str(end.value)
    else:
        assert re.search(rf"accumulate={offered} trains on .* in {offered} parts;", str(end.value))
        mixed = replace(recipe, accumulate=offered, mixup=0.2, model=replace(recipe.model, name="resnet18"))
        check_parts(mixed, processes)  # of 8 px ResNet-18 leaves one, so that batch normalisation needs two images


@pytest.mark.parametrize(
    ("accumulate", "processes", "words"),
    [
        (1, 1, "64 images at 8 px"),
        (2, 1, "64 images in 2 parts at 8 px"),
        (1, 2, "64 images in 2 processes at 8 px"),
        (2, 2, "64 images in 2 processes with 2 parts each at 8 px"),
    ],
)
def test_it_says_who_trained_on_how_many(recipe, accumulate, processes, words):
    with pytest.raises(RunError) as end, told_of_memory(replace(recipe, accumulate=accumulate), processes):
        raise MemoryError
    assert f"training on batches of {words}. " in str(end.value)
    assert ("a process's share of a batch" in str(end.value)) == (processes > 1)


@pytest.mark.parametrize("error", [RuntimeError("an error of ours"), OSError("a disk"), DataError("out of memory")])
def test_other_errors_stay_what_they_are(recipe, error):
    with pytest.raises(type(error)) as end, told_of_memory(recipe):
        raise error
    assert end.value is error
