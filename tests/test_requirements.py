"""The package's dependencies and extras, and requirements.txt, which lists what the Space installs."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from inpaint.console import COMMANDS
from train.jobs.packages import TRACKIO

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
IN_REQUIREMENTS = ("page", "formats", "heic", "train", "torch")
DOCKERFILE = (ROOT / "docs" / "docker" / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / "docs" / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
HEAVY = {"torch", "torchvision", "scipy", "gradio", "datasets", "matplotlib", "onnx", "onnxruntime", "pandas"}


def parsed(lines):
    """{name: (extras, range)} of requirements; those of the project's own extras are left out."""
    found = [Requirement(line) for line in lines]
    return {each.name: (each.extras, each.specifier) for each in found if each.name != PROJECT["project"]["name"]}


CORE = parsed(PROJECT["project"]["dependencies"])
REQUIREMENTS = parsed(
    line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
)


def test_requirements_txt_is_the_core_with_the_extras_for_page_formats_heic_training_and_torch():
    together = CORE | {name: each for extra in IN_REQUIREMENTS for name, each in parsed(EXTRAS[extra]).items()}
    assert together == REQUIREMENTS


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_package_has_the_same_range_in_every_extra_and_in_the_groups(extra):
    groups = [line for group in PROJECT["dependency-groups"].values() for line in group if isinstance(line, str)]
    ranges = REQUIREMENTS | parsed(groups)
    for name, wanted in parsed(EXTRAS[extra]).items():
        assert ranges[name] == wanted, name


def test_a_job_installs_the_trackio_of_the_extra():
    assert parsed([TRACKIO]) == parsed(EXTRAS["trackio"])


def test_the_core_is_without_torch_and_what_only_the_page_and_training_need():
    assert not HEAVY & set(CORE)


def test_the_extra_all_has_every_other_one():
    (everything,) = map(Requirement, EXTRAS["all"])
    assert everything.name == PROJECT["project"]["name"]
    assert everything.extras == set(EXTRAS) - {"all"}


def test_the_dockerfile_installs_extras_that_exist_and_starts_a_command_that_exists():
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', DOCKERFILE)
    assert set(extras.split(",")) <= set(EXTRAS)
    assert set(re.findall(r"^RUN inpaint-photos ([\w-]+)", DOCKERFILE, re.MULTILINE)) <= set(COMMANDS)
    assert 'CMD ["inpaint-photos", "app"]' in DOCKERFILE and "app" in COMMANDS


def test_the_folder_in_which_the_page_runs_in_the_image_is_the_users():
    (folder,) = re.findall(r"^WORKDIR (\S+)$", DOCKERFILE, re.MULTILINE)
    before, _ = DOCKERFILE.split("\nWORKDIR ")
    assert re.search(rf"^RUN useradd .* && install --directory --owner user .*{folder}$", before, re.MULTILINE)


def test_the_image_leaves_out_history_and_environments_and_nothing_that_the_wheel_has():
    assert {".git", ".venv*"} <= set(IGNORED)
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], "README.md", "LICENSE", "pyproject.toml", "hatch_build.py"}
    assert not needed & {line.strip("/") for line in IGNORED}


@pytest.mark.parametrize("name", (ROOT / ".gitignore").read_text(encoding="utf-8").split())
def test_the_image_leaves_out_what_git_ignores(name):
    assert any(fnmatch(name.strip("/"), line.removeprefix("**/")) for line in IGNORED)
