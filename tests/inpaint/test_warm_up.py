"""After the warm-up no fill compiles anything, whatever its shape; fills and forks while it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KERNELS = """
import json, sys
import numpy as np
from importlib import import_module
from pathlib import Path
from inpaint import warm_up
from inpaint.synthesis import search_kernels
from inpaint.compiled.jit import numba

FILES = sorted(Path("inpaint").rglob("*kernels.py"))
MODULES = [import_module(".".join(path.with_suffix("").parts)) for path in FILES]

def compiled():
    found = {}
    for module in MODULES:
        for name, kernel in vars(module).items():
            is_called = not name.startswith("_") and getattr(kernel, "targetoptions", {}).get("inline") != "always"
            if isinstance(kernel, numba.core.registry.CPUDispatcher) and is_called:
                found[name] = [str(signature) for signature in kernel.signatures]
    return found
"""
SHAPES = """
import dataclasses
from inpaint.engine.filler import Filler
from inpaint.engine.options import FillOptions
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.inpaint.mean_generator import in_pytorch
from inpaint.synthesis.settings import SETTINGS
from inpaint.synthesis.synthesize import synthesize
from tests.inpaint.synthesis.photos import with_hole

filler = Filler(in_pytorch(build_generator(FreeFormConfig(channels=(8, 8, 8), blocks=1, attention_every=0))))

def fill(photo, hole, **options):
    for part in filler.fills(photo, hole, options=FillOptions(**options)):
        assert part is not None

def synthesized(photo, hole, thickness_px, **changes):
    synthesize(photo.copy(), hole, ~hole, thickness_px, settings=dataclasses.replace(SETTINGS, **changes))

fill(*with_hole(300, 400, 100, 120, 190, 250))
fill(*with_hole(300, 400, 0, 0, 90, 130), seed=2**31 - 1)  # in a corner
fill(*with_hole(420, 60, 100, 0, 200, 60), texture_strength=np.float64(0.5))  # from side to side
photo, hole = with_hole(200, 260, 60, 60, 120, 140)
fill(np.asfortranarray(photo), np.asfortranarray(hole))
photo.flags.writeable = hole.flags.writeable = False
fill(photo[::-1], hole[::-1])
synthesized(*with_hole(200, 260, 60, 60, 120, 140), 60, most_pixels=300)  # two levels are only refined
synthesized(*with_hole(40, 40, 20, 20, 21, 21), 1)  # one pixel
synthesized(*with_hole(9, 9, 4, 4, 5, 5), 1)  # no patch may be copied
photo, hole = with_hole(15, 40, 0, 0, 15, 33)
synthesized(photo, hole, 15)  # there is one patch
synthesized(*with_hole(120, 120, 20, 20, 100, 100), 80, offset_tries=0, starts=1)

fill(*with_hole(500, 700, 20, 30, 480, 34))  # a scratch
fill(*with_hole(900, 900, 100, 100, 700, 750))  # refined in tiles
from inpaint.damage import DamageFinder
for size in ((300, 200), (1800, 1900)):
    tuple(DamageFinder().masks(np.tile(photo, (9, 10, 1))[: size[0], : size[1]], [0.2, 0.5]))
"""


def run(code, **environment):
    """What the last line of a process's output says, as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_fills_of_all_shapes_compile_nothing_after_the_warm_up():
    before, after = run(
        f"{KERNELS}assert warm_up.warm_up()\nbefore = compiled()\n{SHAPES}\nprint(json.dumps([before, compiled()]))"
    )
    assert before and all(len(signatures) == 1 for signatures in before.values()), before
    assert after == before


def test_a_new_process_loads_every_kernel_from_the_disk():
    counts = f"""{KERNELS}
from numba.core import event
with event.install_recorder("numba:compile") as recorder:
    assert warm_up.warm_up()
print(len(recorder.buffer))
"""
    assert run(counts) == 0 or run(counts) == 0, "the first process may have compiled, the second one must not"


def test_the_command_says_how_long_it_took():
    command = [sys.executable, "-m", "inpaint.warm_up"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The kernels are compiled: ") and done.stdout.endswith(" s.\n")


def test_importing_the_module_imports_no_compiler():
    assert run("import sys, inpaint.warm_up; print(int('numba' in sys.modules))") == 0


@pytest.mark.slow
def test_a_fill_that_comes_during_the_warm_up_gives_the_same_bytes(tmp_path):
    fill = """
from tests.inpaint.synthesis.photos import surface_bytes, with_hole
import hashlib, json
from inpaint.warm_up import is_compiling, start_warm_up
thread = start_warm_up() if {early} else None
assert is_compiling() == {early} and ({early} is False or start_warm_up() is thread)
print(json.dumps(hashlib.sha256(surface_bytes(*with_hole(160, 200, 40, 50, 110, 140), 70)).hexdigest()))
"""
    during = run(fill.format(early=True), NUMBA_CACHE_DIR=str(tmp_path))
    assert during == run(fill.format(early=False))


def test_a_process_that_ends_during_the_warm_up_ends_without_an_error(tmp_path):
    code = "from inpaint.warm_up import start_warm_up as s; import time; s(); time.sleep({}); print(0)"
    for seconds in (0, 0.3, 1, 2):
        assert run(code.format(seconds), NUMBA_CACHE_DIR=str(tmp_path / str(seconds))) == 0


def test_at_the_end_of_a_process_the_warm_up_goes_no_further_and_has_ended(tmp_path):
    code = f"""{KERNELS}
import atexit, time
atexit.register(lambda: print(json.dumps([warm_up.is_compiling(), *map(bool, compiled().values())])))
warm_up.start_warm_up()
time.sleep(2)
"""
    is_compiling, *is_ready = run(code, NUMBA_CACHE_DIR=str(tmp_path))
    assert not is_compiling
    assert sum(is_ready) < len(is_ready) / 2, "compiling all takes half a minute"


@pytest.mark.parametrize("seconds", [0, 0.2, 0.4, 0.6, 0.8, 1])
def test_a_process_that_ends_while_the_damage_network_loads_ends_without_an_error(seconds):
    loading = "import time; from inpaint.damage import DamageFinder; DamageFinder().start_loading()"
    assert run(f"{loading}; time.sleep({seconds}); print(0)") == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("lock", ["global_compiler_lock", "importing"])
def test_a_process_that_is_forked_during_the_warm_up_can_compile(lock):
    code = f"""{KERNELS}
import os, signal, threading, time, warnings
from numba.core.compiler_lock import global_compiler_lock
from inpaint.compiled.available import importing, is_available
warnings.simplefilter("ignore")  # newer versions of Python warn of forks beside threads
warm_up._hold_back_forks({lock})
locked = threading.Event()

def compile():
    with {lock}:
        locked.set()
        time.sleep(0.3)

threading.Thread(target=compile).start()
locked.wait()
child = os.fork()
if not child:
    signal.alarm(60)  # ends it if it waits forever
assert is_available()
search_kernels.count_uses(np.ones((1, 2), np.int32), np.zeros((3, 3), np.uint8))
if not child:
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""
    assert run(code) == 0
