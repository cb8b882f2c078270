"""The wheel: it holds every module and the weights, and fills a photo from where it is unpacked."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PACKAGES = ("inpaint", "train")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of an unpacked wheel, built from a copy of the sources so that nothing is left among them."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_every_module_and_both_networks_weights(unpacked):
    modules = {path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    weights = {path.relative_to(ROOT) for path in (ROOT / "inpaint" / "weights").rglob("*.safetensors")}
    packed = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert len(weights) == 2 and modules | weights <= packed


EXTRAS = ("torch", "scipy", "gradio", "pandas", "datasets", "matplotlib", "tyro", "onnx", "onnxruntime", "pillow_heif")
RUN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({EXTRAS}))
runpy.run_module("inpaint", run_name="__main__", alter_sys=True)
"""


def fill_with_the_core_alone(folder, sources, rows):
    """Fill a hole of some rows with the command line of the package in `sources`, without what the extras install."""
    photo = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    mask[30 : 30 + rows, 20:100] = 255
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(mask).save(folder / "mask.png")
    command = [sys.executable, "-c", RUN, "photo.png", "mask.png", "-o", "filled.png"]
    environment = {**os.environ, "PYTHONPATH": str(sources), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    filled = np.asarray(Image.open(folder / "filled.png"))
    assert np.array_equal(filled[mask == 0], photo[mask == 0])
    assert not np.array_equal(filled[mask > 0], photo[mask > 0])


def test_the_command_line_of_the_wheel_fills_a_photo_with_the_packages_of_the_core_alone(unpacked, tmp_path):
    fill_with_the_core_alone(tmp_path, unpacked, rows=3)


def test_a_thick_hole_is_filled_with_the_packages_of_the_core_alone(tmp_path):
    fill_with_the_core_alone(tmp_path, ROOT, rows=50)  # not in the wheel's folder, where everything would be compiled
