"""The discriminator beside weights: written by a run, taken by one that starts from them, or left out with a reason."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.train.runs import batch_of, context_encoder, free_form, same, train
from train.generator.discriminator_files import CONFIG_FILE, WEIGHTS_FILE, find_discriminator
from train.generator.trainer import GeneratorTrainer
from train.run.background import copied


def run_from(folder, **changes):
    return free_form("photos", "runs/none", init_from=str(folder), discriminator_warmup_images=400, **changes)


@pytest.fixture
def published(tmp_path):
    """A folder with the weights of a run and their discriminator; and the trainer that has written it."""
    trainer = GeneratorTrainer(free_form("photos", "run", seed=1))
    trainer.train_step(batch_of())
    trainer.save_weights(tmp_path / "weights")
    return tmp_path / "weights", trainer


def test_a_run_takes_the_discriminator_of_its_weights_without_a_warm_up(published):
    folder, first = published
    found = find_discriminator(run_from(folder))
    assert found.note == f"that of {folder}, without a warm-up"
    second = GeneratorTrainer(run_from(folder), discriminator=found.tensors)
    assert same(first.discriminator.state_dict(), second.discriminator.state_dict())
    assert "generator/adversarial" in second.train_step(batch_of())
    new = GeneratorTrainer(run_from(folder))
    assert "generator/adversarial" not in new.train_step(batch_of()), "it learns first"


def test_a_resumed_run_warms_up_as_it_has_begun(published):
    folder, _ = published
    first = GeneratorTrainer(run_from(folder), discriminator=find_discriminator(run_from(folder)).tensors)
    first.train_step(batch_of())
    resumed = GeneratorTrainer(run_from(folder))
    resumed.restore(copied(first.state()))
    losses = [trainer.train_step(batch_of()) for trainer in (first, resumed)]
    assert "generator/adversarial" in losses[1] and same(*losses)
    assert same(first.discriminator.state_dict(), resumed.discriminator.state_dict())


def test_a_whole_run_starts_with_the_discriminator_of_a_folder(published, photos, tmp_path, no_curves):
    folder, first = published
    config = free_form(photos, tmp_path / "run", init_from=str(folder), images=4, learning_rate=1e-12)
    run_dir = train(config)
    trained, before = load_file(run_dir / "weights" / WEIGHTS_FILE), first.discriminator.state_dict()
    assert all(torch.allclose(value, before[name], atol=1e-6) for name, value in trained.items())


def rewrite(folder, **changes):
    tensors = load_file(folder / WEIGHTS_FILE)
    save_file({name: value for name, value in (tensors | changes).items() if value is not None}, folder / WEIGHTS_FILE)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: rewrite(folder, **{"head.bias": None}), "head.bias"),
        (lambda folder: rewrite(folder, more=torch.zeros(3)), "more"),
        (lambda folder: rewrite(folder, **{"head.bias": torch.zeros(2)}), r"head.bias is \(2,\) and not \(1,\)"),
        (lambda folder: rewrite(folder, **{"head.bias": torch.tensor([torch.nan])}), "not finite"),
        (lambda folder: (folder / WEIGHTS_FILE).write_bytes(b"no tensors"), "is not used"),
        (lambda folder: (folder / WEIGHTS_FILE).write_bytes(bytes(40_000_000)), "40,000,000 bytes"),
        (lambda folder: (folder / WEIGHTS_FILE).unlink(), "is not used"),
        (lambda folder: (folder / CONFIG_FILE).write_text("{"), "is not used"),
        (lambda folder: (folder / CONFIG_FILE).write_text("[" * 9_000), "is not used"),
        (lambda folder: (folder / CONFIG_FILE).write_text(" " * 20_000), "20,000 bytes"),
        (lambda folder: (folder / CONFIG_FILE).write_text('{"architecture": "picture", "size": 64}'), "picture"),
    ],
)
def test_one_that_does_not_suit_the_run_is_left_out_with_the_reason(spoil, reason, published):
    folder, _ = published
    spoil(folder)
    found = find_discriminator(run_from(folder))
    assert found.tensors is None
    assert found.note.startswith("a new one, which learns for 400 images before it counts; that of ")
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.note)


def test_without_one_or_without_an_adversarial_term_there_is_nothing_to_take(published):
    folder, _ = published
    alone = dataclasses.replace(run_from(folder).loss, adversarial_weight=0.0)
    assert find_discriminator(run_from(folder, loss=alone)) == ("", None)
    assert find_discriminator(free_form("photos", "run")) == ("", None)
    (folder / CONFIG_FILE).unlink()
    assert find_discriminator(run_from(folder)).note == "a new one, which learns for 400 images before it counts"


def test_a_run_without_an_adversarial_term_writes_no_discriminator(tmp_path):
    config = free_form("photos", "run")
    config = dataclasses.replace(config, loss=dataclasses.replace(config.loss, adversarial_weight=0.0))
    GeneratorTrainer(config).save_weights(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def test_the_discriminator_of_whole_images_comes_back_with_its_statistics(tmp_path):
    trainer = GeneratorTrainer(context_encoder("photos", "run"))
    trainer.train_step(batch_of(128, 8))
    trainer.save_weights(tmp_path)
    config = context_encoder("photos", "other", init_from=str(tmp_path))
    assert same(find_discriminator(config).tensors, trainer.discriminator.state_dict())
