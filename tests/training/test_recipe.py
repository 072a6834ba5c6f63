"""Recipes as values: presets, stretching, fields by name, TOML, identity."""

import json
import tomllib
from dataclasses import replace

import pytest
import tomli_w
import torch

from reslab.errors import UsageError
from reslab.store import read_results
from reslab.training import (
    PRESETS,
    Facts,
    Recipe,
    lasting,
    learning_rate,
    make_recipe,
    read_fields,
    recipe_for,
    refuse_idle,
    with_fields,
)
from reslab.training.recipe import differences, field_names
from reslab.training.suitable import check

CIFAR = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
FOLDER = Facts("pets", 3, 64, 90, mirror=True, official=False, fingerprint="abc")
DIGITS = Facts("digits", 10, 8, 1_077, mirror=False, official=True)


def test_paper_is_section_4_2():
    recipe = make_recipe(CIFAR, "resnet56", "paper")
    schedule, optimizer = recipe.schedule, recipe.optimizer
    assert (schedule.steps, schedule.drops, recipe.batch) == (64_000, (32_000, 48_000), 128)
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay, optimizer.nesterov) == (0.1, 0.9, 1e-4, False)
    assert (recipe.augment.pad, recipe.augment.flip, recipe.data.mean) == (4, True, "pixel")
    rates = [learning_rate(recipe, step) for step in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_paper_is_section_3_4_for_the_imagenet_nets():
    recipe = make_recipe(Facts("imagenet", 1000, 224, 1_281_167, mirror=True, official=False), "resnet34", "paper")
    assert (recipe.steps, recipe.schedule.drops, recipe.batch) == (600_000, (150_000, 300_000), 256)
    assert (recipe.optimizer.lr, recipe.optimizer.weight_decay, recipe.schedule.warmup_steps) == (0.1, 1e-4, 0)


def test_record_changes_start_and_optimiser_alike_and_never_the_net():
    plain, residual = (make_recipe(CIFAR, name, "record") for name in ("plain20", "resnet20"))
    assert replace(plain, model=residual.model) == residual, "one recipe for both"
    fast = make_recipe(CIFAR, "resnet20", "fast")
    assert replace(residual.model, stem_init="he") == fast.model and residual.data == fast.data
    assert residual.optimizer.kind == "muon" and residual.optimizer.bn_bias_lr > 1 and residual.smoothing > 0
    assert residual.augment.flip_order == "alternating"
    assert residual.average == 0, "a running average of so many steps costs three points at four epochs"
    assert residual.epochs(45_000) == pytest.approx(15, abs=0.01) and learning_rate(residual, residual.steps - 1) < 1e-3
    assert make_recipe(DIGITS, preset="record").augment.flip_order == "random", "digits are not mirrored"
    for facts in (CIFAR, DIGITS, FOLDER):
        check(make_recipe(facts, "plain20", "record"), facts)
    nin = make_recipe(CIFAR, "nin", "record")
    assert nin.optimizer == make_recipe(CIFAR, "nin", "original").optimizer and nin.steps == round(
        15 * 45_000 / nin.batch
    )


def test_110_layers_warm_up():
    recipe = make_recipe(CIFAR, "resnet110", "paper")
    assert [learning_rate(recipe, step) for step in (0, 399, 400)] == pytest.approx([0.01, 0.01, 0.1])
    assert make_recipe(CIFAR, "resnet56", "paper").schedule.warmup_steps == 0


def test_defaults_of_the_house():
    assert make_recipe(DIGITS).model.name == "resnet20" and make_recipe(DIGITS).name == "small"
    assert make_recipe(CIFAR).model.name == "resnet20" and make_recipe(CIFAR).name == "fast"
    assert make_recipe(FOLDER).model.name == "resnet18" and make_recipe(FOLDER).name == "small"
    assert not make_recipe(DIGITS).augment.flip and make_recipe(FOLDER).augment.flip
    assert make_recipe(FOLDER).model.shortcut == "B" and make_recipe(FOLDER).model.classes == 3


def test_photographs_from_scratch_train_twice_as_long():
    """Digits, nets that start from another one, and nets that are compared do not."""
    many = replace(FOLDER, train_images=10_000)
    assert make_recipe(many).steps == round(60 * 10_000 / 64) and make_recipe(FOLDER).steps == 300
    assert make_recipe(DIGITS).steps == round(30 * 1_077 / 64)
    for images in (335, 1_222, 10_000):  # warm-up is a twentieth, rounded down, whatever the length
        some = replace(FOLDER, train_images=images)
        lone, tuned = make_recipe(some), make_recipe(some, brief=True)
        assert tuned.steps == max(300, round(30 * images / 64)) and lone.steps == max(300, round(60 * images / 64))
        assert [r.schedule.warmup_steps for r in (lone, tuned)] == [lone.steps // 20, tuned.steps // 20]
    assert make_recipe(many, preset="fast", brief=True) == make_recipe(many, preset="fast")


def test_stretching_moves_the_schedule():
    recipe = make_recipe(CIFAR, "resnet110", "paper").stretched(6_400)
    assert (recipe.schedule.drops, recipe.schedule.warmup_steps) == ((3_200, 4_800), 40)
    assert recipe.steps == 6_400


@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
@pytest.mark.parametrize("preset", PRESETS)
def test_rates_are_positive_at_any_length(preset, steps):
    recipe = make_recipe(CIFAR, "resnet110", preset).stretched(steps)
    rates = [learning_rate(recipe, step) for step in range(steps)]
    assert all(0 < rate <= recipe.optimizer.lr for rate in rates)


@pytest.mark.parametrize("warmup", [0, 7])
@pytest.mark.parametrize("end", [0.0, 0.1])
def test_a_cosine_is_pytorchs(warmup, end):
    fields = ["optimizer.lr=0.3", "schedule.kind=cosine", f"schedule.end={end}", f"schedule.warmup_steps={warmup}"]
    recipe = with_fields(make_recipe(CIFAR).stretched(50), fields)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50 - warmup, eta_min=0.3 * end)
    for step in range(warmup, 50):
        assert learning_rate(recipe, step) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        theirs.step()
    linear = with_fields(recipe, ["schedule.kind=linear"])
    assert recipe.digest() != linear.digest() and learning_rate(recipe, 20) > learning_rate(linear, 20)


def test_linear_decay_ends_near_zero():
    recipe = make_recipe(CIFAR, preset="fast")
    last, peak = recipe.steps - 1, recipe.schedule.warmup_steps
    assert learning_rate(recipe, peak) == pytest.approx(recipe.optimizer.lr)
    assert learning_rate(recipe, last) < 1e-3 * recipe.optimizer.lr
    assert learning_rate(recipe, 0) < learning_rate(recipe, peak - 1)


def test_a_folder_is_a_folder_whatever_it_is_called():
    assert make_recipe(replace(FOLDER, name="cifar-like")) == replace(
        make_recipe(FOLDER), data=replace(make_recipe(FOLDER).data, name="cifar-like")
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("facts", [CIFAR, FOLDER, DIGITS], ids=lambda f: f.name)
@pytest.mark.parametrize("model", ["plain20", "resnet110", "resnet50"])
def test_a_recipe_survives_toml(facts, preset, model):
    recipe = make_recipe(facts, model, preset)
    assert Recipe.from_dict(tomllib.loads(tomli_w.dumps(recipe.to_dict()))) == recipe


def test_fields_by_dotted_name():
    recipe = with_fields(
        make_recipe(CIFAR),
        ["optimizer.lr=0.05", "augment.flip=false", "schedule.drops=[10, 20]", "optimizer.nesterov=False", "batch=64"],
    )
    assert recipe.optimizer.lr == 0.05 and recipe.augment.flip is False and recipe.schedule.drops == (10, 20)
    assert recipe.optimizer.nesterov is False and recipe.batch == 64
    for written, value in ((".1", 0.1), ("1.", 1.0), ("+5e-2", 0.05), ("2", 2.0)):
        assert with_fields(make_recipe(CIFAR), [f"optimizer.lr={written}"]).optimizer.lr == value


@pytest.mark.parametrize("written", ["0.25,1", "[.25, 1]", "(2.5e-1,1.)", " 0.25 , 1 "])
def test_fields_of_numbers_by_name_and_in_toml(written):
    recipe = with_fields(make_recipe(CIFAR), ["augment.pad=0", f"augment.area={written}", "augment.aspect=0.5,2"])
    assert recipe.augment.area == (0.25, 1.0) and recipe.augment.aspect == (0.5, 2.0)
    assert all(type(value) is float for value in recipe.augment.area)
    assert Recipe.from_dict(tomllib.loads(tomli_w.dumps(recipe.to_dict()))) == recipe
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))).digest() == recipe.digest()
    assert recipe.digest() != with_fields(recipe, ["augment.area=0.5,1"]).digest()
    assert with_fields(recipe, ["augment.area=", "augment.aspect=0.75,1.3333333333333333"]).augment.area == ()


def test_crops_that_a_preset_has_are_turned_off_as_the_error_says():
    """GoogLeNet's authors cut parts of the area, sec. 3.4 crops from scaled images."""
    photographs = replace(CIFAR, size=224)
    for model, preset, field in (("googlenet", "original", "area"), ("resnet18", "paper", "scale")):
        recipe = make_recipe(photographs, model, preset)
        with pytest.raises(UsageError, match=rf"or augment\.{field}= \(nothing behind it\), and none are"):
            with_fields(recipe, ["selective=0.5"])
        recipe = with_fields(recipe, ["selective=0.5", f"augment.{field}="])
        assert getattr(recipe.augment, field) == ()
    other = ["augment.scale=256,480", "augment.area="]
    assert with_fields(make_recipe(photographs, "googlenet", "original"), other).augment.scale == (256, 480)


@pytest.mark.parametrize(
    ("together", "message"),
    [
        (["augment.scale=32,48"], "set augment.area= or augment.scale="),
        (["augment.small_size=16"], "leave augment.small_size and selective out"),
        (["selective=0.5"], "leave augment.small_size and selective out"),
    ],
)
def test_one_way_of_cutting_crops(together, message):
    with pytest.raises(UsageError, match=message):
        with_fields(make_recipe(CIFAR), ["augment.pad=0", "augment.area=0.25,1", *together])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("optimizer.rl=1", "did you mean optimizer.lr"),
        ("optimizer.lr", "--set optimizer.lr=value"),
        ("optimizer.lr=fast", "takes a number"),
        ("optimizer.lr=nan", "takes a number"),
        ("optimizer.lr=.", "takes a number"),
        ("batch=64.5", "batch"),
        ("batch=1.5", "takes a whole number"),
        ("batch=true", "takes a whole number"),
        ("augment.flip=3", "takes true or false"),
        ("data.images=few", "takes a whole number or none"),
        ("schedule.kind=polynomial", "unknown schedule 'polynomial'"),
        ("optimizer.lr=-1", "above 0"),
        ("optimizer.momentum=1", r"\[0, 1\)"),
        ("batch=0", "at least 1 image"),
        ("accumulate=0", "accumulate 0: a batch has from 1 part"),
        ("accumulate=129", "accumulate 129: .* to as many as it has images, 128 here"),
        ("schedule.steps=0", "at least 1 step"),
        ("seed=-1", "whole number"),
        ("data.mean=image", "unknown mean"),
        ("augment.flip_order=odd", "unknown flip_order 'odd'"),
        ("statistics_batches=-1", "statistics_batches -1: .*20 to 50 batches"),
        ("optimizer.bn_bias_lr=0", "bn_bias_lr 0.0: .*above 0"),
        ("model.init=zero_gama", "unknown init 'zero_gama': did you mean zero_gamma"),
        ("model.stem_init=white", "unknown stem_init 'white': did you mean whitening"),
        ("optimizer.kind=adam", "unknown optimizer 'adam': known: sgd, muon"),
        ("optimizer.muon_lr=0.1", "nothing learns by Muon; set optimizer.kind=muon"),
        ("optimizer.muon_lr=0", "muon_lr 0.0: a learning rate is above 0"),
        ("optimizer.muon_momentum=1", r"muon_momentum 1.0: .*\[0, 1\)"),
        ("selective=0", r"selective 0.0: .*\(0, 1\]"),
        ("selective=1.5", r"selective 1.5: .*\(0, 1\]"),
        ("augment.small_size=32", "small_size 32: crops from 8 pixels, smaller than the images of 32"),
        ("augment.small_size=7", "small_size 7: crops from 8 pixels"),
        ("augment.small_part=0.3", r"no crop is smaller; set augment\.small_size"),
        ("augment.small_part=0", r"small_part 0.0: .*\(0, 1\]"),
        ("augment.area=0.5", "area .*two parts of the image's area"),
        ("augment.area=1,0.5", "the smaller first"),
        ("augment.area=0,1", "from 0.01 to 1; 0.08,1 is GoogLeNet's"),
        (f"schedule.drops=1,{2**63}", "schedule.drops: whole numbers are of 64 bits at most"),
        (f"schedule.steps=-{2**64}", "schedule.steps: whole numbers are of 64 bits at most"),
        ("augment.area=big", "takes numbers, as 0.25,1"),
        ("augment.area=0.25,true", "takes numbers, as 0.25,1"),
        ("augment.area=0.25,1", r"area \(0.25, 1.0\): crops are cut from whole images: set augment\.pad=0"),
        ("augment.aspect=0.5,2", r"no part of the area is cut out; set augment\.area"),
        ("augment.aspect=", "two ratios of width to height"),
        ("augment.aspect=2,0.5", "the smaller first, from 0.1 to 10"),
        ("augment.brightness=1.5", r"brightness 1.5: .*x in \[0, 1\]"),
        ("augment.contrast=-0.1", r"contrast -0.1: .*x in \[0, 1\]"),
        ("augment.saturation=2", r"saturation 2.0: .*x in \[0, 1\]"),
        ("augment.policy=trival", "unknown policy 'trival': did you mean trivial"),
        ("augment.policy=randaugment", "unknown policy 'randaugment': known: trivial"),
        ("augment.erase=1.1", r"erase 1.1: a probability, in \[0, 1\]"),
        ("schedule.drops=true,2", "takes whole numbers, as 10,20"),
        ("schedule.drops=.5,2", "takes whole numbers, as 10,20"),
        ("smoothing=1", r"smoothing 1.0: .*\[0, 1\)"),
        ("smoothing=-0.1", r"smoothing -0.1: .*\[0, 1\)"),
    ],
)
def test_bad_fields_are_refused(assignment, message):
    with pytest.raises(UsageError, match=message):
        with_fields(make_recipe(CIFAR), [assignment])


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("optimizer", "lr", 10**400), ("augment", "area", [0.5, -(10**400)]), ("schedule", "steps", 2**63)],
)
def test_giant_numbers_in_a_written_recipe_are_refused_by_their_field(part, field, value):
    with pytest.raises(UsageError, match=rf"^{part}\.{field}: whole numbers are of 64 bits at most, as in TOML$"):
        Recipe.from_dict({part: {field: value}})


def test_recipes_that_were_written_down_may_hold_what_does_nothing():
    recipe = with_fields(make_recipe(CIFAR), ["schedule.drops=1,1,1", "schedule.momentum_start=0.3", "augment.pad=33"])
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    with pytest.raises(UsageError, match=r"^schedule\.drops: the rate has no drops"):
        refuse_idle(recipe, read_fields(["schedule.drops=1,1,1"]))
    refuse_idle(recipe, read_fields(["schedule.drops=()", "optimizer.lr=0.1"]))
    never = ["schedule.kind=drops"]
    with pytest.raises(UsageError, match=r"schedule\.kind: the rate would never fall; set schedule\.drops"):
        refuse_idle(with_fields(make_recipe(CIFAR), never), read_fields(never))
    falling = [*never, "schedule.drops=10"]
    refuse_idle(with_fields(make_recipe(CIFAR), falling), read_fields(falling))


@pytest.mark.parametrize(
    "together", [["schedule.kind=linear"], ["schedule.drops=10,20", "schedule.drop=0.5"], ["schedule.end=0"]]
)
def test_what_acts_in_a_recipe_may_be_set(together):
    refuse_idle(with_fields(make_recipe(CIFAR, preset="paper"), together), read_fields(together))


def test_the_hardest_images_are_not_operated_on():
    with pytest.raises(UsageError, match=r"policy trivial: .* leave selective out, or set augment\.policy=none"):
        with_fields(make_recipe(CIFAR), ["augment.policy=trivial", "selective=0.5"])


def test_a_policy_is_another_run_and_is_written_down():
    plain = make_recipe(CIFAR)
    recipe = with_fields(plain, ["augment.policy=trivial", "mixup=0.2", "cutmix=1"])
    assert Recipe.from_dict(tomllib.loads(tomli_w.dumps(recipe.to_dict()))) == recipe
    digests = {with_fields(plain, [change]).digest() for change in ("augment.policy=trivial", "mixup=0.2", "cutmix=1")}
    assert len(digests | {plain.digest()}) == 4
    assert with_fields(recipe, ["augment.policy=none", "mixup=0", "cutmix=0"]) == plain


def test_a_lever_that_would_do_nothing_is_refused():
    with pytest.raises(UsageError, match=r"flip_order alternating: nothing is mirrored; set augment\.flip=true"):
        with_fields(make_recipe(DIGITS), ["augment.flip_order=alternating"])


def test_every_field_can_be_named():
    names = field_names()
    assert {"seed", "batch", "model.shortcut", "optimizer.weight_decay", "schedule.steps", "augment.pad"} <= set(names)


def test_unknown_preset():
    with pytest.raises(UsageError, match="did you mean paper"):
        make_recipe(CIFAR, preset="papper")


def test_identity_is_the_mathematics_without_the_seed():
    recipe = make_recipe(CIFAR)
    assert recipe.digest() == replace(recipe, seed=7).digest()
    assert recipe.digest() != with_fields(recipe, ["optimizer.lr=0.3"]).digest()
    assert differences(recipe, replace(recipe, seed=7)) == ["seed 0 here, 7 there"]


def test_known_identities_stay():
    # Whoever adds a field gives it a default that means what was done before: recorded runs keep their names.
    recorded = [(r["name"], Recipe.from_dict(r["recipe"])) for r in read_results()]
    assert len(recorded) >= 10
    for name, recipe in recorded:
        data = recipe.data.name
        default = f"{data}-{recipe.model.name}-{recipe.name}-{recipe.digest()}-s{recipe.seed}"
        assert name.removesuffix("-native").removesuffix("-torch") == default  # where both engines trained a recipe
    assert Recipe().digest() == "44136fa3"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("batch=91", "91 is larger than the 90"),
        ("selective=0.5", "draws 128 images a step, more than the 90 .* smaller --batch"),
        ("model.classes=4", "has 3 classes"),
        ("data.size=32", "use --size"),
        ("augment.pad=65", "at most the image's own 64 pixels"),
        ("data.images=2", "has 3 classes; at least one image of each"),
    ],
)
def test_recipes_that_do_not_fit_their_data(change, message):
    with pytest.raises(UsageError, match=message):
        check(with_fields(make_recipe(FOLDER), [change]), FOLDER)


def test_batch_normalisation_needs_two_values():
    tiny = replace(FOLDER, size=8)
    with pytest.raises(UsageError, match="--batch 2"):
        check(make_recipe(tiny, batch=1), tiny)
    check(make_recipe(tiny, batch=2), tiny)
    check(make_recipe(tiny, "resnet20", batch=1), tiny)
    cropped = with_fields(make_recipe(FOLDER, batch=1), ["augment.small_size=32"])
    with pytest.raises(UsageError, match="batch 1 on 32 px"):
        check(cropped, FOLDER)


def test_a_recipe_in_python_takes_what_the_command_takes():
    chosen = recipe_for("digits", model="plain8", recipe="paper", epochs=2, batch=32, lr=0.05, seed=3)
    assert (chosen.name, chosen.model.name, chosen.batch, chosen.seed) == ("paper", "plain8", 32, 3)
    assert (chosen.steps, chosen.optimizer.lr) == (67, 0.05)
    with pytest.raises(UsageError, match="give one of them"):
        recipe_for("digits", steps=1, epochs=1)


@pytest.mark.parametrize("length", [{}, {"epochs": 2}, {"steps": 50}, {"fields": {"schedule.steps": 50}}])
@pytest.mark.parametrize("preset", ["paper", "fast", "small", "record"])
def test_a_batch_means_the_same_as_an_argument_and_as_a_field(preset, length):
    named = length.get("fields", {})
    as_field = recipe_for("digits", recipe=preset, **{**length, "fields": {**named, "batch": 32}})
    assert as_field == recipe_for("digits", recipe=preset, batch=32, **length)


def test_steps_zero():
    with pytest.raises(UsageError, match="steps 0"):
        make_recipe(CIFAR).stretched(0)


@pytest.mark.parametrize(("epochs", "lr"), [(0.5, 0.4), (4, 0.4), (12, 0.4), (16, 0.2), (20, 0.2), (160, 0.2)])
def test_short_trainings_under_fast_have_a_larger_rate(epochs, lr):
    whole = make_recipe(CIFAR, "resnet56", "fast")
    short = lasting(whole, CIFAR.train_images, None, epochs)
    assert short.optimizer == replace(whole.optimizer, lr=lr)
    assert lasting(short, CIFAR.train_images, None, 20).optimizer == whole.optimizer, "back at its own length"
    own = replace(whole, optimizer=replace(whole.optimizer, lr=0.3))
    assert lasting(own, CIFAR.train_images, None, epochs).optimizer.lr == 0.3
    for preset, model in (("record", "resnet20"), ("paper", "resnet20"), ("fast", "nin")):
        other = make_recipe(CIFAR, model, preset)
        assert lasting(other, CIFAR.train_images, None, epochs).optimizer == other.optimizer


def test_a_rate_that_is_asked_for_is_that_of_any_length():
    for fields, lr in (({}, 0.4), ({"optimizer.lr": 0.2}, 0.2), ({"optimizer.lr": 0.4}, 0.4)):
        recipe = recipe_for("digits", recipe="fast", steps=50, fields=fields)
        assert (recipe.optimizer.lr, recipe.steps) == (lr, 50)
