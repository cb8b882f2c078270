"""Importing a module changes nothing in the process: no HTTP client, warning filter, limit, locale or variable."""

import json
import subprocess
import sys

import pytest

from tests.test_imports import MODULES, ROOT

PROBE = """
import importlib, json, locale, logging, os, signal, sys, warnings
third_parties, modules = json.loads(sys.argv[1])
for name in third_parties:  # libraries have side effects of their own, which are not under test
    importlib.import_module(name)
import PIL.Image, PIL.ImageFile, huggingface_hub.utils._http as http

changed_filters = []  # by modules of ours; libraries that are loaded on demand add filters of their own

def noting(change):
    def changed(*args, **kwargs):
        caller = sys._getframe(1).f_globals["__name__"]
        if caller.partition(".")[0] in ("inpaint", "train", "page"):
            changed_filters.append(caller)
        return change(*args, **kwargs)
    return changed

warnings.filterwarnings, warnings.simplefilter = noting(warnings.filterwarnings), noting(warnings.simplefilter)

def state():
    loaded = sys.modules
    return {
        "client factory": repr(http._GLOBAL_CLIENT_FACTORY),
        "warning filters": list(changed_filters),
        "photo limits": [PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES],
        "locale": locale.setlocale(locale.LC_ALL),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "signals": [repr(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)],
        "logging": [logging.root.level, len(logging.root.handlers)],
        "dataset settings": {k: repr(v) for k, v in vars(loaded["datasets"].config).items() if k.isupper()}
        if "datasets" in loaded else {},
        "torch": [loaded["torch"].get_num_threads(), repr(loaded["torch"].get_default_dtype())]
        if "torch" in loaded else [],
    }

before = state()
for name in modules:
    importlib.import_module(name)
after = state()
documented = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_THREAD_TIMEOUT", "TORCHINDUCTOR_CACHE_DIR")
# the last one is PyTorch's own
for name in documented:
    before["environment"].pop(name, None), after["environment"].pop(name, None)
print(json.dumps([name for name in before if before[name] != after[name]]))
"""
THIRD_PARTIES = {
    "inpaint": ["huggingface_hub", "torch", "PIL.Image"],
    "train": ["huggingface_hub", "torch", "datasets", "tyro", "matplotlib"],
    "page": ["huggingface_hub", "torch", "gradio"],
}


@pytest.mark.parametrize("package", THIRD_PARTIES)
def test_importing_every_module_leaves_the_process_as_it_was(package):
    modules = [name for name in MODULES if name.partition(".")[0] == package]
    command = [sys.executable, "-c", PROBE, json.dumps([THIRD_PARTIES[package], modules])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.strip().splitlines()[-1]) == []
