import time

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from train.config import DataConfig, MaskConfig
from train.data.samples import MAX_COVERAGE, MaskBank, make_sample, random_crop, random_hole, to_silhouettes

CONFIG = DataConfig(resolution=32, masks=MaskConfig(strokes=1))


def gradient(width, height):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8))


def test_the_same_seed_gives_the_same_sample_and_another_one_another():
    photo = gradient(100, 80)
    first, again, other = (make_sample(photo, CONFIG, (0, 1, n), None) for n in (5, 5, 6))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (32, 32), (640, 33)])
def test_pictures_of_any_size_become_crops(size):
    image, mask = make_sample(gradient(*size), CONFIG, (0,), None)
    assert image.shape == (3, 32, 32)
    assert image.dtype == np.uint8
    assert mask.shape == (1, 32, 32)
    assert set(np.unique(mask)) == {0, 1}


def test_a_crop_is_a_square_and_not_a_squeezed_picture():
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


def test_zoomed_masks_are_as_thick_as_in_a_larger_photo():
    def mean_thickness(zoom):
        config = DataConfig(resolution=64, masks=MaskConfig(strokes=1, zoom=zoom))
        return np.mean([thickness(random_hole(config, np.random.default_rng(seed), None)) for seed in range(60)])

    assert mean_thickness(4.0) > 1.6 * mean_thickness(1.0)


@pytest.mark.parametrize("family", ["strokes", "scratches", "large"])
def test_zoomed_masks_have_a_hole_and_leave_something_known(family):
    config = DataConfig(resolution=32, masks=MaskConfig(**{family: 1.0}, zoom=4.0))
    shares = [random_hole(config, np.random.default_rng(seed), None).mean() for seed in range(60)]
    assert min(shares) > 0
    assert np.mean(np.array(shares) <= MAX_COVERAGE) > 0.9
    assert max(shares) < 1


def test_a_bank_shows_few_masks_in_many_ways_and_always_the_same_ones():
    config = DataConfig(resolution=32, masks=MaskConfig(strokes=1, bank=3))
    picks = [MaskBank(config, None, 0).pick(np.random.default_rng(n)) for n in range(120)]
    shapes = {mask.tobytes() for mask in picks}
    shares = {float(mask.mean()) for mask in picks}
    assert len(shares) == 3
    assert len(shapes) == 3 * 8
    bank = MaskBank(config, None, 0)
    assert all(np.array_equal(bank.pick(np.random.default_rng(n)), mask) for n, mask in enumerate(picks))
    others = {float(MaskBank(config, None, 1).pick(np.random.default_rng(n)).mean()) for n in range(40)}
    assert not shares & others


def test_a_bank_is_much_faster_than_drawing():
    config = DataConfig(resolution=256, masks=MaskConfig(large=1, zoom=2.5, bank=20))
    bank = MaskBank(config, None, 0)

    def seconds(bank):
        started = time.perf_counter()
        for n in range(100):
            random_hole(config, np.random.default_rng(n), None, bank)
        return time.perf_counter() - started

    seconds(bank)
    assert seconds(bank) < 0.5 * seconds(None)


def test_a_one_bit_silhouette_is_what_is_white():
    inside = np.zeros((40, 60), bool)
    inside[10:30, 5:25] = True
    (shape,) = to_silhouettes(Image.fromarray(inside))
    assert shape.shape == (20, 20)
    assert shape.all()


def test_every_class_of_a_voc_picture_is_a_silhouette_but_background_and_void():
    labels = np.zeros((50, 50, 3), np.uint8)
    labels[:20, :20] = (128, 0, 0)
    labels[30:, 30:40] = (0, 128, 0)
    labels[20:22] = (224, 224, 192)
    shapes = to_silhouettes(Image.fromarray(labels))
    assert sorted(shape.shape for shape in shapes) == [(20, 10), (20, 20)]


def test_grey_labels_are_told_apart_and_255_is_void():
    labels = np.zeros((50, 50), np.uint8)
    labels[:20, :20] = 3
    labels[30:, 30:] = 7
    labels[20:25] = 255
    assert len(to_silhouettes(Image.fromarray(labels))) == 2


def test_a_black_and_white_picture_is_one_silhouette():
    labels = np.zeros((50, 50), np.uint8)
    labels[:20, :30] = 255
    (shape,) = to_silhouettes(Image.fromarray(labels))
    assert shape.shape == (20, 30)


def test_a_crop_takes_at_least_its_share_of_the_short_side():
    for seed in range(10):
        crop = random_crop(gradient(200, 200), 32, 0.9, np.random.default_rng(seed)).astype(int)
        assert np.ptp(crop[..., 0]) > 0.85 * 255


def test_small_pictures_are_enlarged_and_large_ones_never_cropped_below_the_resolution():
    for seed in range(10):
        crop = random_crop(gradient(50, 50), 32, 0.1, np.random.default_rng(seed)).astype(int)
        assert np.ptp(crop[..., 0]) > 0.5 * 255
