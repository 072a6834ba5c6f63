"""`reslab doctor`: what this machine offers, and what reslab will choose."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reslab.cli.show import emit, pairs, say


def doctor(
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say what this machine offers and what will be used of it."""
    found = examine(data_root)
    if json:
        emit(found)
        return
    machine = found["machine"]
    pairs(
        [
            ("processor", f"{machine['processor']}, {_cores(machine['cores'])}, {machine['memory_gb']:g} GB"),
            ("features", " ".join(machine["features"]) or "none that matter here are known"),
            (
                "bf16",
                "multiplied by the processor"
                if found["fast_bf16"]
                else "not multiplied by the processor: PyTorch is slower in it than in fp32",
            ),
            ("GPU", machine["gpu"] or ("Apple MPS" if machine["mps"] else "none")),
            ("compiler", machine["compiler"] or "none (the native kernels and --compile on need one)"),
            ("software", f"Python {machine['python']}, PyTorch {machine['torch']}, {machine['system']}"),
            ("will use", found["choice"]),
            ("CIFAR nets", found["choice_cifar"]),
            ("data folder", _folder(found["data_root"])),
            *((f"  {d['name']}", d["where"] or "not there") for d in found["datasets"]),
            ("caches", f"{_folder(found['cache'])}, {found['cache_mb']:g} MB in use"),
        ]
    )


def examine(data_root: Path | None) -> dict[str, Any]:
    """What `reslab doctor --json` says."""
    from reslab.caches import cache_dir
    from reslab.data import data_root as root_of
    from reslab.data import list_datasets
    from reslab.engine import Request, Work, choose, this_machine
    from reslab.nets import spec

    machine, cache = this_machine(), cache_dir()
    execution, announcement = choose(Request(), machine)
    _, on_cifar = choose(Request(), machine, Work(spec("resnet20"), images=1_000_000), say)
    used = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) if cache.is_dir() else 0
    return {
        "machine": machine.to_dict(),
        "fast_bf16": machine.fast_bf16,
        "execution": execution.to_dict(),
        "choice": announcement,
        "choice_cifar": on_cifar,
        "data_root": root_of(data_root),
        "datasets": list_datasets(data_root),
        "cache": cache,
        "cache_mb": round(used / 1e6, 1),
    }


def _cores(usable: int) -> str:
    from reslab.processor import core_numbers, within_quota

    counted = f"{usable} core" if usable == 1 else f"{usable} cores"
    return f"{counted} of {len(core_numbers())} (a container's quota of time)" if within_quota() else counted


def _folder(path: Path) -> str:
    return f"{path}" if path.is_dir() else f"{path} (not there yet)"
