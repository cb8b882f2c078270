"""`python -m inpaint.export --onnx OUT`: export the generator to ONNX, for programs without PyTorch."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inpaint.atomic_write import atomic_write
from inpaint.hub.weights import load_generator
from inpaint.networks.config import config_to_dict
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.pyramid import initial_fill
from inpaint.program import program_name
from inpaint.runtime.onnx import to_onnx

LEVELS = 12
INPUTS = ("masked_image", "mask")
TOLERANCE = 1e-3
"""The largest difference from PyTorch with which the command succeeds, in the range of [-1, 1]."""
DESCRIPTION = (
    "masked_image: float32 (batch, 3, height, width), RGB in [-1, 1], 0 in the hole. mask: float32 (batch, 1, height, "
    "width), 1 in the hole, 0 elsewhere. prediction: as masked_image; use it in the hole and keep the photo elsewhere."
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, 0 only if the file's predictions agree with PyTorch's.

    Args:
        arguments: without the program's name; None: those of the process.
    """
    parser = argparse.ArgumentParser(
        prog=program_name("inpaint.export"), description="Export the generator to an ONNX file."
    )
    parser.add_argument("--onnx", type=Path, required=True, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--model",
        metavar="REPO[@REVISION]",
        help="Hugging Face Hub repository or folder with weights, or context-encoder (default: the bundled weights)",
    )
    options = parser.parse_args(arguments)
    try:
        loaded = load_generator(options.model)
        export_onnx(loaded.generator, options.onnx, source=loaded.source)
        difference = largest_difference(loaded.generator, options.onnx)
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    megabytes = options.onnx.stat().st_size / 1e6
    print(f"{options.onnx}: {megabytes:.1f} MB; largest difference from PyTorch {difference:.1e}, of a range of 2")
    return int(difference > TOLERANCE)


def export_onnx(generator: nn.Module, target: Path, *, source: str = "") -> None:
    """Export a generator to an ONNX file with a dynamic batch size and, if the generator allows it, dynamic sides.

    The loop of the initial fill, whose length depends on the size, is unrolled to LEVELS steps. The result is the same
    for sides up to 2**LEVELS pixels; for longer ones it differs only where no pixel within that distance is known.

    Args:
        generator: one of GENERATORS.
        target: the file, which is written atomically.
        source: where the weights come from; written into the metadata of the file.

    Raises:
        ImportError: the package onnx is missing.
        OSError: the file cannot be written.
    """
    onnx = required("onnx")
    fixed: int | None = getattr(generator, "fixed_size", None)
    multiple = int(getattr(generator, "multiple", 1))
    dynamic_axes = {0: "batch"} if fixed else {0: "batch", 2: "height", 3: "width"}
    example = _example(fixed or 12 * multiple, fixed or 10 * multiple)
    model = onnx.load_model_from_string(to_onnx(_Unrolled(generator).eval(), example, INPUTS, dynamic_axes))
    model.doc_string = DESCRIPTION
    config: Any = generator.config
    metadata = {"source": source, "config": json.dumps(config_to_dict(config)), "multiple": str(multiple)}
    onnx.helper.set_model_props(model, metadata)
    with atomic_write(target) as file:
        file.write(model.SerializeToString())


def largest_difference(generator: nn.Module, onnx_file: Path, sizes: tuple[tuple[int, int], ...] = ()) -> float:
    """Return the largest absolute difference between the predictions of an ONNX file and of PyTorch.

    Args:
        generator: the exported generator, whose predictions lie in [-1, 1].
        onnx_file: the file.
        sizes: (height, width) to compare at, as a batch of two; empty: a few that the generator accepts.

    Raises:
        ImportError: the package onnxruntime is missing.
    """
    runtime = required("onnxruntime")
    session = runtime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    fixed, multiple = getattr(generator, "fixed_size", None), int(getattr(generator, "multiple", 1))
    default_sizes = [(fixed, fixed)] if fixed else [(multiple, multiple), (13 * multiple, 4 * multiple), (256, 256)]
    largest = 0.0
    for height, width in sizes or default_sizes:
        masked_image, mask = _example(height, width)
        with torch.inference_mode():
            expected = generator.eval()(masked_image, mask).numpy()
        (actual,) = session.run(None, dict(zip(INPUTS, (masked_image.numpy(), mask.numpy()), strict=True)))
        largest = max(largest, float(np.abs(actual - expected).max()))
    return largest


def _example(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return a masked image and a mask (2, ., height, width): noise with a central hole and scattered hole pixels."""
    rng = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, height, width, generator=rng) * 2 - 1
    mask = (torch.rand(2, 1, height, width, generator=rng) < 0.1).float()
    mask[..., height // 4 : height // 4 * 3, width // 4 : width // 4 * 3] = 1
    return image * (1 - mask), mask


def required(package: str) -> Any:
    """Import and return a package that only the export needs.

    Raises:
        ImportError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise ImportError(f"{package} is missing: run  pip install onnx onnxruntime") from None


class _Unrolled(nn.Module):
    """A generator whose initial fill takes a number of steps that does not depend on the size."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, masked_image: Tensor, mask: Tensor) -> Tensor:
        if isinstance(self.generator, FreeFormGenerator):
            return self.generator.refine(initial_fill(masked_image, mask, LEVELS), mask)
        return self.generator(masked_image, mask)


if __name__ == "__main__":
    sys.exit(main())
