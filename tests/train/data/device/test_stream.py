"""The stream of batches that are made on a device."""

import itertools
import os

import numpy as np
import pytest
import torch

from train.data.device import bank
from train.data.device.stream import DeviceStream, open_device_stream
from train.data.order import Position
from train.data_config import DataConfig, MaskConfig

CONFIG = DataConfig(resolution=32, batch_size=4, on_device=True, masks=MaskConfig(strokes=1, zoom=1.5, bank=6))


def pictures(count=7):
    """Pictures of one colour each, which tells their number."""
    return [np.full((40, 48 + number, 3), 10 * number, np.uint8) for number in range(count)]


def stream(config=CONFIG, **options):
    return DeviceStream(config, 3, pictures(), torch.device("cpu"), **options)


def numbers(batch):
    return (batch.image[:, 0, 0, 0] // 10).tolist()


def test_an_epoch_shows_each_picture_once_in_an_order_of_its_own():
    seen = list(itertools.chain.from_iterable(numbers(batch) for batch in itertools.islice(stream(), 7)))
    epochs = [seen[start : start + 7] for start in range(0, 28, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_rows_may_show_a_picture_several_times():
    seen = [numbers(batch) for batch in itertools.islice(stream(rows=[0, 0, 0, 5]), 3)]
    assert all(sorted(batch) == [0, 0, 0, 5] for batch in seen)


def test_a_stream_resumes_at_any_batch():
    config = DataConfig(**{**CONFIG.__dict__, "colour_jitter": 0.5, "jpeg_jitter": 0.5})
    whole = list(itertools.islice(stream(config), 6))
    resumed = list(itertools.islice(stream(config, start=whole[2].position), 3))
    for batch, other in zip(whole[3:], resumed, strict=True):
        assert torch.equal(batch.image, other.image) and torch.equal(batch.mask, other.mask)
        assert batch.position == other.position


def test_a_position_beyond_the_present_pictures_is_the_start_of_the_next_epoch():
    resumed, fresh = stream(start=Position(2, 20)), stream(start=Position(3, 0))
    assert numbers(resumed.next_batch()) == numbers(fresh.next_batch())


def test_processes_share_the_samples_of_a_batch():
    whole = stream().next_batch()
    parts = [stream(rank=rank, world_size=2).next_batch() for rank in range(2)]
    assert torch.equal(torch.stack([part.image for part in parts], 1).flatten(0, 1), whole.image)
    assert torch.equal(torch.stack([part.mask for part in parts], 1).flatten(0, 1), whole.mask)
    with pytest.raises(ValueError, match="try 3"):
        stream(world_size=3)


def test_half_of_the_crops_are_flipped():
    ramp = [np.tile(np.arange(40, dtype=np.uint8)[None, :, None], (40, 1, 3))]
    batches = itertools.islice(DeviceStream(CONFIG, 3, ramp, torch.device("cpu")), 50)
    flipped = torch.cat([batch.image[:, 0, 0, 0] > batch.image[:, 0, 0, -1] for batch in batches])
    assert 0.35 < flipped.float().mean() < 0.65


def test_photos_of_a_dataset_are_decoded_once_and_shown_as_often_as_named(photos):
    config = DataConfig(**{**CONFIG.__dict__, "dataset": (photos, photos), "cache_side": 48})
    opened = open_device_stream(config, 0, torch.device("cpu"))
    assert opened.rows_per_epoch == 48 and opened.skipped == 0
    batch = opened.next_batch()
    assert batch.image.shape == (4, 3, 32, 32) and batch.image.dtype == torch.uint8
    assert batch.mask.shape == (4, 1, 32, 32) and batch.image.float().std() > 5


@pytest.mark.slow
def test_a_large_bank_is_drawn_by_several_processes(monkeypatch):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    config = DataConfig(**{**CONFIG.__dict__, "masks": MaskConfig(blocks=1, bank=40)})
    here = bank.draw_bank(config, None, 1)
    monkeypatch.setattr(bank, "DRAWN_HERE", 10)
    assert all(map(np.array_equal, bank.draw_bank(config, None, 1), here))
