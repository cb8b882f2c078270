"""The crop loop: coarse to fine, what a crop sees of earlier ones, and that no colour leaks from under the mask."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inpaint.engine.crop_sizes import CropSizes
from inpaint.engine.filler import Filler
from inpaint.engine.plan import plan
from inpaint.engine.regions import Box
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.photos.errors import MaskError
from tests.inpaint.mean_generator import MeanGenerator, in_pytorch
from tests.pictures import picture, random_rectangles

COLOUR, UNDER_MASK = (200, 30, 90), (0, 255, 0)


def run(filler, pixels, mask):
    """The photo with all fills drawn into it."""
    canvas = pixels.copy()
    for fill in filler.fills(pixels, mask):
        fill.draw(canvas, Box(0, 0, mask.shape[1], mask.shape[0]))
    return canvas


def free_form_filler():
    """A filler with an untrained free-form generator, whose prediction is the initial fill."""
    return Filler(in_pytorch(build_generator(FreeFormConfig())))


def plain_photo(mask):
    """A photo of one colour, with another one under the mask."""
    return np.where(mask[..., None], np.uint8(UNDER_MASK), np.uint8(COLOUR))


@pytest.mark.parametrize("size", [(400, 300), (3000, 40), (1500, 1400)])
def test_a_hole_in_a_plain_photo_is_filled_with_exactly_its_colour(size):
    mask = random_rectangles(size[1], size[0], 1)
    assert (run(Filler(in_pytorch(MeanGenerator())), plain_photo(mask), mask) == COLOUR).all()


@pytest.mark.parametrize("known", [slice(700, 701), slice(311, 1013)], ids=["one pixel", "a frame"])
def test_a_downscaled_crop_takes_no_colour_from_under_the_mask(known):
    mask = np.zeros((1400, 1500), bool)
    if known == slice(700, 701):
        mask[:] = True
        mask[known, known] = False
    else:
        mask[known, known] = True
    assert (run(Filler(in_pytorch(MeanGenerator())), plain_photo(mask), mask) == COLOUR).all()


def test_a_refining_crop_takes_no_colour_from_holes_that_are_still_unfilled():
    mask = np.zeros((900, 1200), bool)
    mask[200:500, 200:500] = mask[300:310, 500:1150] = True  # a thick hole and a scratch that leads away from it
    generator = MeanGenerator()
    assert (run(Filler(in_pytorch(generator)), plain_photo(mask), mask) == COLOUR).all()
    assert len(generator.calls) > 4


def test_pixels_under_the_mask_do_not_matter():
    photo, mask = np.array(picture("RGB", (700, 500))), random_rectangles(500, 700, 2)
    first = run(Filler(in_pytorch(MeanGenerator())), photo, mask)
    photo[mask] = 255
    assert np.array_equal(run(Filler(in_pytorch(MeanGenerator())), photo, mask), first)


def test_fills_whose_boxes_overlap_keep_each_other():
    mask = np.zeros((1200, 1500), bool)
    for thickness, slope in ((260, 1), (8, -1)):
        along = np.arange(1200)
        for row, column in zip(along, 700 + slope * (along - 600) * 0.8, strict=True):
            mask[row, max(0, int(column) - thickness // 2) : int(column) + thickness // 2] = True
    mask[:40, :40] = False
    assert (run(Filler(in_pytorch(MeanGenerator())), plain_photo(mask), mask) == COLOUR).all()


def test_tiles_of_a_scratch_see_what_earlier_tiles_have_filled():
    generator = MeanGenerator()
    mask = np.zeros((300, 1200), bool)
    mask[150:154, 50:1150] = True
    run(Filler(in_pytorch(generator)), np.asarray(picture("RGB", (1200, 300))), mask)
    (_, first), (_, second) = generator.calls[:2]
    (region,) = plan(mask, CropSizes())
    assert second.sum() < mask[region.crops[1].box.slices].sum()
    assert first.sum() > 0


def test_a_large_hole_continues_a_slope_without_a_step_at_its_rim():
    slope = np.repeat(np.linspace(20, 230, 1600)[None, :, None], 1200, 0).repeat(3, 2).round().astype(np.uint8)
    mask = np.zeros((1200, 1600), bool)
    mask[300:900, 500:1100] = True
    step = np.abs(np.diff(run(free_form_filler(), slope, mask).astype(int)[600, :, 0]))
    assert step[498:502].max() <= 6
    assert step[1098:1102].max() <= 6


def test_a_large_hole_is_refined_up_to_full_resolution():
    class Chequered(MeanGenerator):
        def forward(self, masked_image, mask, coarse_fill=None):
            rows, columns = torch.meshgrid(*(torch.arange(n) for n in mask.shape[-2:]), indexing="ij")
            return super().forward(masked_image, mask, coarse_fill) * 0.5 + ((rows + columns) % 2 - 0.5) * 0.4

    mask = np.zeros((1200, 1300), bool)
    mask[200:1000, 200:1100] = True
    result = run(Filler(in_pytorch(Chequered())), np.full((1200, 1300, 3), 128, np.uint8), mask).astype(int)
    steps = np.abs(np.diff(result[..., 0], axis=1))[mask[:, 1:]]
    assert np.mean(steps > 30) > 0.98


def test_only_regions_near_the_box_are_filled():
    mask = np.zeros((700, 900), bool)
    mask[100:120, 100:120] = mask[600:620, 700:720] = True
    photo = np.asarray(picture("RGB", (900, 700)))
    (fill,) = Filler(in_pytorch(MeanGenerator())).fills(photo, mask, Box(690, 590, 705, 605))
    assert fill.box == Box(700, 600, 720, 620)


def test_a_fixed_size_generator_is_shown_the_mask_of_the_central_square():
    class Fixed(MeanGenerator):
        fixed_size = multiple = 128
        config = SimpleNamespace(architecture="mean", region="center")

    generator = Fixed()
    mask = np.zeros((300, 400), bool)
    mask[0:20, 0:30] = True
    assert (run(Filler(in_pytorch(generator)), plain_photo(mask), mask) == COLOUR).all()
    ((_, shown),) = generator.calls
    assert shown.shape == (1, 1, 128, 128)
    assert shown[..., 32:96, 32:96].all()


def test_crop_sizes_can_be_chosen():
    generator = MeanGenerator()
    mask = np.zeros((300, 400), bool)
    mask[100:120, 100:120] = True
    run(Filler(in_pytorch(generator), crop_sizes=CropSizes(sides=(256,))), plain_photo(mask), mask)
    assert [mask.shape[-2:] for _, mask in generator.calls] == [(256, 256)]


def test_a_mask_of_another_size_or_of_everything_is_refused():
    filler, photo = Filler(in_pytorch(MeanGenerator())), np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(MaskError, match="must be the same"):
        list(filler.fills(photo, np.zeros((5, 4), bool)))
    with pytest.raises(MaskError, match="covers the whole photo"):
        list(filler.fills(photo, np.ones((4, 4), bool)))
