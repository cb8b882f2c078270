"""What the README says must be so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FRONT_MATTER = yaml.safe_load(README.split("---\n")[1])
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def test_the_front_matter_makes_a_valid_space():
    assert FRONT_MATTER["sdk"] == "gradio"
    assert FRONT_MATTER["app_file"] == "app.py"
    assert len(FRONT_MATTER["short_description"]) <= 60
    assert {FRONT_MATTER["colorFrom"], FRONT_MATTER["colorTo"]} <= COLOURS
    assert FRONT_MATTER["license"] == "apache-2.0"
    assert FRONT_MATTER["models"]
    major, minor = map(int, FRONT_MATTER["python_version"].split("."))
    assert (major, minor) >= (3, 11)


def test_the_pinned_gradio_is_one_that_the_requirements_allow():
    requirement = next(
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("gradio")
    )
    low = tuple(map(int, re.search(r">=([\d.]+)", requirement)[1].split(".")))
    high = int(re.search(r"<(\d+)", requirement)[1])
    pinned = tuple(map(int, FRONT_MATTER["sdk_version"].split(".")))
    assert low <= pinned[: len(low)]
    assert pinned[0] < high


def test_the_first_commands_start_the_page_and_run_the_tests():
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)[1]
    assert [line.split("#")[0].strip() for line in first.strip().splitlines()] == ["make app", "make test"]
    for target in ("app", "test"):
        plan = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert "requirements.txt" in plan or (ROOT / ".venv/.app").exists()
        assert {"app": "app.py", "test": "-m pytest"}[target] in plan


def test_the_help_in_the_readme_is_the_help_of_the_command():
    shown = re.search(r"```text\n(usage: python -m inpaint.*?)```", README, re.DOTALL)[1]
    environment = os.environ | {"COLUMNS": "100"}
    command = [sys.executable, "-m", "inpaint", "--help"]
    real = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert "".join(shown.split()) == "".join(real.split())  # line breaks differ between Python versions


def test_every_file_that_the_readme_names_exists():
    named = set(re.findall(r"`((?:inpaint|train|page|docs|tests)/[\w/]*\.\w+|app\.py)`", README))
    named |= {link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link}
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_module_is_found_through_the_readme():
    table = README.split("## Where things are")[1].split("\n## ")[0]
    for package in ("inpaint", "train"):
        modules = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__", "__main__"}
        assert [name for name in modules if f"{name}.py" not in table] == []


def test_the_python_example_runs(tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    from PIL import Image

    code = re.search(r"```python\n(from inpaint import.*?)```", README, re.DOTALL)[1]
    Image.new("RGB", (70, 50), (200, 30, 30)).save(tmp_path / "photo.jpg")
    mask = Image.new("L", (70, 50))
    mask.paste(255, (20, 20, 40, 30))
    mask.save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    with Image.open(tmp_path / "filled.png") as filled:
        assert filled.size == (70, 50)
        red, green, _ = filled.convert("RGB").getpixel((30, 25))
    assert red > 150 > 100 > green
