"""On which CPUs bfloat16 is slow."""

import pytest

from inpaint.runtime import openvino
from inpaint.runtime.bfloat16 import bfloat16_is_slow
from inpaint.runtime.openvino import OpenVinoRuntime
from tests.inpaint.runtime.test_choose import small

CPUS = {
    "AMD with AVX-512": ("AuthenticAMD", "avx512f avx512_bf16", False),
    "Intel with AMX": ("GenuineIntel", "avx512f avx512_bf16 amx_bf16 amx_tile", False),
    "Intel without AMX": ("GenuineIntel", "avx512f avx512_bf16 avx512_fp16", True),
    "Intel without bfloat16": ("GenuineIntel", "avx2 avx512f", False),
}


def cpuinfo(folder, vendor, flags):
    """Write what Linux tells about two cores of a CPU."""
    text = f"processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: A: B\nflags\t\t: fpu {flags}\nbogomips\t: 1\n\n"
    (folder / "cpuinfo").write_text(text + text.replace("\t: 0", "\t: 1"))
    return folder / "cpuinfo"


@pytest.mark.parametrize("name", CPUS)
def test_only_intels_instructions_of_avx_512_are_slower_than_float32(name, tmp_path):
    vendor, flags, expected = CPUS[name]
    assert bfloat16_is_slow(cpuinfo(tmp_path, vendor, flags)) is expected


@pytest.mark.parametrize("text", [None, "", "processor : 0\nFeatures : asimd bf16\n"])
def test_where_it_is_unknown_instructions_do_not_count_as_slow(text, tmp_path):
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert not bfloat16_is_slow(tmp_path / "cpuinfo")


@pytest.mark.parametrize("slow", [False, True])
def test_openvino_takes_bfloat16_unless_it_is_slow(slow, monkeypatch):
    tried = []
    monkeypatch.setattr(openvino, "_has_bfloat16", lambda core: True)
    monkeypatch.setattr(openvino, "bfloat16_is_slow", lambda: slow)
    monkeypatch.setattr(
        openvino, "_compiled", lambda core, network, precisions, streams: tried.extend(precisions) or (None, "f32")
    )
    OpenVinoRuntime(small())
    assert tried == (["f32"] if slow else ["bf16", "f32"])
