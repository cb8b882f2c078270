"""ZeroGPU: each stroke runs on an allocated GPU; elsewhere nothing changes."""

import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from inpaint import Inpainter
from inpaint.engine.options import DEFAULT_OPTIONS
from inpaint.engine.regions import Box
from page.server.zero_gpu import MAX_DURATION_S, START_S, duration_s, on_zero_gpu, with_zero_gpu, zero_gpu
from tests.inpaint.sessions import TwoPhases
from tests.page.serving import FILL, OneColour, noise


class FakeSpaces:
    """A stand-in for the package `spaces`: arguments and results are pickled, as for another process."""

    def __init__(self):
        self.calls, self.durations = 0, []

    def GPU(self, *, duration):
        def decorated(function):
            def allocated(*arguments):
                self.calls += 1
                self.durations.append(duration(*arguments))
                return pickle.loads(pickle.dumps(function(*pickle.loads(pickle.dumps(arguments)))))

            return allocated

        return decorated


@pytest.fixture
def spaces(monkeypatch):
    spaces = FakeSpaces()
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=spaces.GPU))
    return spaces


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_on_a_zerogpu_space_each_stroke_allocates_a_gpu_once(spaces, monkeypatch, value):
    monkeypatch.setenv("SPACES_ZERO_GPU", value)
    inpainter = with_zero_gpu(Inpainter(OneColour()), zero_gpu())
    session = inpainter.open(noise(600, 900))
    session.stroke([[40, 40], [500, 500]], 60)  # several crops
    assert spaces.calls == 1 and START_S < spaces.durations[0] <= START_S + 3
    session.undo()
    session.redo()
    assert spaces.calls == 1
    result = np.asarray(session.result())
    assert (np.abs(result[session.mask].astype(int) - FILL) <= 1).all()
    mask = np.zeros((600, 900), bool)
    mask[100:120, 100:150] = True
    assert (np.abs(np.asarray(inpainter(noise(600, 900), mask))[mask].astype(int) - FILL) <= 1).all()
    assert spaces.calls == 2


def test_an_allocation_returns_final_fills_alone_and_gets_the_options(spaces, monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    fills = TwoPhases()
    session = with_zero_gpu(Inpainter(OneColour()).with_fills(fills), zero_gpu()).open(noise(150, 250), seed=5)
    session.stroke([[40, 40]], 30, finish=False)
    assert not session.has_drafts and fills.computed == 1 and fills.seeds == [5]
    session.another_fill()
    assert spaces.calls == 2 and fills.seeds == [5, 6]


@pytest.mark.parametrize("value", [None, "", "false"])
def test_elsewhere_an_installed_spaces_package_is_not_used(spaces, monkeypatch, value):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    if value is not None:
        monkeypatch.setenv("SPACES_ZERO_GPU", value)
    assert zero_gpu() is None and not on_zero_gpu()


def test_without_the_spaces_package_the_inpainter_is_unchanged(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", None)
    inpainter = Inpainter(OneColour())
    assert with_zero_gpu(inpainter, zero_gpu()) is inpainter


def test_a_gpu_is_requested_for_as_long_as_the_holes_that_are_filled_take():
    pixels, mask = np.zeros((3000, 4000, 3), np.uint8), np.zeros((3000, 4000), bool)
    mask[100:164, 100:500] = True  # a stroke

    def requested(box=None):
        return duration_s(pixels, mask, box, DEFAULT_OPTIONS)

    assert START_S < requested() <= 8, "a stroke takes less than a second, and the default of ZeroGPU is 60"
    mask[2000:2600, 2000:2600] = True
    assert 10 < requested() < MAX_DURATION_S
    assert requested(Box(100, 100, 500, 164)) <= 8, "only the holes near what has changed are filled"
    mask[1000:] = True
    assert requested() == MAX_DURATION_S
