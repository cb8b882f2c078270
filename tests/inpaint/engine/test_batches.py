"""Batches of crops: the result is that of one crop after the other, in fewer passes."""

import numpy as np
import pytest

from inpaint.engine import batches as batches_module
from inpaint.engine.batches import MOST_PIXELS, batches
from inpaint.engine.crop_order import CropOrder
from inpaint.engine.crop_sizes import CropSizes
from inpaint.engine.filler import Filler
from inpaint.engine.plan import plan
from inpaint.engine.regions import Box
from tests.inpaint.mean_generator import MeanGenerator, in_pytorch
from tests.pictures import picture

SIZE = (900, 1300)


def specks_and_scratches():
    """Specks far from each other, scratches that cross, and a thick hole that is refined coarse to fine."""
    mask = np.zeros(SIZE, bool)
    for row in range(20, 300, 90):
        for column in range(30, 1280, 90):
            mask[row : row + 5, column : column + 4] = True
    for row in range(400, 900):
        for column in (60, 300, 520):
            mask[row, column + row // 9 : column + row // 9 + 6] = True
    mask[600:604, 20:700] = True
    mask[500:740, 900:1200] = True
    return mask


def order_of(mask):
    return CropOrder([region.crops for region in plan(mask, CropSizes())])


def filled(mask, runtime):
    canvas = np.array(picture("RGB", SIZE[::-1]))
    for fill in Filler(runtime).fills(canvas.copy(), mask):
        fill.draw(canvas, Box(0, 0, SIZE[1], SIZE[0]))
    return canvas


def test_each_crop_is_in_one_batch_of_its_size_after_all_that_it_needs():
    order = order_of(specks_and_scratches())
    found = batches(order)
    assert sorted(index for batch in found for index in batch.crops) == list(range(len(order.crops)))
    batch_of = {index: number for number, batch in enumerate(found) for index in batch.crops}
    for number, batch in enumerate(found):
        kinds = {
            (crop.box.width // crop.scale, crop.box.height // crop.scale, crop.refines)
            for crop in (order.crops[index] for index in batch.crops)
        }
        assert len(kinds) == 1
        width, height, _ = kinds.pop()
        count = len(batch.crops)
        assert count == 1 or count * width * height <= MOST_PIXELS
        needed = {batch_of[earlier] for index in batch.crops for earlier in order.needs(index)}
        assert batch.needs == sorted(needed)
        assert all(earlier < number for earlier in needed)
    assert any(len(batch.crops) == 4 for batch in found)


def test_batches_give_the_bytes_of_one_crop_after_the_other(monkeypatch):
    mask, runtime = specks_and_scratches(), in_pytorch(MeanGenerator())
    together = filled(mask, runtime)
    monkeypatch.setattr(batches_module, "MOST_PIXELS", 1)
    assert all(len(batch.crops) == 1 for batch in batches(order_of(mask)))
    assert np.array_equal(filled(mask, runtime), together)


def test_specks_take_a_quarter_of_the_passes():
    mask = np.zeros(SIZE, bool)
    mask[50:850:100, 50:1250:100] = True
    runtime = in_pytorch(MeanGenerator())
    sizes = []

    class Counting:
        config, multiple, fixed_size = runtime.config, runtime.multiple, runtime.fixed_size

        def __call__(self, masked_image, *inputs):
            sizes.append(len(masked_image))
            return runtime(masked_image, *inputs)

    filled(mask, Counting())
    assert sizes == [4] * (8 * 12 // 4)


@pytest.mark.parametrize("box", [Box(0, 0, 200, 200), Box(600, 450, 1000, 800)])
def test_only_crops_near_a_box_are_filled_again(box):
    mask, runtime = specks_and_scratches(), in_pytorch(MeanGenerator())
    once = filled(mask, runtime)
    again = once.copy()
    for fill in Filler(runtime).fills(once, mask, within=box):
        fill.draw(again, Box(0, 0, SIZE[1], SIZE[0]))
    assert np.array_equal(again, once)


def test_without_crops_there_are_no_batches():
    assert batches(CropOrder([])) == []
