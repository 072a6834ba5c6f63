"""Every foreign name and format: exports for other programs, each proved to be the same function as the net; and
other programs' weights as nets of ours.

opening              whatever holds a trained net, opened
export               the way from a run to a file
tempered             a net whose scores are divided by a temperature
exported_file        the way back, to what is tested and asked like a net
deployed             the net with all that stands around it, and what a file says of itself
torch_program        torch.export's .pt2
program_check        and which of these are let in
onnx_graph           ONNX
int8                 which is quantised
price                and what that costs
torchvision_names    one table of names, and which nets torchvision has
torchvision_weights  safetensors for torchvision, a folder for timm
verify               is it the same function?
convert              other programs' weights as a model file
foreign              and as a classifier
own_loop             a net that was trained in a loop of one's own, as a classifier
own_faults           and why it may be none
checkpoint           what a file of theirs holds
torch_file           of which those of torch.save are read without running anything
hub_cache            and where Hugging Face's cache has it
published            weights on others' servers, by name
layouts              whose names its tensors have, and which net they make
own_weights          those of a net of ours, which they do not name
strange_nets         what it may be where they make none of ours
told                 what may stand beside weights: class names, normalisation
configs              and where it stands
within               names of classes in the very file
usual                what their programs do where nothing tells
asked                what the user says of them
settled              of these one answer, or what is assumed
said                 what is said of all this
zero_sides           option A with zeros on both sides
"""

from reslab.interop.convert import Converted, convert
from reslab.interop.deployed import Deployed, description
from reslab.interop.export import TARGETS, Exported, export
from reslab.interop.int8 import Int8
from reslab.interop.onnx_graph import read_onnx
from reslab.interop.opening import load, opened, require_model, trained
from reslab.interop.own_loop import classifier
from reslab.interop.price import Price
from reslab.interop.published import PUBLISHED, fetch_published, is_published, list_published
from reslab.interop.said import view_options
from reslab.interop.torch_program import read_program
from reslab.interop.torchvision_names import torchvision_names
from reslab.interop.torchvision_weights import read_torchvision
from reslab.interop.verify import TOLERANCE, Agreement, compare

__all__ = [
    "PUBLISHED",
    "TARGETS",
    "TOLERANCE",
    "Agreement",
    "Converted",
    "Deployed",
    "Exported",
    "Int8",
    "Price",
    "classifier",
    "compare",
    "convert",
    "description",
    "export",
    "fetch_published",
    "is_published",
    "list_published",
    "load",
    "opened",
    "read_onnx",
    "read_program",
    "read_torchvision",
    "require_model",
    "torchvision_names",
    "trained",
    "view_options",
]
