"""The package `inpaint`: public names, and what importing it does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import inpaint


def test_public_names_can_be_imported():
    for name in inpaint.__all__:
        assert getattr(inpaint, name) is not None
        assert name in dir(inpaint)
    with pytest.raises(AttributeError, match="nothing"):
        _ = inpaint.nothing


def test_importing_the_package_does_not_import_torch():
    code = "import inpaint, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize("own", [None, "7"])
@pytest.mark.parametrize(("variable", "value"), [("OMP_WAIT_POLICY", "PASSIVE"), ("OPENBLAS_THREAD_TIMEOUT", "4")])
def test_waiting_threads_sleep_unless_the_environment_says_otherwise(variable, value, own):
    environment = {name: text for name, text in os.environ.items() if name != variable}
    environment |= {variable: own} if own else {}
    command = [sys.executable, "-c", f"import inpaint, os; print(os.environ['{variable}'])"]
    result = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == (own or value)
