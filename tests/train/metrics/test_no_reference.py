"""Detail and seam against closed forms."""

from __future__ import annotations

import pytest
import torch

from train.metrics import no_reference
from train.metrics.no_reference import DEPTH_PX, RING_PX, detail, seam

HEIGHT, WIDTH = 96, 120
LEVEL = 2 / 255
"""One grey level."""


def noise(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 0.2


def hole(top: int = 24, bottom: int = 72, left: int = 30, right: int = 90) -> torch.Tensor:
    mask = torch.zeros(1, 1, HEIGHT, WIDTH)
    mask[..., top:bottom, left:right] = 1
    return mask


def slope(across: float, down: float) -> torch.Tensor:
    """A picture with the same gradient everywhere."""
    rows, columns = torch.arange(HEIGHT)[:, None], torch.arange(WIDTH)
    return (across * columns + down * rows).expand(1, 3, HEIGHT, WIDTH) - 0.5


def test_a_plain_fill_has_no_detail():
    assert detail(torch.full((1, 3, HEIGHT, WIDTH), 0.3), noise(), hole()).item() == 0


def test_noise_that_continues_has_a_detail_and_a_seam_of_one():
    image = noise(height=400, width=400)
    mask = torch.zeros(1, 1, 400, 400)
    mask[..., 100:300, 100:300] = 1
    assert detail(image, image, mask).item() == pytest.approx(1, abs=0.01)
    assert seam(image, image, mask).item() == pytest.approx(1, abs=0.04)


def test_detail_is_the_ratio_of_the_lengths_of_gradients():
    fill, image = slope(3 * LEVEL, 4 * LEVEL), slope(2 * LEVEL, 0)
    assert detail(fill, image, hole()).item() == pytest.approx(5 / 2, rel=1e-4)
    assert detail(image, fill, hole()).item() == pytest.approx(2 / 5, rel=1e-4)


@pytest.mark.parametrize("strength", [0.25, 0.5, 2])
def test_detail_is_proportional_to_the_contrast_of_the_fill(strength):
    image, mask = noise(), hole()
    assert detail(strength * image, image, mask).item() == pytest.approx(
        strength * detail(image, image, mask).item(), rel=1e-4
    )


def test_an_offset_in_brightness_does_not_change_detail_and_adds_to_the_seam():
    image = slope(2 * LEVEL, 2 * LEVEL)
    brighter, mask = image + 10 * LEVEL, hole()
    assert detail(brighter, image, mask).item() == pytest.approx(1, rel=1e-4)
    # the slope falls towards the left and the top: steps of 12 levels there, of 8 at the right and the bottom
    assert seam(brighter, image, mask).item() == pytest.approx((12 + 8) / 2 / 2, rel=1e-4)
    assert seam(image, image, mask).item() == pytest.approx(1, rel=1e-4)


def test_the_seam_counts_every_pair_of_pixels_at_the_edge_once():
    image = slope(2 * LEVEL, LEVEL)
    fill = torch.full_like(image, 0.9)
    mask = hole(40, 43, 50, 55)
    steps, ring = [], []
    composite = torch.where(mask > 0, fill, image)[0]
    for y in range(HEIGHT):
        for x in range(WIDTH):
            for below, beside in ((y + 1, x), (y, x + 1)):
                if below < HEIGHT and beside < WIDTH:
                    step = (composite[:, y, x] - composite[:, below, beside]).abs().mean().item()
                    pair = mask[0, 0, y, x].item() + mask[0, 0, below, beside].item()
                    near = all(
                        40 - RING_PX <= row < 43 + RING_PX and 50 - RING_PX <= column < 55 + RING_PX
                        for row, column in ((y, x), (below, beside))
                    )
                    if pair == 1:
                        steps.append(step)
                    elif pair == 0 and near:
                        ring.append(step)
    assert len(steps) == 2 * (3 + 5)
    assert seam(fill, image, mask).item() == pytest.approx(sum(steps) / len(steps) / (sum(ring) / len(ring)), rel=1e-4)


@pytest.mark.parametrize("metric", [detail, seam])
def test_neither_the_truth_under_the_hole_nor_changed_known_pixels_count(metric):
    fill, image, mask = noise(1), noise(), hole()
    spoiled = torch.where(mask > 0, torch.nan, image)
    assert torch.equal(metric(torch.where(mask > 0, fill, torch.nan), spoiled, mask), metric(fill, image, mask))


@pytest.mark.parametrize("metric", [detail, seam])
def test_known_pixels_count_up_to_the_width_of_the_ring(metric):
    image, mask = noise(), hole()
    further, at_its_rim = image.clone(), image.clone()
    further[..., : 24 - RING_PX, :] = further[..., 72 + RING_PX :, :] = 0
    further[..., : 30 - RING_PX], further[..., 90 + RING_PX :] = 0, 0
    at_its_rim[..., 24 - RING_PX, :] = 1
    assert torch.equal(metric(image, further, mask), metric(image, image, mask))
    assert metric(image, at_its_rim, mask) != metric(image, image, mask)


def test_detail_is_taken_inside_the_hole_and_not_near_its_edge():
    image, mask = noise(), hole()
    inner = hole(24 + DEPTH_PX, 72 - DEPTH_PX, 30 + DEPTH_PX, 90 - DEPTH_PX)
    framed = torch.where(inner > 0, torch.zeros(()), image)
    assert detail(framed, image, mask).item() == 0
    framed[..., 24 + DEPTH_PX, 60] = 1
    assert detail(framed, image, mask).item() > 0


def test_the_border_of_the_photo_is_no_edge_of_the_hole():
    image, fill, mask = slope(2 * LEVEL, 2 * LEVEL), slope(4 * LEVEL, 0), hole(0, 48, 0, WIDTH)
    assert detail(fill, image, mask).item() == pytest.approx(4 / 8**0.5, rel=1e-4)
    steps = (fill[0, 0, 47] - image[0, 0, 48]).abs().mean().item()
    assert seam(fill, image, mask).item() == pytest.approx(steps / (2 * LEVEL), rel=1e-4)
    fill[..., 0, 0] += 0.5  # the corner of the photo is inside the hole, far from known pixels
    assert detail(fill, image, mask).item() > 4 / 8**0.5 + 0.004
    assert seam(fill, image, mask).item() == pytest.approx(steps / (2 * LEVEL), rel=1e-4)


@pytest.mark.parametrize("metric", [detail, seam])
def test_plain_surroundings_give_nan(metric):
    assert metric(noise(), torch.zeros(1, 3, HEIGHT, WIDTH), hole()).isnan().all()
    assert not metric(noise(), slope(LEVEL, 0), hole()).isnan().any()


@pytest.mark.parametrize("metric", [detail, seam])
def test_a_mask_without_a_hole_or_without_known_pixels_gives_nan(metric):
    image = noise()
    assert metric(image, image, torch.zeros(1, 1, HEIGHT, WIDTH)).isnan().all()
    assert metric(image, image, torch.ones(1, 1, HEIGHT, WIDTH)).isnan().all()


def test_a_thin_hole_has_a_seam_and_no_detail():
    image = noise()
    thin, thicker = hole(40, 41 + 2 * DEPTH_PX), hole(40, 42 + 2 * DEPTH_PX)
    assert detail(image, image, thin).isnan().all()
    assert not detail(image, image, thicker).isnan().any()
    assert not seam(image, image, thin).isnan().any()


@pytest.mark.parametrize("metric", [detail, seam])
def test_a_batch_has_the_values_of_each_image_alone(metric):
    fills = torch.cat([noise(1), 0.4 * noise(2)])
    images, masks = torch.cat([noise(3), noise(4)]), torch.cat([hole(), hole(5, 30, 80, 119)])
    alone = torch.cat([metric(fills[i : i + 1], images[i : i + 1], masks[i : i + 1]) for i in range(2)])
    assert torch.allclose(metric(fills, images, masks), alone)
    shared = metric(fills, noise(3), hole())
    assert torch.allclose(shared, torch.cat([metric(fills[i : i + 1], noise(3), hole()) for i in range(2)]))


@pytest.mark.parametrize("metric", [detail, seam])
def test_only_the_part_of_the_photo_around_the_hole_is_computed(metric, monkeypatch):
    seen = []
    dilate = no_reference._dilate
    monkeypatch.setattr(no_reference, "_dilate", lambda area, px: seen.append(area.shape[-2:]) or dilate(area, px))
    image = noise(height=300, width=400)
    mask = torch.zeros(1, 1, 300, 400)
    mask[..., 100:120, 380:400] = 1
    assert not metric(image, image, mask).isnan().any()
    assert set(seen) == {(20 + 2 * RING_PX, 20 + RING_PX)}
