"""What OpenVINO does to a process is undone or harmless."""

import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inpaint import Inpainter
from tests.inpaint.runtime.crops import crop

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


def test_after_its_memory_is_released_a_runtime_predicts_the_same_also_while_others_infer():
    inpainter = Inpainter.from_pretrained(runtime="openvino")
    runtime, rng = inpainter.runtime, np.random.default_rng(0)
    image = rng.random((1, 3, 64, 96), np.float32) * 2 - 1
    mask = np.zeros((1, 1, 64, 96), np.float32)
    mask[..., 20:30, 30:60] = 1
    before, (of_streams, _) = runtime(image, mask), runtime.for_throughput()
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(each, image, mask) for each in (runtime, of_streams) * 8]
        while not all(each.done() for each in running):
            inpainter.release_memory()
        results = [each.result(timeout=60) for each in running]
    for result in (*results, runtime(image, mask), runtime.for_throughput()[0](image, mask)):
        np.testing.assert_array_equal(result, before)


def test_the_network_for_many_crops_is_given_up_when_memory_is_released():
    inpainter = Inpainter.from_pretrained(runtime="openvino")
    of_streams = weakref.ref(inpainter.runtime.for_throughput()[0])
    if of_streams() is inpainter.runtime:
        pytest.skip("one core has one stream")
    inpainter.release_memory()
    assert of_streams() is None


def test_releasing_the_memory_of_a_runtime_that_keeps_none_does_nothing():
    inpainter = Inpainter.from_pretrained(runtime="pytorch")
    inpainter.release_memory()


@pytest.mark.parametrize("size", [(64, 64), (96, 192)])
def test_a_crop_has_the_same_prediction_in_a_batch_as_alone(size):
    runtime = Inpainter.from_pretrained(runtime="openvino").runtime
    image, mask, _ = crop(*size, batch=3)
    alone = [runtime(image[index : index + 1], mask[index : index + 1])[0] for index in range(3)]
    together = runtime(image, mask)
    for index in range(3):
        hole = mask[index, 0] > 0
        assert np.abs(together[index][:, hole] - alone[index][:, hole]).max() < 1e-5
