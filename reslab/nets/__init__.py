"""What a network is: blocks and shortcuts, specs, names, initialisation, complexity."""

from reslab.nets.blocks import Block, Residual
from reslab.nets.complexity import Complexity, Stage, complexity, count_params
from reslab.nets.initialisation import INITIALISATIONS, he_initialise, initialise
from reslab.nets.layers import Layer, blocks_of, layer_text, layers_of, shortcut_kind
from reslab.nets.names import MODELS, canonical, create, spec
from reslab.nets.own import digest_of, name_of, named_residual, try_out
from reslab.nets.resnet import build
from reslab.nets.spec import SHORTCUTS, SMALLEST_SIZE, STRIDES_IN, Spec
from reslab.nets.table1 import layers_text
from reslab.nets.whitening import whitening_filters

__all__ = [
    "INITIALISATIONS",
    "MODELS",
    "SHORTCUTS",
    "SMALLEST_SIZE",
    "STRIDES_IN",
    "Block",
    "Complexity",
    "Layer",
    "Residual",
    "Spec",
    "Stage",
    "blocks_of",
    "build",
    "canonical",
    "complexity",
    "count_params",
    "create",
    "digest_of",
    "he_initialise",
    "initialise",
    "layer_text",
    "layers_of",
    "layers_text",
    "name_of",
    "named_residual",
    "shortcut_kind",
    "spec",
    "try_out",
    "whitening_filters",
]
