"""`python -m inpaint.benchmark.runtimes`: time the generator in every runtime, each in a separate process."""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from inpaint.export import INPUTS, export_onnx, required
from inpaint.hub.weights import load_generator
from inpaint.markdown import markdown_head, markdown_row
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.tensors import to_tensor
from inpaint.runtime.choose import OpenVinoRuntime
from inpaint.runtime.malloc import keep_memory

from .timing import median_seconds, peak_memory_mb
from .workloads import disc_mask, synthetic_photo

SIDES = 512, 256
REPEATS = 15
HEADINGS = ("runtime", *(f"{side} x {side} px" for side in SIDES), "ready after", "peak memory", "differs by")
Pass = Callable[[Tensor, Tensor], Tensor]


class Figures(NamedTuple):
    """The figures of a runtime.

    Attributes:
        ready_s: seconds from the generator in memory to its first prediction, at the first size.
        seconds: median of one pass, by side in pixels.
        peak_mb: peak memory of the process in millions of bytes; None on systems that do not report it.
        difference: largest difference from PyTorch's float32, for values in [-1, 1].
    """

    ready_s: float
    seconds: dict[int, float]
    peak_mb: float | None
    difference: float


def pytorch(generator: FreeFormGenerator) -> Pass:
    """Return the generator as PyTorch runs it by default."""
    return generator


def compiled(generator: FreeFormGenerator) -> Pass:
    """Return the generator compiled by `torch.compile`, which compiles again for each new size."""
    function: Pass = torch.compile(generator, dynamic=False)
    return function


def onnx_runtime(generator: FreeFormGenerator) -> Pass:
    """Return the generator as ONNX Runtime runs the file that `inpaint.export` writes."""
    onnxruntime = required("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(generator, Path(folder) / "generator.onnx")
        session = onnxruntime.InferenceSession(Path(folder) / "generator.onnx", options, ["CPUExecutionProvider"])

    def run(masked_image: Tensor, mask: Tensor) -> Tensor:
        (result,) = session.run(None, dict(zip(INPUTS, (masked_image.numpy(), mask.numpy()), strict=True)))
        return torch.from_numpy(result)

    return run


def openvino_float32(generator: FreeFormGenerator) -> Pass:
    """Return the generator as OpenVINO runs it in float32."""
    return OpenVinoRuntime(generator, half=False)


def openvino_bfloat16(generator: FreeFormGenerator) -> Pass:
    """Return the generator as OpenVINO runs it in bfloat16."""
    return OpenVinoRuntime(generator, half=True)


RUNTIMES = {
    "PyTorch": pytorch,
    "torch.compile": compiled,
    "ONNX Runtime": onnx_runtime,
    "OpenVINO, float32": openvino_float32,
    "OpenVINO, bfloat16": openvino_bfloat16,
}


@torch.inference_mode()
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
    generator = load_generator(model).generator.eval().to(memory_format=torch.channels_last)
    if not isinstance(generator, FreeFormGenerator):
        raise ValueError("the weights are of another generator; only free-form generators run in all runtimes")
    inputs = {side: _inputs(side) for side in sides}
    started = time.perf_counter()
    run = RUNTIMES[name](generator)
    run(*inputs[sides[0]])
    ready_s = time.perf_counter() - started
    seconds = {side: median_seconds(lambda side=side: run(*inputs[side]), repeats) for side in sides}  # type: ignore[misc]
    peak_mb = peak_memory_mb()
    difference = max(float((run(*inputs[side]) - generator(*inputs[side])).abs().max()) for side in sides)
    return Figures(ready_s, seconds, peak_mb, difference)


def _inputs(side: int) -> tuple[Tensor, Tensor]:
    """Return a synthetic photo with a round hole that covers a quarter of it, as arguments of a generator."""
    image = to_tensor(synthetic_photo(side, side))
    mask = torch.from_numpy(disc_mask(side, side, 0.25))[None, None].to(image.dtype)
    return (image * (1 - mask)).contiguous(memory_format=torch.channels_last), mask


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
