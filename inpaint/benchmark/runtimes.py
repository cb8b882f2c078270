"""`python -m inpaint.benchmark.runtimes`: time a pass of the generator in every runtime, each in its own process."""

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
from inpaint.networks.generators import FreeFormGenerator
from inpaint.networks.tensors import to_tensor
from inpaint.runtime.choose import OpenVinoRuntime
from inpaint.runtime.malloc import keep_memory

from .timing import median_seconds, peak_memory_mb
from .workloads import disc_mask, made_photo

SIDES = 512, 256
REPEATS = 15
Pass = Callable[[Tensor, Tensor], Tensor]


class Timed(NamedTuple):
    """How a runtime did.

    Attributes:
        ready_s: seconds from the generator in memory to the first prediction, of the first side.
        seconds: median of one pass, by side in pixels.
        peak_mb: largest memory of the process, in a million bytes; None if the system does not tell.
        off: largest difference from PyTorch's float32, in the range of [-1, 1].
    """

    ready_s: float
    seconds: dict[int, float]
    peak_mb: float | None
    off: float


def pytorch(generator: FreeFormGenerator) -> Pass:
    """Plain PyTorch, as the engine runs it."""
    return generator


def compiled(generator: FreeFormGenerator) -> Pass:
    """torch.compile; a shape that it has not seen is compiled when it comes."""
    function: Pass = torch.compile(generator, dynamic=False)
    return function


def onnx_runtime(generator: FreeFormGenerator) -> Pass:
    """ONNX Runtime with what `inpaint.export` writes."""
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
    """OpenVINO in float32."""
    return OpenVinoRuntime(generator, half=False)


def openvino_bfloat16(generator: FreeFormGenerator) -> Pass:
    """OpenVINO in bfloat16."""
    return OpenVinoRuntime(generator, half=True)


RUNTIMES = {
    "PyTorch": pytorch,
    "torch.compile": compiled,
    "ONNX Runtime": onnx_runtime,
    "OpenVINO, float32": openvino_float32,
    "OpenVINO, bfloat16": openvino_bfloat16,
}


@torch.inference_mode()
def timed(name: str, model: str | None, sides: tuple[int, ...] = SIDES, repeats: int = REPEATS) -> Timed:
    """Measures a runtime in this process.

    Raises:
        ImportError, RuntimeError: it is not here, or cannot run the generator.
        ValueError: the weights are not those of a free-form generator.
    """
    generator = load_generator(model).generator.eval().to(memory_format=torch.channels_last)
    if not isinstance(generator, FreeFormGenerator):
        raise ValueError("only free-form generators run in all of these")
    inputs = {side: _inputs(side) for side in sides}
    started = time.perf_counter()
    run = RUNTIMES[name](generator)
    run(*inputs[sides[0]])
    ready_s = time.perf_counter() - started
    seconds = {side: median_seconds(lambda side=side: run(*inputs[side]), repeats) for side in sides}  # type: ignore[misc]
    peak_mb = peak_memory_mb()
    off = max(float((run(*inputs[side]) - generator(*inputs[side])).abs().max()) for side in sides)
    return Timed(ready_s, seconds, peak_mb, off)


def _inputs(side: int) -> tuple[Tensor, Tensor]:
    """A made photo whose middle is hole, as the engine hands it to a generator."""
    image = to_tensor(made_photo(side, side))
    mask = torch.from_numpy(disc_mask(side, side, 0.25))[None, None].to(image.dtype)
    return (image * (1 - mask)).contiguous(memory_format=torch.channels_last), mask


def _measured(name: str, model: str | None) -> Timed | str:
    keep_memory()
    try:
        return timed(name, model)
    except (ImportError, RuntimeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def line(name: str, result: Timed | str) -> str:
    """A row of the table."""
    if isinstance(result, str):
        return markdown_row([name, f"not here ({result[:60]})"])
    passes = [f"{took:.3f} s" for took in result.seconds.values()]
    memory = f"{result.peak_mb:.0f} MB" if result.peak_mb else "-"
    return markdown_row([name, *passes, f"{result.ready_s:.1f} s", memory, f"{result.off:.4f}"])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m inpaint.benchmark.runtimes", description="Time one pass in every runtime."
    )
    parser.add_argument("--model", metavar="REPO[@REVISION]", help="weights (default: the bundled ones)")
    options = parser.parse_args(arguments)
    heads = ["runtime", *(f"{side} x {side} px" for side in SIDES), "ready after", "peak memory", "differs by"]
    print(markdown_head(heads, "l" + "r" * (len(heads) - 1)))
    for name in RUNTIMES:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            try:
                print(line(name, alone.submit(_measured, name, options.model).result()), flush=True)
            except ValueError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
