"""What OpenVINO does to a process is undone or harmless."""

import subprocess
import sys

PROGRAM = """
import gc, signal
import numpy as np
from inpaint import Inpainter
inpainter = Inpainter.from_pretrained(runtime="openvino")
inpainter.find_damage(np.zeros((64, 64, 3), np.uint8))
del inpainter
gc.collect()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_after_both_networks_are_released_does_not_end_the_process():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
