"""What the command line hands to the parts of a run."""

import dataclasses
import json
from pathlib import Path

import pytest

from inpaint.damage import BUNDLED_DAMAGE
from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.train.runs import free_form
from train import __main__ as command_line
from train.presets import PRESETS
from train.publish.improvement import Improvement
from train.publish.report import PublishedWeights
from train.run.distributed import ProcessGroup
from train.run.events import EVENT_PREFIX
from train.settings import with_overrides

SMALL = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)


class Trained(Exception):
    """Ends the run where the training would start."""


def test_a_stored_state_is_asked_for_with_the_network_of_the_start_weights(photos, tmp_path, monkeypatch):
    """Weights may have another network than the preset's; the state of their run has it as well."""
    asked = []

    class NoMirror:
        def __init__(self, repo_id):
            pass

        def close(self):
            pass

    def train(config, *arguments):
        raise Trained

    save_generator(build_generator(SMALL), tmp_path / "start")
    monkeypatch.setattr(command_line, "Mirror", NoMirror)
    monkeypatch.setattr(command_line, "fetch_state", lambda repo_id, config: asked.append(config))
    monkeypatch.setattr(command_line, "train_generator", train)
    flags = ["--data.dataset", photos, "--run-dir", str(tmp_path / "run"), "--checkpoint-repo", "me/state"]
    with pytest.raises(Trained):
        command_line.main(["finetune", "--init-from", str(tmp_path / "start"), *flags])
    assert asked[0].generator == SMALL


def test_the_space_that_is_announced_is_that_of_the_network_of_the_start_weights(photos, tmp_path, monkeypatch, capsys):
    def train(config, *arguments):
        raise Trained

    save_generator(build_generator(SMALL), tmp_path / "start")
    monkeypatch.setattr(command_line, "train_generator", train)
    flags = ["--data.dataset", photos, "--run-dir", str(tmp_path / "run")]
    with pytest.raises(Trained):
        command_line.main(["finetune", "--init-from", str(tmp_path / "start"), *flags])
    megabytes = 2 * 5 * 4 * sum(value.numel() for value in build_generator(SMALL).parameters()) / 1e6
    assert f"about {max(1, megabytes):.0f} MB for checkpoints" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("preset", "start", "sentence"),
    [
        ("finetune", "context-encoder", "use the preset context-encoder, or other weights"),
        ("context-encoder", "bundled", "use the preset photos or finetune or thin or tiny, or other weights"),
        ("finetune", str(BUNDLED_DAMAGE), "'damage'; it must be one of 'context-encoder', 'free-form'"),
    ],
)
def test_weights_of_another_architecture_are_refused_before_anything_is_written(
    preset, start, sentence, photos, tmp_path, capsys
):
    run_dir = tmp_path / "run"
    flags = ["--data.dataset", photos, "--run-dir", str(run_dir), "--init-from", start]
    assert command_line.main([preset, *flags]) == 1
    assert sentence in capsys.readouterr().err and not run_dir.exists()


@pytest.mark.parametrize(
    ("result", "events"),
    [
        (PublishedWeights("url", "sha"), ["published"]),
        (PublishedWeights("url", "sha-of-others", False, comparison={"better": False}), ["withheld"]),
        (PublishedWeights("url", "sha-of-others", False), []),
    ],
    ids=["published", "not better than the start", "not better than those in the repository"],
)
def test_the_log_says_that_weights_are_published_only_if_they_are_this_runs(result, events, monkeypatch, capsys):
    monkeypatch.setattr(command_line, "publish", lambda *arguments, **options: result)
    config = with_overrides(PRESETS["tiny"][1], {"push_to_hub": "me/weights", "event_log": True})
    command_line._publish(config, Path("run"))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(EVENT_PREFIX)]
    assert [json.loads(line)["event"] for line in lines] == events


@pytest.mark.parametrize(
    ("improvement", "figures"),
    [
        (None, {}),
        (Improvement("photos", {"elp": 0.25, "psnr": 20.1234567}, None), {"new/elp": 0.25, "new/psnr": 20.123457}),
        (Improvement("photos", {"elp": 0.25}, {"elp": 0.5}), {"new/elp": 0.25, "previous/elp": 0.5}),
    ],
)
@pytest.mark.usefixtures("no_curves")
def test_the_last_event_has_the_figures_that_were_measured_to_publish(
    improvement, figures, photos, tmp_path, monkeypatch, capsys
):
    result = PublishedWeights("url", "sha", improvement=improvement)
    monkeypatch.setattr(command_line, "publish", lambda *arguments, **options: result)
    monkeypatch.setattr(command_line, "check_target", lambda *arguments: None)
    settings = {"push_to_hub": "me/weights", "event_log": True, "images": 4}
    command_line.run(free_form(photos, tmp_path / "run", **settings), ProcessGroup())
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    losses = {"generator/reconstruction", "discriminator/adversarial"}
    assert last["event"] == "finished" and last["images"] == 4 and losses <= last.keys()
    assert {name: last[name] for name in last if name.startswith(("new/", "previous/", "held-out/"))} == figures


@pytest.mark.usefixtures("no_curves")
def test_a_run_whose_preset_has_changed_since_resumes_with_what_it_was_started_with(
    photos, tmp_path, monkeypatch, capsys
):
    def set_preset(config):
        for presets in (PRESETS, command_line.ALL_PRESETS):
            monkeypatch.setitem(presets, "tiny", ("", config))

    tiny = dataclasses.replace(PRESETS["tiny"][1], generator=SMALL)
    small = with_overrides(tiny, {"data.resolution": 32, "guided": 0.0, "loss.adversarial_weight": 0.0})
    set_preset(small)
    command = ["tiny", "--data.dataset", photos, "--run-dir", str(tmp_path), "--device", "cpu"]
    assert command_line.main([*command, "--images", "4"]) == 0
    rate, newer = small.learning_rate, with_overrides(small, {"learning_rate": 0.5, "clip_norm": 3.0})
    set_preset(newer)
    for images in ("8", "12"):
        assert command_line.main([*command, "--images", images]) == 0, capsys.readouterr().err
        assert f"and keeps them: clip_norm None, learning_rate {rate}." in capsys.readouterr().out
        saved = json.loads((tmp_path / "config.json").read_text())
        assert (saved["learning_rate"], saved["clip_norm"], saved["images"]) == (rate, None, int(images))
    assert command_line.main([*command, "--images", "16", "--learning-rate", "0.1"]) == 1
    assert f"learning_rate: {rate} there, 0.1 now" in capsys.readouterr().err
    (tmp_path / "config.json").write_text("{")
    assert command_line.main([*command, "--images", "16"]) == 1
    assert "config.json is damaged" in capsys.readouterr().err
