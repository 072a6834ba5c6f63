"""What the official CIFAR archives are called, hold and weigh: two data sets, each in a binary and a Python form."""

from dataclasses import dataclass

SITE = "https://www.cs.toronto.edu/~kriz"
TRAIN_IMAGES, TEST_IMAGES = 50_000, 10_000

CIFAR10_CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())  # noqa: SIM905

CIFAR100_CLASSES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
    maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail
    snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
    tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()  # noqa: SIM905 - words read better than a hundred quoted ones
)


@dataclass(frozen=True)
class Form:
    """One official form: the archive, the folder that it unpacks to, and the members in it."""

    folder: str
    archive: str
    checksum: str
    train: tuple[str, ...]  # in official order, each with the same number of images
    test: str
    classes: str


@dataclass(frozen=True)
class Cifar:
    """What is particular to CIFAR-10 or to CIFAR-100, of which the fine labels are used."""

    name: str
    title: str
    classes: tuple[str, ...]
    label_bytes: int  # before each image of the binary form; the last of them is the label
    label_key: str  # in a batch of the Python form
    classes_key: str  # in its list of classes
    binary: Form
    python: Form


# fmt: off
_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
CIFAR10 = Cifar(
    "cifar10", "CIFAR-10", CIFAR10_CLASSES, 1, "labels", "label_names",
    Form("cifar-10-batches-bin", "cifar-10-binary.tar.gz",
         "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
         tuple(f"{batch}.bin" for batch in _BATCHES), "test_batch.bin", "batches.meta.txt"),
    Form("cifar-10-batches-py", "cifar-10-python.tar.gz",
         "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
         _BATCHES, "test_batch", "batches.meta"),
)
CIFAR100 = Cifar(
    "cifar100", "CIFAR-100", CIFAR100_CLASSES, 2, "fine_labels", "fine_label_names",
    Form("cifar-100-binary", "cifar-100-binary.tar.gz",
         "md5:03b5dce01913d631647c71ecec9e9cb8",
         ("train.bin",), "test.bin", "fine_label_names.txt"),
    Form("cifar-100-python", "cifar-100-python.tar.gz",
         "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
         ("train",), "test", "meta"),
)
# fmt: on
