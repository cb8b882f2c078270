"""Trains really, on small random pictures."""

import dataclasses
import io
import itertools
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

from inpaint.hub.weights import load_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from train.config import MaskConfig, TrainConfig
from train.data.order import Position
from train.data.retry import StreamError
from train.data.stream import Batch, PhotoStream
from train.generator.trainer import GeneratorTrainer, train_generator
from train.presets import PRESETS
from train.run import loop
from train.run.checkpoint import CheckpointError
from train.run.device import to_model_input
from train.run.loop import total_images
from train.run.optimize import NonFiniteError
from train.run.progress import read_losses
from train.run.samples import held_out_batch

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of 24 small pictures: smooth colour gradients with a little noise."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(24):
        y, x = np.mgrid[0:96, 0:96] / 96
        a, b, c = rng.uniform(-1, 1, (3, 3))
        pixels = 128 + 80 * (np.outer(x.ravel(), a) + np.outer(y.ravel(), b) + c / 2).reshape(96, 96, 3)
        pixels += rng.normal(0, 4, pixels.shape)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return str(folder)


def tiny(photos, run_dir, **changes) -> TrainConfig:
    base = PRESETS["tiny"][1]
    data = dataclasses.replace(base.data, dataset=(photos,), resolution=32)
    generator = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)
    settings = {"data": data, "generator": generator, "run_dir": str(run_dir), "images": 48, "checkpoint_every": 16}
    return dataclasses.replace(base, **(settings | changes))


def weights(run_dir):
    return load_file(run_dir / "weights" / "model.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_leaves_weights_sheets_losses_and_curves(photos, tmp_path):
    run_dir = train_generator(tiny(photos, tmp_path / "run", sample_every=16, log_every=8))
    assert load_generator(run_dir / "weights").generator.config.channels == (8, 12, 16)
    assert [p.name for p in sorted((run_dir / "samples").iterdir())][:2] == [
        "images-000000000.png",
        "images-000000016.png",
    ]
    lines = read_losses(run_dir / "losses.jsonl")
    assert lines[-1]["images_seen"] == 48
    for name in ("generator/reconstruction", "generator/adversarial", "generator/feature_matching",
                 "discriminator/adversarial", "discriminator/r1"):  # fmt: skip
        assert any(name in line for line in lines), name
    assert (run_dir / "losses.png").exists()
    assert json.loads((run_dir / "config.json").read_text())["data"]["dataset"] == [photos]


def test_an_interrupted_run_ends_with_the_weights_of_an_undisturbed_one(photos, tmp_path):
    whole = train_generator(tiny(photos, tmp_path / "whole"))
    train_generator(tiny(photos, tmp_path / "parts", images=16))
    train_generator(tiny(photos, tmp_path / "parts", images=36))
    parts = train_generator(tiny(photos, tmp_path / "parts"))
    assert same(weights(whole), weights(parts))
    assert [line["images_seen"] for line in read_losses(parts / "losses.jsonl")] == sorted(
        {line["images_seen"] for line in read_losses(parts / "losses.jsonl")}
    )


def paper(photos, run_dir, **changes) -> TrainConfig:
    """The paper's run with narrow networks and two pictures a step."""
    base = PRESETS["context-encoder"][1]
    data = dataclasses.replace(base.data, dataset=(photos,), batch_size=2)
    generator = ContextEncoderConfig(channels=4, bottleneck_channels=16)
    settings = {"data": data, "generator": generator, "run_dir": str(run_dir), "device": "cpu", "log_every": 20}
    return dataclasses.replace(base, **(settings | ({"epochs": None} if "images" in changes else {}) | changes))


def losses_of(run_dir):
    """The lines of the losses file without what depends on the clock on the wall."""
    timed = ("images_per_s", "waiting_for_data")
    lines = read_losses(run_dir / "losses.jsonl")
    return [{name: value for name, value in line.items() if name not in timed} for line in lines]


def write_splits(photos, folder):
    """The photos as "train", and red pictures as "validation"; the folder as text."""
    (folder / "validation").mkdir(parents=True)
    shutil.copytree(photos, folder / "train")
    for number in range(3):
        Image.new("RGB", (130, 140), (220 + 10 * number, 0, 0)).save(folder / "validation" / f"{number}.png")
    return str(folder)


def test_the_paper_run_resumes_exactly_too(photos, tmp_path):
    config = paper(photos, tmp_path, checkpoint_every=8)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, batch_size=8))
    whole = train_generator(dataclasses.replace(config, epochs=2, run_dir=str(tmp_path / "whole")))
    assert sheet(whole, 0)[132 + 32 : 132 + 96, 34:98].std() > 2, "noise at first"
    train_generator(dataclasses.replace(config, epochs=1, run_dir=str(tmp_path / "parts")))
    parts = train_generator(dataclasses.replace(config, epochs=2, run_dir=str(tmp_path / "parts")))
    assert same(weights(whole), weights(parts))


def test_guided_steps_come_at_their_share_and_refine_a_fill_of_half_the_size(photos, tmp_path):
    trainer = GeneratorTrainer(tiny(photos, tmp_path / "run", guided=0.4))
    generator, calls = trainer.wrapped_generator, []

    def recorded(masked_image, mask, *guide):
        prediction = generator(masked_image, mask, *guide)
        calls.append((tuple(masked_image.shape[-2:]), prediction.detach(), guide))
        return prediction

    trainer.wrapped_generator = recorded
    torch.manual_seed(0)
    image, mask = torch.randint(256, (4, 3, 32, 32), dtype=torch.uint8), torch.zeros(4, 1, 32, 32, dtype=torch.uint8)
    mask[..., 6:26, 6:26] = 1
    for _ in range(10):
        trainer.train_step(Batch(image, mask, Position(0, 4), 0))
    assert [size for size, _, _ in calls].count((16, 16)) == 4
    for (_, draft, _), (size, _, guide) in itertools.pairwise(calls):
        if guide:
            assert size == (32, 32)
            small = F.interpolate(guide[0], scale_factor=0.5, mode="area")
            assert (small - draft.clamp(-1, 1))[..., 5:11, 5:11].abs().mean() < 0.1


def command(photos, run_dir, *flags):
    return [sys.executable, "-m", "train", "tiny", "--data.dataset", photos, "--run-dir", str(run_dir),
            "--data.resolution", "32", "--images", "160", "--checkpoint-every", "16", *flags]  # fmt: skip


def run(arguments, **kwargs):
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=240, **kwargs)


def start_and_send(arguments, run_dir, number, after_images):
    """Starts a run, waits until it has seen so many images, and sends it a signal. Returns its exit code."""
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    losses = run_dir / "losses.jsonl"
    while time.monotonic() < deadline and process.poll() is None:
        if losses.exists() and any(line["images_seen"] >= after_images for line in read_losses(losses)):
            break
        time.sleep(0.02)
    process.send_signal(number)
    return process.wait(60)


@pytest.mark.slow
def test_kill_and_ctrl_c_change_nothing_in_the_result(photos, tmp_path):
    flags = ("--log-every", "4")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run(command(photos, whole, *flags)).returncode == 0
    arguments = command(photos, parts, *flags)
    assert start_and_send(arguments, parts, signal.SIGKILL, 44) == -signal.SIGKILL
    assert start_and_send(arguments, parts, signal.SIGINT, 92) == 130
    finished = run(arguments)
    assert finished.returncode == 0, finished.stderr
    assert same(weights(whole), weights(parts))


def test_ctrl_c_saves_the_step_in_hand(photos, tmp_path):
    run_dir = tmp_path / "run"
    flags = ("--checkpoint-every", "100000", "--log-every", "4", "--images", "100000")
    assert start_and_send(command(photos, run_dir, *flags), run_dir, signal.SIGINT, 12) == 130
    assert torch.load(run_dir / "checkpoint.pt", weights_only=True)["images_seen"] >= 12


def breaking(monkeypatch, after, trouble):
    """Lets the stream deliver so many batches, and then run into trouble."""
    next_batch, taken = PhotoStream.next_batch, []

    def limited(stream, stop=lambda: False):
        if len(taken) == after:
            return trouble(stop)
        taken.append(next_batch(stream))
        return taken[-1]

    monkeypatch.setattr(PhotoStream, "next_batch", limited)


def test_a_stream_that_breaks_costs_nothing_that_was_trained(photos, tmp_path, monkeypatch):
    whole = train_generator(tiny(photos, tmp_path / "whole"))

    def trouble(stop):
        raise StreamError("The dataset cannot be read: try again later.")

    breaking(monkeypatch, 5, trouble)
    with pytest.raises(StreamError, match="try again later"):
        train_generator(tiny(photos, tmp_path / "parts"))
    monkeypatch.undo()
    assert torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)["images_seen"] == 20
    assert same(weights(whole), weights(train_generator(tiny(photos, tmp_path / "parts"))))


def test_ctrl_c_is_heard_while_the_run_waits_for_pictures(photos, tmp_path, monkeypatch):
    def trouble(stop):
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()

    breaking(monkeypatch, 3, trouble)
    with pytest.raises(KeyboardInterrupt):
        train_generator(tiny(photos, tmp_path))
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["images_seen"] == 12


def test_a_few_pictures_will_do_and_it_is_said(photos, tmp_path, capsys):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(Path(photos).iterdir())[:3]:
        shutil.copy(path, few)
    assert read_losses(train_generator(tiny(str(few), tmp_path / "run")) / "losses.jsonl")[-1]["images_seen"] == 48
    assert "The dataset has 3 photos, fewer than the 4 of a step" in "".join(capsys.readouterr())


def test_what_was_skipped_is_said_at_the_end(photos, tmp_path, capsys):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    (folder / "broken.png").write_bytes(b"nothing")
    Image.new("RGB", (1, 1)).save(folder / "dot.png")
    train_generator(tiny(str(folder), tmp_path / "run", images=64))
    said = "".join(capsys.readouterr())
    assert re.search(r"\d rows could not be used as photos and were skipped: ", said)
    assert "not readable as an image" in said
    assert "smaller than 8 pixels" in said


def test_a_finished_run_is_not_trained_on(photos, tmp_path):
    run_dir = train_generator(tiny(photos, tmp_path, images=8))
    before = weights(run_dir)
    assert same(before, weights(train_generator(tiny(photos, tmp_path, images=8))))


def test_a_folder_with_another_run_is_refused(photos, tmp_path):
    train_generator(tiny(photos, tmp_path, images=4))
    with pytest.raises(CheckpointError, match="seed: 0 there, 1 now"):
        train_generator(tiny(photos, tmp_path, images=4, seed=1))


def test_problems_end_the_command_with_a_sentence_and_no_traceback(tmp_path):
    result = run(
        [sys.executable, "-m", "train", "tiny", "--data.dataset", "/no/such/place", "--run-dir", str(tmp_path)]
    )
    assert result.returncode == 1
    assert "cannot be opened" in result.stderr
    assert "Traceback" not in result.stderr


def test_training_starts_from_given_weights(photos, tmp_path):
    first = train_generator(tiny(photos, tmp_path / "first", images=16))
    config = tiny(photos, tmp_path / "second", init_from=str(first / "weights"))
    start = GeneratorTrainer(config).generator.state_dict()
    shipped = weights(first)
    assert all(torch.equal(start[name], shipped[name].float()) for name in shipped)
    other = dataclasses.replace(config.generator, blocks=3)
    with pytest.raises(ValueError, match="same generator settings"):
        GeneratorTrainer(dataclasses.replace(config, generator=other))


def batch_of(config, seed=0):
    torch.manual_seed(seed)
    side = config.data.resolution
    mask = torch.zeros(4, 1, side, side, dtype=torch.uint8)
    mask[..., side // 4 : -side // 4, side // 4 : -side // 4] = 1
    stripes = 120 + 80 * torch.sin(torch.arange(side) * 0.8)  # which no smooth fill continues
    base = stripes.view(1, 1, 1, side).expand(4, 3, side, side)
    return Batch(base.to(torch.uint8), mask, Position(0, 4), 0)


@pytest.mark.parametrize("adversarial", ["bce", "non-saturating", "hinge"])
def test_both_networks_learn_in_a_step(photos, tmp_path, adversarial):
    config = tiny(photos, tmp_path)
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, adversarial=adversarial))
    trainer = GeneratorTrainer(config)
    before = [{k: v.clone() for k, v in n.state_dict().items()} for n in (trainer.generator, trainer.discriminator)]
    trainer.train_step(batch_of(config))
    for network, old in zip((trainer.generator, trainer.discriminator), before, strict=True):
        assert not same(dict(network.state_dict()), old)
    assert all(p.requires_grad for p in trainer.discriminator.parameters())


def test_the_reconstruction_gets_better(photos, tmp_path):
    config = tiny(photos, tmp_path, learning_rate=2e-3, betas=(0.9, 0.99), guided=0.0)
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, adversarial_weight=0.0))
    trainer = GeneratorTrainer(config)
    losses = [float(trainer.train_step(batch_of(config))["generator/reconstruction"]) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_loss_that_is_not_finite_stops_the_run_before_it_touches_a_weight(photos, tmp_path):
    config = tiny(photos, tmp_path)
    trainer = GeneratorTrainer(config)
    trainer.generator.to_rgb.bias.data.fill_(float("nan"))
    before = {name: value.clone() for name, value in trainer.discriminator.state_dict().items()}
    with pytest.raises(NonFiniteError, match=r"discriminator/adversarial is nan after 0 images.*learning rate"):
        trainer.train_step(batch_of(config))
    assert same(before, dict(trainer.discriminator.state_dict()))


def test_warm_up_and_cool_down_of_the_learning_rate(photos, tmp_path):
    config = tiny(photos, tmp_path, images=100, warmup_images=40, cooldown_images=40)
    trainer, rates = GeneratorTrainer(config), {}
    for seen in (0, 16, 50, 80, 99):
        trainer.images_seen = seen
        trainer._set_learning_rates()
        rates[seen] = trainer.g_optimizer.param_groups[0]["lr"] / config.learning_rate
    assert rates[0] == pytest.approx(0.1)
    assert rates[16] == pytest.approx(0.5)
    assert rates[50] == 1
    assert rates[80] == pytest.approx(0.1 + 0.9 / 2)
    assert rates[99] == pytest.approx(0.1, abs=0.03)


def test_bf16_channels_last_and_the_perceptual_term_run(photos, tmp_path):
    pytest.importorskip("efficientnet_lite_pytorch")
    config = tiny(photos, tmp_path, images=8, bf16=True, channels_last=True)
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, perceptual_weight=1.0))
    lines = read_losses(train_generator(config) / "losses.jsonl")
    assert 0 < lines[-1]["generator/perceptual"] < 2


def test_the_central_generator_is_judged_on_its_centre_only(photos, tmp_path):
    config = paper(photos, tmp_path)
    trainer, batch = GeneratorTrainer(config), batch_of(config)
    noisy = batch._replace(image=batch.image.clone())
    noisy.image[..., :20, :] = 255 - noisy.image[..., :20, :]
    trainer.generator.eval()
    reports = []
    for candidate in (batch, noisy):
        torch.manual_seed(0)
        trainer = GeneratorTrainer(config)
        with torch.no_grad():
            trainer.generator.encoder[0].weight.zero_()  # blind: only the judged part can make a difference
        reports.append(trainer.train_step(candidate))
    assert reports[0]["generator/reconstruction"] == reports[1]["generator/reconstruction"]


def test_compiling_is_a_flag(photos, tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda network: compiled.append(network) or network)
    GeneratorTrainer(tiny(photos, tmp_path, compile=True))
    assert len(compiled) == 2


def test_masks_of_the_run_reach_the_generator(photos, tmp_path):
    config = tiny(photos, tmp_path, images=4)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, masks=MaskConfig(central=1)))
    run_dir = train_generator(config)
    sheet = np.asarray(Image.open(io.BytesIO((run_dir / "samples" / "images-000000000.png").read_bytes())))
    assert (sheet[2 + 8 : 2 + 24, 2 + 8 : 2 + 24] == 128).all()


def seen_by(trainer, batch):
    """What generator and discriminator are given in one step."""
    calls = {"wrapped_generator": [], "wrapped_discriminator": []}
    for name, network in (("wrapped_generator", trainer.generator), ("wrapped_discriminator", trainer.discriminator)):

        def record(*inputs, network=network, kept=calls[name]):
            kept.append([x.detach().clone() for x in inputs])
            return network(*inputs)

        setattr(trainer, name, record)
    trainer.train_step(batch)
    return calls


def test_the_generator_never_sees_the_truth_and_the_discriminator_sees_composites(photos, tmp_path):
    config = tiny(photos, tmp_path)
    trainer, batch = GeneratorTrainer(config), batch_of(config)
    calls = seen_by(trainer, batch)
    image, mask = to_model_input(batch.image, batch.mask, torch.device("cpu"), False)
    ((masked_image, seen_mask),) = calls["wrapped_generator"]
    assert torch.equal(seen_mask, mask)
    assert (masked_image * mask == 0).all()
    real, fake = calls["wrapped_discriminator"][0][0], calls["wrapped_discriminator"][1][0]
    assert torch.equal(real, image)
    assert torch.equal(fake * (1 - mask), image * (1 - mask))
    assert not torch.equal(fake, image)


def test_pictures_enter_the_networks_between_minus_one_and_one():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    image, mask = to_model_input(pixels, torch.ones(1, 1, 1, 1, dtype=torch.uint8), torch.device("cpu"), True)
    assert image.flatten().tolist() == pytest.approx([-1, -0.6, 1])
    assert mask.item() == 1


def test_a_term_of_weight_zero_teaches_nothing(photos, tmp_path):
    config = tiny(photos, tmp_path)
    loss = dataclasses.replace(config.loss, reconstruction_weight=0.0, adversarial_weight=0.0)
    trainer = GeneratorTrainer(dataclasses.replace(config, loss=loss))
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    trainer.train_step(batch_of(config))
    assert same(before, dict(trainer.generator.state_dict()))


def test_the_gradient_penalty_changes_what_the_discriminator_learns(photos, tmp_path):
    config = tiny(photos, tmp_path)
    learnt = []
    for gamma in (1e-6, 100.0):
        trainer = GeneratorTrainer(dataclasses.replace(config, loss=dataclasses.replace(config.loss, r1_gamma=gamma)))
        assert "discriminator/r1" in trainer.train_step(batch_of(config))
        assert "discriminator/r1" not in trainer.train_step(batch_of(config))  # lazy: not at every step
        learnt.append(dict(trainer.discriminator.state_dict()))
    assert not same(*learnt)


def test_the_average_lies_between_start_and_end_of_the_run(photos, tmp_path):
    config = tiny(photos, tmp_path, ema_halflife_images=10**6, learning_rate=1e-3)
    trainer = GeneratorTrainer(config)
    start = trainer.generator.to_rgb.weight.detach().clone()
    for _ in range(20):
        trainer.train_step(batch_of(config))
    end, average = trainer.generator.to_rgb.weight.detach(), trainer.ema.network.to_rgb.weight
    assert 0 < (average - start).norm() < (end - start).norm()


def test_discriminator_features_are_compared_with_those_of_the_truth(photos, tmp_path):
    config = tiny(photos, tmp_path)
    assert GeneratorTrainer(config).train_step(batch_of(config))["generator/feature_matching"] > 0


def sheet(run_dir, images_seen):
    with Image.open(run_dir / "samples" / f"images-{images_seen:09d}.png") as picture:
        return np.asarray(picture)


def test_the_sheets_of_a_run_that_goes_on_show_the_same_pictures(photos, tmp_path):
    run_dir = train_generator(tiny(photos, tmp_path, images=16, sample_every=16))
    first = sheet(run_dir, 0)
    later = sheet(train_generator(tiny(photos, tmp_path, images=32, sample_every=16)), 32)
    truth = 3 * 34 + 2
    assert np.array_equal(first[truth:], later[truth:])
    assert not np.array_equal(first, later)


def test_a_run_stops_after_the_minutes_it_may_take_and_goes_on_later(photos, tmp_path):
    config = tiny(photos, tmp_path, images=40, max_minutes=1e-6)
    with pytest.raises(KeyboardInterrupt):
        train_generator(config)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["images_seen"] == 4
    assert (
        read_losses(train_generator(dataclasses.replace(config, max_minutes=None)) / "losses.jsonl")[-1]["images_seen"]
        == 40
    )


def test_the_length_of_a_run_in_epochs_is_known_after_the_first(photos, tmp_path):
    config = tiny(photos, tmp_path, images=None, epochs=3)
    assert total_images(config, None) is None
    assert total_images(config, 24) == 72
    assert read_losses(train_generator(config) / "losses.jsonl")[-1]["images_seen"] == 72


def test_a_full_disk_ends_the_command_with_a_sentence(photos, tmp_path, monkeypatch, capsys):
    from train import __main__ as command_line

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command_line, "train_generator", full)
    assert command_line.main(["tiny", "--data.dataset", photos]) == 1
    assert "No space left" in capsys.readouterr().err


def test_checkpoints_are_written_at_their_interval_and_at_the_end(photos, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(loop, "save_checkpoint", lambda run_dir, state: written.append(state["images_seen"]))
    train_generator(tiny(photos, tmp_path, images=40, checkpoint_every=16))
    assert written == [16, 32, 40]


@pytest.mark.slow
def test_the_paper_run_repeats_fifty_steps_from_its_seed_bit_for_bit_also_when_it_was_stopped(photos, tmp_path):
    config = paper(photos, tmp_path / "first", images=100)
    first = train_generator(config)
    assert torch.load(first / "checkpoint.pt", weights_only=True)["steps"] == 50
    again = train_generator(dataclasses.replace(config, run_dir=str(tmp_path / "again")))
    train_generator(dataclasses.replace(config, run_dir=str(tmp_path / "parts"), images=40))
    parts = train_generator(dataclasses.replace(config, run_dir=str(tmp_path / "parts")))
    for other in (again, parts):
        assert same(weights(first), weights(other))
        assert losses_of(first) == losses_of(other)


def test_sheets_of_epochs_lie_under_their_name_and_show_held_out_pictures(photos, tmp_path):
    config = paper(photos, tmp_path / "run", images=None, epochs=3, sample_epochs=(0, 1, 3, 50))
    data = dataclasses.replace(config.data, dataset=(write_splits(photos, tmp_path / "splits"),), batch_size=10)
    config = dataclasses.replace(config, data=data)
    train_generator(dataclasses.replace(config, epochs=1))
    sheets = train_generator(config) / "samples"
    assert sorted(path.name for path in sheets.glob("epoch-*")) == [f"epoch-{epoch:04d}.png" for epoch in (0, 1, 3)]
    pictures = [np.asarray(Image.open(path)) for path in sorted(sheets.glob("epoch-*"))]
    truth = 3 * 130 + 2
    assert all(np.array_equal(picture[truth:], pictures[0][truth:]) for picture in pictures)
    assert np.array_equal(pictures[0], sheet(sheets.parent, 0)), "of the untrained network"
    assert np.array_equal(pictures[2], sheet(sheets.parent, 80)), "of the last step"
    assert not np.array_equal(pictures[0][:truth], pictures[1][:truth])
    assert (pictures[0][truth : truth + 128, 2:130, 0] > 200).all(), "the held-out pictures are red, no other is"


def test_without_the_held_out_split_the_sheets_show_the_first_batch(photos, tmp_path):
    config = paper(photos, tmp_path, images=4, sample_split="validation")
    assert held_out_batch(config, lambda data, start, rank, world_size: PhotoStream(data, config.seed)) is None
    assert (train_generator(config) / "samples" / "epoch-0000.png").exists()
