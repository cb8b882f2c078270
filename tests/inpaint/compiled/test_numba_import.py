"""Kernels run without the parts of numba and scipy that they do not need, which stay usable."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KERNEL = """
import sys
{before}
import numpy as np
from inpaint.synthesis import source_kernels

out = np.zeros((8, 20), bool)
source_kernels.source_rows(0, 8, np.ones((8, 20), bool), 3, out)
assert out[:, 3:17].all() and not out[:, :3].any()
"""


def run(code, before=""):
    command = [sys.executable, "-W", "error", "-c", KERNEL.format(before=before) + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_kernel_runs_without_scipy():
    done = run("print([name for name in sys.modules if name.startswith('scipy.linalg')])")
    assert done.stdout == "[]\n", done.stderr


def test_a_kernel_from_the_disk_runs_without_what_only_the_compiler_needs():
    run("")  # compiles it, if no test has
    done = run("print([name for name in sys.modules if name == 'numba.np.arraymath'])")
    assert done.stdout == "[]\n", done.stderr


INLINED = """
import sys
import numpy as np
from inpaint.compiled.jit import njit
from inpaint.engine import tile_kernels

@njit()
def largest(values):
    most = np.zeros(1, np.int64)
    for value in values:
        most[0] = max(most[0], min(value, 9))
    return most[0]
"""


def test_a_kernel_from_the_disk_imports_no_module_of_the_functions_inlined_into_it(tmp_path):
    (tmp_path / "inlined.py").write_text(INLINED)
    code = f"""
sys.path.insert(0, {str(tmp_path)!r})
import inlined
assert inlined.largest(np.array([3, 7, 12])) == 9
print([name for name in sys.modules if name == "numba.cpython.unicode"])
import numba
assert numba.njit(lambda word: word + "!")("kernel") == "kernel!"  # compiled with these modules afterwards
"""
    assert run(code).returncode == 0  # compiles it
    done = run(code)
    assert done.stdout == "[]\n", done.stderr


def test_another_version_of_numba_loads_kernels_in_its_own_way():
    before = "import inpaint.compiled.numba_import as i; i._TESTED = None"
    done = run("assert 'numba.np.arraymath' in sys.modules and 'scipy.linalg' not in sys.modules", before)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("before", ["", "import scipy.linalg"])
def test_a_matrix_product_can_be_compiled_afterwards(before):
    code = """
import numba

@numba.njit
def product(a):
    return a @ a

assert (product(np.full((2, 2), 3.0)) == 18).all()
"""
    done = run(code, before)
    assert done.returncode == 0, done.stderr


def test_kernels_run_where_scipy_is_not_installed():
    before = """
class Missing:
    def find_spec(self, name, *_):
        if name.startswith("scipy"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
"""
    done = run("assert 'scipy' not in sys.modules", before)
    assert done.returncode == 0, done.stderr


def test_garbage_is_collected_again_afterwards():
    done = run("import gc; assert gc.isenabled()")
    assert done.returncode == 0, done.stderr
