"""Scans with an infrared channel, from the file to the restored file."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from inpaint.__main__ import main
from inpaint.damage import DamageFinder
from inpaint.inpainter import Inpainter
from tests.inpaint.mean_generator import MeanGenerator
from train.damage.scores import count_pixels

from .scans import small_scan, write_rgbi, write_two_pages


@pytest.fixture
def network_calls(monkeypatch):
    """The number of times that the damage network was asked; it finds nothing."""
    calls = []

    def nothing(self, pixels, **settings):
        calls.append(1)
        return np.zeros(pixels.shape[:2], bool), np.zeros(pixels.shape[:2], np.float32)

    monkeypatch.setattr(DamageFinder, "find_damage", nothing)
    return calls


@pytest.mark.parametrize("write", [write_rgbi, write_two_pages])
def test_a_scan_is_restored_by_its_infrared_channel_which_stays(write, tmp_path, capsys, network_calls):
    scan = small_scan(0)
    path, out = write(tmp_path / "scan.tif", scan), tmp_path / "out.tif"
    assert main([str(path), "--find-damage", "-o", str(out)]) == 0
    assert "its damage was found in the scan's infrared channel" in capsys.readouterr().err
    assert not network_calls
    with tifffile.TiffFile(path) as before, tifffile.TiffFile(out) as after:
        pages = [(one.asarray(), other.asarray()) for one, other in zip(before.pages, after.pages, strict=True)]
    infrared = [page[..., -1] if page.ndim == 3 else page for page in pages[-1]]
    assert np.array_equal(*infrared)
    restored = pages[0][1][..., :3].astype(float)
    error, earlier = (np.abs(colour - scan.clean)[scan.damaged].mean() for colour in (restored, scan.colour))
    assert error < 0.5 * earlier


def test_only_the_mask_is_written_on_request(tmp_path, network_calls):
    scan = small_scan(1)
    write_rgbi(tmp_path / "scan.tif", scan)
    assert main([str(tmp_path / "scan.tif"), "--find-damage", "--mask-only", "-o", str(tmp_path / "mask.png")]) == 0
    mask = np.asarray(Image.open(tmp_path / "mask.png").convert("L")) > 0
    assert count_pixels(mask, scan.damaged).f1 > 0.9


def test_the_network_searches_where_the_channel_shows_the_picture(tmp_path, capsys, network_calls):
    write_rgbi(tmp_path / "scan.tif", small_scan(2, film="silver"))
    assert main([str(tmp_path / "scan.tif"), "--find-damage", "-o", str(tmp_path / "out.tif")]) == 0
    assert "shows the picture itself, as that of silver" in capsys.readouterr().err
    assert network_calls == [1]


def test_a_channel_is_used_from_python_too(tmp_path, network_calls):
    scan = small_scan(3)
    write_two_pages(tmp_path / "scan.tif", scan)
    found = Inpainter(MeanGenerator(), device="cpu").find_damage(tmp_path / "scan.tif")
    assert found.info["notes"] == ("its damage was found in the scan's infrared channel",)
    assert count_pixels(np.asarray(found) > 0, scan.damaged).f1 > 0.9
    assert not network_calls
