"""Recipes and their presets, optimisers, schedules, and the loop that brings a net to its last step."""

from reslab.training.asked_field import as_field, as_near_field
from reslab.training.continuing import refuse_changes
from reslab.training.departures import departures, told_departures
from reslab.training.done import images_of, recorded_result
from reslab.training.estimate import Estimate, estimate
from reslab.training.fields import (
    field_of,
    read_field,
    read_fields,
    refuse_idle,
    refuse_twice,
    with_fields,
    with_values,
)
from reslab.training.loop import Diverged, Interrupted, Progress
from reslab.training.meanings import meanings
from reslab.training.originals import ORIGINALS
from reslab.training.presets import PRESETS, Facts, make_recipe
from reslab.training.recipe import Augment, Data, Model, Optimizer, Recipe, Schedule, Teacher, field_names
from reslab.training.run import default_folder, train, train_on, with_residual
from reslab.training.schedule import learning_rate
from reslab.training.source import data_of_run, facts_of, lasting, read_data, recipe_for, recipe_on
from reslab.training.start import Asked, like, place_of, refuse_unfreezable, with_start
from reslab.training.surroundings import Surroundings
from reslab.training.teacher import refuse_no_teacher, with_teacher
from reslab.training.together import follow, led

__all__ = [
    "ORIGINALS",
    "PRESETS",
    "Asked",
    "Augment",
    "Data",
    "Diverged",
    "Estimate",
    "Facts",
    "Interrupted",
    "Model",
    "Optimizer",
    "Progress",
    "Recipe",
    "Schedule",
    "Surroundings",
    "Teacher",
    "as_field",
    "as_near_field",
    "data_of_run",
    "default_folder",
    "departures",
    "estimate",
    "facts_of",
    "field_names",
    "field_of",
    "follow",
    "images_of",
    "lasting",
    "learning_rate",
    "led",
    "like",
    "make_recipe",
    "meanings",
    "place_of",
    "read_data",
    "read_field",
    "read_fields",
    "recipe_for",
    "recipe_on",
    "recorded_result",
    "refuse_changes",
    "refuse_idle",
    "refuse_no_teacher",
    "refuse_twice",
    "refuse_unfreezable",
    "told_departures",
    "train",
    "train_on",
    "with_fields",
    "with_residual",
    "with_start",
    "with_teacher",
    "with_values",
]
