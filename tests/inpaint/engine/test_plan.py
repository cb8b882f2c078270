"""The plan: regions become crops, coarse to fine, of few shapes."""

import numpy as np
import pytest

from inpaint.engine.plan import CropSizes, plan
from inpaint.engine.regions import Box
from inpaint.synthesis.settings import SETTINGS

FREE = CropSizes()
FIXED = CropSizes((128,), 32, 32, 32, thin_px=16, centred=True, coarse_to_fine=False)


def disc(height, width, x, y, radius):
    rows, columns = np.ogrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def random_mask(height, width, seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(rng.integers(1, 6)):
        mask |= disc(height, width, rng.integers(width), rng.integers(height), rng.integers(1, max(2, height // 3)))
    mask[rng.integers(height)] = True
    return mask


def all_crops(mask, sizes, within=None):
    return [crop for region in plan(mask, sizes, within) for crop in region.crops]


@pytest.mark.parametrize("sizes", [FREE, FIXED], ids=["free", "fixed"])
@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (127, 129), (700, 1300), (1500, 900)])
@pytest.mark.parametrize("seed", range(3))
def test_crops_fill_every_hole_pixel_once_and_see_what_they_fill(sizes, shape, seed):
    mask = random_mask(*shape, seed)
    count = np.zeros(shape, int)
    for crop in all_crops(mask, sizes):
        count[crop.write.slices] += crop.hole & (not crop.coarse)
        assert crop.write.intersection(crop.box) == crop.write
        assert crop.box.width % crop.scale == 0
        assert crop.box.width // crop.scale in sizes.sides
        assert crop.box.height % crop.scale == 0
        assert crop.box.height // crop.scale in sizes.sides
    assert np.array_equal(count, mask.astype(int))


@pytest.mark.parametrize("shape", [(600, 800), (3000, 2000)])
def test_a_crop_stays_inside_a_photo_that_is_large_enough(shape):
    for seed in range(5):
        mask = random_mask(*shape, seed)
        for crop in all_crops(mask, FREE):
            if crop.box.width <= shape[1]:
                assert crop.box.left >= 0
                assert crop.box.right <= shape[1]
            if crop.box.height <= shape[0]:
                assert crop.box.top >= 0
                assert crop.box.bottom <= shape[0]


@pytest.mark.parametrize(("thickness", "context"), [(6, 16), (20, 40), (60, 48)])
def test_a_long_scratch_is_filled_at_full_resolution_with_context(thickness, context):
    mask = np.zeros((2000, 3000), bool)
    mask[1000 : 1000 + thickness, 100:2900] = True
    crops = all_crops(mask, FREE)
    assert len(crops) > 5
    for crop in crops:
        assert crop.scale == 1
        assert crop.box.height <= 192
        assert crop.write.top - crop.box.top >= context
        assert crop.box.bottom - crop.write.bottom >= context


@pytest.mark.parametrize(("radius", "scale"), [(30, 1), (125, 4), (300, 8), (500, 16)])
def test_a_compact_hole_is_first_filled_in_one_crop_with_half_its_thickness_as_context(radius, scale):
    mask = disc(4000, 4000, 2000, 2000, radius)
    crop = all_crops(mask, FREE)[0]
    assert crop.scale == scale
    assert not crop.refines
    assert crop.write == Box(2000 - radius, 2000 - radius, 2001 + radius, 2001 + radius)
    assert crop.box.width >= 2 * crop.write.width * 0.95
    assert crop.box.height >= 2 * crop.write.height * 0.95
    middle = (crop.box.left + crop.box.right) / 2, (crop.box.top + crop.box.bottom) / 2
    assert np.abs(np.subtract(middle, 2000)).max() <= 1


def test_a_thick_hole_is_refined_at_twice_the_resolution_up_to_full_resolution():
    mask = disc(2600, 2600, 1300, 1300, 300)
    crops = all_crops(mask, FREE)
    scales = [crop.scale for crop in crops]
    assert sorted(scales, reverse=True) == scales
    assert set(scales) == {8, 4, 2, 1}
    for scale in (8, 4, 2, 1):
        filled = np.zeros(mask.shape, int)
        for crop in crops:
            if crop.scale == scale:
                filled[crop.write.slices] += crop.hole
                assert (crop.refines, crop.coarse) == (scale < 8, scale > 1)
        assert np.array_equal(filled, mask)


@pytest.mark.parametrize(("length", "count"), [(1000, 1), (9000, 6)])
def test_a_thick_hole_is_first_one_crop_unless_it_is_very_long(length, count):
    mask = np.zeros((2000, 10000), bool)
    mask[1000:1300, 500 : 500 + length] = True
    assert sum(not crop.refines for crop in all_crops(mask, FREE)) == count


def test_a_generator_without_coarse_fills_fills_a_large_hole_in_one_pass():
    mask = np.zeros((2000, 2000), bool)
    mask[600:1200, 700:1300] = True
    crops = all_crops(mask, FIXED)
    assert not any(crop.coarse or crop.refines for crop in crops)
    assert {crop.scale for crop in crops} == {10}


def test_a_scratch_next_to_a_large_hole_is_filled_at_full_resolution_after_it():
    mask = disc(2000, 3000, 600, 1000, 300)
    mask[1000:1006, 600:2900] = True
    crops = all_crops(mask, FREE)
    thin = [crop for crop in crops if crop.scale == 1 and not crop.refines]
    assert (
        crops[-len(thin) :] == thin
    )  # the thick part comes first, so that the thin one continues into something known
    assert len(thin) > 3
    assert crops[0].scale == 8
    assert crops[0].write.width < 800


def test_a_photo_with_holes_all_over_that_fits_into_a_crop_is_one_crop():
    mask = disc(500, 500, 250, 250, 40)
    mask[::40] = mask[:, ::40] = True
    (crop,) = all_crops(mask, FREE)
    assert crop.scale == 1
    assert crop.box == Box(0, 0, 512, 512)


def test_a_photo_as_high_as_a_crop_is_tiled_along_its_width_only():
    mask = np.zeros((400, 2000), bool)
    mask[5:395, 100:1900:30] = True
    assert {(crop.box.top, crop.box.bottom) for crop in all_crops(mask, FREE)} == {(0, 512)}


def test_crops_have_few_shapes():
    crops = [crop for seed in range(20) for crop in all_crops(random_mask(700, 900, seed), FREE)]
    assert len({crop.scale for crop in crops}) > 2
    shapes = {(crop.box.width // crop.scale, crop.box.height // crop.scale) for crop in crops}
    assert shapes <= {(a, b) for a in FREE.sides for b in FREE.sides}


def test_a_fixed_size_generator_gets_its_hole_in_the_central_half():
    mask = np.zeros((300, 400), bool)
    mask[0:50, 0:40] = True  # in the photo's corner: the crop must stick out
    mask[150:290, 200:330] = True
    for crop in all_crops(mask, FIXED):
        quarter = 32 * crop.scale
        assert crop.box.width == crop.box.height == 128 * crop.scale
        left, top, right, bottom = crop.box
        centre = Box(left + quarter, top + quarter, right - quarter, bottom - quarter)
        assert crop.write.intersection(centre) == crop.write


def test_only_regions_near_the_box_are_planned():
    mask = np.zeros((2000, 2000), bool)
    mask[100:120, 100:120] = mask[1500:1520, 1500:1520] = True
    (crop,) = all_crops(mask, FREE, Box(1490, 1490, 1495, 1495))
    assert crop.write == Box(1500, 1500, 1520, 1520)


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (127, 129), (700, 1300), (1500, 900)])
@pytest.mark.parametrize("seed", range(3))
def test_with_synthesis_too_crops_fill_every_hole_pixel_once_and_thick_pixels_are_hole_pixels(shape, seed):
    mask = random_mask(*shape, seed)
    count, thick = np.zeros(shape, int), np.zeros(shape, bool)
    for region in plan(mask, FREE, synthesis=True):
        for crop in region.crops:
            count[crop.write.slices] += crop.hole & (not crop.coarse)
        if region.thick is not None:
            assert not thick[region.thick.box.slices][region.thick.hole].any()
            thick[region.thick.box.slices] |= region.thick.hole
    assert np.array_equal(count, mask.astype(int))
    assert not (thick & ~mask).any()


def test_only_thick_holes_are_synthesised():
    mask = disc(700, 900, 200, 200, 40)
    mask[600:610, 100:500] = True
    thick, thin = sorted(plan(mask, FREE, synthesis=True), key=lambda region: region.thick is None)
    assert thin.thick is None
    assert thick.thick.box == Box(160, 160, 241, 241)
    assert all(region.thick is None for region in plan(mask, FREE))


@pytest.mark.parametrize(("radius", "last_scale"), [(20, 1), (60, 2), (250, 2), (450, 4)])
def test_the_fills_of_very_large_holes_end_where_the_synthesis_can_take_over(radius, last_scale):
    mask = disc(1500, 1500, 750, 750, radius)
    (region,) = plan(mask, FREE, synthesis=True)
    assert min(crop.scale for crop in region.crops) == last_scale
    assert mask.sum() <= SETTINGS.most_pixels * last_scale**2
    assert np.array_equal(region.thick.hole, mask[region.thick.box.slices])  # all of it, as it is not refined


def test_a_thick_hole_is_seen_at_half_resolution_unless_much_of_it_is_thin():
    stroke = np.zeros((300, 500), bool)
    stroke[120:180, 60:200] = True
    with_scratch = stroke.copy()
    with_scratch[148:152, 200:460] = True
    for mask, scale in ((stroke, 2), (with_scratch, 1)):
        (region,) = plan(mask, FREE, synthesis=True)
        assert {crop.scale for crop in region.crops} == {scale}
        (region,) = plan(mask, FREE)
        assert {crop.scale for crop in region.crops} == {1}
