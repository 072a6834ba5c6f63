"""Fine-tuning: a net that starts from a trained net's weights, ours or another program's."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from reslab.data import NAMES, same_names
from reslab.engine.layout import parameter_layout
from reslab.errors import UsageError, as_typed
from reslab.interop import is_published, trained
from reslab.nets import BODY, Architecture, Residual, asked_as, build, check_frozen, named_residual, spec
from reslab.progress import Say, silent
from reslab.store import Classifier, lineage_from, residual_named_in, run_around
from reslab.store.trained_places import trained_model
from reslab.training.presets import spec_of
from reslab.training.recipe import Model, Recipe
from reslab.training.suitable import check_whitening


@dataclass(frozen=True)
class Asked:
    """A net in the words of `reslab train`; None is the house's default."""

    model: str | None = None
    shortcut: str | None = None
    stride_in: str | None = None
    size: int | None = None  # of a folder's images in pixels


def like(
    start: str | None, asked: Asked, data: str | Path, say: Say = silent, residual: Residual | None = None
) -> Asked:
    """What is asked for, and where nothing is, what the net is that a training on `data` is to start from.

    `residual` is the residual function that is asked for. Of another program's weights it is said what was made of
    them. Raises RunError where `start` is no trained net, UsageError where its own residual function is not found.
    """
    if start is None:
        return asked
    source = trained_source(start, residual, say)
    if asked.model not in (None, source.identity.model):
        return asked
    spec = source.identity.spec
    return Asked(
        source.identity.model,
        asked.shortcut or getattr(spec, "shortcut", None),
        asked.stride_in or getattr(spec, "stride_in", None),
        asked.size or (source.size if str(data) not in NAMES else None),
    )


def with_start(recipe: Recipe, start: str | None, residual: Residual | None = None) -> Recipe:
    """The recipe of a training from `start`, as it is for None.

    `start` is a run folder, a model file, the name of a trained net or another program's weights. These become a part
    of it: other weights in the same place make another run. So does the residual function of its own that it has,
    unless the recipe names another, which `residual` is. Raises RunError where there is no trained net, or where what
    that began from is torn, UsageError where it is another net than the recipe's, and where that function is not found.
    """
    if start is None:
        return recipe
    source = trained_source(start, residual or named_residual(recipe.model.residual))
    lineage_from(source)
    ours, theirs = spec_of(recipe), source.identity.spec
    if _apart_from_data(ours, theirs) != theirs or _shapes(ours, source) != _shapes(theirs, source):
        raise UsageError(
            f"{start} is {_called(source.identity.model, theirs)}, and to be trained is "
            f"{_called(recipe.model.name, ours)}: leave --model, --shortcut and --stride-in out, or start from another"
            f"{_other_stride(source, ours)}"
        )
    # The stem comes with the weights: a preset's way of beginning with one has nothing left to do.
    begun = replace(recipe.model, stem_init=Model().stem_init, start=place_of(start), start_digest=source.digest())
    begun = replace(begun, residual=begun.residual or source.identity.residual)
    return replace(_seeing_alike(recipe, source), model=begun)


def _seeing_alike(recipe: Recipe, source: Classifier) -> Recipe:
    """With images of one contrast, if the weights are for such and only then, and whitened ones.

    Raises UsageError where they cannot be.
    """
    contrast = source.preprocessing.contrast
    if contrast is None:
        return replace(recipe, data=replace(recipe.data, gcn=False, zca=False))
    zca = contrast.whitening is not None
    if zca and source.size != recipe.data.size:
        raise UsageError(
            f"{source.place} learned on whitened images of {source.size} px, and its matrix has that size: "
            f"--size {source.size}"
        )
    image = source.size == recipe.data.size and contrast.centre.shape[:2] != (1, 1)
    data = replace(recipe.data, gcn=True, zca=zca, mean="pixel" if image else "channel")
    return replace(recipe, data=data, augment=replace(recipe.augment, lighting=0.0))


def trained_source(start: str, residual: Residual | None, say: Say = silent, teaches: bool = False) -> Classifier:
    """The net to start from, with the residual function asked for, or else the one that its run records.

    Of one that `teaches` the recipe names no function: `model.residual` is that of the net which learns.
    """
    if residual is None and (own := residual_named_in(Path(start))):
        return trained(start, _recorded(start, own, teaches), say)
    return trained(start, residual, say, replacing=True)


def _recorded(start: str, own: str, teaches: bool) -> Residual | None:
    """The residual function `own` of a run folder, found by its name as when that run goes on.

    Raises UsageError, with the way out, where it is not found, and for a lone file, which may be from anywhere.
    """
    if run_around(Path(start)) is None:
        name_it = f"name it by --set model.residual={asked_as(own)} (in Python residual=...)"
        raise UsageError(
            f"{start} has the residual function {own}, and files run no code: "
            f"{'name its run folder' if teaches else name_it}"
        )
    try:
        return named_residual(own)
    except UsageError as error:
        name_it = ", or name it by where it is now, --set model.residual=module:function (in Python residual=...)"
        raise UsageError(
            f"{start} has the residual function {own}, which is not found here ({error.__cause__ or error}): have its "
            f"file in this folder or on PYTHONPATH{'' if teaches else name_it}"
        ) from error


def place_of(start: str) -> str:
    """What a recipe calls a start: the name of a trained net, else a path that is the same wherever one stands."""
    return start if trained_model(Path(start)) or is_published(Path(start)) else str(Path(start).absolute())


def start_of(recipe: Recipe, residual: Residual | None = None) -> Classifier | None:
    """The trained net that a training begins from; None for none. `residual` is the function that the recipe names.

    Raises UsageError where its weights are not those that the recipe names any more, and where what is frozen would
    compute something else than it did; RunError where there is none.
    """
    if recipe.model.start is None:
        return None
    source = trained(recipe.model.start, residual or named_residual(recipe.model.residual), replacing=True)
    if source.digest() != recipe.model.start_digest:
        raise UsageError(f"{recipe.model.start} has other weights than when this run was begun; choose another --run")
    if recipe.model.frozen is not None:
        _refuse_other_survival(recipe, source)
        _refuse_other_contrast(recipe, source)
    return source


def _refuse_other_survival(recipe: Recipe, source: Classifier) -> None:
    """Outside of training, stochastic depth scales each block by its probability: frozen ones by the start's."""
    theirs = getattr(source.identity.spec, "survival", 1.0)
    if recipe.model.survival != theirs:
        raise UsageError(
            f"frozen {recipe.model.frozen}: {recipe.model.start} was trained with model.survival {theirs:g}, and its "
            f"blocks would count otherwise with {recipe.model.survival:g}: --set model.survival={theirs:g}"
        )


def _refuse_other_contrast(recipe: Recipe, source: Classifier) -> None:
    """Frozen parts see images normalised as they learned them."""
    contrast = source.preprocessing.contrast
    theirs = contrast is not None, contrast is not None and contrast.whitening is not None
    if (recipe.data.gcn, recipe.data.zca) != theirs:
        gcn, zca = (str(value).lower() for value in theirs)
        raise UsageError(
            f"frozen {recipe.model.frozen}: {recipe.model.start} was trained with data.gcn={gcn} and data.zca={zca}, "
            f"and its frozen parts would see other images: --set data.gcn={gcn} --set data.zca={zca}"
        )


def refuse_unfreezable(freeze: str | None, start: str | None, net: Asked) -> None:
    """Raises UsageError, before any photograph is read, where `freeze` is no part of `net`, or nothing is trained."""
    if freeze is None or freeze.lower() in ("", "none", "null"):
        return
    if start is None:
        raise UsageError(f"freeze {freeze}: what is frozen stays as trained weights have it; name them by --from")
    if net.model and freeze != BODY:
        check_frozen(spec(net.model), freeze)


def refuse_lost_start(recipe: Recipe, train_images: int, residual: Residual | None = None) -> None:
    """Raises what `start_of` raises, and RunError where what that net itself began from is torn.

    UsageError, too, where images are to be whitened, the start has no matrix for it, and they are too few to find one.
    """
    if source := start_of(recipe, residual):
        lineage_from(source)
        contrast = source.preprocessing.contrast
        if recipe.data.zca and (contrast is None or contrast.whitening is None):
            check_whitening(recipe, train_images)


def starting_weights(source: Classifier, classes: tuple[str, ...]) -> dict[str, Tensor]:
    """Parameters and batch-norm statistics by name that a training begins with, on the CPU.

    What tells classes apart is not among them, unless they are the same classes.
    """
    weights = dict(source.net.state_dict())
    if same_names(classes, source.classes):
        return weights
    of_classes = _of_classes(source)
    return {name: tensor for name, tensor in weights.items() if name not in of_classes}


def _apart_from_data(ours: Architecture, theirs: Architecture) -> Architecture:
    """Our net for their classes and images; what is drawn in training alone may differ, too."""
    same = {"classes", "size", "survival"} & theirs.__dataclass_fields__.keys() & ours.__dataclass_fields__.keys()
    return ours.variant(**{name: getattr(theirs, name) for name in same})


def _shapes(spec: Architecture, source: Classifier) -> dict[str, tuple[int, ...]]:
    """Of the parameters that do not tell classes apart."""
    of_classes = _of_classes(source)
    return {name: shape for name, shape in _layout(spec, source.residual).items() if name not in of_classes}


def _of_classes(source: Classifier) -> set[str]:
    """The parameters whose shape depends on the number of classes."""
    spec = source.identity.spec
    more = _layout(spec.variant(classes=spec.classes + 1), source.residual)
    return {name for name, shape in _layout(spec, source.residual).items() if more[name] != shape}


def _called(model: str, spec: Architecture) -> str:
    details = (f"{what} {found}" for what in ("shortcut", "stride_in") if (found := getattr(spec, what, None)))
    return f"{model} ({', '.join([*details, f'{spec.size} px'])})"


def _other_stride(source: Classifier, ours: Architecture) -> str:
    """Where bottlenecks subsample is said of another program's weights when they are converted, not here."""
    asked = getattr(ours, "stride_in", None)
    origin, theirs = source.identity.origin, source.identity.spec
    if origin is None or asked == getattr(theirs, "stride_in", None):
        return ""
    file = origin.seen_from(source.place)
    return f"; reslab convert {as_typed(file)} --stride-in {asked} takes the same weights so"


def _layout(spec: Architecture, residual: Residual | None) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        layout = parameter_layout(build(spec, residual))
    return dict(zip(layout.names, layout.shapes, strict=True))
