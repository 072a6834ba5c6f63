"""A net of the comparison as a value: its name says all of it but the classes and the size of the images."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from reslab.errors import UsageError, unknown
from reslab.nets.historic.table import HISTORIC, Row


@dataclass(frozen=True)
class Historic:
    """A net of the comparison. Raises UsageError for a name that is none of them, or images that are too small."""

    name: str
    classes: int
    size: int  # height = width of the input in pixels

    def __post_init__(self) -> None:
        if self.name not in HISTORIC:
            raise unknown("net of the comparison", self.name, HISTORIC)
        if self.classes < 1:
            raise UsageError(f"a net needs at least one class, not {self.classes}")
        if self.size < self.row.smallest:
            raise UsageError(
                f"input size {self.size} is too small for {self.name}: at least {self.row.smallest} pixels (--size)"
            )

    @property
    def row(self) -> Row:
        return HISTORIC[self.name]

    @property
    def depth(self) -> int:
        return self.row.depth

    @property
    def shortcut(self) -> None:
        """None of sec. 3.3."""
        return None

    @property
    def stride_in(self) -> str:
        """It has no bottlenecks: the default."""
        return "1x1"

    @property
    def survival(self) -> float:
        """Every layer runs at every step."""
        return 1.0

    @property
    def init(self) -> str:
        return self.row.init

    @property
    def init_scale(self) -> float:
        return self.row.init_scale

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Historic":
        """The spec that `to_dict` wrote. Raises UsageError for fields that do not exist."""
        strange = sorted(set(values) - set(cls.__dataclass_fields__))
        if strange:
            raise unknown("field of a network", strange[0], cls.__dataclass_fields__)
        return cls(**values)

    def variant(self, **changes: Any) -> "Historic":
        """The same net but for `changes`."""
        return replace(self, **changes)
