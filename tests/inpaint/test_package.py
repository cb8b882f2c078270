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
@pytest.mark.parametrize(
    ("variable", "value"),
    [("OMP_WAIT_POLICY", "PASSIVE"), ("GOMP_SPINCOUNT", "10000"), ("OPENBLAS_THREAD_TIMEOUT", "4")],
)
def test_waiting_threads_sleep_unless_the_environment_says_otherwise(variable, value, own):
    assert environment_after_import({variable: own} if own else {}, variable) == (own or value)


def test_a_policy_that_was_chosen_is_not_weakened():
    assert environment_after_import({"OMP_WAIT_POLICY": "ACTIVE"}, "GOMP_SPINCOUNT") == "None"


def environment_after_import(own, variable):
    """Return a variable after the import of `inpaint`, in an environment without its variables but `own`."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_THREAD_TIMEOUT")
    environment = {name: text for name, text in os.environ.items() if name not in names} | own
    command = [sys.executable, "-c", f"import inpaint, os; print(os.environ.get('{variable}'))"]
    result = subprocess.run(
        command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()
