"""Crops that are filled at the same time: the result is that of one after the other."""

import random
import time

import numpy as np
import pytest

from inpaint.engine import filler as filler_module
from inpaint.engine.crop_order import CropOrder
from inpaint.engine.crop_sizes import CropSizes
from inpaint.engine.filler import Filler
from inpaint.engine.plan import plan
from inpaint.engine.regions import Box
from tests.inpaint.mean_generator import MeanGenerator, in_pytorch
from tests.pictures import picture

SIZE = (1100, 1500)


def crossing_scratches():
    """Scratches that cross each other, and a thick hole that is refined coarse to fine."""
    mask = np.zeros(SIZE, bool)
    for column in range(100, 1400, 140):
        for row in range(SIZE[0]):
            left = min(column + row // 9, SIZE[1] - 8)
            mask[row, left : left + 6] = True
    mask[400:404] = mask[800:806] = True
    mask[500:740, 600:1000] = True
    return mask


class Slow(MeanGenerator):
    """Takes a different time for each crop, and offers three streams."""

    def __init__(self):
        super().__init__()
        self.rng = random.Random(3)

    def forward(self, *inputs):
        time.sleep(self.rng.random() / 500)
        return super().forward(*inputs)


def run(mask, many_crops, monkeypatch):
    monkeypatch.setattr(filler_module, "_MANY_CROPS", many_crops)
    runtime = in_pytorch(Slow())
    runtime.for_throughput = lambda: (runtime, 3)
    photo = np.asarray(picture("RGB", SIZE[::-1]))
    fills = list(Filler(runtime).fills(photo, mask))
    canvas = photo.copy()
    for fill in fills:
        fill.draw(canvas, Box(0, 0, SIZE[1], SIZE[0]))
    return canvas, [fill.box for fill in fills]


def test_crops_that_are_filled_at_the_same_time_give_the_result_of_one_after_the_other(monkeypatch):
    mask = crossing_scratches()
    one_by_one, several = run(mask, 10**9, monkeypatch), run(mask, 1, monkeypatch)
    assert len(one_by_one[1]) > 40
    assert one_by_one[1] == several[1]
    assert np.array_equal(one_by_one[0], several[0])


@pytest.mark.parametrize("of", ["known", "coarse"])
def test_a_crop_needs_the_earlier_crops_whose_fills_it_sees(of):
    order = CropOrder([region.crops for region in plan(crossing_scratches(), CropSizes())])
    found = 0
    for index, crop in enumerate(order.crops):
        for earlier in range(index):
            other = order.crops[earlier]
            if order.region_of[earlier] != order.region_of[index] or not other.write.overlaps(crop.box):
                continue
            refined = other.coarse and crop.refines and other.scale == 2 * crop.scale
            is_seen = refined if of == "coarse" else not other.coarse or other.scale == crop.scale
            if is_seen:
                found += 1
                assert earlier in order.needs(index)
        assert all(earlier < index for earlier in order.needs(index))
    assert found >= 3
    assert sum(not order.needs(index) for index in range(len(order.crops))) > 3


def test_without_holes_there_is_nothing_to_fill():
    assert CropOrder([]).crops == []
    photo = np.asarray(picture("RGB", (60, 50)))
    assert list(Filler(in_pytorch(MeanGenerator())).fills(photo, np.zeros((50, 60), bool))) == []
