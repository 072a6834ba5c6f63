"""The settings that make PyTorch faster or slower on a CPU, as a value."""

from dataclasses import asdict, dataclass
from typing import Any

from reslab.engine import Machine


@dataclass(frozen=True)
class Settings:
    """How a loop in PyTorch is run. The defaults are PyTorch's own: what most people's code does."""

    precision: str = "fp32"  # "fp32" | "bf16" by autocast
    channels_last: bool = False
    huge_pages: bool = False  # THP_MEM_ALLOC_ENABLE=1
    fused: bool = False  # torch.optim.SGD(fused=True)
    compiled: bool = False  # torch.compile of the whole net

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        words = [
            "compiled" if self.compiled else "eager",
            self.precision,
            "channels_last" if self.channels_last else "NCHW",
        ]
        more = ["huge pages"] * self.huge_pages + ["fused SGD"] * self.fused
        return ", ".join([" ".join(words), *more])


PLAIN = Settings()

# In the order in which they are tried; compilation last, since every change after it would compile again.
OPTIONS = ("fused", "huge_pages", "channels_last", "precision", "compiled")


def advised(machine: Machine) -> Settings:
    """Where the search for the best begins: what PyTorch's own advice for training on a CPU comes to."""
    return Settings("bf16" if machine.fast_bf16 else "fp32", channels_last=True, huge_pages=True)


def flipped(settings: Settings, option: str) -> Settings:
    """The same settings but for one."""
    values = settings.to_dict()
    other = ("fp32" if settings.precision == "bf16" else "bf16") if option == "precision" else not values[option]
    return Settings(**{**values, option: other})
