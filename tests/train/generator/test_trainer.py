"""One training step of a generator and its discriminator."""

import dataclasses
import itertools

import pytest
import torch
import torch.nn.functional as F

from inpaint.hub.weights import load_generator, save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.networks.tensors import composite
from tests.inpaint.networks.test_generators import with_random_weights
from tests.train.runs import batch_of, context_encoder, free_form, same
from train.data.order import Position
from train.data.stream import Batch
from train.generator.trainer import GeneratorTrainer
from train.run.device import to_model_input
from train.run.optimize import NonFiniteError


def config_of(**changes):
    return free_form("photos", "run", **changes)


def with_loss(config, **changes):
    return dataclasses.replace(config, loss=dataclasses.replace(config.loss, **changes))


def copy_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_guided_steps_come_at_their_share_and_refine_a_coarse_fill():
    trainer = GeneratorTrainer(config_of(guided=0.4))
    generator, calls = trainer.wrapped_generator, []

    def recorded(masked_image, mask, *coarse_fill):
        prediction = generator(masked_image, mask, *coarse_fill)
        calls.append((tuple(masked_image.shape[-2:]), prediction.detach(), coarse_fill))
        return prediction

    trainer.wrapped_generator = recorded
    torch.manual_seed(0)
    image, mask = torch.randint(256, (4, 3, 32, 32), dtype=torch.uint8), torch.zeros(4, 1, 32, 32, dtype=torch.uint8)
    mask[..., 6:26, 6:26] = 1
    for _ in range(10):
        trainer.train_step(Batch(image, mask, Position(0, 4), 0))
    assert [size for size, _, _ in calls].count((16, 16)) == 4
    for (_, half_size, _), (size, _, coarse_fill) in itertools.pairwise(calls):
        if coarse_fill:
            assert size == (32, 32)
            small = F.interpolate(coarse_fill[0], scale_factor=0.5, mode="area")
            assert (small - half_size.clamp(-1, 1))[..., 5:11, 5:11].abs().mean() < 0.1


def test_training_starts_from_given_weights(tmp_path):
    trained = GeneratorTrainer(config_of(seed=1)).generator
    save_generator(trained, tmp_path)
    config = config_of(init_from=str(tmp_path))
    start = GeneratorTrainer(config).generator.state_dict()
    assert all(torch.equal(start[name], value.half().float()) for name, value in trained.state_dict().items())
    other = dataclasses.replace(config.generator, blocks=3)
    with pytest.raises(ValueError, match="same generator settings"):
        GeneratorTrainer(dataclasses.replace(config, generator=other))


def test_blocks_can_be_left_out_of_given_weights_and_added_at_a_sixteenth(tmp_path):
    trained = with_random_weights(build_generator(FreeFormConfig((8, 12, 16), blocks=2, attention_every=0)))
    save_generator(trained, tmp_path)
    wanted = dataclasses.replace(trained.config, blocks=1, deep_blocks=2, deep_channels=20)
    start = GeneratorTrainer(config_of(init_from=str(tmp_path), generator=wanted)).generator.eval()
    assert start.config == wanted
    trained = load_generator(tmp_path).generator.eval()
    del trained.body[1]
    image, mask = torch.rand(2, 3, 32, 48) * 2 - 1, torch.zeros(2, 1, 32, 48)
    mask[..., 8:24, 8:40] = 1
    with torch.no_grad():  # the new blocks change nothing yet
        assert torch.allclose(start(image, mask), trained(image, mask), atol=1e-6)
    save_generator(start, tmp_path / "deep")
    config = config_of(init_from=str(tmp_path / "deep"), generator=dataclasses.replace(wanted, deep_channels=24))
    with pytest.raises(ValueError, match="same generator settings, apart from blocks"):
        GeneratorTrainer(config)


def test_all_losses_see_one_shift_that_differs_between_steps():
    trainer = GeneratorTrainer(with_loss(config_of(), shift_px=9))
    seen, predictions, shifts = [], [], set()
    trainer.extra_terms = {"recorded": lambda inputs: seen.append(inputs) or inputs.prediction.mean()}
    trainer.config = with_loss(trainer.config, extra=(("recorded", 1.0),))
    trainer.generator.register_forward_hook(lambda network, arguments, prediction: predictions.append(prediction))
    batch = batch_of()
    image, mask = to_model_input(batch.image, batch.mask, trainer.device, True)
    for _ in range(8):
        trainer.train_step(batch)
        (shift,) = [
            by for by in itertools.product(range(9), repeat=2) if torch.equal(seen[-1].mask, mask.roll(by, (2, 3)))
        ]
        assert torch.equal(seen[-1].image, image.roll(shift, (2, 3)))
        assert torch.equal(seen[-1].prediction, predictions[-1].roll(shift, (2, 3)))
        assert torch.equal(seen[-1].composite, composite(seen[-1].image, seen[-1].prediction, seen[-1].mask))
        shifts.add(shift)
    assert len(shifts) > 3


@pytest.mark.parametrize("adversarial", ["bce", "non-saturating", "hinge"])
def test_a_step_updates_both_networks(adversarial):
    trainer = GeneratorTrainer(with_loss(config_of(), adversarial=adversarial))
    networks = trainer.generator, trainer.discriminator
    before = [copy_of(network) for network in networks]
    assert trainer.train_step(batch_of())["generator/feature_matching"] > 0
    for network, old in zip(networks, before, strict=True):
        assert not same(dict(network.state_dict()), old)
    assert all(parameter.requires_grad for parameter in trainer.discriminator.parameters())


def test_the_reconstruction_loss_falls():
    trainer = GeneratorTrainer(
        with_loss(config_of(learning_rate=2e-3, betas=(0.9, 0.99), guided=0.0), adversarial_weight=0.0)
    )
    losses = [float(trainer.train_step(batch_of())["generator/reconstruction"]) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_loss_that_is_not_finite_raises_before_a_weight_changes():
    trainer = GeneratorTrainer(config_of())
    trainer.generator.to_rgb.bias.data.fill_(float("nan"))
    trainer.images_seen = 1234
    before = copy_of(trainer.discriminator)
    with pytest.raises(NonFiniteError, match=r"discriminator/adversarial is nan after 1,234 images.*learning rate"):
        trainer.train_step(batch_of())
    assert same(before, dict(trainer.discriminator.state_dict()))


def test_warm_up_and_cool_down_of_the_learning_rate():
    trainer, rates = GeneratorTrainer(config_of(images=100, warmup_images=40, cooldown_images=40)), {}
    for seen in (0, 16, 50, 80, 99):
        trainer.images_seen = seen
        trainer.train_step(batch_of())
        rates[seen] = trainer.g_optimizer.param_groups[0]["lr"] / trainer.config.learning_rate
        assert trainer.d_optimizer.param_groups[0]["lr"] == trainer.g_optimizer.param_groups[0]["lr"]
    assert list(rates.values()) == pytest.approx([0.1, 0.5, 1, 0.1 + 0.9 / 2, 0.1 + 0.9 / 40])


@pytest.mark.usefixtures("fast_bfloat16")
def test_bf16_channels_last_and_the_perceptual_term_run():
    pytest.importorskip("efficientnet_lite_pytorch")
    trainer = GeneratorTrainer(with_loss(config_of(bf16=True, channels_last=True), perceptual_weight=1.0))
    assert 0 < trainer.train_step(batch_of())["generator/perceptual"] < 2


@pytest.mark.usefixtures("fast_bfloat16")
def test_float16_with_scaled_losses_runs_where_bfloat16_is_missing(monkeypatch):
    monkeypatch.setattr("train.run.device.autocast_dtype", lambda device: torch.float16)
    trainer = GeneratorTrainer(config_of(bf16=True))
    trainer.train_step(batch_of())
    state = trainer.state()
    assert set(state["scalers"]) == {"generator", "discriminator"}
    state["scalers"]["generator"]["scale"] = 8.0
    trainer.restore(state)
    assert trainer.scalers["generator"].get_scale() == 8


def test_a_step_in_parts_is_the_step_of_the_whole_batch():
    changes = {"guided": 0.0, "betas": (0.9, 0.99), "ema_halflife_images": 0}
    whole, parts = (
        GeneratorTrainer(with_loss(config_of(accumulate=count, **changes), adversarial_weight=0.0)) for count in (1, 2)
    )
    batch = batch_of()
    reports = [trainer.train_step(batch) for trainer in (whole, parts)]
    assert reports[0]["generator/reconstruction"] == pytest.approx(float(reports[1]["generator/reconstruction"]))
    for (name, a), b in zip(whole.generator.named_parameters(), parts.generator.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6), name
    assert parts.images_seen == whole.images_seen


def test_the_generator_does_without_a_discriminator_that_still_learns():
    trainer = GeneratorTrainer(config_of(discriminator_warmup_images=8))
    reports = [trainer.train_step(batch_of()) for _ in range(3)]
    assert ["generator/adversarial" in report for report in reports] == [False, False, True]
    assert all("discriminator/adversarial" in report for report in reports)


def test_only_the_centre_counts_for_a_generator_of_the_centre():
    config, batch = context_encoder("photos", "run"), batch_of(128, 8)
    other = batch._replace(image=batch.image.clone())
    other.image[..., :20, :] = 255 - other.image[..., :20, :]
    reports = []
    for candidate in (batch, other):
        trainer = GeneratorTrainer(config)
        with torch.no_grad():
            trainer.generator.encoder[0].weight.zero_()  # without input only the losses can depend on the image
        reports.append(trainer.train_step(candidate))
    assert reports[0]["generator/reconstruction"] == reports[1]["generator/reconstruction"]
    assert reports[0]["discriminator/adversarial"] == reports[1]["discriminator/adversarial"]


def test_compiling_is_a_setting(monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda network: compiled.append(network) or network)
    GeneratorTrainer(config_of(compile=True))
    assert len(compiled) == 2


def inputs_of_a_step(trainer, batch):
    """What generator and discriminator are given in one step."""
    calls = {"generator": [], "discriminator": []}
    for name, network in (("generator", trainer.generator), ("discriminator", trainer.discriminator)):

        def record(*inputs, network=network, kept=calls[name]):
            kept.append([x.detach().clone() for x in inputs])
            return network(*inputs)

        setattr(trainer, f"wrapped_{name}", record)
    trainer.train_step(batch)
    return calls


def test_the_generator_never_sees_the_ground_truth_and_the_discriminator_sees_composites():
    trainer, batch = GeneratorTrainer(config_of()), batch_of()
    calls = inputs_of_a_step(trainer, batch)
    image, mask = to_model_input(batch.image, batch.mask, torch.device("cpu"), False)
    ((masked_image, seen_mask),) = calls["generator"]
    assert torch.equal(seen_mask, mask)
    assert (masked_image * mask == 0).all()
    real, fake = calls["discriminator"][0][0], calls["discriminator"][1][0]
    assert torch.equal(real, image)
    assert torch.equal(fake * (1 - mask), image * (1 - mask))
    assert not torch.equal(fake, image)


def test_images_enter_the_networks_between_minus_one_and_one():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    image, mask = to_model_input(pixels, torch.ones(1, 1, 1, 1, dtype=torch.uint8), torch.device("cpu"), True)
    assert image.flatten().tolist() == pytest.approx([-1, -0.6, 1])
    assert mask.item() == 1


def test_a_term_of_weight_zero_has_no_gradient():
    trainer = GeneratorTrainer(with_loss(config_of(), reconstruction_weight=0.0, adversarial_weight=0.0))
    before = copy_of(trainer.generator)
    trainer.train_step(batch_of())
    assert same(before, dict(trainer.generator.state_dict()))


def test_the_gradient_penalty_changes_the_discriminator_and_is_lazy():
    updated = []
    for gamma in (1e-6, 100.0):
        trainer = GeneratorTrainer(with_loss(config_of(), r1_gamma=gamma))
        steps = ["discriminator/r1" in trainer.train_step(batch_of()) for _ in range(5)]
        assert steps == [True, False, False, False, True], "r1_interval is 4"
        updated.append(dict(trainer.discriminator.state_dict()))
    assert not same(*updated)


def test_the_average_lies_between_start_and_end_of_the_run():
    trainer = GeneratorTrainer(config_of(ema_halflife_images=10**6, learning_rate=1e-3))
    start = trainer.generator.to_rgb.weight.detach().clone()
    for _ in range(5):
        trainer.train_step(batch_of())
    end, average = trainer.generator.to_rgb.weight.detach(), trainer.ema.network.to_rgb.weight
    assert 0 < (average - start).norm() < (end - start).norm()
