"""What is said of weights that were read: what was made of them, what was assumed, and how their program tests."""

from reslab.errors import as_typed
from reslab.interop.asked import Asked
from reslab.interop.checkpoint import COUNTS, Checkpoint
from reslab.interop.settled import named
from reslab.interop.told import Told
from reslab.nets import Spec
from reslab.store import Classifier


def view_options(classifier: Classifier) -> str:
    """The options of `reslab eval` that look at images as the program does whose weights these are: "--views centre".

    "" where the whole square in the centre is looked at, as without any. Where no file says it, of nets of Table 1 the
    centre of an image whose shorter side is 8/7 of theirs.
    """
    spec, origin = classifier.identity.spec, classifier.identity.origin
    usual = round(classifier.size * 8 / 7)
    scale = origin.scale if origin and origin.scale else usual if getattr(spec, "stem", "") == "imagenet" else None
    if scale in (None, classifier.size):
        return ""
    return "--views centre" if scale == usual else f"--views centre --scales {scale}"


def words(classifier: Classifier, told: Told, asked: Asked, found: Checkpoint) -> list[str]:
    """What was made of a file, what was assumed of it, and what its program does otherwise, in a line each."""
    spec, origin, place = classifier.identity.spec, classifier.identity.origin, classifier.place
    assert isinstance(spec, Spec) and origin and place
    stride = f", stride of bottlenecks on the {spec.stride_in}" if spec.block == "bottleneck" else ""
    names = f"{spec.classes:,} class{'es' * (spec.classes != 1)}"
    if not named(told, asked):
        names += f", called by their numbers (reslab convert {as_typed(place)} --classes FILE names them)"
    which = f", its averaged weights ({found.averaged})" if found.averaged else ""
    made = f"{classifier.identity.model} as {origin.layout} names it{which}{stride}, {spec.size} px, {names}"
    lines = [
        made,
        _counts(found),
        _names_within(told, asked),
        origin.assumed,
        _otherwise(classifier, told),
        _larger(classifier, told),
    ]
    return [f"{place}: {line}" for line in lines if line]


def _counts(found: Checkpoint) -> str:
    """That tensors were left out which are none of the net's."""
    return (
        f"left out: {found.counts:,} counts of operations ({', '.join(COUNTS)}), as thop leaves" if found.counts else ""
    )


def _names_within(told: Told, asked: Asked) -> str:
    """What was made of names of classes in the very file of the weights."""
    within = told.within
    if not within.part:
        return ""
    if asked.classes or told.classes:
        return (
            f"{'--classes' if asked.classes else 'config.json'} goes before the names of classes in it ({within.part})"
        )
    if within.strange:
        return f"the names of classes in it ({within.part}) are not taken: {within.strange}"
    return f"its classes have the names that are in it ({within.part})"


def _otherwise(classifier: Classifier, told: Told) -> str:
    """How its program looks at photographs, where a config.json says it, and reslab does not by itself."""
    origin = classifier.identity.origin
    options = view_options(classifier) if origin and origin.scale else ""
    there = [f"looks at the centre of images scaled to {origin.scale} px"] if options and origin else []
    there.extend(told.otherwise)
    if not there:
        return ""
    same = f" (the same centre: reslab eval {options})" if options else ""
    return f"its program {' and '.join(there)}; reslab takes the centre square, scaled bicubic{same}"


def _larger(classifier: Classifier, told: Told) -> str:
    """That its program also tests at another size than that of training, as is read here."""
    if told.larger is None or told.larger.size == classifier.size:
        return ""
    assert classifier.place
    size = told.larger.size
    again = f"reslab convert {as_typed(classifier.place)} --size {size}"
    return f"its program tests it at {size} px, too: {again} takes it so"
