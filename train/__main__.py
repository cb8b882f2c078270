"""python -m train PRESET [--flags]: trains, and publishes the weights if asked to."""

import sys
from functools import partial
from pathlib import Path

import tyro

from inpaint.hub.weights import WeightsError
from inpaint.runtime.malloc import keep_memory
from train.damage.config import DAMAGE_PRESETS, DamageTrainConfig
from train.damage.trainer import train_damage
from train.data.retry import StreamError
from train.publish.card import hub_datasets
from train.publish.publish import publish, report
from train.publish.repository import check_target
from train.run.checkpoint import CheckpointError
from train.run.device import Diverged
from train.run.distributed import OtherProcessError, Processes
from train.run.events import EventLog, Watcher, say
from train.run.loop import train
from train.run.mirror import Mirror, fetch_state

from .config import TrainConfig, to_dict
from .presets import PRESETS


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a problem that was explained, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    processes = Processes()
    try:
        presets: dict[str, tuple[str, TrainConfig | DamageTrainConfig]] = {**PRESETS, **DAMAGE_PRESETS}
        config = tyro.extras.overridable_config_cli(
            presets, args=arguments, description=__doc__, prog="python -m train"
        )
        if isinstance(config, DamageTrainConfig):
            _say_where(train_damage(config))
            return 0
        processes = Processes.join()
        if config.push_to_hub is not None:
            processes.from_first(partial(_check_target, config, config.push_to_hub))
        run_dir = _train(config, processes)
        if not processes.first:
            return 0
        _say_where(run_dir)
        _publish(config, run_dir)
        if config.event_log:
            say("finished")
        return 0
    except KeyboardInterrupt:
        if processes.first:
            print("\nInterrupted; a checkpoint was written. Run the same command to go on.", file=sys.stderr)
        return 130
    except OtherProcessError:
        return 1
    except StreamError as error:
        print(f"python -m train: {error}\nWhat was trained is kept; run the same command to go on.", file=sys.stderr)
        return 1
    except (ValueError, WeightsError, CheckpointError, Diverged, ModuleNotFoundError) as error:
        print(f"python -m train: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"python -m train: {error}\nThe last checkpoint is intact; run the same command to go on.", file=sys.stderr
        )
        return 1
    finally:
        processes.leave()


def _say_where(run_dir: Path) -> None:
    print(f"The weights are in {run_dir / 'weights'}, sample sheets in {run_dir / 'samples'}.")


def _check_target(config: TrainConfig, repo_id: str) -> None:
    check_target(repo_id, hub_datasets(to_dict(config)), config.private)


def _train(config: TrainConfig, processes: Processes) -> Path:
    """Trains; the first of the processes has what watches the run."""
    watchers: list[Watcher] = [EventLog()] if config.event_log and processes.first else []
    repo_id = config.checkpoint_repo
    if repo_id is None:
        return train(config, processes, watchers)
    mirrors: list[Mirror] = []

    def begin() -> None:
        mirrors.append(Mirror(repo_id))
        fetch_state(repo_id, config)

    try:
        processes.from_first(begin)
        return train(config, processes, [*watchers, *mirrors])
    finally:
        for mirror in mirrors:
            mirror.close()


def _publish(config: TrainConfig, run_dir: Path) -> None:
    if config.push_to_hub is None:
        return
    published = publish(
        run_dir, config.push_to_hub, private=config.private, if_better=config.if_better, held_out=config.held_out
    )
    print(report(published))
    if config.event_log:
        say("published", url=published.url, revision=published.revision, repo_id=config.push_to_hub)


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
