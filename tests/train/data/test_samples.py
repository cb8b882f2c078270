"""Training samples: crops, masks, mask banks, silhouettes."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from train.data import samples
from train.data.samples import MAX_COVERAGE, MaskBank, extract_silhouettes, make_sample, random_crop, random_mask
from train.data_config import DataConfig, MaskConfig
from train.masks.families import sample_mask

CONFIG = DataConfig(resolution=32, masks=MaskConfig(strokes=1))


def gradient(width, height):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8))


def test_a_sample_is_a_function_of_photo_and_seed():
    photo = gradient(100, 80)
    first, again, other = (make_sample(photo, CONFIG, (0, 1, n), None) for n in (5, 5, 6))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (32, 32), (640, 33)])
def test_photos_of_any_size_become_crops(size):
    image, mask = make_sample(gradient(*size), CONFIG, (0,), None)
    assert image.shape == (3, 32, 32)
    assert image.dtype == np.uint8
    assert mask.shape == (1, 32, 32)
    assert set(np.unique(mask)) == {0, 1}


def test_a_crop_keeps_the_aspect_ratio():
    # red rises by 255 over 400 px, green by 255 over 100 px: a square crop shows red four times flatter
    for seed in range(5):
        crop = random_crop(gradient(400, 100), 64, 0.9, np.random.default_rng(seed)).astype(float)
        red, green = np.ptp(crop[..., 0]), np.ptp(crop[..., 1])
        assert green / red == pytest.approx(4, rel=0.1)


def test_half_of_the_crops_are_mirrored():
    photo = gradient(32, 32)
    rising = [make_sample(photo, CONFIG, (0, n), None)[0][0, 0, -1] > 128 for n in range(40)]
    assert 8 < sum(rising) < 32
    still = DataConfig(resolution=32, flip=False, masks=MaskConfig(strokes=1))
    assert all(make_sample(photo, still, (0, n), None)[0][0, 0, -1] > 128 for n in range(10))


def thickness(mask):
    return 2 * ndimage.distance_transform_edt(mask).max()


def test_zoom_makes_holes_thicker():
    def mean_thickness(zoom):
        config = DataConfig(resolution=64, masks=MaskConfig(strokes=1, zoom=zoom))
        return np.mean([thickness(random_mask(config, np.random.default_rng(seed), None)) for seed in range(60)])

    assert mean_thickness(4.0) > 1.6 * mean_thickness(1.0)


@pytest.mark.parametrize("family", ["strokes", "scratches", "large"])
def test_zoomed_masks_have_hole_and_known_pixels(family):
    config = DataConfig(resolution=32, masks=MaskConfig(**{family: 1.0}, zoom=4.0))
    shares = [random_mask(config, np.random.default_rng(seed), None).mean() for seed in range(60)]
    assert min(shares) > 0
    assert np.mean(np.array(shares) <= MAX_COVERAGE) > 0.9
    assert max(shares) < 1


def test_a_bank_has_a_fixed_number_of_masks_in_eight_orientations():
    config = DataConfig(resolution=32, masks=MaskConfig(strokes=1, bank=3))
    masks = [MaskBank(config, None, 0).sample(np.random.default_rng(n)) for n in range(120)]
    orientations = {mask.tobytes() for mask in masks}
    shares = {float(mask.mean()) for mask in masks}
    assert len(shares) == 3
    assert len(orientations) == 3 * 8
    bank = MaskBank(config, None, 0)
    assert all(np.array_equal(bank.sample(np.random.default_rng(n)), mask) for n, mask in enumerate(masks))
    others = {float(MaskBank(config, None, 1).sample(np.random.default_rng(n)).mean()) for n in range(40)}
    assert not shares & others


def test_a_bank_draws_each_mask_once(monkeypatch):
    drawn = []
    monkeypatch.setattr(samples, "sample_mask", lambda *args: drawn.append(args) or sample_mask(*args))
    config = DataConfig(resolution=32, masks=MaskConfig(large=1, zoom=2.5, bank=20))
    bank = MaskBank(config, None, 0)
    for n in range(300):
        random_mask(config, np.random.default_rng(n), None, bank)
    assert len(drawn) == 20


def test_white_is_inside_a_one_bit_silhouette():
    inside = np.zeros((40, 60), bool)
    inside[10:30, 5:25] = True
    (silhouette,) = extract_silhouettes(Image.fromarray(inside))
    assert silhouette.shape == (20, 20)
    assert silhouette.all()


def test_every_class_of_a_voc_map_but_background_and_void_is_a_silhouette():
    labels = np.zeros((50, 50, 3), np.uint8)
    labels[:20, :20] = (128, 0, 0)
    labels[30:, 30:40] = (0, 128, 0)
    labels[20:22] = (224, 224, 192)
    silhouettes = extract_silhouettes(Image.fromarray(labels))
    assert sorted(silhouette.shape for silhouette in silhouettes) == [(20, 10), (20, 20)]


def test_each_greyscale_label_is_a_silhouette_and_255_is_void():
    labels = np.zeros((50, 50), np.uint8)
    labels[:20, :20] = 3
    labels[30:, 30:] = 7
    labels[20:25] = 255
    assert len(extract_silhouettes(Image.fromarray(labels))) == 2


def test_a_black_and_white_map_is_one_silhouette():
    labels = np.zeros((50, 50), np.uint8)
    labels[:20, :30] = 255
    (silhouette,) = extract_silhouettes(Image.fromarray(labels))
    assert silhouette.shape == (20, 30)


def test_a_crop_covers_at_least_min_scale_of_the_short_side():
    for seed in range(10):
        crop = random_crop(gradient(200, 200), 32, 0.9, np.random.default_rng(seed)).astype(int)
        assert np.ptp(crop[..., 0]) > 0.85 * 255


def test_crops_are_not_smaller_than_the_resolution_where_the_photo_is_large_enough():
    for seed in range(10):
        crop = random_crop(gradient(50, 50), 32, 0.1, np.random.default_rng(seed)).astype(int)
        assert np.ptp(crop[..., 0]) > 0.5 * 255
