"""The wheel: it is installed in an environment of its own, and its console command fills, restores and serves there."""

import email
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi
from PIL import Image

import inpaint
from hatch_build import pypi_text
from inpaint.console import COMMANDS
from tests.hub import Hub, User
from tests.hub.client import Client
from tests.hub.seeds import seed_pictures
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
PACKAGES = ("inpaint", "page", "train")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources so that nothing is left among them."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "app.py", "requirements.txt", ".gitignore")
    for name in files:
        shutil.copy(ROOT / name, source / name)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def unpacked(wheel):
    """The folder of the unpacked wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(wheel.parent / "site")
    return wheel.parent / "site"


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The folder of the programs of a new environment, with the wheel and, from this one, what the wheel depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder), "installed_base": sys.base_prefix}
    site = Path(sysconfig.get_path("purelib", "venv" if "venv" in sysconfig.get_scheme_names() else None, paths))
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    programs = Path(sysconfig.get_path("scripts", "venv" if "venv" in sysconfig.get_scheme_names() else None, paths))
    python = programs / Path(sys.executable).name
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    return programs


def run_command(environment, folder, *arguments):
    """Run the console command in a folder, with none of this process's paths."""
    command = [environment / "inpaint-photos", *arguments]
    return subprocess.run(command, cwd=folder, env=plain_environment(), capture_output=True, text=True, check=False)


def plain_environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GRADIO", "COV"))}
    return kept | variables


def test_the_cards_of_all_weights_are_among_the_licences(unpacked):
    (licences,) = unpacked.glob("*.dist-info/licenses")
    cards = {card.relative_to(ROOT) for card in (ROOT / "inpaint" / "weights").rglob("README.md")}
    assert len(cards) > 3
    assert {card.relative_to(licences) for card in licences.rglob("README.md")} == cards


def test_the_wheel_holds_every_file_of_the_packages_under_one_name(unpacked):
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", *PACKAGES, "app.py"], capture_output=True, text=True, check=True
    )
    wanted = {
        Path(name) if name.startswith("inpaint/") else Path("inpaint/programs", name)
        for name in tracked.stdout.splitlines()
        if (ROOT / name).exists()
    }
    packed = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert wanted <= packed
    assert {path.parts[0] for path in packed if not path.parts[0].endswith(".dist-info")} == {"inpaint"}


RELATIVE = r"""\]\((?!https?://)|\b(?:src|srcset|href)=["'](?!https?://)|^\[[^\]]+\]: (?!https?://)"""
"""Markdown and HTML with a target in the repository."""


def test_the_page_of_the_package_has_no_front_matter_and_no_link_that_leads_nowhere_from_there(unpacked):
    (metadata,) = unpacked.glob("*.dist-info/METADATA")
    message = email.message_from_string(metadata.read_text(encoding="utf-8"))
    assert message["Description-Content-Type"] == "text/markdown"
    text = message.get_payload()
    assert text.startswith("# Inpaint\n") and "## Use it in Python" in text
    assert not re.findall(RELATIVE, text, re.MULTILINE)
    assert not any("pypi.org" in url for url in message.get_all("Project-URL", []))


README = """---
title: Inpaint
---

# Inpaint

[Formats](docs/formats.md#jpeg), [licences](#licences), [pip](https://pip.pypa.io/), ![a chart](docs/a.png)

<picture>
  <source srcset="docs/a.webp">
  <img src="docs/a.jpg" alt="a">
</picture>

*A picture. [How](docs/how.md).*

```sh
echo [x](y)
```
"""


def test_without_a_public_repository_links_are_names_of_files_and_pictures_are_left_out():
    assert pypi_text(README, "") == (
        "# Inpaint\n\nFormats (`docs/formats.md`), licences, [pip](https://pip.pypa.io/), \n\n```sh\necho [x](y)\n```\n"
    )


@pytest.mark.parametrize(
    ("repository", "raw"),
    [("https://github.com/me/inpaint", "raw"), ("https://huggingface.co/spaces/me/inpaint/", "resolve")],
)
def test_links_lead_to_the_public_repository(repository, raw):
    text, base = pypi_text(README, repository), repository.rstrip("/")
    links = ("docs/formats.md#jpeg", "README.md#licences", "docs/how.md")
    assert [f"({base}/blob/main/{link})" in text for link in links] == [True] * 3
    assert f"![a chart]({base}/{raw}/main/docs/a.png)" in text and f'src="{base}/{raw}/main/docs/a.jpg"' in text
    assert f'srcset="{base}/{raw}/main/docs/a.webp"' in text and "echo [x](y)" in text
    assert not re.findall(RELATIVE, text.replace("echo [x](y)", ""), re.MULTILINE)


def test_the_version_is_that_of_the_import(wheel):
    assert wheel.name == f"inpaint_photos-{inpaint.__version__}-py3-none-any.whl"


def test_every_extra_that_a_command_names_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {command.extra for command in COMMANDS.values()} - {""} <= set(extras)


def test_the_installed_command_fills_a_photo_and_restores_another(environment, tmp_path):
    photo, mask = write_photo_and_mask(tmp_path, rows=3)
    filled = run_command(environment, tmp_path, "fill", "photo.png", "mask.png", "-o", "filled.png")
    assert filled.returncode == 0, filled.stderr
    with Image.open(tmp_path / "filled.png") as file:
        result = np.asarray(file)
    assert np.array_equal(result[mask == 0], photo[mask == 0]) and not np.array_equal(result, photo)
    restored = run_command(environment, tmp_path, "restore", "photo.png", "--mask-only", "-o", "found.png")
    assert restored.returncode == 0, restored.stderr
    with Image.open(tmp_path / "found.png") as found:
        assert found.size == (160, 120)


def test_other_peoples_modules_named_train_page_and_app_are_left_alone(environment, tmp_path):
    for name in ("train", "page", "app"):
        (tmp_path / f"{name}.py").write_text("NAME = 'theirs'")
    code = "import app, inpaint, page, train; print(app.NAME, page.NAME, train.NAME, inpaint.__version__)"
    command = [environment / "python", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=plain_environment(), capture_output=True, text=True, check=False)
    assert done.stdout.startswith("theirs theirs theirs "), done.stderr


def test_the_installed_command_names_itself_in_help_texts_of_training_and_jobs(environment, tmp_path):
    helped = run_command(environment, tmp_path, "jobs", "submit", "--help")
    assert helped.returncode == 0 and "usage: inpaint-photos jobs submit" in helped.stdout, helped.stderr
    failed = run_command(environment, tmp_path, "train", "no-such-preset")
    assert failed.returncode == 2 and "inpaint-photos train --help" in failed.stderr, failed.stderr


def test_the_installed_command_submits_a_job_with_its_own_files_and_needs_neither_git_nor_a_space(
    environment, tmp_path
):
    token, repo = "hf_me", "me/weights"
    run = ["tiny", "--data.dataset", "me/photos", "--push-to-hub", repo, "--images", "8", "--data.resolution", "32"]
    command = [environment / "inpaint-photos", "jobs", "submit", "--flavor", "cpu-basic", *run]
    with Hub(users=[User("me", token)]) as hub:
        seed_pictures(hub, "me/photos")
        variables = Client(hub.url, tmp_path / "home", token=token).env | {"PATH": str(environment)}
        del variables["PYTHONPATH"]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        (job,) = hub.jobs.all.values()
        job.process.wait(timeout=120)
        files = HfApi(endpoint=hub.url, token=token).list_repo_files(f"{repo}-checkpoint")
        assert HfApi(endpoint=hub.url, token=token).file_exists(repo, "model.safetensors"), job.log
        assert sorted(path.name for path in (job.folder / "work" / "inpaint-code").iterdir() if path.is_dir()) == [
            "inpaint", "runs", "train"
        ]  # fmt: skip
    assert [name for name in files if name.startswith(f"code/{inpaint.__version__}-")]


def test_a_command_that_does_not_exist_is_answered_with_those_that_do(environment, tmp_path):
    done = run_command(environment, tmp_path, "fil")
    assert done.returncode == 2 and "'fil'" in done.stderr and "fill" in done.stderr


def test_the_installed_command_serves_the_page(environment, tmp_path):
    variables = {
        "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(free_port()), "GRADIO_ANALYTICS_ENABLED": "0"
    }  # fmt: skip
    page = subprocess.Popen(
        [environment / "inpaint-photos", "app"],
        cwd=tmp_path, env=plain_environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        lines = iter(page.stdout.readline, "")
        url = next(line for line in lines if line.startswith("The page is at ")).split()[4].rstrip(";")
        assert b"Inpaint" in urllib.request.urlopen(url, timeout=30).read()
    finally:
        page.send_signal(signal.SIGTERM)
        page.communicate(timeout=30)


EXTRAS = ("torch", "scipy", "gradio", "pandas", "datasets", "matplotlib", "tyro", "onnx", "onnxruntime", "pillow_heif")
RUN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({EXTRAS}))
runpy.run_module("inpaint", run_name="__main__", alter_sys=True)
"""


def write_photo_and_mask(folder, rows):
    """Write a photo of noise and a mask of some rows into a folder, and return both."""
    photo = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    mask = np.zeros((120, 160), np.uint8)
    mask[30 : 30 + rows, 20:100] = 255
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(mask).save(folder / "mask.png")
    return photo, mask


def fill_with_the_core_alone(folder, sources, rows):
    """Fill a hole of some rows with the command line of the package in `sources`, without what the extras install."""
    photo, mask = write_photo_and_mask(folder, rows)
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
