"""Deep residual learning (He, Zhang, Ren, Sun 2015): networks, training, testing, reports. This is the contents.

import reslab
net = reslab.create("resnet56", shortcut="A", classes=10)    # an nn.Module
recipe = reslab.recipe("digits", model="resnet20")           # a frozen value
result = reslab.train(recipe)                                # a dict, and a run folder
result = reslab.train("photos", model="resnet50", epochs=10, request=reslab.Request(device="cuda"))
result = reslab.train(run="runs/mine")                       # goes on where it stopped
reslab.evaluate(result["run"])                               # error on held-out images
page = reslab.report(result["run"])                          # one self-contained HTML page
model = reslab.load(result["run"])                           # knows its class names and preprocessing
answers = list(reslab.predict(model, "photo.jpg"))           # or folders, PIL images, arrays, bytes
features = model.features(pixels)                            # of uint8 images (B, H, W, 3), before the head
answers = list(reslab.predict(model, "photos/", features=True))  # answers[0].features; views=10, ensemble=...
file = reslab.export(result["run"], "torch-export").path      # a file for other programs
answers = list(reslab.predict(file, "photos/"))               # or for ours
model = reslab.load("resnet50-0676ba61.pth")                  # torchvision's, timm's and others' weights, too
model = reslab.classifier(net, ("cat", "dog"), mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))  # of a loop of one's own
reslab.save(model, "mine.safetensors")                        # a file for eval, predict, export, ...
reslab.train("digits", residual=mine)                         # a block of one's own; help(reslab.create) says how

Values: reslab.Recipe and reslab.Request (how it is executed); reslab.Spec and reslab.Block, of which nets are made.
Errors: reslab.UsageError, reslab.DataError, reslab.RunError; all are reslab.ReslabError. Rooms: reslab.analysis looks
into trained nets, reslab.data opens data sets, reslab.nets counts and builds. docs/python.md shows most of it at work.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reslab.asking import evaluate, predict
    from reslab.engine import Request as Request
    from reslab.errors import DataError as DataError
    from reslab.errors import ReslabError as ReslabError
    from reslab.errors import RunError as RunError
    from reslab.errors import UsageError as UsageError
    from reslab.exporting import export
    from reslab.interop import classifier, convert, load
    from reslab.learning import recipe, train
    from reslab.nets import Block as Block
    from reslab.nets import Spec as Spec
    from reslab.nets import create
    from reslab.reporting import report
    from reslab.store import save
    from reslab.training import Recipe as Recipe

__version__ = version("reslab")

# What is public, and where it lives; read when first used, so that `reslab --help` does not wait for PyTorch.
_HOME = {
    "Block": "nets.Block",
    "DataError": "errors.DataError",
    "Recipe": "training.Recipe",
    "Request": "engine.Request",
    "ReslabError": "errors.ReslabError",
    "RunError": "errors.RunError",
    "Spec": "nets.Spec",
    "UsageError": "errors.UsageError",
    "classifier": "interop.classifier",
    "convert": "interop.convert",
    "create": "nets.create",
    "evaluate": "asking.evaluate",
    "export": "exporting.export",
    "load": "interop.load",
    "predict": "asking.predict",
    "recipe": "learning.recipe",
    "report": "reporting.report",
    "save": "store.save",
    "train": "learning.train",
}

# What is called. Classes are as public, but would fill `help(reslab)` with a thousand lines that they inherit.
__all__ = [
    "classifier",
    "convert",
    "create",
    "evaluate",
    "export",
    "load",
    "predict",
    "recipe",
    "report",
    "save",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"reslab has no '{name}'; it has {', '.join(_HOME)}")
    room, _, symbol = _HOME[name].rpartition(".")
    return getattr(import_module(f"reslab.{room}"), symbol)


def __dir__() -> list[str]:
    return [*_HOME, "__version__"]
