"""Without numba, or with one that cannot be imported: fills of the network alone, and one line that says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint import Inpainter
from inpaint.engine import filler
from inpaint.engine.filler import Filler
from inpaint.engine.regions import Box
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.inpaint.mean_generator import in_pytorch
from tests.inpaint.synthesis.photos import with_hole

ROOT = Path(__file__).parents[3]
MISSING = "raise ModuleNotFoundError(\"No module named 'numba'\", name='numba')"
TOO_OLD = "raise ImportError('Numba needs NumPy 2.2 or less. Got NumPy 2.9.\\nAnd more.')"
NO_REASON = "raise AssertionError"


def fills(used, photo, hole):
    """All fills, and the photo with them."""
    found, canvas = list(used.fills(photo, hole)), photo.copy()
    for fill in found:
        fill.draw(canvas, Box(0, 0, hole.shape[1], hole.shape[0]))
    return found, canvas


def test_without_the_kernels_a_thick_hole_gets_the_fill_of_the_network_at_once(monkeypatch):
    photo, hole = with_hole(200, 260, 60, 60, 130, 150)
    default = Filler(in_pytorch(build_generator(FreeFormConfig())))
    drafts, _ = fills(default, photo, hole)
    assert drafts[0].draft
    monkeypatch.setattr(filler, "is_available", lambda: False)
    found, filled = fills(default, photo, hole)
    assert not any(fill.draft for fill in found)
    assert np.array_equal(filled, fills(default.without_synthesis(), photo, hole)[1])


@pytest.fixture
def run(tmp_path, model):
    """A function that fills a photo on the command line, with a numba whose import does what it is told."""

    def run(import_of_numba, photo, hole):
        (tmp_path / "numba.py").write_text(import_of_numba)
        Image.fromarray(photo).save(tmp_path / "photo.png")
        Image.fromarray(hole).save(tmp_path / "mask.png")
        photo_file, mask_file, output = (str(tmp_path / name) for name in ("photo.png", "mask.png", "filled.png"))
        command = [sys.executable, "-m", "inpaint", photo_file, mask_file, "-o", output]
        command += ["--model", model, "--runtime", "pytorch", "--grow-px", "0"]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return np.asarray(Image.open(tmp_path / "filled.png")), done.stderr

    return run


@pytest.mark.parametrize(
    ("import_of_numba", "reason"),
    [
        (MISSING, "numba is not installed"),
        (TOO_OLD, "numba cannot be used (Numba needs NumPy 2.2 or less. Got NumPy 2.9.)"),
        (NO_REASON, "numba cannot be used (AssertionError)"),
    ],
)
def test_the_command_line_fills_a_thick_hole_and_says_in_one_line_what_is_missing(run, model, import_of_numba, reason):
    photo, hole = with_hole(200, 260, 60, 60, 130, 150)
    hole[10:60, 200:250] = True  # a second region: the line comes once
    filled, log = run(import_of_numba, photo, hole)
    assert log == f"{reason}, so fills take longer and thick holes get no texture: run  pip install --upgrade numba\n"
    inpainter = Inpainter.from_pretrained(model, runtime="pytorch")
    expected = inpainter.with_fills(inpainter.filler.without_synthesis().fills)
    difference = np.abs(filled.astype(int) - np.asarray(expected(photo, hole)))
    assert not difference[~hole].any()
    assert difference.mean() < 1  # tiles are others, and low frequencies are rounded otherwise


def test_a_thin_hole_needs_no_numba(run):
    _, log = run("import os; os.write(2, b'imported'); " + NO_REASON, *with_hole(100, 120, 30, 30, 36, 100))
    assert log == ""


def test_the_warm_up_says_what_is_missing(tmp_path):
    (tmp_path / "numba.py").write_text(MISSING)
    command = [sys.executable, "-m", "inpaint.warm_up"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    code = "import json; from inpaint.warm_up import *; start_warm_up().join(); print(json.dumps('ended'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert json.loads(done.stdout) == "ended" and done.stderr.count("\n") == 1
