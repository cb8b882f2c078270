"""A runtime that is prepared when it is first used, as that of the network for thin damage."""

import numpy as np
import pytest

from inpaint import Inpainter
from inpaint.hub.weights import THIN, load_weights
from inpaint.runtime import lazy
from inpaint.runtime.choose import choose_runtime as choose
from inpaint.runtime.lazy import LazyRuntime
from tests.inpaint.runtime.crops import crop
from tests.inpaint.runtime.test_choose import hide
from tests.pictures import picture


def test_it_is_prepared_when_it_is_first_needed_and_gives_its_memory_back():
    inpainter = Inpainter.from_pretrained(device="cpu")
    runtime = inpainter.filler.thin_generator
    assert isinstance(runtime, LazyRuntime) and runtime._runtime is None
    inpainter.release_memory()
    before = runtime(*crop(64, 96))
    inpainter.release_memory()
    assert np.array_equal(runtime(*crop(64, 96)), before)


@pytest.mark.parametrize("name", ["onnxruntime", "pytorch"])
def test_every_runtime_runs_it(name):
    weights = load_weights(THIN)
    expected, found = (LazyRuntime(weights, "cpu", each)(*crop(64, 96)) for each in ("openvino", name))
    of_many, at_a_time = LazyRuntime(weights, "cpu", name).for_throughput()
    assert np.abs(found - expected).max() < 0.05 and at_a_time == 1
    assert np.array_equal(of_many(*crop(64, 96)), found)


def test_the_larger_network_is_prepared_when_a_thick_hole_needs_it(monkeypatch):
    prepared = []
    monkeypatch.setattr(lazy, "choose_runtime", lambda *arguments: prepared.append(arguments[0]) or choose(*arguments))
    inpainter = Inpainter.from_pretrained(device="cpu")
    photo, mask = picture("RGB", (200, 160)), np.zeros((160, 200), bool)
    mask[60:64, 20:180] = True
    inpainter(photo, mask)
    assert [weights.source for weights in prepared] == [THIN]
    mask[60:120, 60:120] = True
    inpainter(photo, mask)
    assert [weights.source for weights in prepared] == [THIN, "bundled"]
    assert inpainter.runtime is inpainter.runtime and len(prepared) == 2


def test_both_are_prepared_ahead_and_what_fails_is_raised_when_it_is_needed(monkeypatch):
    prepared = []
    monkeypatch.setattr(lazy, "choose_runtime", lambda *arguments: prepared.append(arguments[0]) or choose(*arguments))
    inpainter = Inpainter.from_pretrained(device="cpu")
    inpainter.start_preparing().join()
    assert [weights.source for weights in prepared] == [THIN, "bundled"]
    assert inpainter.runtime is not None and len(prepared) == 2

    def fail(*arguments):
        raise ValueError("there is no runtime")

    monkeypatch.setattr(lazy, "choose_runtime", fail)
    inpainter = Inpainter.from_pretrained(device="cpu")
    inpainter.start_preparing().join()
    with pytest.raises(ValueError, match="there is no runtime"):
        _ = inpainter.runtime


def test_without_any_library_for_it_an_inpainter_is_refused_before_it_is_used(monkeypatch):
    hide(monkeypatch, "openvino", "onnxruntime", "torch")
    with pytest.raises(ValueError, match=r"run  pip install openvino  or  pip install torch"):
        Inpainter.from_pretrained(device="cpu")
