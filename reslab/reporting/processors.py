"""What of a processor's instructions decides speed here."""

from typing import Any

UNITS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "avx512f": "AVX-512", "avx2": "AVX2"}  # the best first


def vector_units(machine: dict[str, Any]) -> str:
    """Of a recorded machine, "AVX2"; "" where that is not known. Processors of one name differ in it."""
    features = machine.get("features") or []
    return next((words for feature, words in UNITS.items() if feature in features), "")


def processor_text(machine: dict[str, Any]) -> str:
    """ "AMD EPYC (AVX2)", or the name alone."""
    name, units = str(machine.get("processor") or ""), units_text(machine)
    return f"{name} ({units})" if name and units else name


def units_text(machine: dict[str, Any]) -> str:
    """The vector units; generations that have the same are told apart by AVX-VNNI, which came later."""
    units = vector_units(machine)
    later = units.startswith("AVX-512") and "avx_vnni" in (machine.get("features") or [])
    return f"{units}{', AVX-VNNI' * later}"
