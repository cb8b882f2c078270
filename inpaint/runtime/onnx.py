"""Convert networks to ONNX."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

OPSET = 18
OUTPUT = "prediction"


def to_onnx(network: nn.Module, example: tuple[Tensor, ...], inputs: Sequence[str], free_axes: dict[int, str]) -> bytes:
    """Return a network with one output as the content of an ONNX file.

    Args:
        network: in eval mode.
        example: arguments to trace it with. Nothing in the network may depend on their sizes along the free axes.
        inputs: names of the inputs. The output is called "prediction".
        free_axes: axis -> name, for the axes of inputs and output whose size is not fixed.

    Raises:
        ImportError: the package onnx is missing.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns, and advises to use the exporter based on torch.export
        try:
            torch.onnx.export(
                network,
                example,
                f"{folder}/{OUTPUT}.onnx",
                dynamo=False,  # tracing takes 0.4 s; the exporter based on torch.export 25 s for its symbolic sizes
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=[OUTPUT],
                dynamic_axes=dict.fromkeys((*inputs, OUTPUT), free_axes),
            )
        except torch.onnx.errors.OnnxExporterError as error:
            if "onnx is not installed" not in str(error):
                raise
            raise ImportError("onnx is missing: run  pip install onnx") from error
        return Path(f"{folder}/{OUTPUT}.onnx").read_bytes()
