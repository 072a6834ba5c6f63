"""How a net is run: engine, device, precision, memory format, compilation, threads; chosen by what is there."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import torch

from reslab.arguments import check_kind
from reslab.engine.machine import Machine
from reslab.engine.work import KNOWN, Work, lacking, tiny
from reslab.errors import RunError, UsageError, unknown
from reslab.native import FP32, NATIVE, Unavailable, library, name_of, tier
from reslab.nets import Architecture
from reslab.processor import openmp_threads
from reslab.progress import Say, silent

ENGINES = ("auto", "torch", "native")
PRECISIONS = ("auto", "fp32", "bf16")
SWITCH = ("auto", "on", "off")
VARIANTS = {"bf16": NATIVE, "fp32": FP32}  # of the native kernels
# What a processor must have for kernels of this precision to be taken unasked (measured: DECISIONS.md).
NEEDED = {"bf16": {"avx512f": "AVX-512"}, "fp32": {"avx2": "AVX2", "fma": "FMA"}}
WORTH_COMPILING = 20_000  # images there and back: what the kernels win on them pays for some seconds of compiling


@dataclass(frozen=True)
class Execution:
    """Decided once for a run, recorded, and used again on resume."""

    engine: str  # "torch" | "native"; of an exported file, what runs it
    device: str  # "cpu", "cuda", "cuda:1", "mps"
    precision: str  # "fp32" | "bf16": of activations; weights, gradients and sums are fp32. Exported files: or "int8"
    channels_last: bool
    compiled: bool
    threads: int
    processes: int = 1  # that train together, each with as many threads (distribution.py)
    backend: str = ""  # what carries their sums: "gloo" or "nccl"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Execution":
        """The execution that `to_dict` gave, of this version or an older one. Raises RunError for anything else."""
        try:
            return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})
        except (TypeError, KeyError) as error:
            raise RunError(f"not the record of an execution: {error}") from error

    def __str__(self) -> str:
        where = (
            f"{self.threads} thread{'s' if self.threads > 1 else ''} of the CPU"
            if self.device == "cpu"
            else self.device
        )
        layout = ", channels_last" if self.channels_last else ""
        compiled = ", compiled" if self.compiled else ""
        together = f", in each of {self.processes} processes ({self.backend})" if self.processes > 1 else ""
        return f"engine {self.engine} on {where}, {self.precision}{layout}{compiled}{together}"


@dataclass(frozen=True)
class Request:
    """What the user asks for; "auto" or 0 leaves it to `choose`."""

    engine: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    compile: str = "auto"
    threads: int = 0
    processes: int = 0  # that torchrun started; 0: this one is alone

    def __post_init__(self) -> None:
        """A torch.device is taken by its name, a truth for "on" or "off". Raises UsageError for other kinds."""
        for field in fields(self):
            given = getattr(self, field.name)
            value = _as_text(given) if field.type is str else given
            check_kind(field.name, value, field.type)
            object.__setattr__(self, field.name, value)

    @classmethod
    def like(cls, recorded: Execution) -> "Request":
        """What asks for this very execution."""
        compiled = "on" if recorded.compiled else "off"
        return cls(recorded.engine, recorded.device, recorded.precision, compiled, recorded.threads, recorded.processes)

    def within(self, machine: Machine, say: Say = silent) -> "Request":
        """The same, with no more threads than there are cores, said so: more of them only wait for each other."""
        if self.threads <= machine.cores:
            return self
        say(f"{self.threads} threads are more than the {machine.cores} cores here: {machine.cores} it is")
        return replace(self, threads=machine.cores)

    def contradicts(self, recorded: Execution) -> list[str]:
        """What was asked for explicitly and differs from an execution that is already recorded, in words."""
        asked = {
            "engine": (self.engine, recorded.engine),
            "device": (self.device, recorded.device),
            "precision": (self.precision, recorded.precision),
            "compile": (self.compile, "on" if recorded.compiled else "off"),
            "threads": (self.threads, recorded.threads),
        }
        found = [f"--{k} {new} (recorded: {old})" for k, (new, old) in asked.items() if new not in ("auto", 0, old)]
        if self.processes not in (0, recorded.processes):
            found.append(f"in {self.processes} processes of torchrun (recorded: {recorded.processes})")
        return found


def _as_text(value: Any) -> Any:
    """What Python calls a device or a switch, by the name that it has here; anything else as it is."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text = str(value) if isinstance(value, torch.device) else value
    return text.removesuffix(":0") if text in ("cpu:0", "mps:0") else text  # the only ones, recorded without a number


def slow_bf16(execution: Execution, machine: Machine) -> bool:
    """Does it keep activations in bf16 on a CPU where fp32 is faster? PyTorch needs units for bf16, we AVX-512."""
    if execution.device != "cpu" or execution.precision != "bf16":
        return False
    if execution.engine == "native":
        return _native_precision(Request(), machine) != "bf16"
    return not machine.fast_bf16


def kernels_of(execution: Execution) -> str | None:
    """What the native kernels of an execution were made of and made for; None where it has none."""
    return name_of(library(VARIANTS[execution.precision])) if execution.engine == "native" else None


def choose(request: Request, machine: Machine, work: Work | None = None, say: Say = silent) -> tuple[Execution, str]:
    """The execution for this machine and one line that says what was chosen and why.

    `work` is what it is for; without it the native kernels are not thought of. `say` is told when they are compiled.
    Raises UsageError for names that do not exist and for what the machine does not have.
    """
    device = refuse_unavailable(request, machine)
    obstacle = _obstacle(request, device, machine, work, say)
    if obstacle is None:
        precision = _native_precision(request, machine)
        threads, fewer = _threads(request, device, machine)
        execution = Execution("native", "cpu", precision, False, False, threads, *_together(request, device))
        return execution, f"{execution} (fused kernels: {tier(library(VARIANTS[precision]))}{fewer})"
    if request.engine == "native":
        raise _not_native(obstacle)
    return _on_torch(request, device, machine, work, None if request.engine == "torch" else obstacle)


def refuse_unavailable(request: Request, machine: Machine, net: Architecture | None = None) -> str:
    """The device that a request comes to here. What can be refused before data are read, is: as UsageError.

    That is names that do not exist, what the machine does not have, and of the native engine what it cannot do: of any
    net, and of `net`, if that is known.
    """
    for kind, value, known in (
        ("engine", request.engine, ENGINES),
        ("precision", request.precision, PRECISIONS),
        ("value for --compile", request.compile, SWITCH),
    ):
        if value not in known:
            raise unknown(kind, value, known)
    if request.threads < 0:
        raise UsageError(f"--threads {request.threads}: give at least 1, or 0 to leave it to the machine")
    device = _device(request.device, machine)
    if request.engine == "native" and (obstacle := _out_of_place(request, device) or (net and _lacked(Work(net, 0)))):
        raise _not_native(obstacle)
    if request.compile == "on" and device == "cpu" and machine.compiler is None:
        raise UsageError("--compile on needs a C++ compiler, and none is here; leave it out or install g++ or clang++")
    return device


def _not_native(obstacle: str) -> UsageError:
    return UsageError(
        f"--engine native: {obstacle}. The native kernels run {KNOWN}; leave the option out, and PyTorch does the work"
    )


def _on_torch(
    request: Request, device: str, machine: Machine, work: Work | None, obstacle: str | None
) -> tuple[Execution, str]:
    precision, why = _precision(request.precision, device, machine, work)
    processes, backend = _together(request, device)
    threads, fewer = _threads(request, device, machine)
    # Whole-net compilation made ResNet-20 1.42, 1.23 and 0.90 times as fast on three processors: only on request.
    execution = Execution(
        engine="torch",
        device=device,
        precision=precision,
        channels_last=device != "mps",
        compiled=request.compile == "on",
        threads=threads,
        processes=processes,
        backend=backend,
    )
    return execution, f"{execution} ({why}{f'; no native kernels: {obstacle}' if obstacle else ''}{fewer})"


def _threads(request: Request, device: str, machine: Machine) -> tuple[int, str]:
    """Threads as asked for, else one a core; or as few as $OMP_NUM_THREADS says, and that it does."""
    fewest = openmp_threads() if request.threads == 0 and device == "cpu" else None
    if fewest is None or fewest >= machine.cores:
        return request.threads or machine.cores, ""
    return fewest, f"; OMP_NUM_THREADS={fewest}"


def _together(request: Request, device: str) -> tuple[int, str]:
    """How many processes train together, and what carries their sums. Raises UsageError where their device cannot."""
    if request.processes <= 1:
        return 1, ""
    if device not in ("cpu", "cuda"):
        raise UsageError(
            f"--device {device} under torchrun: several processes train on the CPU (--device cpu), or each on a GPU of "
            "its own (--device cuda)"
        )
    return request.processes, "gloo" if device == "cpu" else "nccl"


def _obstacle(request: Request, device: str, machine: Machine, work: Work | None, say: Say) -> str | None:
    """Why the native kernels are not for this, in words; None where they are."""
    asked = request.engine == "native"
    precision = _native_precision(request, machine)
    missed = next((units for feature, units in NEEDED[precision].items() if feature not in machine.features), None)
    if work is None or request.engine == "torch":
        return "" if not asked else "they are for training and testing nets"
    if reason := _out_of_place(request, device):
        return reason
    for reason, true in (
        ("what the processor can do is not known here", not asked and not machine.features),
        (f"the processor has no {missed}", not asked and missed is not None),
    ):
        if true:
            return reason
    if missing := _lacked(work):
        return missing
    if not asked and work.images < WORTH_COMPILING:  # cached or not: the same command shall give the same bytes
        return "too few images to compile them for"
    try:
        library(VARIANTS[precision], say)
    except Unavailable as reason:
        return str(reason)
    return None


def _out_of_place(request: Request, device: str) -> str | None:
    """Where a net is to run that the native kernels do not, whatever the net, in words."""
    if device != "cpu":
        return f"they run on a CPU, not on {device}"
    return "they are not compiled by PyTorch (--compile)" if request.compile == "on" else None


def _lacked(work: Work) -> str | None:
    missing = lacking(work)
    return None if missing is None else f"they are not made for {missing}"


def _native_precision(request: Request, machine: Machine) -> str:
    """How the native kernels keep activations: as asked, else in bf16 where AVX-512 makes the conversions cheap."""
    if request.precision != "auto":
        return request.precision
    return "bf16" if NEEDED["bf16"].keys() <= set(machine.features) else "fp32"


def _device(asked: str, machine: Machine) -> str:
    if asked == "auto":
        return "cuda" if machine.gpu else "mps" if machine.mps else "cpu"
    kind, _, number = asked.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (kind != "cuda" and asked != kind):
        raise unknown("device", asked, ("auto", "cpu", "cuda", "mps"))
    if (kind == "cuda" and not machine.gpu) or (kind == "mps" and not machine.mps):
        raise UsageError(f"--device {asked}: this machine has none that PyTorch can use; --device cpu works everywhere")
    if asked != kind and (not number.isdigit() or int(number) >= torch.cuda.device_count()):
        raise UsageError(f"--device {asked}: this machine has cuda:0 to cuda:{torch.cuda.device_count() - 1}")
    return asked


def _precision(asked: str, device: str, machine: Machine, work: Work | None) -> tuple[str, str]:
    if asked != "auto":
        errs = asked == "bf16" and device == "cpu" and work is not None and tiny(work)
        return asked, "precision as asked" + (", in which PyTorch errs on maps of one pixel" if errs else "")
    if device.startswith("cuda"):
        return ("bf16", "the GPU multiplies bf16") if _gpu_has_bf16(device) else ("fp32", "a GPU without bf16")
    if device == "mps":
        return "fp32", "bf16 is not measured on MPS"
    if machine.fast_bf16 and work is not None and tiny(work):
        return "fp32", "in bf16, PyTorch errs on maps of one pixel"
    if machine.fast_bf16:
        units = "AMX" if "amx_bf16" in machine.features else "AVX-512" if "avx512_bf16" in machine.features else "Arm"
        return "bf16", f"the processor multiplies bf16: {units}"
    return "fp32", "the processor has no bf16 units"


def _gpu_has_bf16(device: str) -> bool:
    """Not measured: PyTorch emulates bf16 on GPUs without such units, and calls that supported unless asked."""
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def elsewhere(
    recorded: Execution, request: Request, machine: Machine, work: Work | None = None, say: Say = silent
) -> tuple[Execution, str]:
    """The execution to go on with where the recorded one cannot be had any more.

    In the recorded precision, but where PyTorch errs in it: bf16 on the CPU, on maps of one pixel.
    """
    errs = work is not None and tiny(work) and _device(request.device, machine) == "cpu"
    kept = replace(
        request,
        precision="auto" if errs else recorded.precision,
        threads=request.threads or min(recorded.threads * recorded.processes, machine.cores),
    )
    return choose(kept, machine, work, say)
