"""The entry point: which weights the page uses, and what it imports."""

import subprocess
import sys
from pathlib import Path

import pytest

import app
from inpaint import FreeFormConfig
from inpaint.hub import weights
from inpaint.networks.generators import build_generator


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Bundled weights of an untrained generator."""
    weights.save_generator(build_generator(FreeFormConfig()), tmp_path / "bundled")
    monkeypatch.setattr(weights, "BUNDLED", tmp_path / "bundled")


def test_without_model_id_the_bundled_weights_are_used(bundled):
    inpainter, notice = app.load_inpainter(None, None)
    assert inpainter.source == "bundled" and notice == ""


def test_a_model_that_cannot_be_loaded_is_replaced_by_the_bundled_one_and_the_reason_is_returned(bundled, tmp_path):
    inpainter, notice = app.load_inpainter(str(tmp_path / "nowhere"), None)
    assert inpainter.source == "bundled" and "nowhere" in notice and "folder" in notice


def test_the_reason_that_visitors_read_names_no_path_of_the_server(bundled, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    for folder in (tmp_path / "nowhere", tmp_path / "mine"):
        _, notice = app.load_inpainter(str(folder), None)
        assert folder.name in notice and str(tmp_path) not in notice


def test_the_page_imports_no_torch_and_nothing_else_that_only_training_needs():
    names = ("torch", "torchvision", "scipy", "datasets", "matplotlib", "pandas")
    code = f"import sys, app; app.load_inpainter(None, None); print([name for name in {names} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=Path(app.__file__).parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
