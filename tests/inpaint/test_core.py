"""What the core packages do alone: no fill, command or search for damage needs PyTorch, SciPy or the Hub's library."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.inpaint.synthesis.photos import with_hole

ROOT = Path(__file__).parents[2]
BLOCK = """
import sys
for name in ("torch", "scipy", "onnx", "onnxruntime", "huggingface_hub", "httpx2", "cv2", "matplotlib"):
    sys.modules[name] = None  # importing it raises an error
"""


def run(code, *arguments):
    command = [sys.executable, "-W", "error", "-c", BLOCK + code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def pixels_of(path):
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def files(tmp_path):
    """A photo with a thick and a thin hole, and the names of photo, mask and result."""
    photo, hole = with_hole(200, 260, 60, 60, 130, 150)
    hole[10:13, 20:240] = True
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(hole).save(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png", tmp_path / "result.png"


@pytest.mark.parametrize("numba", ["", "sys.modules['numba'] = None\n"], ids=["with numba", "without numba"])
def test_the_command_line_fills_thick_and_thin_holes(files, numba):
    pytest.importorskip("openvino")
    photo, mask, result = files
    run(f"{numba}from inpaint.__main__ import main; sys.exit(main(sys.argv[1:]))", photo, mask, "-o", result)
    before, hole, after = map(pixels_of, (photo, mask, result))
    assert np.array_equal(before[~hole], after[~hole])
    assert (before[hole] != after[hole]).any(axis=1).mean() > 0.9


@pytest.mark.parametrize("numba", ["", "sys.modules['numba'] = None\n"], ids=["with numba", "without numba"])
def test_the_command_line_finds_damage_and_restores_tones(files, numba):
    pytest.importorskip("openvino")
    photo, _, result = files
    code = f"{numba}from inpaint.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run(code, photo, "--find-damage", "--restore-tone", "-o", result)
    with Image.open(result) as restored, Image.open(photo) as before:
        assert restored.size == before.size


@pytest.mark.parametrize(("suffix", "expected"), [("jpg", ["import_numba"]), ("png", [])])
def test_numba_is_imported_for_edited_jpegs_beside_their_fill_and_not_for_a_small_hole_of_a_png(
    tmp_path, suffix, expected
):
    pytest.importorskip("openvino")
    pixels, hole = np.full((96, 96, 3), 90, np.uint8), np.zeros((96, 96), bool)
    hole[30:33, 20:60] = True
    pixels[hole] = 255
    Image.fromarray(pixels).save(tmp_path / f"photo.{suffix}")
    Image.fromarray(hole).save(tmp_path / "mask.png")
    code = """
import threading
from inpaint.__main__ import main
threads = []
class Watch:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "numba":
            threads.append(threading.current_thread().name)
sys.meta_path.insert(0, Watch)
main(sys.argv[1:])
print(threads)
"""
    result = tmp_path / f"result.{suffix}"
    done = run(code, tmp_path / f"photo.{suffix}", tmp_path / "mask.png", "-o", result)
    assert done.stdout.splitlines()[-1] == str(expected)
    assert pixels_of(result)[hole].max() < 120


def test_strokes_can_be_painted_undone_and_filled_differently(files):
    pytest.importorskip("openvino")
    code = """
from inpaint import Inpainter
session = Inpainter.from_pretrained(device="cpu").open(sys.argv[1])
assert session.stroke([[60, 60], [140, 120]], 40)
assert session.another_fill()
assert session.undo() and session.undo() and not session.painted
"""
    run(code, files[0])
