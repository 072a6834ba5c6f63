"""What the page of the paper tells between its claims: its numbers are those of the recipes and nets."""

from reslab.evaluation import PAPER_SCALES
from reslab.experiments.paper import paper
from reslab.experiments.prose import prose
from reslab.experiments.scales import Setting


def test_recipes_are_told_as_they_are_trained():
    told, full = prose(), Setting.nominal("full")
    imagenet, cifar = full.recipe("resnet34"), full.recipe("resnet20")
    assert f"{imagenet.augment.scale[0]} to {imagenet.augment.scale[1]} pixels" in told["imagenet"]
    assert f"{imagenet.schedule.steps:,} steps" in told["imagenet"] and "learns from 256 images" in told["imagenet"]
    drops = " and ".join(f"{drop:,}" for drop in cifar.schedule.drops)
    assert f"at {drops} of {cifar.schedule.steps:,} steps" in told["cifar"] and "learns from 128" in told["cifar"]
    assert f"begin at {full.recipe('resnet110').schedule.warmup_lr:g}" in told["cifar"]


def test_testing_is_told_as_it_is_done():
    told = prose()["testing"]
    assert "10 crops: the image with a shorter side of 256 pixels" in told
    assert all(str(side) in told for side in PAPER_SCALES)


def test_a_bottleneck_costs_what_is_counted():
    told, weights = prose()["bottleneck"], paper()["figure5"]
    assert f"three layers of {weights['bottleneck']:,} weights" in told and f"have {weights['basic']:,}." in told
