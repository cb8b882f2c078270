"""The examples: filled once, with final fills, before a visitor asks for them."""

import threading

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter, to_mask
from page.editor.examples import EXAMPLES, Examples, example_files
from tests.inpaint.sessions import TIMEOUT_S, Gate, TwoPhases
from tests.page.serving import OneColour


def two_phases(**options):
    """Examples whose thick holes are filled by a TwoPhases, and it."""
    fill_holes = TwoPhases(**options)
    return Examples(Inpainter(OneColour()).with_fills(fill_holes)), fill_holes


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_a_mask_of_its_size_that_leaves_most_of_the_photo_clear(name):
    photo, mask = example_files(name)
    with Image.open(photo) as picture:
        assert 0 < to_mask(mask, picture.size).mean() < 0.4


def test_the_fill_of_an_example_is_final():
    examples, _ = two_phases(thick=1)
    assert not examples.get("otter").answer["draft"]


def test_examples_that_were_filled_are_not_filled_again():
    examples, fill_holes = two_phases()
    examples.fill_all()
    started = fill_holes.started
    assert started >= len(EXAMPLES)
    for name in EXAMPLES:
        examples.get(name)
    assert fill_holes.started == started


def test_each_example_is_filled_when_it_may_be():
    examples, fill_holes = two_phases()
    before = []
    examples.fill_all(lambda: before.append(fill_holes.started))
    assert len(before) == len(EXAMPLES) and before[0] == 0 and before == sorted(set(before))


def test_an_example_that_is_filled_does_not_wait_for_the_others():
    gate = Gate(is_open=True)
    examples, _ = two_phases(thick=1, before_final=gate)
    first = examples.get(EXAMPLES[0])
    gate.close()
    filling = threading.Thread(target=examples.fill_all)
    filling.start()
    assert gate.reached.wait(TIMEOUT_S)
    assert examples.get(EXAMPLES[0]) is first
    gate.opened.set()
    filling.join(TIMEOUT_S)
    assert not filling.is_alive()


def test_while_the_synthesis_is_compiled_an_example_has_drafts_which_are_not_kept(monkeypatch):
    examples, _ = two_phases(thick=1)
    monkeypatch.setattr("page.editor.examples.is_compiling", lambda: True)
    assert examples.get("otter").answer["draft"]
    session = examples.inpainter.open(example_files("otter")[0])
    examples.fill("otter", session)
    assert session.has_drafts and session.can_undo
    session.finish()
    monkeypatch.setattr("page.editor.examples.is_compiling", lambda: False)
    later = examples.inpainter.open(example_files("otter")[0])
    examples.fill("otter", later)
    assert not examples.get("otter").answer["draft"] and not later.has_drafts
    assert np.array_equal(np.array(later.result()), np.array(session.result()))


def test_an_example_without_thick_holes_is_final_while_the_synthesis_is_compiled(monkeypatch):
    examples, _ = two_phases(thick=10**9)
    monkeypatch.setattr("page.editor.examples.is_compiling", lambda: True)
    assert not examples.get("otter").answer["draft"] and examples.get("otter") is examples.get("otter")
