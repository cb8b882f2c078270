"""`python -m inpaint.benchmark.runtimes`: time the generator in every runtime, each in a separate process."""

import argparse
import functools
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from inpaint.hub.weights import Weights, load_weights
from inpaint.markdown import markdown_head, markdown_row
from inpaint.networks.config import FreeFormConfig
from inpaint.runtime.base import Runtime
from inpaint.runtime.malloc import keep_memory
from inpaint.runtime.onnxruntime import OnnxRuntimeRuntime
from inpaint.runtime.openvino import OpenVinoRuntime
from inpaint.runtime.pytorch import PyTorchRuntime

from .timing import median_seconds, peak_memory_mb
from .workloads import disc_mask, synthetic_photo

SIDES = 512, 256
REPEATS = 15
HEADINGS = ("runtime", *(f"{side} x {side} px" for side in SIDES), "ready after", "peak memory", "differs by")


class Figures(NamedTuple):
    """The figures of a runtime.

    Attributes:
        ready_s: seconds from the weights in memory to the first prediction, at the first size.
        seconds: median of one pass, by side in pixels.
        peak_mb: peak memory of the process in millions of bytes; None on systems that do not report it.
        difference: largest difference from PyTorch's float32 in the hole, for values in [-1, 1].
    """

    ready_s: float
    seconds: dict[int, float]
    peak_mb: float | None
    difference: float


def compiled(weights: Weights) -> Runtime:
    """Return the generator compiled by `torch.compile`, which compiles again for each new size."""
    import torch

    runtime = PyTorchRuntime(weights)
    runtime.predict = torch.compile(runtime.predict, dynamic=False)
    return runtime


def openvino(weights: Weights, *, half: bool, int8: bool) -> Runtime:
    """Return OpenVINO, in bfloat16 or float32, with most convolutions in 8-bit integers or none.

    Raises:
        RuntimeError: OpenVINO computes none of these weights in 8-bit integers on this machine.
    """
    runtime = OpenVinoRuntime(weights if int8 else weights._replace(ranges={}), half=half)
    return _checked(runtime, int8=int8)


def onnxruntime(weights: Weights, *, int8: bool) -> Runtime:
    """Return ONNX Runtime, with a part of the convolutions in 8-bit integers or none.

    Raises:
        RuntimeError: it computes none of these weights in 8-bit integers on this machine.
    """
    return _checked(OnnxRuntimeRuntime(weights if int8 else weights._replace(ranges={})), int8=int8)


def _checked(runtime: Runtime, *, int8: bool) -> Runtime:
    if int8 and "int8" not in runtime.name:
        raise RuntimeError("it takes the bundled weights and x86")
    return runtime


RUNTIMES: dict[str, Callable[[Weights], Runtime]] = {
    "PyTorch": PyTorchRuntime,
    "torch.compile": compiled,
    "ONNX Runtime, float32": functools.partial(onnxruntime, int8=False),
    "ONNX Runtime, int8 and float32": functools.partial(onnxruntime, int8=True),
    "OpenVINO, float32": functools.partial(openvino, half=False, int8=False),
    "OpenVINO, bfloat16": functools.partial(openvino, half=True, int8=False),
    "OpenVINO, int8 and float32": functools.partial(openvino, half=False, int8=True),
    "OpenVINO, int8 and bfloat16": functools.partial(openvino, half=True, int8=True),
}


def timed(name: str, model: str | None, sides: tuple[int, ...] = SIDES, repeats: int = REPEATS) -> Figures:
    """Time a runtime in this process.

    Args:
        name: a key of RUNTIMES.
        model: repository or folder of the weights; None: the bundled ones.
        sides: of the square photos, in pixels.
        repeats: number of timed passes of each size.

    Raises:
        ImportError: the runtime is not installed.
        RuntimeError: the runtime cannot run the generator.
        ValueError: the weights are not those of a free-form generator.
    """
    weights = load_weights(model)
    if not isinstance(weights.config, FreeFormConfig):
        raise ValueError("the weights are of another generator; only free-form generators run in all runtimes")
    inputs = {side: _inputs(side) for side in sides}
    started = time.perf_counter()
    run = RUNTIMES[name](weights)
    run(*inputs[sides[0]])
    ready_s = time.perf_counter() - started
    seconds = {side: median_seconds(lambda side=side: run(*inputs[side]), repeats) for side in sides}  # type: ignore[misc]
    peak_mb = peak_memory_mb()
    expected = PyTorchRuntime(weights)
    difference = max(float(np.abs((run(*pair) - expected(*pair)) * pair[1]).max()) for pair in inputs.values())
    return Figures(ready_s, seconds, peak_mb, difference)


def _inputs(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a synthetic photo with a round hole that covers a quarter of it, as arguments of a runtime."""
    mask = disc_mask(side, side, 0.25)[None, None].astype(np.float32)
    image = synthetic_photo(side, side).transpose(2, 0, 1)[None] / np.float32(127.5) - 1
    return image * (1 - mask), mask


def _timed_or_reason(name: str, model: str | None) -> Figures | str:
    """Return the figures of a runtime, or why it cannot be timed."""
    keep_memory()
    try:
        return timed(name, model)
    except (ImportError, RuntimeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def row(name: str, result: Figures | str) -> str:
    """Return a row of the table.

    Args:
        name: of the runtime.
        result: its figures, or why it cannot be timed.
    """
    if isinstance(result, str):
        return markdown_row([name, f"not available ({result[:60]})", *[None] * (len(HEADINGS) - 2)])
    passes = [f"{took:.3f} s" for took in result.seconds.values()]
    memory = f"{result.peak_mb:.0f} MB" if result.peak_mb else "-"
    return markdown_row([name, *passes, f"{result.ready_s:.1f} s", memory, f"{result.difference:.4f}"])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, or 1 after an error message.

    Args:
        arguments: of the command line; None: those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m inpaint.benchmark.runtimes", description="Time one pass of the generator in every runtime."
    )
    parser.add_argument("--model", metavar="REPO[@REVISION]", help="weights (default: the bundled ones)")
    options = parser.parse_args(arguments)
    print(markdown_head(HEADINGS, "l" + "r" * (len(HEADINGS) - 1)))
    for name in RUNTIMES:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            try:
                print(row(name, process.submit(_timed_or_reason, name, options.model).result()), flush=True)
            except ValueError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
