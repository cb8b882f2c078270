"""Every Context Encoder computes without PyTorch what its module in PyTorch computes."""

import numpy as np
import onnx
import pytest
import torch

from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.generators import build_generator
from inpaint.runtime.choose import choose_runtime
from inpaint.runtime.context_encoder_graph import context_encoder_graph
from inpaint.runtime.onnxruntime import OnnxRuntimeRuntime
from inpaint.runtime.openvino import OpenVinoRuntime
from inpaint.runtime.source import tensors_of
from tests.inpaint.runtime.crops import crop

CONFIGS = [
    ContextEncoderConfig(region=region, bottleneck=bottleneck, bottleneck_channels=20, channels=3)
    for region in ("center", "full")
    for bottleneck in ("fc", "channelwise", "conv")
]


def trained(config, seed=0):
    """A Context Encoder whose batch norms have statistics of their own, so that leaving one out changes the result."""
    torch.manual_seed(seed)
    network = build_generator(config)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            torch.nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
            torch.nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, torch.nn.BatchNorm2d):
            for value in (module.weight, module.running_var):
                torch.nn.init.uniform_(value, 0.5, 1.5)
            for value in (module.bias, module.running_mean):
                torch.nn.init.normal_(value, std=0.3)
    torch.nn.init.normal_(network.bottleneck[0].bias, std=0.3)
    return network.eval()


def expected(network, masked, mask):
    with torch.inference_mode():
        return network(torch.from_numpy(masked), torch.from_numpy(mask)).numpy()


@pytest.mark.parametrize("library", [OnnxRuntimeRuntime, lambda network: OpenVinoRuntime(network, half=False)])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.region}-{config.bottleneck}")
def test_every_variant_predicts_what_pytorch_predicts(config, library):
    network = trained(config)
    onnx.checker.check_model(
        onnx.load_model_from_string(context_encoder_graph(config, tensors_of(network))), full_check=True
    )
    masked, mask, _ = crop(128, 128, batch=2)
    prediction, wanted = library(network)(masked, mask), expected(network, masked, mask)
    assert prediction.dtype == np.float32 and wanted[..., 32:96, 32:96].std() > 0.05
    assert np.allclose(prediction, wanted, atol=1e-5)
    unlike = expected(trained(config, seed=1), masked, mask)
    assert not np.allclose(unlike, wanted, atol=0.05)  # the comparison above can fail


def test_a_runtime_without_pytorch_modifies_no_argument_and_refuses_other_sizes():
    runtime = choose_runtime(trained(CONFIGS[1]), "cpu")
    assert runtime.name.startswith("OpenVINO") and (runtime.multiple, runtime.fixed_size) == (128, 128)
    masked, mask, _ = crop(128, 128)
    copies = masked.copy(), mask.copy()
    prediction = runtime(masked, mask)
    assert not np.shares_memory(prediction, masked) and np.abs(prediction).max() <= 1
    assert np.array_equal(masked, copies[0]) and np.array_equal(mask, copies[1])
    with pytest.raises(ValueError, match="64x128; a Context Encoder takes 128x128"):
        runtime(masked[..., :64], mask[..., :64])
