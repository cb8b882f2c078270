"""Whether a CPU computes faster in bfloat16 than in float32."""

import functools
from pathlib import Path

from .cpuinfo import CPUINFO, cpu_facts


@functools.cache
def bfloat16_is_slow(cpuinfo: Path = CPUINFO) -> bool:
    """Return whether the instructions that a CPU has for bfloat16 are slower than those for float32.

    Intel's CPUs have two kinds of them. The tiles of AMX compute many times as fast as float32. The AVX-512 instruction
    multiplies no faster than float32, and values must be converted for it; many virtual machines have it without
    AMX. On such a machine, a Xeon of the fifth generation, the bundled network takes 257 ms of CPU time for 512 x 512
    px in float32, and 401 ms in bfloat16. On an AMD EPYC, which has the same instruction, a pass in bfloat16 takes half
    as long as in float32.

    Args:
        cpuinfo: as in `cpu_facts`.

    Returns:
        False also for CPUs without such instructions, and on other systems, where this is unknown.
    """
    facts = cpu_facts(cpuinfo)
    flags = facts.get("flags", "").split()
    return facts.get("vendor_id") == "GenuineIntel" and "avx512_bf16" in flags and "amx_bf16" not in flags


def pytorch_bfloat16_is_fast() -> bool:
    """Return whether PyTorch has instructions for bfloat16 on this CPU that are not slow, see `bfloat16_is_slow`.

    They may also be disabled, such as by ONEDNN_MAX_CPU_ISA.
    """
    import torch

    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    is_enabled = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    has_any = any("bf16" in name and present for name, present in capabilities.items())
    return has_any and bool(is_enabled()) and not bfloat16_is_slow()
