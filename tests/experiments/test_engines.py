"""The same recipe on both engines, from records."""

from dataclasses import replace

import pytest

from reslab.experiments.engines import engines_figure, engines_table, on_both
from reslab.experiments.measured import CIFAR10
from reslab.training import make_recipe


def result(engine: str, seed: int, error: float, model: str = "resnet20", steps: int = 900):
    recipe = replace(make_recipe(CIFAR10, model, "fast"), seed=seed).stretched(steps)
    return {
        "name": f"{model}-{engine}-{seed}",
        "recipe": recipe.to_dict(),
        "result": {
            "data": "cifar10", "model": model, "val_error": error, "val_images": 5000,
            "epochs": 2.56, "steps": steps, "seconds": 60.0,
        },
        "environment": {"execution": {"engine": engine, "device": "cpu", "threads": 1, "precision": "bf16"}},
        "metrics": [{"step": s, "epoch": s / 10, "train_error": 90 - s, "val_error": 91 - s} for s in (10, 80)],
    }  # fmt: skip


BOTH = [result("native", 0, 20.0), result("native", 1, 22.0), result("torch", 0, 21.0), result("torch", 1, 23.0)]


def test_only_recipes_of_both_engines_are_compared():
    lonely = [result("torch", 0, 9.0, "plain20"), result("native", 0, 9.0, steps=800)]
    assert [set(pair) for pair in on_both(BOTH + lonely)] == [{"native", "torch"}]
    assert on_both(lonely) == [] and engines_table(lonely) == ""


def test_the_difference_has_its_standard_error():
    table = engines_table(BOTH)
    assert "21.00 ± 1.41 (n=2, 5,000 images)" in table and "22.00 ± 1.41 (n=2, 5,000 images)" in table
    assert "resnet20, 2.56 epochs: -1.00 ± 1.41 (standard error)" in table  # sqrt(2/2 + 2/2)


@pytest.mark.parametrize("name", ["resnet20 native", "resnet20 torch"])
def test_the_curves_are_named_by_engine(name):
    assert name in engines_figure(BOTH).decode()
