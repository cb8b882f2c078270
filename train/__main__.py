"""python -m train PRESET [--flags], or --config FILE [--flags]: train, and publish with --push-to-hub."""

import os
import sys
from functools import partial
from pathlib import Path

from inpaint.hub.weights import WeightsError
from inpaint.program import program_name
from inpaint.runtime.malloc import keep_memory
from train.damage.config import DAMAGE_PRESETS, DamageTrainConfig
from train.damage.trainer import train_damage
from train.data.retry import StreamError
from train.generator.trainer import train_generator
from train.publish.publish import publish, report
from train.publish.repository import check_target
from train.publish.run_info import hub_datasets
from train.run.checkpoint import CheckpointError
from train.run.distributed import OtherProcessError, ProcessGroup
from train.run.events import Callback, EventLog, emit
from train.run.mirror import Mirror, fetch_state
from train.run.optimize import NonFiniteError

from .config import RunConfig, TrainConfig, to_dict
from .config_file import parse_config
from .presets import PRESETS

PROG = program_name("train")
RESUME = "run the same command to resume"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 a reported problem, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    processes = ProcessGroup()
    try:
        presets: dict[str, tuple[str, TrainConfig | DamageTrainConfig]] = {**PRESETS, **DAMAGE_PRESETS}
        config = parse_config(arguments, presets, PROG, __doc__)
        processes = ProcessGroup.from_environment()
        run(config, processes)
        return 0
    except KeyboardInterrupt:
        if processes.is_main:
            print(f"\nInterrupted; a checkpoint was written: {RESUME}.", file=sys.stderr)
        return 130
    except OtherProcessError:
        return 1
    except StreamError as error:
        print(f"{PROG}: {error}\nWhat was trained so far is saved: {RESUME}.", file=sys.stderr)
        return 1
    except (ValueError, WeightsError, CheckpointError, NonFiniteError, ModuleNotFoundError) as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # what read the output, such as `head`, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{PROG}: {error}\nThe last checkpoint is intact: {RESUME}.", file=sys.stderr)
        return 1
    finally:
        processes.destroy()


def run(config: TrainConfig | DamageTrainConfig, processes: ProcessGroup) -> None:
    """Train and publish. Only the main process reports and publishes."""
    if config.push_to_hub is not None:
        processes.run_on_main(partial(_check_target, config, config.push_to_hub))
    run_dir = _train(config, processes)
    if not processes.is_main:
        return
    print(f"The weights are in {run_dir / 'weights'}, sample sheets in {run_dir / 'samples'}.")
    _publish(config, run_dir)
    if config.event_log:
        emit("finished")


def _check_target(config: RunConfig, repo_id: str) -> None:
    check_target(repo_id, hub_datasets(to_dict(config)), config.private)


def _train(config: TrainConfig | DamageTrainConfig, processes: ProcessGroup) -> Path:
    """Train, with an event log and a mirror on the Hub where the config has them; return the run's folder."""
    callbacks: list[Callback] = [EventLog()] if config.event_log and processes.is_main else []
    mirrors: list[Mirror] = []

    def start_mirror(repo_id: str) -> None:
        mirrors.append(Mirror(repo_id))
        fetch_state(repo_id, config)

    try:
        if config.checkpoint_repo is not None:
            processes.run_on_main(partial(start_mirror, config.checkpoint_repo))
        callbacks += mirrors
        if isinstance(config, DamageTrainConfig):
            return train_damage(config, processes, callbacks)
        return train_generator(config, processes, callbacks)
    finally:
        for mirror in mirrors:
            mirror.close()


def _publish(config: RunConfig, run_dir: Path) -> None:
    if config.push_to_hub is None:
        return
    published = publish(
        run_dir, config.push_to_hub, private=config.private, if_better=config.if_better, held_out=config.held_out
    )
    print(report(published))
    if config.event_log:
        emit("published", url=published.url, revision=published.revision, repo_id=config.push_to_hub)


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
