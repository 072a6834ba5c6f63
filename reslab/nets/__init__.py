"""What a network is: blocks and shortcuts, specs, names, initialisation, complexity."""

from reslab.nets.architecture import Architecture, architecture_from, build, unfilled
from reslab.nets.blocks import Block, Residual
from reslab.nets.complexity import Complexity, Stage, complexity, count_params
from reslab.nets.deeper import deeper
from reslab.nets.dense import NOT_DENSE, convolutional
from reslab.nets.features import features, last_layer
from reslab.nets.hints import hint_regressor, hint_shape, map_after, map_until
from reslab.nets.historic import HISTORIC, Companion, Historic, companions_of
from reslab.nets.initialisation import INITIALISATIONS, SCALED, he_initialise, initialise
from reslab.nets.layers import GATE, Inception, Layer, blocks_of, inceptions_of, layer_text, layers_of, shortcut_kind
from reslab.nets.names import MODELS, canonical, create, spec
from reslab.nets.network import Network
from reslab.nets.own import asked_as, hint_of_main, name_of, named_residual, refuse_while_imported, try_out
from reslab.nets.own_digest import digest_of
from reslab.nets.parts import BODY, check_frozen, freezable, parts_until
from reslab.nets.preact import PreactBlock
from reslab.nets.rectifiers import Rectifiers
from reslab.nets.spec import SHORTCUTS, SMALLEST_SIZE, STRIDES_IN, Spec
from reslab.nets.table1 import layers_text, part_text, rows_of
from reslab.nets.whitening import whitening_filters
from reslab.nets.wrapped import within

__all__ = [
    "BODY",
    "GATE",
    "HISTORIC",
    "INITIALISATIONS",
    "MODELS",
    "NOT_DENSE",
    "SCALED",
    "SHORTCUTS",
    "SMALLEST_SIZE",
    "STRIDES_IN",
    "Architecture",
    "Block",
    "Companion",
    "Complexity",
    "Historic",
    "Inception",
    "Layer",
    "Network",
    "PreactBlock",
    "Rectifiers",
    "Residual",
    "Spec",
    "Stage",
    "architecture_from",
    "asked_as",
    "blocks_of",
    "build",
    "canonical",
    "check_frozen",
    "companions_of",
    "complexity",
    "convolutional",
    "count_params",
    "create",
    "deeper",
    "digest_of",
    "features",
    "freezable",
    "he_initialise",
    "hint_of_main",
    "hint_regressor",
    "hint_shape",
    "inceptions_of",
    "initialise",
    "last_layer",
    "layer_text",
    "layers_of",
    "layers_text",
    "map_after",
    "map_until",
    "name_of",
    "named_residual",
    "part_text",
    "parts_until",
    "refuse_while_imported",
    "rows_of",
    "shortcut_kind",
    "spec",
    "try_out",
    "unfilled",
    "whitening_filters",
    "within",
]
