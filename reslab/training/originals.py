"""How the nets of the comparison were trained by their own authors, as far as it is known.

A row is what of a recipe is theirs. Steps and rates are of their own data sets; other data keep the number of steps,
and `stretched` shortens them. What is known of a recipe and not done is named in its row.
"""

from dataclasses import dataclass

from reslab.training.recipe import Augment, Optimizer, Schedule, Teacher


@dataclass(frozen=True)
class Original:
    """One net's training."""

    source: str  # what is known, and what is our reading
    lacks: str  # what is known of it, and is not done here
    batch: int
    optimizer: Optimizer
    schedule: Schedule
    pad: int = 4  # pixels of 32, as large a part of any other size
    # In place of padding under `original`, its scales those for crops of 224 pixels; images are mirrored where their
    # data set's may be.
    augment: Augment | None = None
    mean: str | None = None  # what is subtracted under `original`; None: what is usual for the data set
    gcn: bool = False  # global contrast normalisation under `original` (data/contrast.py),
    zca: bool = False  # and ZCA whitening, where images are not too large for it, nor too few?
    loss: str = "cross_entropy"
    teacher: Teacher | None = None  # how a net teaches it that is called `taught_by`; None: none did
    taught_by: str = ""
    hint_rates: str = ""  # what the optimiser has for the hints' regressor besides, in `rates`
    hint_norms: str = ""  # and `max_norms`

    @property
    def told(self) -> str:
        """Both in one text, for `reslab list`."""
        return f"{self.source}. Not done: {self.lacks}" if self.lacks else self.source


GCN = "global contrast normalisation"
ZCA = f"{GCN} and ZCA whitening (here of 32 px at most, and of as many images as numbers in one)"


MAXOUT = Original(
    f"authors' file for CIFAR-10: {ZCA}; its input dropout is rescaled here",
    "",
    gcn=True,
    zca=True,
    batch=128,
    optimizer=Optimizer(
        lr=0.17,
        momentum=0.65,
        weight_decay=0.0,
        rates="stage*=0.05",
        max_norms="stage1.*=0.9, stage2.*=1.9365, stage3.*=1.9365, head.2.*=1.9, head.5.*=1.9365",
    ),
    # 474 epochs of a fall to 0.01 that would have taken 500, the momentum rising over the first 250.
    schedule=Schedule("linear", 185_156, drops=(), end=0.0615, momentum_steps=97_656, momentum_start=0.5),
)
NIN = Original(
    f"authors' file (factors, decay) and Caffe's solver (rate 0.1, drops); {ZCA}, as Maxout's; crops and "
    "mirroring are our reading",
    "",
    gcn=True,
    zca=True,
    batch=128,
    optimizer=Optimizer(lr=0.1, weight_decay=1e-5, rates="*.bias=2, stage3.4.*=0.1"),
    schedule=Schedule(steps=120_000, drops=(100_000, 110_000)),
)
DSN = Original(
    f"authors' files: {GCN}; the companions' weight of 0.001, and that the mean image is subtracted, are our reading",
    "the slow fall of the companions' rate; the last rate of 1e-4 (here 6e-5)",
    mean="pixel",
    gcn=True,
    batch=100,
    optimizer=Optimizer(lr=0.025, weight_decay=5e-4, rates="*.bias=2, stage3.5.*=0.1"),
    schedule=Schedule(steps=200_000, drops=(150_000, 170_000), drop=0.05, companion_steps=50_000),
    loss="squared_hinge",
)
FITNET = Original(
    f"authors' file: {ZCA}; with a Maxout net as --teacher its hints and softened answers; He initialisation, and that "
    "hints have a fifth of the steps and their regressor the stages' rate and lengths, is our reading",
    "",
    gcn=True,
    zca=True,
    batch=128,
    optimizer=Optimizer(
        kind="rmsprop", lr=0.005, momentum=0.9, weight_decay=0.0, rates="stage*=0.05", max_norms="stage*=0.9"
    ),
    schedule=Schedule(steps=112_500, drops=()),
    pad=8,
    # Its eleventh layer learns what the teacher's second has, both behind their pools.
    teacher=Teacher(temperature=3.0, weight=4.0, end=1.0, hints="stage2", hint_part=0.2),
    taught_by="maxout",
    hint_rates="hint.*=0.05",
    hint_norms="hint.*=0.9",
)
HIGHWAY = Original(
    f"authors' file of the 19-layer net: {GCN}, the mean image subtracted; for 32 layers it is our reading, as its "
    "widths are",
    "",
    mean="pixel",
    gcn=True,
    batch=100,
    optimizer=Optimizer(lr=0.025, nesterov=True, weight_decay=1e-3, decays="head.4.*=10"),
    schedule=Schedule(steps=200_000, drops=(100_000, 150_000, 175_000)),
    pad=8,
)
VGG = Original(
    "the paper: 370,000 steps of 256; crops from images whose shorter side is drawn from [256, 512], mirrored, their "
    "colours shifted; the mean colour subtracted; where its three drops were is our reading",
    "a start from a shallower net's weights, and of nets with drawn scales from one of scale 384; a scale of 0 to 255",
    batch=256,
    optimizer=Optimizer(lr=0.01, weight_decay=5e-4),
    schedule=Schedule(steps=370_000, drops=(150_000, 250_000, 320_000)),
    augment=Augment(pad=0, scale=(256, 512), lighting=0.1),
    mean="channel",
)
ALEXNET = Original(
    "the paper: 90 epochs of 128; crops from images whose shorter side is 256, mirrored, their colours shifted; the "
    "mean image subtracted; where its three drops were is our reading",
    "crops of the square in the centre alone (here of the whole image); a scale of 0 to 255",
    batch=128,
    optimizer=Optimizer(lr=0.01, weight_decay=5e-4),
    schedule=Schedule(steps=900_000, drops=(300_000, 550_000, 750_000)),
    augment=Augment(pad=0, scale=(256, 256), lighting=0.1),
    mean="pixel",
)
GOOGLENET = Original(
    "the paper: momentum, 4 % off the rate every 8 epochs, heads at 0.3, patches of 8 to 100 % of the area; rate, "
    "batch, decay, length and how much of Howard's colours are our reading",
    "the average of the weights that was tested (its decay is not told), steps of several machines that do not wait "
    "for each other, other interpolations than bicubic",
    batch=256,
    optimizer=Optimizer(lr=0.01, weight_decay=2e-4),
    schedule=Schedule(steps=400_000, drops=tuple(range(40_000, 400_000, 40_000)), drop=0.96),
    # Howard (arXiv 1312.5402): factors from 0.5 to 1.5 in random order, and then AlexNet's colours.
    augment=Augment(pad=0, area=(0.08, 1.0), brightness=0.5, contrast=0.5, saturation=0.5, lighting=0.1),
)

ORIGINALS = {
    "alexnet": ALEXNET,
    "vgg16": VGG,
    "vgg19": VGG,
    "googlenet": GOOGLENET,
    "maxout": MAXOUT,
    "nin": NIN,
    "dsn": DSN,
    "fitnet19": FITNET,
    "highway19": HIGHWAY,
    "highway32": HIGHWAY,
}
"""Every net of `nets.HISTORIC`; residual and plain nets have the preset `paper`."""
