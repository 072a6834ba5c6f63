"""The nets that the paper compares itself with, one file a net: the layers and tables of their own papers."""

from reslab.nets.historic.layers import Companion, Maxout, companions_of
from reslab.nets.historic.spec import Historic
from reslab.nets.historic.table import HISTORIC

__all__ = ["HISTORIC", "Companion", "Historic", "Maxout", "companions_of"]
