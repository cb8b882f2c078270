"""The page's JavaScript and CSS: linted, formatted, and unit-tested in Node.js."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", [["lint", "--error-on-warnings"], ["format"]], ids=["lint", "format"])
def test_biome_finds_nothing_to_change_in_scripts_and_styles(command):
    biome = Path(sys.executable).with_name("biome")
    run = [biome, *command, "page/static", "tests/js"]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_node_tests_of_the_modules_pass():
    node = shutil.which("node")
    if not node:
        if os.getenv("REQUIRE_BROWSER"):
            pytest.fail("no node was found: install Node.js 20.19 or newer, or unset REQUIRE_BROWSER")
        pytest.skip("no node was found")
    tests = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))
    result = subprocess.run([node, "--test", *tests], cwd=ROOT, capture_output=True, text=True, check=False)
    assert tests and result.returncode == 0, result.stdout + result.stderr
