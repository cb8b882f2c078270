"""python -m train PRESET [--flags]: trains, and publishes the weights if asked to."""

import sys
from pathlib import Path

import tyro

from inpaint.allocator import keep_memory
from inpaint.pretrained import WeightsError

from .checkpoint import CheckpointError
from .config import PRESETS, TrainConfig
from .damage import train_damage
from .damage_config import DAMAGE_PRESETS, DamageTrainConfig
from .loop import train
from .publish import publish
from .trainer import Diverged


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a problem that was explained, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        presets: dict[str, tuple[str, TrainConfig | DamageTrainConfig]] = {**PRESETS, **DAMAGE_PRESETS}
        config = tyro.extras.overridable_config_cli(
            presets, args=arguments, description=__doc__, prog="python -m train"
        )
        run_dir = train_damage(config) if isinstance(config, DamageTrainConfig) else train(config)
        print(f"The weights are in {run_dir / 'weights'}, sample sheets in {run_dir / 'samples'}.")
        return _publish(config, run_dir) if isinstance(config, TrainConfig) else 0
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


def _publish(config: TrainConfig, run_dir: Path) -> int:
    if config.push_to_hub is None:
        return 0
    published = publish(run_dir, config.push_to_hub, private=config.private)
    print(f"Published: {published.url}")
    return 0


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
