"""Training with `--data.on-device`: no step waits for the device, and everything else is as without it."""

import contextlib
import dataclasses

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.train import runs
from train.config import LossConfig
from train.data.device.stream import open_device_stream
from train.data.order import Position
from train.data_config import DataConfig, MaskConfig
from train.generator.trainer import GeneratorTrainer
from train.run.finite import CHECK_EVERY
from train.run.optimize import NonFiniteError

WAITS = ("_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal", "masked_select", "unique")
"""Operations whose result the host needs, or whose size it must know."""
CPU = torch.device("cpu")


class RefuseWaits(TorchDispatchMode):
    """Raises when an operation would wait for a GPU."""

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function._schema.name.partition("::")[2]
        indices = arguments[1] if name.startswith("index") and len(arguments) > 1 else ()
        masks = [x for x in indices if isinstance(x, torch.Tensor) and x.dtype == torch.bool] if indices else []
        if name in WAITS or masks:
            raise AssertionError(f"{name} waits for the device")
        return function(*arguments, **(options or {}))


def config_of(photos, run_dir, **changes):
    masks = MaskConfig(strokes=0.5, scratches=0.5, zoom=1.5, bank=12)
    data = DataConfig(
        dataset=(photos,), resolution=32, batch_size=4, on_device=True, masks=masks,
        colour_jitter=0.3, jpeg_jitter=0.3, cache_side=48,
    )  # fmt: skip
    return runs.free_form(photos, run_dir, data=data, **changes)


@contextlib.contextmanager
def refuse_waits():
    """Make it an error to wait for the device; on a CPU some reads of a tensor are no operation of their own."""

    def refuse(*arguments, **options):
        raise AssertionError("the host reads values of the device")

    with pytest.MonkeyPatch.context() as patch, RefuseWaits():
        for name in ("cpu", "numpy", "tolist", "item", "__bool__", "__float__", "__int__", "__array__"):
            patch.setattr(torch.Tensor, name, refuse)
        yield


@pytest.mark.usefixtures("fast_bfloat16")
@pytest.mark.parametrize("bf16", [False, True])
def test_no_step_waits_for_the_device(photos, tmp_path, bf16):
    loss = LossConfig(
        adversarial_weight=0.01, r1_gamma=0.01, r1_interval=2, feature_matching_weight=0.1, perceptual_weight=0.3,
        known_weight=0.1, border_weight=2.0,
    )  # fmt: skip
    config = config_of(photos, tmp_path, loss=loss, bf16=bf16, guided=0.5)
    stream = open_device_stream(config.data, 0, CPU, Position(0, 16))
    trainer = GeneratorTrainer(config)
    with refuse_waits():
        for _ in range(5):  # plain and guided steps, with and without R1, and across the end of an epoch
            report = trainer.train_step(stream.next_batch())
    assert set(report) >= {"generator/perceptual", "generator/feature_matching", "discriminator/adversarial"}


WAITING = [lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: bool(x.any()), torch.nonzero, lambda x: x.cpu()]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_no_step_waits_for_a_gpu(photos, tmp_path):
    config = config_of(photos, tmp_path, bf16=True, device="cuda")
    stream = open_device_stream(config.data, 0, torch.device("cuda"))
    trainer = GeneratorTrainer(config)
    trainer.train_step(stream.next_batch())
    try:
        torch.cuda.set_sync_debug_mode("error")
        for _ in range(9):
            trainer.train_step(stream.next_batch())
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("wait", WAITING)
def test_waits_are_noticed(wait):
    with pytest.raises(AssertionError, match="the device"), refuse_waits():
        wait(torch.ones(3))


def test_an_interrupted_run_equals_an_uninterrupted_one(photos, tmp_path, no_curves):
    whole = runs.train(config_of(photos, tmp_path / "whole"))
    parted = config_of(photos, tmp_path / "parted", log_every=4)
    with pytest.raises(KeyboardInterrupt):
        runs.train(parted, None, [runs.Interrupt(20)])
    runs.train(parted)
    a, b = runs.checkpoint(whole), runs.checkpoint(tmp_path / "parted")
    for name in ("generator", "discriminator", "ema"):
        assert runs.same(a[name], b[name])
    assert a["positions"] == b["positions"]


def test_a_loss_that_is_not_finite_changes_no_weight_and_is_reported_later(photos, tmp_path):
    config = config_of(photos, tmp_path)
    trainer, stream = GeneratorTrainer(config), open_device_stream(config.data, 0, CPU)
    trainer.train_step(stream.next_batch())
    trainer.config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, reconstruction_weight=1e39))
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    trainer.train_step(stream.next_batch())
    trainer.config = config
    trainer.train_step(stream.next_batch())  # nothing is trained after a failure
    assert runs.same(before, trainer.generator.state_dict())
    assert runs.same(before, trainer.generator.state_dict())
    with pytest.raises(NonFiniteError, match="after 4 images"):
        trainer.state()
    trainer.steps = CHECK_EVERY - 1
    with pytest.raises(NonFiniteError, match="a loss must be finite"):
        trainer.train_step(stream.next_batch())


def test_the_term_that_is_not_finite_is_named(photos, tmp_path):
    config = config_of(photos, tmp_path)
    trainer, stream = GeneratorTrainer(config), open_device_stream(config.data, 0, CPU)
    with torch.no_grad():
        trainer.discriminator.head.bias.fill_(float("nan"))
    trainer.train_step(stream.next_batch())
    with pytest.raises(NonFiniteError, match="discriminator/adversarial is nan.* after 0 images"):
        trainer.state()


def test_the_real_and_fake_images_of_one_pass_have_the_logits_of_two(photos, tmp_path):
    config = config_of(photos, tmp_path)
    trainer, batch = GeneratorTrainer(config), open_device_stream(config.data, 0, CPU).next_batch()
    real, mask = batch.image.float() / 127.5 - 1, batch.mask.float()
    one = trainer._discriminator_terms(real, -real, mask)
    trainer.config = runs.free_form(photos, tmp_path)
    two = trainer._discriminator_terms(real, -real, mask)
    assert torch.allclose(one["adversarial"], two["adversarial"], rtol=1e-5)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match=r"data\.masks\.bank is 0.*try 8000"):
        DataConfig(on_device=True)
    with pytest.raises(ValueError, match=r"data\.jpeg_jitter is 0\.5.*add --data\.on-device"):
        DataConfig(jpeg_jitter=0.5)


def test_a_small_generator_learns_on_the_device(photos, tmp_path):
    config = config_of(photos, tmp_path, loss=LossConfig(), learning_rate=3e-3, guided=0.0)
    trainer, batch = GeneratorTrainer(config), runs.batch_of()
    losses = [float(trainer.train_step(batch)["generator/reconstruction"]) for _ in range(15)]
    assert losses[-1] < 0.8 * losses[0]
