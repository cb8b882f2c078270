"""A sprint: training for a limited time on a machine that is lent, whose results lie in a folder at any time."""

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from inpaint.atomic_write import atomic_write
from inpaint.hub.weights import load_generator, save_generator
from inpaint.networks.generators import build_generator
from train.config import TrainConfig
from train.data.device.stream import DeviceStream
from train.data.order import START, Position
from train.generator.initial_weights import with_loaded_generator
from train.generator.trainer import GeneratorTrainer
from train.metrics.efficientnet import use_packed
from train.run.background import BackgroundWriter, copied
from train.run.checkpoint import CONFIG_FILE, CheckpointError
from train.run.device import pick_device
from train.run.progress import Progress
from train.run.schedule import Schedule
from train.run.signals import GracefulShutdown
from train.run_config import to_dict
from train.settings import conflicts

from .budget import Budget
from .pack import Pack, read_pack
from .profile import profile_steps
from .state_files import read_state, write_state

EVALUATION = "train.sprint.evaluate"


class Plan(NamedTuple):
    """What a sprint does.

    Attributes:
        packs: folders of the packs; held-out photos and networks are those of the first one.
        output: folder of the results.
        resume: output folder of an earlier sprint, or None.
        seconds: duration of the whole sprint.
        cooldown_share: share of it over which the learning rate falls.
        profile_s: seconds of profiled steps at its start.
        write_s: seconds between two writings of the results.
        log_s: seconds between two lines of losses.
        evaluated: number of held-out photos of the table; 0 for no table.
    """

    packs: Sequence[Path]
    output: Path
    resume: Path | None
    seconds: float
    cooldown_share: float
    profile_s: float
    write_s: float
    log_s: float
    evaluated: int


def sprint_config(
    base: TrainConfig, device: str, *, batch_size: int, resolution: int, bank: int, from_scratch: bool, compiled: bool
) -> TrainConfig:
    """Return the config of a sprint, whose pictures and masks lie on the device.

    Args:
        base: the other settings. A preset that names no weights to start from starts from the bundled ones, if they are
            of its kind.
        device: as for `train.run.device.pick_device`.
        batch_size: pictures per step.
        resolution: side of the crops in pixels.
        bank: number of masks.
        from_scratch: start from random weights.
        compiled: compile the networks.

    Raises:
        ValueError: a value is out of range.
    """
    on_gpu = pick_device(device).type == "cuda"
    masks = dataclasses.replace(base.data.masks, bank=bank)
    data = dataclasses.replace(
        base.data, dataset=("a pack",), batch_size=batch_size, resolution=resolution, masks=masks, on_device=True
    )
    config = dataclasses.replace(
        base, data=data, device=device, bf16=on_gpu, compile=compiled, images=1, epochs=None, cooldown_images=0
    )
    if from_scratch:
        return dataclasses.replace(config, init_from=None)
    if config.init_from is None and config.generator == load_generator().generator.config:
        config = dataclasses.replace(config, init_from="bundled")
    return with_loaded_generator(config)


def run_sprint(config: TrainConfig, plan: Plan, started_s: float) -> int:
    """Train until the time is up, and return the number of images seen in all.

    Args:
        config: as `sprint_config` returns it.
        plan: what to do.
        started_s: when the process started, in seconds of `time.monotonic`.

    Raises:
        ValueError: there is no pack.
        CheckpointError: the sprint to resume cannot be read, or has other settings.
        NonFiniteError: a loss is not finite; what was written before is intact.
    """
    budget = Budget(plan.seconds, started_s)
    torch.backends.cudnn.benchmark = True  # all steps have the same shapes
    torch.set_float32_matmul_precision("high")  # of the crops, which are rounded to whole numbers
    use_packed(plan.packs[0])
    packs = [read_pack(folder) for folder in plan.packs]
    state = _state_to_resume(config, plan.resume)
    start = Position(*state["position"]) if state else START
    trainer = GeneratorTrainer(config)
    if state:
        trainer.restore(state)
    pictures = [picture for pack in packs for picture in pack.training]
    stream = DeviceStream(config.data, config.seed, pictures, trainer.device, start=start)
    trainer.position = start
    _write_start(config, plan, trainer, packs)
    return _Sprint(config, plan, budget, trainer, stream).run()


class _Sprint:
    """The steps of a sprint."""

    def __init__(
        self, config: TrainConfig, plan: Plan, budget: Budget, trainer: GeneratorTrainer, stream: DeviceStream
    ) -> None:
        self._config, self._plan, self._budget = config, plan, budget
        self._trainer, self._stream = trainer, stream
        self._writer, self._progress = BackgroundWriter(), Progress(plan.output, trainer.images_seen, None)
        self._evaluation: subprocess.Popen[bytes] | None = None
        self._evaluation_started_s = 0.0
        self._first_images = trainer.images_seen

    def run(self) -> int:
        plan, budget, shutdown = self._plan, self._budget, GracefulShutdown()
        try:
            with shutdown:
                self._profile()
                logged_s = written_s = time.monotonic()
                while budget.training_left_s > 0 and not shutdown.requested:
                    self._step()
                    self._note_evaluation()
                    now_s = time.monotonic()
                    if now_s - logged_s > plan.log_s:
                        logged_s = now_s
                        self._log()
                    if now_s - written_s > plan.write_s and not self._writer.is_busy:
                        written_s = now_s
                        self._write()
                self._log()
                self._stop_evaluation()
                self._write()
                self._writer.close()
                self._await_evaluation()
        finally:
            self._stop_evaluation()
            self._progress.close()
        return self._trainer.images_seen

    def _step(self) -> int:
        self._set_length()
        seen = self._trainer.images_seen
        losses = self._trainer.train_step(self._stream.next_batch())
        self._progress.advance(self._trainer.images_seen - seen, losses, None)
        return self._trainer.images_seen - seen

    def _profile(self) -> None:
        if self._plan.profile_s > 0:
            seconds = min(self._plan.profile_s, self._budget.training_left_s / 2)
            text = profile_steps(self._step, self._trainer.device, seconds)
            print(text.splitlines()[0], flush=True)
            _write_text(self._plan.output / "profile.txt", text)

    def _log(self) -> None:
        self._progress.write(self._trainer.images_seen, self._stream.waited_s, epoch=self._trainer.position.epoch)

    def _set_length(self) -> None:
        """Plan the cool-down by the images that are expected until the end."""
        total = self._budget.expected_total(self._trainer.images_seen)
        if total is not None:
            cooldown = round(self._plan.cooldown_share * (total - self._first_images))
            planned = dataclasses.replace(self._config, images=max(1, total), cooldown_images=cooldown)
            self._trainer.schedule = Schedule(planned)

    def _write(self) -> None:
        """Copy the state on the device, write it in a thread, and start an evaluation of the weights."""
        trainer, output = self._trainer, self._plan.output
        state = copied({**trainer.state(), "position": list(trainer.position)})

        def write() -> None:
            network = build_generator(self._config.generator)
            network.load_state_dict(state["ema"])
            save_generator(network, output / "weights")
            write_state(output, state)
            self._evaluate()

        self._writer.submit(write)

    def _evaluate(self) -> None:
        """Start an evaluation of the weights that were just written, unless there is none or one is running."""
        plan = self._plan
        if plan.evaluated and (self._evaluation is None or self._evaluation.poll() is not None):
            command = [sys.executable, "-m", EVALUATION, str(plan.packs[0]), str(plan.output), str(plan.evaluated)]
            self._evaluation_started_s = time.monotonic()
            self._evaluation = subprocess.Popen(command)

    def _note_evaluation(self) -> None:
        """Keep as much time for the last evaluation as one has taken, also one that is still running."""
        if self._evaluation is not None and self._evaluation.poll() is None:
            elapsed_s = time.monotonic() - self._evaluation_started_s
            self._budget.evaluation_s = max(self._budget.evaluation_s, elapsed_s)

    def _await_evaluation(self) -> None:
        """Wait for the last evaluation as long as there is time."""
        if self._evaluation is None:
            return
        try:
            self._evaluation.wait(max(1.0, self._budget.left_s - 1))
        except subprocess.TimeoutExpired:
            print("The last evaluation did not end in time: the table, if any, is of earlier weights.", flush=True)

    def _stop_evaluation(self) -> None:
        if self._evaluation is not None and self._evaluation.poll() is None:
            self._evaluation.kill()
            self._evaluation.wait()
        self._evaluation = None


def _state_to_resume(config: TrainConfig, folder: Path | None) -> dict[str, Any] | None:
    if folder is None:
        return None
    state = read_state(folder)
    if changed := conflicts(json.loads((folder / CONFIG_FILE).read_text()), config):
        lines = "\n".join(f"  {name}: {old} there, {new} now" for name, (old, new) in sorted(changed.items()))
        raise CheckpointError(f"{folder} holds a sprint with other settings:\n{lines}\nGive the same ones to go on.")
    return state


def _write_start(config: TrainConfig, plan: Plan, trainer: GeneratorTrainer, packs: Sequence[Pack]) -> None:
    """Write what is known before the first step: the settings, the origin of the pictures, and the weights."""
    for name, values in ((CONFIG_FILE, to_dict(config)), ("pack.json", [pack.about for pack in packs])):
        _write_text(plan.output / name, json.dumps(values, indent=2) + "\n")
    save_generator(trainer.ema.network, plan.output / "start")


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path, single_writer=True) as file:
        file.write(text.encode())
