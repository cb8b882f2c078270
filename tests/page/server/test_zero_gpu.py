"""ZeroGPU: where a Space lends GPUs, each stroke borrows one; everywhere else nothing changes."""

import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from inpaint import Inpainter
from page.server.zero_gpu import LEND_S, lend_gpu, on_zero_gpu, zero_gpu
from tests.page.serving import FILL, OneColour, noise


class Lender:
    """A stand-in for the package `spaces`, which sends what goes in and what comes out to another process."""

    def __init__(self):
        self.loans, self.durations = 0, []

    def GPU(self, *, duration):
        self.durations.append(duration)

        def decorated(function):
            def borrowed(*arguments):
                self.loans += 1
                return pickle.loads(pickle.dumps(function(*pickle.loads(pickle.dumps(arguments)))))

            return borrowed

        return decorated


@pytest.fixture
def lender(monkeypatch):
    lender = Lender()
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lender.GPU))
    return lender


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_on_a_zerogpu_space_every_stroke_borrows_a_gpu_once(lender, monkeypatch, value):
    monkeypatch.setenv("SPACES_ZERO_GPU", value)
    inpainter = lend_gpu(Inpainter(OneColour()), zero_gpu())
    session = inpainter.open(noise(600, 900))
    session.stroke([[40, 40], [500, 500]], 60)  # several crops
    assert lender.loans == 1 and lender.durations == [LEND_S]
    session.undo()
    session.redo()
    assert lender.loans == 1
    result = np.asarray(session.result())
    assert (np.abs(result[session.mask].astype(int) - FILL) <= 1).all()
    mask = np.zeros((600, 900), bool)
    mask[100:120, 100:150] = True
    assert (np.abs(np.asarray(inpainter(noise(600, 900), mask))[mask].astype(int) - FILL) <= 1).all()
    assert lender.loans == 2


@pytest.mark.parametrize("value", [None, "", "false"])
def test_elsewhere_the_package_is_not_used_even_where_it_is_installed(lender, monkeypatch, value):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    if value is not None:
        monkeypatch.setenv("SPACES_ZERO_GPU", value)
    assert zero_gpu() is None and not on_zero_gpu()


def test_without_the_package_the_page_does_without(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", None)
    inpainter = Inpainter(OneColour())
    assert lend_gpu(inpainter, zero_gpu()) is inpainter
