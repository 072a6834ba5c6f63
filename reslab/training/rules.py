"""What no recipe may say: values that nothing can be trained with, each refused with the rule that it breaks."""

import math
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from reslab.data import LARGEST_SCALE, LARGEST_WHITENED
from reslab.engine import LOSSES
from reslab.errors import UsageError, unknown
from reslab.nets import INITIALISATIONS, SCALED, SMALLEST_SIZE
from reslab.training.by_name import named_values

if TYPE_CHECKING:
    from reslab.training.recipe import Recipe

POLICIES = ("trivial",)  # of augmentation
# Of mixing: beyond these nothing changes any more, until a Beta distribution cannot be drawn from (1e308: no number).
LEAST_ALPHA, LARGEST_ALPHA = 0.001, 10_000
Rules = Iterable[tuple[str, object, str]]  # a field with its value, does it keep the rule, and the rule


def check_pixels(size: int) -> None:
    """Raises UsageError for images, size x size pixels, that no net can be trained on; before they are decoded."""
    if size < SMALLEST_SIZE:
        raise UsageError(f"size {size}: a net needs images of at least {SMALLEST_SIZE} pixels")
    if size > LARGEST_SCALE:
        raise UsageError(f"size {size}: images of {LARGEST_SCALE:,} pixels at most; larger ones would fill the memory")


def check_values(recipe: "Recipe") -> None:
    """Raises UsageError for the first field of `recipe` whose value cannot be trained with."""
    check_pixels(recipe.data.size)
    for what, valid, rule in (
        *_of_batches(recipe),
        *_of_schedule(recipe),
        *_of_optimizer(recipe),
        *_of_weights(recipe),
        *_of_labels(recipe),
        *_of_crops(recipe),
        *_of_colours(recipe),
        *_of_contrast(recipe),
        *_of_teacher(recipe),
    ):
        if not valid:
            raise UsageError(f"{what}: {rule}")
    for field in ("rates", "decays", "max_norms"):
        named_values(f"optimizer.{field}", getattr(recipe.optimizer, field))
    for kind, value, known in _of_words(recipe):
        if value not in known:
            raise unknown(kind, value, known)


def _of_batches(recipe: "Recipe") -> Rules:
    """Which images, and how many at a time."""
    return (
        (f"batch {recipe.batch}", recipe.batch >= 1, "a batch needs at least 1 image"),
        (
            f"accumulate {recipe.accumulate}",
            1 <= recipe.accumulate <= recipe.batch,
            f"a batch has from 1 part to as many as it has images, {recipe.batch} here",
        ),
        (f"selective {recipe.selective}", 0 < recipe.selective <= 1, "a part of the images, in (0, 1]; 1 takes all"),
        (
            f"images {recipe.data.images}",
            recipe.data.images is None or recipe.data.images >= 1,
            "a net is trained on at least 1 image",
        ),
        (f"seed {recipe.seed}", recipe.seed >= 0, "a seed is a whole number from 0"),
        (f"name {recipe.name}", re.fullmatch(r"[\w.-]+", recipe.name), "letters, digits, points and dashes"),
    )


def _of_schedule(recipe: "Recipe") -> Rules:
    """Steps, and what changes over them."""
    schedule = recipe.schedule
    return (
        (f"steps {schedule.steps}", schedule.steps >= 1, "a run needs at least 1 step"),
        (
            f"warmup_steps {schedule.warmup_steps}",
            0 <= schedule.warmup_steps < schedule.steps,
            f"0 or more, and fewer than the run has steps ({schedule.steps:,})",
        ),
        (f"warmup_lr {schedule.warmup_lr}", (schedule.warmup_lr or 1) > 0, "a learning rate is above 0"),
        (f"drop {schedule.drop}", 0 < schedule.drop < 1, "a drop leaves a part of the rate, in (0, 1)"),
        (f"end {schedule.end}", 0 <= schedule.end <= 1, "the rate ends at a part of its own, in [0, 1]"),
        (f"momentum_steps {schedule.momentum_steps}", schedule.momentum_steps >= 0, "0 leaves the momentum as it is"),
        (f"momentum_start {schedule.momentum_start}", 0 <= schedule.momentum_start < 1, "momentum is in [0, 1)"),
        (
            f"companion_steps {schedule.companion_steps}",
            (schedule.companion_steps or 0) >= 0,
            "so many steps, 0 for none at all",
        ),
        (f"drops {schedule.drops}", min(schedule.drops, default=0) >= 0, "a drop is at a step from 0"),
    )


def _of_optimizer(recipe: "Recipe") -> Rules:
    """How weights learn."""
    optimizer = recipe.optimizer
    return (
        (f"lr {optimizer.lr}", optimizer.lr > 0, "a learning rate is above 0"),
        (f"momentum {optimizer.momentum}", 0 <= optimizer.momentum < 1, "momentum is in [0, 1)"),
        (f"weight_decay {optimizer.weight_decay}", optimizer.weight_decay >= 0, "decay is 0 or more"),
        (f"muon_lr {optimizer.muon_lr}", 0 < optimizer.muon_lr < math.inf, "a learning rate is above 0"),
        (f"muon_momentum {optimizer.muon_momentum}", 0 <= optimizer.muon_momentum < 1, "momentum is in [0, 1)"),
        (
            f"muon_lr {optimizer.muon_lr}, muon_momentum {optimizer.muon_momentum}",
            optimizer.kind == "muon" or (optimizer.muon_lr, optimizer.muon_momentum) == (0.24, 0.6),
            "nothing learns by Muon; set optimizer.kind=muon, or leave them out",
        ),
        (
            f"bn_bias_lr {optimizer.bn_bias_lr}",
            0 < optimizer.bn_bias_lr < math.inf,
            "a factor of the learning rate is above 0; 1 is the rate of all the others",
        ),
    )


def _of_weights(recipe: "Recipe") -> Rules:
    """Where weights start, and which of them are the result."""
    return (
        (
            f"init_scale {recipe.model.init_scale}",
            (recipe.model.init in SCALED) == (recipe.model.init_scale > 0),
            f"above 0 where model.init is {' or '.join(SCALED)}, and 0 otherwise",
        ),
        (f"average {recipe.average}", 0 <= recipe.average < 1, "the decay of the average is in [0, 1)"),
        (
            f"statistics_batches {recipe.statistics_batches}",
            recipe.statistics_batches >= 0,
            "0 leaves batch-norm statistics as they are, 20 to 50 batches estimate them anew",
        ),
        (
            f"start {recipe.model.start}",
            (recipe.model.start is None) == (recipe.model.start_digest is None),
            "weights to start from are named by --from (in Python: recipe(..., start=...)), not by --set",
        ),
        (
            f"frozen {recipe.model.frozen}",
            recipe.model.frozen is None or recipe.model.start is not None,
            "what is frozen stays as trained weights have it, and there are none; name them by --from (in Python: "
            "recipe(..., start=...))",
        ),
        (
            f"init {recipe.model.init}, stem_init {recipe.model.stem_init}",
            recipe.model.start is None or recipe.model.stem_init == "he",
            "a net that starts from trained weights has its stem; leave model.stem_init out",
        ),
    )


def _of_labels(recipe: "Recipe") -> Rules:
    """What is learned of the images, and how much each counts."""
    return (
        (f"smoothing {recipe.smoothing}", 0 <= recipe.smoothing < 1, "label smoothing is in [0, 1); 0.1 is usual"),
        (
            f"smoothing {recipe.smoothing}",
            recipe.smoothing == 0 or recipe.loss == "cross_entropy",
            f"labels are smoothed in cross_entropy alone, not in {recipe.loss}",
        ),
        *(
            (
                f"{name} {alpha}",
                alpha == 0 or LEAST_ALPHA <= alpha <= LARGEST_ALPHA,
                f"alpha of a Beta distribution: 0 (off), or from {LEAST_ALPHA}, where nearly every image stays whole, "
                f"to {LARGEST_ALPHA:,}, where all are mixed half and half; {usual} is usual",
            )
            for name, alpha, usual in (("mixup", recipe.mixup, 0.2), ("cutmix", recipe.cutmix, 1))
        ),
        (
            f"balance {recipe.balance}",
            0 <= recipe.balance <= 1,
            "from 0, where each image weighs the same, to 1, where each class does",
        ),
        (
            f"batch {recipe.batch}{f' in {recipe.accumulate} parts' if recipe.accumulate > 1 else ''}",
            recipe.batch >= 2 * recipe.accumulate or not recipe.mixes,
            f"one image has none to be mixed with; --batch {2 * recipe.accumulate}, or leave mixup and cutmix out",
        ),
    )


def _of_crops(recipe: "Recipe") -> Rules:
    """Which part of an image is seen."""
    augment = recipe.augment
    return (
        (
            f"pad {augment.pad}",
            augment.pad >= 0,
            "padding is pixels, at least 0; an eighth of the image's is usual (4 of 32)",
        ),
        (
            f"small_size {augment.small_size}",
            augment.small_size is None or SMALLEST_SIZE <= augment.small_size < recipe.data.size,
            f"crops from {SMALLEST_SIZE} pixels, smaller than the images of {recipe.data.size}",
        ),
        (f"small_part {augment.small_part}", 0 < augment.small_part <= 1, "a part of the steps, in (0, 1]"),
        (
            f"small_part {augment.small_part}",
            augment.small_size is not None or augment.small_part == 0.5,
            "no crop is smaller; set augment.small_size, or leave augment.small_part out",
        ),
        (
            f"scale {augment.scale}",
            not augment.scale
            or (len(augment.scale) == 2 and recipe.data.size <= augment.scale[0] <= augment.scale[1] <= LARGEST_SCALE),
            f"two shorter sides, the smaller first, from the crop's {recipe.data.size} pixels to {LARGEST_SCALE:,}",
        ),
        (
            f"scale {augment.scale}",
            not augment.scale or (augment.pad == 0 and augment.small_size is None and recipe.selective == 1),
            "crops are cut from scaled images: set augment.pad=0, and leave augment.small_size and selective out; or "
            "augment.scale= (nothing behind it), and none are",
        ),
        (
            f"area {augment.area}",
            not augment.area or (len(augment.area) == 2 and 0.01 <= augment.area[0] <= augment.area[1] <= 1),
            "two parts of the image's area, the smaller first, from 0.01 to 1; 0.08,1 is GoogLeNet's",
        ),
        (
            f"area {augment.area}",
            not (augment.area and augment.scale),
            "crops are cut by their area or by the image's scale, and a preset may have said one: set augment.area= or "
            "augment.scale= (nothing behind it)",
        ),
        (
            f"area {augment.area}",
            not augment.area or (augment.pad == 0 and augment.small_size is None and recipe.selective == 1),
            "crops are cut from whole images: set augment.pad=0, and leave augment.small_size and selective out; or "
            "augment.area= (nothing behind it), and none are",
        ),
        (
            f"aspect {augment.aspect}",
            len(augment.aspect) == 2 and 0.1 <= augment.aspect[0] <= augment.aspect[1] <= 10,
            "two ratios of width to height, the smaller first, from 0.1 to 10; 0.75,1.3333 is usual",
        ),
        (
            f"aspect {augment.aspect}",
            bool(augment.area) or augment.aspect == (3 / 4, 4 / 3),
            "no part of the area is cut out; set augment.area, or leave augment.aspect out",
        ),
        (
            f"flip_order {augment.flip_order}",
            augment.flip or augment.flip_order == "random",
            "nothing is mirrored; set augment.flip=true, or leave augment.flip_order out",
        ),
    )


def _of_colours(recipe: "Recipe") -> Rules:
    """What is done to its pixels."""
    augment = recipe.augment
    return (
        *(
            (f"{name} {value}", 0 <= value <= 1, "a factor from 1 - x to 1 + x, x in [0, 1]; 0 leaves it as it is")
            for name, value in zip(("brightness", "contrast", "saturation"), augment.jitter, strict=True)
        ),
        (
            f"erase {augment.erase}",
            0 <= augment.erase <= 1,
            "a probability, in [0, 1]; 0.25 is usual, 0 erases nothing",
        ),
        (
            f"policy {augment.policy}",
            augment.policy is None or recipe.selective == 1,
            "the hardest images are chosen as they are, before anything is done to them; leave selective out, or set "
            "augment.policy=none",
        ),
        (f"lighting {augment.lighting}", 0 <= augment.lighting <= 1, "0 adds no colour, 0.1 is the paper's; at most 1"),
    )


def _of_contrast(recipe: "Recipe") -> Rules:
    """Images of one contrast, and whitened ones."""
    data = recipe.data
    return (
        (
            f"zca, size {data.size}",
            not data.zca or data.size <= LARGEST_WHITENED,
            f"a matrix for images of {data.size} px would have {(3 * data.size**2) ** 2:,} numbers; "
            f"{LARGEST_WHITENED} px at most, or set data.zca=false",
        ),
        ("zca", data.gcn or not data.zca, "images of one contrast are whitened; set data.gcn=true, too"),
        (
            f"zca, mean {data.mean}",
            not data.zca or data.mean == "pixel",
            "what is whitened is centred by the mean image; set data.mean=pixel",
        ),
        (
            f"gcn, lighting {recipe.augment.lighting}",
            not data.gcn or recipe.augment.lighting == 0,
            "colours are added to images of their own contrast; set augment.lighting=0 or data.gcn=false",
        ),
    )


def _of_teacher(recipe: "Recipe") -> Rules:
    """What is learned of a trained net."""
    teacher = recipe.teacher
    usual, named = type(teacher)(), teacher.net is not None
    end = teacher.weight if teacher.end is None else teacher.end
    return (
        (
            f"teacher.net {teacher.net}",
            named == (teacher.digest is not None),
            "the net that teaches is named by --teacher (in Python: recipe(..., teacher=...)), not by --set",
        ),
        *(
            (
                f"teacher.{name} {getattr(teacher, name)}",
                named or getattr(teacher, name) == getattr(usual, name),
                "no net teaches; name one by --teacher, or leave that out",
            )
            for name in ("temperature", "weight", "end", "hints", "hint_part")
        ),
        (
            f"teacher.temperature {teacher.temperature}",
            0 < teacher.temperature < math.inf,
            "above 0; 1 takes probabilities as they are, 3 or 4 is usual",
        ),
        *(
            (
                f"teacher.{name} {value}",
                0 <= value < math.inf,
                "what the teacher's answers weigh, 0 or more, where the labels weigh 1",
            )
            for name, value in (("weight", teacher.weight), ("end", end))
        ),
        (f"teacher.hint_part {teacher.hint_part}", 0 < teacher.hint_part < 1, "a part of the steps, in (0, 1)"),
        (
            f"teacher.hint_part {teacher.hint_part}",
            bool(teacher.hints) or teacher.hint_part == usual.hint_part,
            "there are no hints; set teacher.hints, or leave teacher.hint_part out",
        ),
        (
            f"teacher.hints {teacher.hints}",
            not teacher.hints or recipe.selective == 1,
            "the hardest images are chosen by a head that has learned nothing yet; leave selective out",
        ),
        (
            f"teacher.net {teacher.net}",
            not named or recipe.augment.small_size is None,
            "a teacher sees images of one size; leave augment.small_size out",
        ),
    )


def _of_words(recipe: "Recipe") -> Iterable[tuple[str, str, Collection[str]]]:
    """Fields that take one word of several: what it is of, the word, and those that there are."""
    return (
        ("mean", recipe.data.mean, ("pixel", "channel")),
        ("init", recipe.model.init, INITIALISATIONS),
        ("loss", recipe.loss, LOSSES),
        ("stem_init", recipe.model.stem_init, ("he", "whitening")),
        ("schedule", recipe.schedule.kind, ("drops", "linear", "cosine")),
        ("optimizer", recipe.optimizer.kind, ("sgd", "muon", "rmsprop")),
        ("flip_order", recipe.augment.flip_order, ("random", "alternating")),
        *([("policy", recipe.augment.policy, POLICIES)] if recipe.augment.policy is not None else ()),
        ("value of decay_on", recipe.optimizer.decay_on, ("weights", "all")),
    )
