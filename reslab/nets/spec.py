"""The architecture of a network as a value: one column of Table 1, or one net of section 4.2."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from reslab.errors import UsageError, unknown

BLOCKS = ("basic", "bottleneck")  # Figure 5, left and right
STEMS = ("imagenet", "cifar")
SHORTCUTS = ("A", "B", "C")  # section 4.1, Table 3
STRIDES_IN = ("1x1", "3x3")
ACTIVATIONS = ("post", "pre")
SMALLEST_SIZE = 8


@dataclass(frozen=True)
class Spec:
    """A residual net, or (`shortcut=None`) the plain net of the same shape (sec. 3.3).

    Raises UsageError for a value outside the paper's vocabulary.
    """

    depths: tuple[int, ...]  # blocks of each stage
    widths: tuple[int, ...]  # filters of each stage's 3x3 convolutions
    block: str = "basic"
    stem: str = "imagenet"
    shortcut: str | None = "A"
    stride_in: str = "1x1"  # where a bottleneck subsamples: "1x1" (the paper, v1) or "3x3" (v1.5)
    classes: int = 1000
    size: int = 224  # height = width of the input in pixels
    activation: str = (
        "post"  # batch normalisation and ReLU behind each convolution, or before it ("pre": nets/preact.py)
    )
    survival: float = 1.0  # of the last block, in stochastic depth; 1: every block counts in every step

    def __post_init__(self) -> None:
        for kind, value, known in (
            ("block", self.block, BLOCKS),
            ("stem", self.stem, STEMS),
            ("shortcut", self.shortcut or "A", SHORTCUTS),
            ("stride_in", self.stride_in, STRIDES_IN),
            ("activation", self.activation, ACTIVATIONS),
        ):
            if value not in known:
                raise unknown(kind, value, known)
        if len(self.depths) != len(self.widths) or min(self.depths, default=0) < 1 or min(self.widths) < 1:
            raise UsageError(f"a net needs as many depths as widths, all positive: {self.depths} and {self.widths}")
        if self.classes < 1:
            raise UsageError(f"a net needs at least one class, not {self.classes}")
        if self.size < SMALLEST_SIZE:
            raise UsageError(f"input size {self.size} is too small: at least {SMALLEST_SIZE} pixels")
        if not 0 < self.survival <= 1:
            raise UsageError(f"survival {self.survival}: the last block's probability is in (0, 1]; 0.5 is usual")
        if self.survival < 1 and self.shortcut is None:
            raise UsageError("a plain net has no shortcuts, and a block that does not count would hand nothing on")

    @property
    def expansion(self) -> int:
        """Output channels of a block over its width: a bottleneck restores four times as many (Figure 5)."""
        return 4 if self.block == "bottleneck" else 1

    @property
    def depth(self) -> int:
        """Weighted layers: convolutions on the path from input to output, and the fully connected one."""
        return sum(self.depths) * (3 if self.block == "bottleneck" else 2) + 2

    @property
    def init(self) -> str:
        """How the weights are drawn (sec. 3.4)."""
        return "he"

    @property
    def init_scale(self) -> float:
        """He initialisation has no scale to choose."""
        return 0.0

    def survival_of(self, block: int) -> float:
        """The probability that a block, counted from 0, counts in a step: falling linearly from 1 to `survival`."""
        return 1 - (block + 1) / sum(self.depths) * (1 - self.survival)

    @property
    def stem_width(self) -> int:
        return self.widths[0]

    @property
    def smallest_map(self) -> int:
        """Height = width in pixels of the last stage's output."""
        stride = 2 ** (len(self.depths) - 1) * (4 if self.stem == "imagenet" else 1)
        return -(-self.size // stride)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Spec":
        """The spec that `to_dict` wrote. Raises UsageError for fields that do not exist."""
        strange = sorted(set(values) - set(cls.__dataclass_fields__))
        if strange:
            raise unknown("field of a network", strange[0], cls.__dataclass_fields__)
        return cls(**{**values, "depths": tuple(values["depths"]), "widths": tuple(values["widths"])})

    def variant(self, **changes: Any) -> "Spec":
        """The same net but for `changes`."""
        return replace(self, **changes)
