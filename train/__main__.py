"""python -m train PRESET [--flags]: trains, and publishes the weights if asked to."""

import sys
from pathlib import Path

import tyro

from inpaint.allocator import keep_memory
from inpaint.pretrained import WeightsError

from .checkpoint import CheckpointError
from .config import TrainConfig
from .events import EventLog, Watcher, say
from .loop import train
from .presets import PRESETS
from .publish import publish
from .remote import Mirror, fetch_state
from .trainer import Diverged


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a problem that was explained, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        config = tyro.extras.overridable_config_cli(
            PRESETS, args=arguments, description=__doc__, prog="python -m train"
        )
        run_dir = _train(config)
        print(f"The weights are in {run_dir / 'weights'}, sample sheets in {run_dir / 'samples'}.")
        _publish(config, run_dir)
        if config.event_log:
            say("finished")
        return 0
    except KeyboardInterrupt:
        print("\nInterrupted; a checkpoint was written. Run the same command to go on.", file=sys.stderr)
        return 130
    except (ValueError, WeightsError, CheckpointError, Diverged, ModuleNotFoundError) as error:
        print(f"python -m train: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"python -m train: {error}\nThe last checkpoint is intact; run the same command to go on.", file=sys.stderr
        )
        return 1


def _train(config: TrainConfig) -> Path:
    """Trains, with what watches the run."""
    watchers: list[Watcher] = [EventLog()] if config.event_log else []
    if config.checkpoint_repo is None:
        return train(config, watchers)
    mirror = Mirror(config.checkpoint_repo)
    try:
        fetch_state(config.checkpoint_repo, config)
        return train(config, [*watchers, mirror])
    finally:
        mirror.close()


def _publish(config: TrainConfig, run_dir: Path) -> None:
    if config.push_to_hub is None:
        return
    published = publish(run_dir, config.push_to_hub, private=config.private)
    print(f"Published: {published.url}")
    if config.event_log:
        say("published", url=published.url, revision=published.revision, repo_id=config.push_to_hub)


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
