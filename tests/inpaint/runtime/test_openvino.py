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


THREADS = """
import sys, threading
import openvino
from inpaint import Inpainter
Inpainter.from_pretrained(runtime="openvino")
sys.setswitchinterval(1e-6)
start = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (start.wait(), openvino.Type.f32.to_dtype())) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


def test_threads_that_infer_at_the_same_time_do_not_wait_for_each_other_for_ever():
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
