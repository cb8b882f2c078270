"""The page's JavaScript: small, linted, and tested in Node.js where it computes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from page.editor import component as editor
from page.retrain import component as retrain

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "page" / "static").glob("**/*.js"))


def test_the_scripts_are_small_and_their_lines_short():
    lines = {script.stem: script.read_text(encoding="utf-8").splitlines() for script in SCRIPTS}
    painter = [name for name in lines if not name.startswith("retrain")]
    assert len(painter) >= 8 and sum(len(lines[name]) for name in painter) < 600
    assert max(len(line) for script in lines.values() for line in script) <= 120


def test_the_linter_finds_nothing_in_scripts_and_styles():
    biome = Path(sys.executable).with_name("biome")
    command = [biome, "lint", "--error-on-warnings", "--config-path=tests/js/lint.json", "page", "tests/js"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_the_scripts_compute():
    node = shutil.which("node")
    if not node:
        if os.getenv("REQUIRE_BROWSER"):
            pytest.fail("no node was found: install Node.js 20.19 or newer, or unset REQUIRE_BROWSER")
        pytest.skip("no node was found")
    tests = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))
    result = subprocess.run([node, "--test", *tests], cwd=ROOT, capture_output=True, text=True, check=False)
    assert tests and result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("names", [editor.SCRIPTS, retrain.SCRIPTS], ids=["painter", "retrain"])
def test_the_scripts_of_a_page_are_one_program(names):
    """They are put together into one function, where two of them may not export the same name."""
    together = editor.script(names)
    exported = re.findall(r"^const { (.*) } = \(\(\) => {$", together, re.MULTILINE)
    found = [name for line in exported for name in line.split(", ") if name]
    assert len(exported) == len(names)
    assert len(found) == len(set(found))
