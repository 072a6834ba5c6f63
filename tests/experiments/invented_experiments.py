"""Invented finished runs for every need of an experiment, without training anything."""

from typing import Any

import numpy as np

from reslab.experiments.experiment import Experiment, Need, Result, Runs
from reslab.experiments.reproduce import seeds_of
from reslab.experiments.scales import Setting
from reslab.experiments.seeds import with_seeds
from reslab.nets import HISTORIC
from reslab.training import Recipe
from tests.reporting.invented_runs import ENVIRONMENT_VALUES

OF_HISTORIC = 8.5  # of every net of the comparison
FINAL = {"plain": 9.0, "resnet": 8.0}  # percent at 20 layers; plain nets get worse with depth, residual nets better


def final_error(model: str) -> float:
    """Falls with depth for residual nets, rises for plain ones; 1202 layers are a little worse than 110, held out."""
    if model in HISTORIC:
        return OF_HISTORIC
    kind, depth = model.rstrip("0123456789"), int(model.lstrip("abcdefghijklmnopqrstuvwxyz"))
    slope = 0.08 if kind == "plain" else -0.015
    return FINAL[kind] + slope * (min(depth, 110) - 20) + (2.0 if depth == 1202 else 0.0)


def metrics(recipe: Recipe, error: float) -> list[dict[str, Any]]:
    random, lines = np.random.default_rng(recipe.seed), []
    for part in range(1, 101):
        step = max(1, recipe.steps * part // 100)
        level = error + 60 * np.exp(-6 * part / 100)
        lines.append({"step": step, "train_error": float(level - 2 + random.normal(0, 0.2))})
        if part % 4 == 0:
            lines.append({"step": step, "val_error": float(level + random.normal(0, 0.2)), "val_images": 5000})
    return lines


def invented(recipe: Recipe, **changes: Any) -> Result:
    """A finished run: the training error is two points below the held-out one, that of 1202 layers as of 110."""
    error = final_error(recipe.model.name) + 0.1 * recipe.seed + 20 * (recipe.optimizer.lr > 0.3)
    result = {
        "run": f"runs/{recipe.model.name}",
        "data": recipe.data.name,
        "model": recipe.model.name,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "steps": recipe.steps,
        "epochs": 20.0,
        "train_error": error - (4 if recipe.model.name == "resnet1202" else 2),
        "train_images": 45_000,
        "val_error": error,
        "val_images": 5_000,
        "test_error": error + 0.5,
        "test_images": 1_000,
        **changes,
    }
    return {
        "name": f"{recipe.model.name}-s{recipe.seed}",
        "recipe": recipe.to_dict(),
        "result": result,
        "environment": ENVIRONMENT_VALUES,
        "metrics": metrics(recipe, error),
    }


def invented_runs(experiment: Experiment, scale: str = "small", seeds: int = 1, **changes: Any) -> Runs:
    """Every round of an experiment as if it had been run."""
    runs = Runs(Setting.nominal(scale))
    for needs in experiment.rounds:
        found = {need.label: of_need(need, seeds, **changes) for need in needs(runs)}
        runs = Runs(runs.setting, {**runs.found, **found})
    return runs


def of_need(need: Need, seeds: int, **changes: Any) -> tuple[Result, ...]:
    return tuple(invented(recipe, **changes) for recipe in with_seeds(need.recipe, seeds_of(need, seeds)))
