"""Windows of a bank of masks on the device."""

import numpy as np
import torch

from train.data.device.bank import draw_bank
from train.data.device.masks import RANDOM_NUMBERS, DeviceMasks
from train.data.samples import MAX_COVERAGE, MaskBank, random_mask
from train.data_config import DataConfig, MaskConfig

CPU = torch.device("cpu")


def windows_of(masks, count, resolution):
    uniform = torch.rand(count, RANDOM_NUMBERS, generator=torch.Generator().manual_seed(2))
    return DeviceMasks(masks, CPU, 0).windows(uniform, resolution)


def test_windows_are_parts_of_the_masks_in_all_orientations_and_show_a_hole():
    mask = np.zeros((41, 41), dtype=bool)
    mask[3:9, 30:34], mask[9, 30], mask[25:27, 5:20] = True, True, True
    parts = {
        orient(mask[top : top + 16, left : left + 16]).tobytes(): number
        for top in range(26)
        for left in range(26)
        for number, orient in enumerate(
            [
                *(lambda m, k=k: np.ascontiguousarray(np.rot90(m, k)) for k in range(4)),
                *(lambda m, k=k: np.ascontiguousarray(np.rot90(m, k)[:, ::-1]) for k in range(4)),
            ]
        )
    }
    windows = windows_of([mask], 300, 16)
    assert windows.shape == (300, 1, 16, 16) and windows.dtype == torch.uint8
    assert windows.amax((1, 2, 3)).min() == 1 and windows.max() == 1
    seen = {parts[window[0].numpy().astype(bool).tobytes()] for window in windows}  # a KeyError: no part of the mask
    assert len(seen) == 8


def test_a_mask_as_large_as_the_window_is_shown_whole():
    mask = np.random.default_rng(0).random((24, 24)) < 0.3
    assert (windows_of([mask], 20, 24).sum((1, 2, 3)) == mask.sum()).all()


def test_windows_are_chosen_as_in_the_stream():
    narrow = np.zeros((64, 64), dtype=bool)
    narrow[:, :14] = True  # about 6 % of the choices find no window with little hole
    config = DataConfig(resolution=16, masks=MaskConfig(strokes=1, bank=1))
    bank = MaskBank(config, None, 0)
    bank._masks[0] = 64, np.packbits(narrow)
    rng = np.random.default_rng(0)
    expected = np.array([random_mask(config, rng, None, bank).mean() for _ in range(1500)])
    coverage = windows_of([narrow], 1500, 16).float().mean((1, 2, 3)).numpy()
    assert abs((coverage <= MAX_COVERAGE).mean() - (expected <= MAX_COVERAGE).mean()) < 0.04
    assert abs(coverage.mean() - expected.mean()) < 0.03
    full = np.ones((64, 64), dtype=bool)
    assert (windows_of([full], 5, 16) == 1).all()


def test_masks_of_several_sizes_are_read_from_where_they_lie():
    masks = [np.zeros((side, side), dtype=bool) for side in (17, 20, 33)]
    for number, mask in enumerate(masks):
        mask[: number + 1, :1] = True
    sums = windows_of(masks, 200, 16).sum((1, 2, 3)).unique().tolist()
    assert set(sums) <= {1, 2, 3} and {1, 2} <= set(sums)


def test_the_bank_holds_the_masks_of_the_streams_bank():
    config = DataConfig(resolution=32, masks=MaskConfig(strokes=1, zoom=2, bank=3))
    drawn, bank = draw_bank(config, None, 7), MaskBank(config, None, 7)
    rng = np.random.default_rng(0)
    for _ in range(10):
        mask = bank.sample(rng)
        assert any(mask.shape == other.shape and mask.sum() == other.sum() for other in drawn)
