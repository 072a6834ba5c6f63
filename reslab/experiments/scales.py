"""Three scales of an experiment: a test of it, one that a machine can bear, and the paper's own.

| scale | CIFAR nets | ImageNet nets |
|---|---|---|
| smoke | 2 steps on 100 digits, 8 px | 2 steps on 100 digits, scaled to 16 px |
| small | CIFAR-10, preset `fast` | tiny-imagenet-20 at 64 px, preset `small` in 30 epochs |
| full | CIFAR-10, preset `paper` | an ImageNet folder at 224 px, preset `paper` |

Nets of the comparison have their own authors' recipe at full, and under `fast` and `small` the same in as many steps.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reslab.data import NAMES, Dataset, data_root, find_folder, list_datasets
from reslab.errors import DataError, UsageError, unknown
from reslab.nets import Historic, spec
from reslab.training import Data, Facts, Recipe, Surroundings, facts_of, make_recipe, read_data
from reslab.training.presets import net_is_imagenet

SCALES = {
    "smoke": "a test: 2 steps on the embedded digits; shows that it runs, nothing of the claim",
    "small": "CIFAR-10 with the preset fast; tiny-imagenet-20 with the preset small for the ImageNet nets",
    "full": "CIFAR-10, or an ImageNet folder, with the paper's own recipe",
}
PRESET = {"smoke": ("small", "small"), "small": ("fast", "small"), "full": ("paper", "paper")}  # (CIFAR, ImageNet) nets
SMOKE_STEPS, SMOKE_BATCH, SMOKE_IMAGES, SMOKE_SIZE = 2, 16, 100, 16

# What each scale trains on when it is all there; what lies on this machine may be less.
_CIFAR10 = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
_DIGITS = Facts("digits", 10, 8, 1077, mirror=False, official=True)
_TINY = Facts("tiny-imagenet-20", 20, 64, 10_000, mirror=True, official=False)
_IMAGENET = Facts("imagenet", 1000, 224, 1_281_167, mirror=True, official=False)
NOMINAL = {
    "smoke": (_DIGITS, replace(_DIGITS, size=SMOKE_SIZE)),
    "small": (_CIFAR10, _TINY),
    "full": (_CIFAR10, _IMAGENET),
}
# Images that a run is judged on: training images once, validation images along the way, test images once.
JUDGED = {
    "digits": (1077, 360, 360),
    "cifar10": (45_000, 5_000, 10_000),
    "tiny-imagenet-20": (10_000, 1_000, 0),
    "imagenet": (1_281_167, 50_000, 0),
}
GIVEN = "given"  # no scale: runs that somebody made


def is_imagenet(model: str) -> bool:
    """Is it one of Table 1, or of those that they are compared with there?"""
    return net_is_imagenet(spec(model))


def preset_of(model: str, scale: str) -> str:
    """The preset of a net at a scale; the paper's recipe is that of its own nets, others have their authors'."""
    preset = PRESET[scale][is_imagenet(model)]
    return "original" if preset == "paper" and isinstance(spec(model), Historic) else preset


@dataclass(frozen=True)
class Setting:
    """What an experiment is run on: a scale, its data sets, and the part of its steps that is run."""

    scale: str
    cifar: Facts  # what the CIFAR nets train on
    imagenet: Facts  # what the ImageNet nets train on
    part: float = 1.0

    @classmethod
    def nominal(cls, scale: str, part: float = 1.0) -> "Setting":
        """The setting where every data set is there, whole. Raises UsageError for a scale that does not exist."""
        if scale not in SCALES:
            raise unknown("scale", scale, SCALES)
        return cls(scale, *NOMINAL[scale], part)

    @property
    def smoke(self) -> bool:
        return self.scale == "smoke"

    def facts(self, model: str) -> Facts:
        """The data set that a net trains on."""
        return self.imagenet if is_imagenet(model) else self.cifar

    def recipe(self, model: str, shortcut: str | None = None, split: str | None = None, **more: Any) -> Recipe:
        """The recipe of this scale for a net. `split` is one of CIFAR's, and nothing for other data.

        `more`: `images`, to train on so many only; `steps`, before they are shortened; `survival`, of the last block
        in stochastic depth; `preset`, another one than the scale's. Raises UsageError for a net that does not exist.
        """
        facts = self.facts(model)
        if facts.split and split:
            facts = replace(facts, split=split, train_images=int(split.split("k")[0]) * 1000)
        batch = SMOKE_BATCH if self.smoke else None
        preset = more.get("preset") or preset_of(model, self.scale)
        chosen = make_recipe(facts, model, preset, shortcut, batch=batch, brief=True)
        chosen = replace(chosen, model=replace(chosen.model, survival=more.get("survival", 1.0)))
        if images := SMOKE_IMAGES if self.smoke else more.get("images"):
            chosen = replace(chosen, data=replace(chosen.data, images=min(images, facts.train_images)))
        steps = SMOKE_STEPS if self.smoke else more.get("steps") or chosen.steps
        steps = max(1, round(steps * self.part))
        # At the rate of its own length: a larger one for short trainings would be at the expense of deep plain nets.
        return chosen if steps == chosen.steps else chosen.stretched(steps)


class Shelf:
    """The data sets that recipes name, each read once. `given` is the folder of `--data`.

    `counted`, for a plan: photographs are counted, and none is decoded before somebody takes it.
    """

    def __init__(self, around: Surroundings, given: Path | None = None, counted: bool = False) -> None:
        self._around, self._given, self._counted = around, given, counted
        self._read: dict[tuple[str | Path, str | None, int], Dataset] = {}

    def of(self, recipe: Recipe) -> Dataset:
        """What a recipe trains and is judged on."""
        return self._load(recipe.data.name, recipe.data.split, recipe.data.size)

    def facts(self, nominal: Facts) -> Facts:
        """What lies here of a data set. Raises DataError, with the way out, where it is missing."""
        return facts_of(self._load(nominal.name, nominal.split, nominal.size), nominal.split)

    def has(self, name: str) -> bool:
        """Does a data set lie here, whatever it is worth?"""
        if name in NAMES:
            return any(found["name"] == name and found["present"] for found in list_datasets(self._around.data_root))
        try:
            return Path(self._place(name)).exists()
        except DataError:
            return False

    def holds(self, nets: set[bool], scale: str) -> bool:
        """Is there what a scale trains these nets on? What `--data` names is no place for digits."""
        if scale == "smoke":
            return self._given is None
        return all(self.has(NOMINAL[scale][net].name) for net in nets)

    def sources(self, nets: set[bool]) -> dict[str, str]:
        """Where each data set lies, or is to be fetched to, that these nets can be trained on besides digits."""
        names = sorted({NOMINAL[scale][net].name for scale in ("small", "full") for net in nets})
        here = [name for name in names if self.has(name) or (self._around.download and name in NAMES)]
        root = data_root(self._around.data_root)
        return {name: str((root if name in NAMES else Path(self._place(name))).resolve()) for name in here}

    def place(self, data: Data) -> str | Path:
        """How a process of its own finds a data set."""
        return self._place(data.name)

    def _load(self, name: str, split: str | None, size: int) -> Dataset:
        place = self._place(name)
        key = (place, split, size)
        if key not in self._read:
            self._read[key] = read_data(place, split, size, self._around, counted=self._counted)
        return self._read[key]

    def _place(self, name: str) -> str | Path:
        if name in NAMES:
            return name
        if self._given is not None:
            try:
                return find_folder(self._given, self._around.data_root)
            except UsageError as error:
                raise DataError(f"--data {self._given}: {error}") from error
        root = data_root(self._around.data_root)
        if not (root / name).is_dir():
            raise DataError(
                f"no {name} in {root}: put its class folders into {root / name}/train and {root / name}/val, or name "
                f"the folder that has them with --data"
            )
        return root / name


def setting_of(scale: str, nets: set[bool], shelf: Shelf, part: float = 1.0) -> Setting:
    """The setting with what lies here; `nets` says which are trained: ImageNet nets (True), CIFAR nets (False).

    Raises DataError where a data set is missing, with a smaller scale whose data are here as a way out, or damaged.
    """
    setting = Setting.nominal(scale, part)
    try:
        cifar = shelf.facts(setting.cifar) if False in nets else setting.cifar
        imagenet = shelf.facts(setting.imagenet) if True in nets else setting.imagenet
    except DataError as error:
        less = smaller(scale, nets, shelf)
        if shelf.holds(nets, scale) or less is None:
            raise
        raise DataError(f"{error}; --scale {less} needs less") from error
    return replace(setting, cifar=cifar, imagenet=imagenet)


def smaller(scale: str, nets: set[bool], shelf: Shelf) -> str | None:
    """The largest scale below whose data are here; None where there is none."""
    names = list(SCALES)
    below = names[: names.index(scale)]
    return next((name for name in reversed(below) if shelf.holds(nets, name)), None)
