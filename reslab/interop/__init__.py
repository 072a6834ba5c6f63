"""Every foreign name and format: exports for other programs, each proved to be the same function as the net.

export               the way from a run to a file
exported_file        the way back, to what is tested and asked like a net
deployed             the net with all that stands around it, and what a file says of itself
torch_program        torch.export's .pt2
program_check        and which of these are let in
onnx_graph           ONNX
torchvision_names    one table of names, and which nets torchvision has
torchvision_weights  safetensors for torchvision, a folder for timm
verify               is it the same function?
"""

from reslab.interop.deployed import Deployed, description
from reslab.interop.export import TARGETS, Exported, export
from reslab.interop.exported_file import load, opened
from reslab.interop.onnx_graph import read_onnx
from reslab.interop.torch_program import read_program
from reslab.interop.torchvision_names import torchvision_names
from reslab.interop.torchvision_weights import read_torchvision
from reslab.interop.verify import TOLERANCE, Agreement, compare

__all__ = [
    "TARGETS",
    "TOLERANCE",
    "Agreement",
    "Deployed",
    "Exported",
    "compare",
    "description",
    "export",
    "load",
    "opened",
    "read_onnx",
    "read_program",
    "read_torchvision",
    "torchvision_names",
]
