"""What this machine offers: processor, units for bf16, threads, memory, compiler, GPU."""

import math
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch

from reslab.native import Unavailable, compiler_command
from reslab.processor import cpu_words, digest, usable_cores, usable_memory

# What decides speed here, by the names that Linux gives processor features.
FEATURES = (
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
)


@dataclass(frozen=True)
class Machine:
    """Facts that the choice of execution depends on, and that a result is recorded with."""

    processor: str
    fingerprint: str  # of the processor: several that run the same code otherwise have one name
    features: tuple[str, ...]
    cores: int  # that this process may use
    memory_gb: float  # that it may use; 0 where the system does not tell
    gpu: str | None
    mps: bool
    compiler: str | None
    system: str
    python: str
    torch: str

    @property
    def fast_bf16(self) -> bool:
        """Are there units that multiply bf16? Without them PyTorch is slower in bf16 than in fp32."""
        return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(self.features))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"features": list(self.features)}


@lru_cache(maxsize=1)
def this_machine() -> Machine:
    """The machine that this process runs on."""
    words, memory = cpu_words(), usable_memory()
    return Machine(
        processor=words.get("model name") or platform.processor() or platform.machine(),
        fingerprint=digest(),
        features=tuple(f for f in FEATURES if f in words.get("flags", words.get("Features", "")).split()),
        cores=usable_cores(),
        memory_gb=0.0 if memory == math.inf else round(memory / 2**30, 1),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        mps=torch.backends.mps.is_available(),
        compiler=_compiler(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=torch.__version__,
    )


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Are two recorded machines of the same processor and GPU, as far as both records tell?

    Older records have no fingerprint; they are told apart by name and features.
    """
    told = [machine["fingerprint"] for machine in (one, other) if "fingerprint" in machine]
    return len(set(told)) < 2 and all(one.get(fact) == other.get(fact) for fact in ("processor", "features", "gpu"))


def _compiler() -> str | None:
    """The C++ compiler that will be used, not started here: $CXX, else what is found; on Windows, PyTorch's alone."""
    if platform.system() == "Windows":
        return shutil.which("cl")
    try:
        return " ".join(compiler_command())
    except Unavailable:
        return None
