"""A recipe: the mathematics of a run as one frozen value. Data, net, augmentation, optimiser, schedule, seed."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeGuard, get_type_hints

import numpy as np

from reslab.errors import UsageError, unknown
from reslab.nets import BODY, canonical, freezable, spec
from reslab.training.rules import check_values

LARGEST = 2**63 - 1  # whole number in a recipe: TOML's own


@dataclass(frozen=True)
class Data:
    """What is trained on."""

    name: str = "digits"  # a name of `reslab list`, or a folder
    split: str | None = None  # CIFAR: "45k/5k", "40k/5k/5k" or "50k"; of photographs a fold to hold out, "fold2/5"
    size: int = 8  # height = width in pixels
    mean: str = "pixel"  # subtract the mean image ("pixel", sec. 4.2) or the mean colour ("channel")
    gcn: bool = False  # global contrast normalisation: each image less its own mean, and of one length
    zca: bool = False  # after it, ZCA whitening (data/contrast.py)
    fingerprint: str | None = None  # of a folder's files: other photographs are another run
    images: int | None = None  # so many of the training images only, of each class its part; None: all


@dataclass(frozen=True)
class Model:
    """Which network, by the names of `reslab.create`."""

    name: str = "resnet20"  # a net of `reslab list`
    shortcut: str | None = "A"  # A, B or C (sec. 4.1); None for a plain net
    stride_in: str = "1x1"  # which convolution of a bottleneck has the stride: "1x1" (the paper) or "3x3"
    classes: int = 10  # how many the data has
    residual: str | None = None  # "module:function", a residual function of one's own
    residual_digest: str | None = None  # of that function's source: edited, it is another run
    init: str = "he"  # "he" (sec. 3.4); "identity", "zero_gamma": residual functions start so (nets/initialisation.py)
    init_scale: float = 0.0  # the standard deviation of init "normal", the bound of "uniform"
    survival: float = 1.0  # stochastic depth: probability of the last block, linear from 1 (nets/blocks.py)
    stem_init: str = "he"  # "whitening": the first convolution starts as principal components of the training images
    start: str | None = None  # fine-tuning: the run, model file or trained net whose weights it starts from (start.py)
    start_digest: str | None = None  # of those weights: from others, it is another run
    # with a start: all up to this part (stem, stage1, ...) stays as it came; "body": all but the last with weights
    frozen: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", canonical(self.name))  # one spelling: ResNet-20 is no other run than resnet20
        if self.frozen == BODY:  # and this one no other than its last stage
            object.__setattr__(self, "frozen", freezable(spec(self.name))[-1])


@dataclass(frozen=True)
class Augment:
    """Random translation by zero padding and cropping, and random mirroring (sec. 4.2).

    For the ImageNet nets, random scales and colours (sec. 3.4). What others do with photographs is off.
    """

    pad: int = 4  # pixels on each side, for random translation; 0: none
    flip: bool = True  # random mirroring
    flip_order: str = "random"  # "alternating": at random in an image's first epoch, then in every other one
    small_size: int | None = None  # height = width of crops at first, in pixels; None: that of the images throughout
    small_part: float = 0.5  # the part of the steps that has such small crops
    scale: tuple[int, ...] = ()  # shorter side that the whole image is scaled to, from the first to the second; (): not
    lighting: float = 0.0  # standard deviation along the components of natural colours; 0.1 in the paper, 0: none
    area: tuple[float, ...] = ()  # random resized crops: least and most of the image's area in one; they need pad=0
    aspect: tuple[float, ...] = (3 / 4, 4 / 3)  # of those crops: least and most ratio of width to height
    brightness: float = 0.0  # colours times a factor from 1 - x to 1 + x
    contrast: float = 0.0  # as brightness, of the distance to the mean brightness
    saturation: float = 0.0  # as brightness, of the distance to grey
    erase: float = 0.0  # random erasing: probability that a rectangle takes the mean colour
    policy: str | None = None  # "trivial": TrivialAugment, one operation an image (data/trivial.py)

    @property
    def jitter(self) -> tuple[float, float, float]:
        """How far colours are changed; all zero: not at all."""
        return self.brightness, self.contrast, self.saturation


@dataclass(frozen=True)
class Optimizer:
    """SGD with momentum, in the form of the paper's software: v <- momentum * v + lr * gradient, w <- w - v.

    "muon" steps all convolutions but the stem by `muon`, with a rate and momentum of their own and without decay.
    """

    lr: float = 0.1  # learning rate, at its highest
    momentum: float = 0.9  # what a step keeps of the last one
    nesterov: bool = False  # Nesterov's momentum
    weight_decay: float = 1e-4  # this much of a weight is added to its gradient
    decay_on: str = "weights"  # "weights": of convolutions and fully connected layers; "all": biases and BN too
    kind: str = "sgd"  # "muon" (training/muon.py); "rmsprop": gradients over the root of their running mean square
    muon_lr: float = 0.24  # with "muon", the rate of the convolutions; `lr` is that of the others
    muon_momentum: float = 0.6  # that of the convolutions, in the same way
    bn_bias_lr: float = 1.0  # so many times the rate for the biases of batch normalisation
    # factors of the rate of parameters by name, "*.bias=2, head.*=0.1, stem.*=0"; of all that match (by_name.py).
    rates: str = ""
    decays: str = ""  # factors of the weight decay, in the same way
    max_norms: str = ""  # the largest length of a unit's incoming weights, in the same way; the last that matches


@dataclass(frozen=True)
class Schedule:
    """The learning rate as a function of the step; see `schedule.learning_rate`."""

    kind: str = (
        "drops"  # "drops": to a part of it at each drop; "linear", "cosine" (half a wave): to its end at the last step
    )
    steps: int = 64_000  # of the whole training; --epochs and --steps stretch the recipe
    drops: tuple[int, ...] = (32_000, 48_000)  # steps at which the rate drops
    drop: float = 0.1  # what a drop leaves of the rate
    end: float = 0.0  # the part of the rate that is left at the last step, where it does not drop
    warmup_steps: int = 0  # the first ones, of a lower rate
    warmup_lr: float | None = None  # constant during warm-up; None: rising linearly from zero
    momentum_steps: int = 0  # the first ones, over which the momentum rises linearly
    momentum_start: float = 0.5  # where it rises from
    companion_steps: int | None = None  # the first ones, in which heads for training alone take part; None: all


@dataclass(frozen=True)
class Teacher:
    """Knowledge distillation: what a trained net answers is learned beside the labels (arXiv 1503.02531, 1412.6550).

    The loss is the labels' plus `weight` times the cross entropy to its answers, both nets' scores divided by the
    temperature. Hints are maps of its parts: at first all that is learned, and the loss is of them.
    """

    net: str | None = None  # the run, model file or trained net that teaches (teacher.py)
    digest: str | None = None  # of its weights: of others, it is another run
    temperature: float = 3.0  # by which scores are divided, so that small probabilities count
    weight: float = 4.0  # of its answers, where the labels weigh 1
    end: float | None = None  # what that has come to at the last step, on a line; None: the same throughout
    hints: str = ""  # the part whose map learns to tell the teacher's: "stage2", or "stage2=stage1" (ours, theirs)
    hint_part: float = 0.2  # the part of the steps, the first, in which hints are all that is learned

    @property
    def hint_parts(self) -> tuple[str, str] | None:
        """Ours and theirs; None for none."""
        ours, _, theirs = (part.strip() for part in self.hints.partition("="))
        return (ours, theirs or ours) if ours else None


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learned. The same recipe on the same machine gives the same bytes.

    Levers, most of them of short budgets, each off unless asked for:

    | field | what it does |
    |---|---|
    | average | the result is a running average of the weights |
    | statistics_batches | the result's batch-norm statistics are taken anew, over so many batches |
    | smoothing | labels that leave every class a part |
    | mixup, cutmix | images mixed with each other, and their labels |
    | optimizer.bn_bias_lr | the biases of batch normalisation learn faster |
    | model.init | residual functions start as the identity, or as 0 |
    | model.stem_init | the first convolution starts as principal components of the images |
    | model.frozen | the first parts of a trained net stay as they came |
    | optimizer.kind | convolutions learn by Muon |
    | balance | images of rare classes weigh more |
    | data.gcn, data.zca | images of one contrast, whitened |
    | accumulate | a batch is trained on in so many parts, which need less memory |
    | teacher.net | a trained net's answers are learned, too |
    | selective | of more images than a batch holds, the hardest are trained on |
    | augment.small_size | smaller crops at first |
    | augment.flip_order | every image mirrored in every other epoch |
    | augment.area | random resized crops |
    | augment.brightness, contrast, saturation | colour jitter |
    | augment.erase | random erasing |
    | augment.policy | TrivialAugment: one operation an image |

    Raises UsageError for values that cannot be trained with.
    """

    name: str = "paper"  # the preset that it started from
    seed: int = 0  # of everything random
    batch: int = 128  # images of a step
    accumulate: int = 1  # gradient accumulation: parts of a batch, one after another; each is normalised alone
    average: float = 0.0  # decay of a running average (EMA) of the weights, then the result; 0: the last step's
    statistics_batches: int = 0  # at the end, for the result's batch-norm statistics; 0: a running average of all
    loss: str = "cross_entropy"  # the paper's, or "squared_hinge" (engine/losses.py)
    smoothing: float = 0.0  # label smoothing: this part of a label is spread evenly over all classes
    mixup: float = 0.0  # alpha of the Beta distribution by which images and their labels are mixed in pairs; 0: not
    cutmix: float = 0.0  # as mixup, with a rectangle of the other image; of both, each batch takes one
    selective: float = 1.0  # so large a part of the images drawn is trained on, those of the largest loss; 1: all
    balance: float = 0.0  # from 0, where each image weighs the same, to 1, where each class does
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    augment: Augment = field(default_factory=Augment)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    teacher: Teacher = field(default_factory=Teacher)

    def __post_init__(self) -> None:
        """Raises UsageError for values of another kind than their field's, and for those that make no sense."""
        _fit(self)
        check_values(self)

    @property
    def steps(self) -> int:
        return self.schedule.steps

    @property
    def mixes(self) -> bool:
        """Are the images of a batch mixed with each other?"""
        return bool(self.mixup or self.cutmix)

    @property
    def candidates(self) -> int:
        """Images that are drawn for a step, of which `batch` are trained on."""
        return round(self.batch / self.selective)

    def stretched(self, steps: int) -> "Recipe":
        """The same recipe over another number of steps, its drops, warm-up and the like moved in proportion."""
        if steps < 1:
            raise UsageError(f"steps {steps}: a run needs at least 1 step")
        factor, told = steps / self.schedule.steps, self.schedule.companion_steps
        schedule = replace(
            self.schedule,
            steps=steps,
            drops=tuple(round(drop * factor) for drop in self.schedule.drops),
            warmup_steps=round(self.schedule.warmup_steps * factor),
            momentum_steps=round(self.schedule.momentum_steps * factor),
            companion_steps=None if told is None else round(told * factor),
        )
        return replace(self, schedule=schedule)

    def epochs(self, train_images: int) -> float:
        """Passes over a training set of so many images; images that are drawn count, trained on or not."""
        return self.steps * self.candidates / train_images

    def to_dict(self) -> dict[str, Any]:
        """Plain values for TOML, which knows no null: a field that is None is left out."""
        return _without_none(asdict(self))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Recipe":
        """The recipe that `to_dict` gave. Raises UsageError for a field that does not exist."""
        return _build(cls, values, "")

    def digest(self) -> str:
        """Eight hex digits that identify the recipe apart from its seed.

        Only fields that differ from their defaults count, so that a field that is added later changes no old digest.
        """
        ours, defaults = flat(asdict(self)), _defaults()
        identity = {
            name: value for name, value in ours.items() if value != defaults[name] and name not in ("seed", "name")
        }
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


@cache
def _defaults() -> dict[str, Any]:
    """Every field's default by its dotted name."""
    return flat(asdict(Recipe()))


def field_names(cls: type = Recipe, prefix: str = "") -> list[str]:
    """Every field by its dotted name."""
    names: list[str] = []
    for f, hint in _hints(cls).items():
        names += field_names(hint, f"{prefix}{f}.") if _is_part(hint) else [prefix + f]
    return names


def unknown_field(name: str) -> UsageError:
    """The error for a field that does not exist, by the dotted name that was given."""
    return unknown("field", name, field_names(), listed="reslab list --fields")


def differences(ours: Recipe, theirs: Recipe) -> list[str]:
    """The fields in which two recipes differ, in words: "optimizer.lr 0.1 here, 0.05 there"."""
    mine, other = flat(asdict(ours)), flat(asdict(theirs))
    return [f"{name} {mine[name]} here, {other[name]} there" for name in mine if mine[name] != other[name]]


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The fields of a tree by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


@cache
def _hints(cls: type) -> dict[str, Any]:
    """The fields' types; read once, since that takes longer than everything else in building a recipe."""
    hints = get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls)}


def _build(cls: type, values: dict[str, Any], prefix: str) -> Any:
    hints = _hints(cls)
    strange = sorted(set(values) - set(hints))
    if strange:
        raise unknown_field(prefix + strange[0])
    built: dict[str, Any] = {}
    for name, value in values.items():
        hint = hints[name]
        built[name] = _build(hint, value, f"{prefix}{name}.") if _is_part(hint) else fitting(prefix + name, value)
    # Absent fields that may be None are None: TOML has no other way to say it.
    absent = {name: None for name, hint in hints.items() if name not in values and type(None) in options_of(hint)}
    return cls(**absent, **built)


def _fit(part: Any, prefix: str = "") -> None:
    """Every value as its field wants it: `replace` takes any. Raises UsageError for one of another kind."""
    cls: type = type(part)
    for name, hint in _hints(cls).items():
        value = getattr(part, name)
        if not _is_part(hint):
            object.__setattr__(part, name, fitting(prefix + name, value))
        elif isinstance(value, hint):
            _fit(value, f"{prefix}{name}.")
        else:
            field = f"{name}.{next(iter(_hints(hint)))}"
            raise UsageError(
                f"{name}={value!r} is no {hint.__name__}; single fields go by name: fields={{'{field}': ...}}"
            )


def _is_part(hint: Any) -> TypeGuard[type]:
    """Is it one of the recipe's dataclasses, and not a plain value?"""
    return isinstance(hint, type) and is_dataclass(hint)


def options_of(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__args__", (hint,)) if not hasattr(hint, "__origin__") else (hint,)


def hint_of(name: str) -> Any:
    """The type of a field by its dotted name."""
    return _hints(part_of(name))[name.rpartition(".")[2]]


def part_of(name: str) -> type:
    """The dataclass that has the field of that dotted name."""
    cls: type = Recipe
    for part in name.split(".")[:-1]:
        cls = _hints(cls)[part]
    return cls


def fitting(name: str, value: Any) -> Any:
    """`value` as the field's type wants it. Raises UsageError where it is of another kind, or a giant."""
    options = options_of(hint_of(name))
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    for number in value if isinstance(value, list | tuple) else [value]:
        if isinstance(number, int) and abs(number) > LARGEST:
            raise UsageError(f"{name}: whole numbers are of 64 bits at most, as in TOML")
    if value is None and type(None) in options:
        return None
    if many := element_of(options):
        values = value if isinstance(value, list | tuple) else [value]
        if all(isinstance(v, int | many) and not isinstance(v, bool) for v in values):
            return tuple(many(v) for v in values)
    if float in options and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, tuple(o for o in options if isinstance(o, type))) and not (
        isinstance(value, bool) and bool not in options
    ):
        return value
    raise misfit(name, repr(value))


def element_of(options: tuple[Any, ...]) -> type[int] | type[float] | None:
    """What a field of many numbers has many of; None for a field of one value."""
    return int if tuple[int, ...] in options else float if tuple[float, ...] in options else None


KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple[int, ...]: "whole numbers, as 10,20",
    tuple[float, ...]: "numbers, as 0.25,1",
    type(None): "none",
}


def misfit(name: str, value: str) -> UsageError:
    """The error for a value of another kind than the field's, as it was written."""
    wanted = " or ".join(KINDS[option] for option in options_of(hint_of(name)))
    return UsageError(f"{name}={value}: that field takes {wanted}")


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }
