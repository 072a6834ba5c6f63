"""What a program does to images, and trains its nets on, where no file of weights says it: assumed, and said to be."""

import re
from dataclasses import dataclass, replace

from reslab.data.cifar_official import CIFAR10, CIFAR100, Cifar
from reslab.data.imagenet import COUNT, TITLE, names_by_synset
from reslab.interop.layouts import AKAMASTER, CHENYAOFO, Layout


@dataclass(frozen=True)
class Usual:
    """Of one program."""

    whose: str  # whose colours these are: "ImageNet's"
    mean: tuple[float, ...]  # a colour, of images in [0, 1]
    std: tuple[float, ...]
    trained_on: Cifar | None = None  # the data set, all 50,000 training images of it; None: another, or nobody knows
    of_imagenet: bool = False  # are its classes ImageNet's?

    @property
    def classes(self) -> tuple[str, ...] | None:
        if self.of_imagenet:
            return tuple(names_by_synset().values())
        return self.trained_on.classes if self.trained_on else None

    @property
    def whose_classes(self) -> str:
        """The data set that has them; "": nobody knows."""
        return TITLE if self.of_imagenet else self.trained_on.title if self.trained_on else ""


# torchvision's, timm's, Hugging Face's and akamaster's: means and deviations of ImageNet's colours.
IMAGENET = Usual("ImageNet's", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# chenyaofo's, and many others' for CIFAR: the deviation is the mean of the images' own.
OF_CIFAR10 = Usual("CIFAR-10's", (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
OF_CIFAR100 = Usual("CIFAR-100's", (0.5070, 0.4865, 0.4409), (0.2673, 0.2564, 0.2761))
# Of its first weights, for either data set; their files are called otherwise: "cifar10-resnet20-30abc31d.pth".
AT_FIRST = Usual("CIFAR-10's", (0.49139968, 0.48215827, 0.44653124), (0.24703233, 0.24348505, 0.26158768))
CALLED_AT_FIRST = r"cifar100?-resnet\d+"


def usual_of(layout: Layout, file: str, classes: int) -> Usual:
    """Of the program whose names the tensors in `file` have, for a net of so many classes."""
    data = next((data for data in (CIFAR10, CIFAR100) if len(data.classes) == classes), None)
    if layout is AKAMASTER:  # its code knows CIFAR-10 alone
        return replace(IMAGENET, trained_on=data if data is CIFAR10 else None)
    if layout is CHENYAOFO:
        colours = OF_CIFAR100 if data is CIFAR100 else OF_CIFAR10
        return replace(AT_FIRST if re.match(CALLED_AT_FIRST, file) else colours, trained_on=data)
    return replace(IMAGENET, of_imagenet=classes == COUNT)
