"""Importing OpenVINO through the product opens no connection, forks no process and leaves no file."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("openvino")

OBSERVED = """
import sys, time
events = []
sys.addaudithook(lambda event, arguments: events.append(event) if event in ("socket.getaddrinfo", "os.fork") else None)
from inpaint import Inpainter
Inpainter.from_pretrained(runtime="openvino")
time.sleep(0.5)  # the converter's report is sent by a thread
print(events, sorted(name for name in sys.modules if name.startswith(("openvino_telemetry", "openvino.tools.ovc"))))
"""


def run(code, home):
    # CI systems set variables that switch the report off
    environment = {name: os.environ[name] for name in ("PATH", "NUMBA_CACHE_DIR") if name in os.environ}
    environment["HOME"] = environment["USERPROFILE"] = str(home)
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_loading_a_network_reports_nothing_to_anybody(tmp_path):
    assert run(OBSERVED, tmp_path) == "[] []\n"
    assert not (tmp_path / "intel").exists()


def test_the_model_converter_can_still_be_used(tmp_path):
    code = """
from inpaint.runtime.openvino_import import import_openvino
openvino = import_openvino()
assert import_openvino() is openvino
assert not hasattr(openvino, "convert_models")
import openvino.tools
openvino.tools.ovc = type(openvino)("openvino.tools.ovc")
openvino.tools.ovc.convert_model = "the converter"
import sys
sys.modules["openvino.tools.ovc"] = openvino.tools.ovc  # the real one would send its report
from openvino import convert_model
print(convert_model, openvino.convert_model)
"""
    assert run(code, tmp_path) == "the converter the converter\n"


def test_a_program_that_imported_openvino_before_keeps_what_it_has(tmp_path):
    code = """
import sys
sys.modules["openvino.tools.ovc"] = type(sys)("openvino.tools.ovc")
sys.modules["openvino.tools.ovc"].convert_model = "theirs"
import openvino
from inpaint.runtime.openvino_import import import_openvino
print(import_openvino().convert_model)
"""
    assert run(code, tmp_path) == "theirs\n"
