"""How thick holes are: against disks counted pixel by pixel, and at angles and sizes where grids are coarse."""

import numpy as np
import pytest
from scipy import ndimage

from inpaint.engine.regions import Box, Part, find_regions
from inpaint.engine.thickness import THICK_PX, downsample, largest_depths, measure, thick_part


def strip(side, width, degrees):
    """A strip across a square, and two corners that keep the square the bounding box of the mask."""
    y, x = np.mgrid[:side, :side] - side / 2
    angle = np.deg2rad(degrees)
    mask = np.abs(y * np.cos(angle) - x * np.sin(angle)) < width / 2
    mask[0, 0] = mask[-1, -1] = True
    return mask


def thick_pixels(mask, within=None):
    """The thick part of a mask that counts as one region, as a mask."""
    box = Box(0, 0, mask.shape[1], mask.shape[0])
    part = thick_part(Part(box, mask), measure(mask), [], within)
    thick = np.zeros_like(mask)
    if part is not None:
        thick[part.box.slices] = part.hole
    return thick


@pytest.mark.parametrize("rows", [1, 2, 7, 20, 33])
def test_a_strip_is_as_thick_as_its_rows(rows):
    mask = np.zeros((60, 200), bool)
    mask[10 : 10 + rows, 20:180] = True
    assert measure(mask).diameter in (rows, rows + 1)


def test_the_border_of_the_photo_counts_as_known():
    assert measure(np.ones((20, 300), bool)).diameter == 20


def test_a_hole_without_pixels_has_no_thickness():
    assert measure(np.zeros((5, 5), bool)).diameter == 0


@pytest.mark.parametrize("side", [400, 700, 1300, 1700])
def test_a_disk_is_as_thick_as_its_diameter_on_any_grid(side):
    y, x = np.ogrid[:side, :side]
    mask = (y - side / 2) ** 2 + (x - side / 2) ** 2 < 100**2
    factor = downsample(mask)[1]
    assert (factor > 1) == (side > 512)
    assert abs(measure(mask).diameter - 200) <= 2 * factor


def test_each_component_has_its_own_largest_depth():
    mask = np.zeros((100, 200), bool)
    mask[10:21, 10:90] = mask[40:81, 110:190] = True
    grid, factor = largest_depths(mask)
    assert factor == 1
    assert set(grid[mask & (np.arange(200) < 100)]) == {6}
    assert set(grid[mask & (np.arange(200) >= 100)]) == {21}
    assert not grid[~mask].any()


@pytest.mark.parametrize("seed", range(4))
def test_the_thick_part_holds_all_disks_and_what_lies_close_to_their_centres(seed):
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.normal(size=(240, 300)), 7) > 0.02
    thick = thick_pixels(mask)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    centres = depth > THICK_PX / 2
    assert centres.any() and (mask & ~thick).any()
    in_disks = mask & (ndimage.distance_transform_edt(~centres) < THICK_PX / 2)
    assert thick[in_disks].all()
    assert not thick[ndimage.distance_transform_edt(~centres) > THICK_PX].any()
    assert mask[thick].all()


@pytest.mark.parametrize("degrees", [0, 17, 45, 90])
@pytest.mark.parametrize("side", [300, 700, 1300, 2100])
def test_strips_thinner_than_the_limit_are_thin_and_thicker_ones_thick_at_any_angle_and_size(side, degrees):
    assert not thick_pixels(strip(side, THICK_PX - 1, degrees)).any()
    mask = strip(side, THICK_PX + 6, degrees)
    middle = slice(side // 3, -side // 3), slice(side // 3, -side // 3)
    assert np.array_equal(thick_pixels(mask)[middle], mask[middle])


@pytest.mark.parametrize("width", [6, 10, 15])
def test_a_scratch_across_a_photo_of_a_large_scan_is_thin(width):
    mask = np.zeros((4000, 6000), bool)
    mask[1501 : 1501 + width] = True
    mask[::1000, 0] = mask[1500:1520:3, -1] = True
    (region,) = (part for part in find_regions(mask) if part.hole.sum() > 10)
    assert thick_part(region, measure(region.hole), [], None) is None
    assert not thick_pixels(mask).any()


@pytest.mark.parametrize("side", [500, 900, 1200])
def test_only_thick_parts_near_a_box_are_thick(side):
    y, x = np.ogrid[:side, :side]
    disks = [(y - side // 4) ** 2 + (x - centre) ** 2 < 40**2 for centre in (side // 4, 3 * side // 4)]
    mask = disks[0] | disks[1]
    mask[side // 4 - 2 : side // 4 + 2, 10:-10] = True
    near = Box(3 * side // 4 - 5, side // 4 - 5, 3 * side // 4 + 5, side // 4 + 5)
    thick = thick_pixels(mask, near)
    assert thick[disks[1]].all()
    assert not thick[:, : side // 2].any()
    assert not thick_pixels(mask, Box(0, side - 50, side, side)).any()
    assert np.array_equal(thick_pixels(mask, Box(-50, -50, side + 50, side + 50)), thick_pixels(mask))


def test_parts_that_count_as_thick_as_a_whole_are_added():
    mask = np.zeros((200, 300), bool)
    mask[10:14, 10:290] = True
    whole = Part(Box(100, 5, 160, 20), mask[5:20, 100:160])
    region = Part(Box(0, 0, 300, 200), mask)
    part = thick_part(region, measure(mask), [whole], None)
    assert part is not None and part.box == Box(100, 10, 160, 14)
    assert part.hole.all()
    assert thick_part(region, measure(mask), [whole], Box(200, 0, 300, 200)) is None
