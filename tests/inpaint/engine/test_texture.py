"""Texture in thick holes: copied from known pixels, guided by the fill, and without effect elsewhere."""

import pytest
import torch
import torch.nn.functional as F

from inpaint.engine.texture import add_texture, copy_patches

SIDE = 256
DEEP = (..., slice(96, 160), slice(96, 160))


def noise(seed=0, blur=5):
    """Blurred noise that looks like stone: (1, 3, SIDE, SIDE) of mean 0 and standard deviation 0.2."""
    generator = torch.Generator().manual_seed(seed)
    rough = F.avg_pool2d(torch.randn(1, 1, SIDE + blur - 1, SIDE + blur - 1, generator=generator), blur, 1)
    return (0.2 * rough / rough.std()).expand(1, 3, -1, -1)


def square_hole(low=64, high=192):
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., low:high, low:high] = 1
    return mask


def filled(picture, mask, fill=0.0):
    return torch.where(mask > 0, torch.as_tensor(fill), picture)


def test_a_flat_fill_gets_the_roughness_of_its_surroundings():
    mask = square_hole()
    roughness = add_texture(filled(noise(), mask), mask)[DEEP].std() / noise().std()
    assert 0.3 < roughness < 1  # that of the fill is 0


def test_known_pixels_are_unchanged():
    mask = square_hole()
    picture = filled(noise(), mask)
    result = add_texture(picture, mask)
    known = (mask == 0).expand_as(picture)
    assert torch.equal(result[known], picture[known])
    assert not torch.equal(result, picture)


def test_texture_fades_in_from_the_rim():
    mask = square_hole()
    change = (add_texture(filled(noise(), mask), mask) - filled(noise(), mask)).abs().mean(1)[0]
    assert change[64, 80:176].mean() < 0.2 * change[96:160, 96:160].mean()


def test_faint_stripes_of_the_fill_become_as_strong_as_their_surroundings():
    waves = torch.sin(torch.arange(SIDE) * 2 * torch.pi / 16).expand(1, 3, SIDE, SIDE) * 0.5
    mask = square_hole()
    faint = filled(waves, mask, waves * 0.3)
    error = (copy_patches(faint, mask) - waves)[DEEP].abs().mean()
    assert error < 0.2 * (faint - waves)[DEEP].abs().mean()


def test_the_fill_decides_which_texture_goes_where():
    sides = torch.where(torch.arange(SIDE) < SIDE // 2, -0.5, 0.5)
    rough = torch.where(torch.arange(SIDE) < SIDE // 2, 1.0, 0.0)  # dark stone beside a bright wall
    mask = square_hole()
    result = copy_patches(filled(noise() * rough + sides, mask, sides.expand(1, 3, SIDE, SIDE)), mask)
    left, right = result[..., 96:160, 80:116], result[..., 96:160, 140:176]
    assert abs(left.mean() + 0.5) < 0.1
    assert abs(right.mean() - 0.5) < 0.1
    assert left.std() > 5 * right.std()


def test_nothing_is_copied_from_a_hole():
    mask = square_hole()
    mask[..., 200:230, 20:236] = 1
    chequers = ((torch.arange(SIDE)[:, None] // 2 + torch.arange(SIDE) // 2) % 2 - 0.5).expand(1, 3, SIDE, SIDE)
    plain = filled(torch.zeros(1, 3, SIDE, SIDE), mask, chequers)
    assert plain[DEEP].std() > 0.4
    assert copy_patches(plain, mask)[DEEP].std() < 0.01


@pytest.mark.parametrize(
    "mask",
    [square_hole(100, 108), square_hole(8, 248), torch.zeros(1, 1, SIDE, SIDE), torch.ones(1, 1, SIDE, SIDE)],
    ids=["thin", "little is known", "no hole", "nothing is known"],
)
def test_thin_holes_and_holes_with_few_known_pixels_keep_their_fill(mask):
    picture = filled(noise(), mask)
    assert torch.equal(add_texture(picture, mask), picture)


def test_small_and_elongated_crops_are_accepted():
    for height, width in ((16, 16), (16, 320), (64, 48)):
        mask = torch.zeros(1, 1, height, width)
        mask[..., 2:-2, width // 3 : width // 3 + 14] = 1
        picture = torch.rand(1, 3, height, width) * 2 - 1
        result = add_texture(picture, mask)
        assert result.shape == picture.shape
        assert result.isfinite().all()
        assert result.abs().max() <= 1
