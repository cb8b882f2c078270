"""What several processes do together: started by test_distributed.py under torchrun, and compared with one process."""

import sys
from pathlib import Path

import torch

from tests.train.runs import RUNS, Interrupt, train
from train import __main__ as command_line
from train.damage.trainer import DamageTrainer
from train.data.order import Position
from train.data.stream import Batch
from train.generator.trainer import GeneratorTrainer
from train.run import loop
from train.run.distributed import ProcessGroup

BATCH = 8
STEPS = {"free-form": 0, "guided": 2, "context-encoder": 0, "damage": 0}
"""Name of a training step -> its number in the run: R1 is part of number 0, and number 2 is guided."""


def training_step(name, processes):
    """Take one step with the same initial weights and the same photos, shared among the processes.

    Returns:
        The losses, the gradients of each optimizer's parameters as one vector, and the networks' running statistics.
    """
    kind = "free-form" if name == "guided" else name
    # The discriminator is not changed by its update, which would amplify rounding errors: Adam's first step has the
    # same size for gradients of 1 and of 1e-9.
    still = {} if kind == "damage" else {"discriminator_learning_rate": 1e-30}
    config = RUNS[kind]("photos", "run", seed=3, **still)
    trainer = (DamageTrainer if kind == "damage" else GeneratorTrainer)(config, processes)
    trainer.steps = STEPS[name]
    losses = trainer.train_step(share(batch_of(config.data_config.resolution, kind), processes))
    optimizers = [trainer.optimizer] if kind == "damage" else [trainer.d_optimizer, trainer.g_optimizer]
    networks = [trainer.network] if kind == "damage" else [trainer.discriminator, trainer.generator]
    return {
        "losses": {name: float(value) for name, value in losses.items()},
        "gradients": [gradient_of(optimizer) for optimizer in optimizers],
        "statistics": [buffer for network in networks for buffer in network.buffers() if buffer.is_floating_point()],
    }


def gradient_of(optimizer):
    """The gradient of the first step, from Adam's first moment."""
    moments = [state["exp_avg"].flatten() for state in optimizer.state.values()]
    return torch.cat(moments) / (1 - optimizer.defaults["betas"][0])


def batch_of(side, kind):
    """Coarse random photos with holes, or damage, of different sizes."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(256, (BATCH, 3, side // 8, side // 8), dtype=torch.uint8, generator=generator)
    image = image.repeat_interleave(8, 2).repeat_interleave(8, 3)
    mask = torch.zeros(BATCH, 1, side, side, dtype=torch.uint8)
    for number in range(BATCH):
        margin = side // 4 if kind == "context-encoder" else side // 4 + number
        mask[number, :, margin : side - margin, margin : side - margin] = 1
    return Batch(image, mask, Position(0, BATCH), 0)


def share(batch, processes):
    mine = slice(processes.rank, None, processes.world_size)
    return batch._replace(image=batch.image[mine], mask=batch.mask[mine])


def interrupted_run(config, processes):
    """Interrupt a run and finish it."""
    try:
        train(config, processes, [Interrupt(8)])
    except KeyboardInterrupt:
        train(config, processes)
    else:
        raise AssertionError("the run was not interrupted")


def error_of(action):
    """The name of the error that an action ends with."""
    try:
        action()
    except Exception as error:
        return type(error).__name__
    return "none"


def step_with_nan(processes):
    """Take a step in which the weights of the second process are not finite."""
    trainer = DamageTrainer(RUNS["damage"]("photos", "run"), processes)
    before = trainer.network.logits.bias.detach().clone()
    if processes.rank == 1:
        trainer.network.logits.bias.data.fill_(float("nan"))
    try:
        trainer.train_step(share(batch_of(32, "damage"), processes))
    finally:
        assert processes.rank == 1 or torch.equal(trainer.network.logits.bias, before)


def main(photos, folder):
    """Do everything once, and leave the results in a folder."""
    torch.set_num_threads(1)
    processes = ProcessGroup.from_environment()
    for name in STEPS:
        torch.save(training_step(name, processes), folder / f"step-{name}-{processes.rank}.pt")
    loop.plot_losses = lambda run_dir: None
    for kind, run in RUNS.items():
        train(run(photos, folder / kind / "whole", images=24, log_every=4), processes)
        interrupted_run(run(photos, folder / kind / "parts", images=24, log_every=4), processes)
    for missing in (0, 1):
        dataset = "/no/such/place" if processes.rank == missing else photos
        error = error_of(lambda dataset=dataset: train(RUNS["free-form"](dataset, folder / "error"), processes))
        (folder / f"error-missing-{missing}-{processes.rank}").write_text(error)
    (folder / f"error-nan-{processes.rank}").write_text(error_of(lambda: step_with_nan(processes)))
    command = ["tiny", "--data.dataset", photos, "--data.resolution", "32", "--images", "8", "--run-dir"]
    destroy, ProcessGroup.destroy = ProcessGroup.destroy, lambda processes: None
    assert command_line.main([*command, str(folder / "refused"), "--data.batch-size", "5"]) == 1
    ProcessGroup.destroy = destroy
    assert command_line.main([*command, str(folder / "command")]) == 0


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
