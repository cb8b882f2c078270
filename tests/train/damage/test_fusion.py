"""The training of the network that decides from logits."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.damage import BUNDLED_FUSION, DamageFinder, load_damage_fusion, load_damage_network
from inpaint.networks.config import DamageFusionConfig
from inpaint.networks.errors import WeightsError
from inpaint.segmentation.scales import SmallPhoto
from train.damage.degradation.degrade import IGNORE_INDEX
from train.damage.evaluate import scratched_photo
from train.damage.fusion import samples
from train.damage.fusion.__main__ import main
from train.damage.fusion.samples import Sample, Scan, made_scan, read_sample, write_samples
from train.damage.fusion.training import fusion_loss, train_fusion

from .opacity_maps import map_of_line


def photo(side=300):
    return Image.fromarray(scratched_photo(side, side, 0))


def test_scans_are_photos_overlaid_photos_degraded_crops_and_drawings(monkeypatch):
    rng, maps = np.random.default_rng(0), {"lines": [map_of_line()]}
    scans = [made_scan(photo(700), rng, maps) for _ in range(30)]
    assert all(scan.pixels.shape[:2] == scan.target.shape and scan.target.dtype == np.uint8 for scan in scans)
    untouched = np.asarray(photo(700).resize((512, 512), Image.Resampling.LANCZOS))
    as_it_is = [np.array_equal(scan.pixels, untouched) for scan in scans]
    assert 2 <= sum(as_it_is) <= 14
    assert not any(scan.target.any() for scan, same in zip(scans, as_it_is, strict=True) if same)
    assert 10 < sum((scan.target == 1).any() for scan in scans) < 27
    assert {scan.target.shape[0] for scan in scans} >= {512, 320}
    monkeypatch.setattr(samples, "OVERLAY_SHARE", 1.0)
    overlaid = [made_scan(photo(), rng, maps) for _ in range(8)]
    assert max((scan.target == 1).mean() for scan in overlaid) < 0.05  # lines alone
    without = made_scan(photo(), np.random.default_rng(5))
    assert np.array_equal(without.pixels, made_scan(photo(), np.random.default_rng(5)).pixels)


def brightness(pixels):
    return pixels[..., 0].astype(np.float32) / 16 - 8


def test_samples_are_read_as_they_were_written(tmp_path):
    target = np.zeros((80, 101), np.uint8)
    target[10:20] = IGNORE_INDEX
    pixels = scratched_photo(101, 80, 2)
    (path,) = write_samples(tmp_path, [Scan(pixels, target)], brightness)
    sample = read_sample(path)
    assert np.array_equal(sample.photo.pixels, pixels) and np.array_equal(sample.target, target)
    assert np.allclose(sample.photo.alone, brightness(pixels), atol=0.01)
    assert sample.photo.of_half.shape == (40, 50) and sample.photo.of_double.shape == (80, 101)


def test_a_mirror_image_is_one_of_everything():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (8, 7, 3), np.uint8)
    logits = [rng.normal(0, 1, shape).astype(np.float32) for shape in ((8, 7), (8, 7), (4, 4))]
    sample = Sample(SmallPhoto(pixels, *logits), rng.integers(0, 2, (8, 7), np.uint8))
    same = sample.mirrored(rows=False, columns=True)  # 7 is odd: the half would not be mirrored
    assert np.array_equal(same.target, sample.target) and np.array_equal(same.photo.of_half, sample.photo.of_half)
    mirrored = sample.mirrored(rows=True, columns=True)
    assert np.array_equal(mirrored.target, sample.target[::-1])
    assert all(np.array_equal(a, b[::-1]) for a, b in zip(mirrored.photo, sample.photo, strict=True))


def test_what_is_wrong_costs_and_rims_cost_little():
    target = torch.zeros(1, 1, 40, 40)
    target[..., 18:22, 5:35] = 1
    right = torch.where(target > 0, 6.0, -6.0)

    def loss(values, truth=target):
        return float(fusion_loss(values, truth))

    shifted = torch.roll(right, 1, 2)
    elsewhere = torch.roll(right, 12, 2)
    assert loss(right) < loss(shifted) < 0.3 * loss(elsewhere)
    marked = right.clone()
    marked[..., 2:6, 5:35] = 6.0
    unknown = target.clone()
    unknown[..., 2:6, 5:35] = IGNORE_INDEX
    assert loss(marked) > 2 * loss(right) and loss(marked, unknown) == pytest.approx(loss(right), rel=0.05)
    nothing = torch.zeros_like(target)
    assert loss(torch.full_like(target, -6.0), nothing) < loss(right, nothing)


def test_training_learns_what_the_mean_does_not_know(tmp_path):
    """The target is what the double sees, while the logits of the photo itself are the same everywhere."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[20:40, 8:56] = 255

    def of_double(values):
        return brightness(values) / 2 if values.shape[0] == 128 else np.full(values.shape[:2], -8, np.float32)

    scans = [Scan(np.roll(pixels, shift, 0), np.roll(pixels[..., 0] // 255, shift, 0)) for shift in range(0, 24, 3)]
    files = list(write_samples(tmp_path, scans, of_double))
    losses = []
    network = train_fusion(
        files,
        DamageFusionConfig(channels=6, dilations=(1, 2, 1, 1, 1, 1)),
        samples=320,
        learning_rate=0.02,
        progress=lambda seen, loss: losses.append((seen, loss)),
    )
    assert [seen for seen, _ in losses] == list(range(8, 321, 8))
    assert losses[-1][1] < 0.5 * losses[0][1]
    photo = read_sample(files[0]).photo
    assert photo.mean.max() < 0  # nothing is found without it
    with torch.inference_mode():
        logits = photo.mean + network(torch.from_numpy(photo.fusion_input(photo.mean))[None])[0, 0].numpy()
    assert logits[25:35, 15:50].mean() > logits[45:60, 15:50].mean() + 2


def test_the_command_writes_weights_that_a_finder_takes(tmp_path, capsys):
    photos, output = tmp_path / "photos", tmp_path / "fusion"
    photos.mkdir()
    photo().save(photos / "a.png"), photo(400).save(photos / "b.png")
    arguments = [str(photos), "-o", str(output), "--scans", "3", "--samples", "8", "--channels", "2"]
    assert main([*arguments, "--strength", "0", "--offset", "-30"]) == 0
    assert f"--fusion {output}" in capsys.readouterr().out
    assert load_damage_fusion(output).config == DamageFusionConfig(channels=2)
    scratched = scratched_photo(256, 256, 8)
    assert DamageFinder()(scratched).any() and not DamageFinder(fusion=output)(scratched).any()


def test_another_damage_network_decides_by_the_mean():
    pixels, network = scratched_photo(200, 160, 6), load_damage_network()
    alone, both = (
        DamageFinder(network).probability(pixels),
        DamageFinder(network, fusion=BUNDLED_FUSION).probability(pixels),
    )
    assert not np.array_equal(alone, both)
    np.testing.assert_allclose(both, DamageFinder().probability(pixels), atol=0.2)


@pytest.mark.parametrize(
    ("options", "message"), [(["--channels", "1000"], "channels is 1000"), ([], "cannot be opened")]
)
def test_what_goes_wrong_is_explained(options, message, tmp_path, capsys):
    assert main([str(tmp_path / "nothing"), "-o", str(tmp_path / "out"), *options]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("scans", "0"), ("samples", "7"), ("channels", "0"), ("seed", "-1"), ("seed", "99999999999999999999"),
        ("strength", "nan"), ("offset", "inf"), ("learning-rate", "nan"), ("learning-rate", "-1.0"),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_used_is_refused_at_once(option, value, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["x", "-o", str(tmp_path), f"--{option}", value])
    assert f"--{option} is {value}; it must" in capsys.readouterr().err


def test_photos_that_are_all_too_small_are_refused(tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (5, 5)).save(tmp_path / "photos" / "a.png")
    assert main([str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--scans", "1", "--samples", "8"]) == 1
    assert "can be used: give larger ones" in capsys.readouterr().err


def test_without_openvino_and_onnx_runtime_pytorch_decides(monkeypatch):
    pixels = scratched_photo(200, 160, 6)
    wanted = DamageFinder(load_damage_network(), fusion=BUNDLED_FUSION).probability(pixels)
    for name in ("openvino", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    found = DamageFinder().probability(pixels)
    np.testing.assert_allclose(found, wanted, atol=0.02)
    assert not np.array_equal(found, DamageFinder(load_damage_network()).probability(pixels))


def test_missing_weights_are_noticed_before_the_search(tmp_path):
    finder, done = DamageFinder(fusion=tmp_path / "nothing"), []
    with pytest.raises(WeightsError, match="nothing is not a folder"):
        finder.probability(scratched_photo(64, 64, 1), on_progress=done.append)
    assert not done
