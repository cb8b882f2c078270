"""python -m train PRESET [--flags], or --config FILE [--flags]: train, and publish with --push-to-hub."""

import contextlib
import os
import sys
from functools import partial
from pathlib import Path

import httpx2

from inpaint.hub.weights import WeightsError
from inpaint.os_errors import sentence_of
from inpaint.program import program_name
from inpaint.runtime.malloc import keep_memory
from train.damage.config import DAMAGE_PRESETS, DamageTrainConfig
from train.damage.initial_weights import with_loaded_network
from train.damage.trainer import train_damage
from train.data.retry import StreamError
from train.evaluate.finetune import SHEET_FILE, compare_run, read_comparison, table
from train.generator.initial_weights import with_loaded_generator
from train.generator.run import train_generator
from train.jobs.spec import ALL_PRESETS
from train.publish.lineage import record_parent
from train.publish.publish import publish
from train.publish.report import PublishedWeights, report
from train.publish.repository import check_target
from train.publish.run_info import hub_datasets
from train.run.checkpoint import FILE as CHECKPOINT_FILE
from train.run.checkpoint import CheckpointError, saved_config
from train.run.distributed import OtherProcessError, ProcessGroup
from train.run.events import Callback, EventLog, emit
from train.run.folder_mirror import FolderMirror, fetch_folder_state
from train.run.mirror import Mirror, fetch_state
from train.run.optimize import NonFiniteError
from train.run.trackio_log import TrackioLog

from .config import TrainConfig
from .config_file import parse_config
from .presets import PRESETS
from .run_config import RunConfig, to_dict
from .settings import conflicts, kept, with_overrides
from .summary import final_figures, summary, write_run_file

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
        print(f"{PROG}: {sentence_of(error)}\nThe last checkpoint is intact: {RESUME}.", file=sys.stderr)
        return 1
    finally:
        processes.destroy()


def run(config: TrainConfig | DamageTrainConfig, processes: ProcessGroup) -> None:
    """Train and publish. Only the main process reports and publishes."""
    config = processes.run_on_main(partial(_as_the_run, config))
    if config.push_to_hub is not None:
        processes.run_on_main(partial(_check_target, config, config.push_to_hub))
    trained = processes.run_on_main(partial(_with_start_network, config))
    if processes.is_main:
        print(summary(trained), flush=True)
        write_run_file(config)
        _record_parent(config)
    run_dir = _train(config, processes)  # and compare with the weights at the start
    if not processes.is_main:
        return
    write_run_file(config)  # again, with what ran
    print(f"The weights are in {run_dir / 'weights'}, sample sheets in {run_dir / 'samples'}.")
    published = _publish(config, run_dir)
    if config.event_log:
        emit("finished", **final_figures(run_dir), **_figures_of(published))


def _as_the_run(config: TrainConfig | DamageTrainConfig) -> TrainConfig | DamageTrainConfig:
    """Return the config with what the run in its folder was started with, where only the preset says otherwise."""
    saved = saved_config(Path(config.folder))
    if saved is None:
        return config
    settings = kept(saved, config, ALL_PRESETS)
    # the network may be that of the weights at the start, which is no news
    changed = sorted(settings.keys() & conflicts(saved, _with_start_network(config)).keys())
    if changed:
        names = ", ".join(f"{name} {settings[name]}" for name in changed)
        print(f"The run in {config.folder} was started with other settings, and keeps them: {names}.", flush=True)
    return with_overrides(config, settings)


def _with_start_network(config: TrainConfig | DamageTrainConfig) -> TrainConfig | DamageTrainConfig:
    return with_loaded_generator(config) if isinstance(config, TrainConfig) else with_loaded_network(config)


def _check_target(config: RunConfig, repo_id: str) -> None:
    check_target(repo_id, hub_datasets(to_dict(config)), config.private)


def _train(config: TrainConfig | DamageTrainConfig, processes: ProcessGroup) -> Path:
    """Train, with the callbacks that the config asks for; return the run's folder."""
    callbacks: list[Callback] = []
    try:
        processes.run_on_main(lambda: _start_callbacks(config, callbacks))
        if isinstance(config, DamageTrainConfig):
            return train_damage(config, processes, callbacks)
        run_dir = train_generator(config, processes, callbacks)
        if config.evaluations and processes.is_main:
            _compare(config, run_dir)
            for callback in callbacks:
                callback.on_checkpoint(run_dir)
        return run_dir
    finally:
        for callback in callbacks:
            callback.close()


def _start_callbacks(config: TrainConfig | DamageTrainConfig, callbacks: list[Callback]) -> None:
    """Add the event log, the mirror, whose state is fetched, and the log in trackio, as far as they are asked for."""
    if config.event_log:
        callbacks.append(EventLog())
    if config.checkpoint_repo is not None:
        callbacks.append(Mirror(config.checkpoint_repo))
        fetch_state(config.checkpoint_repo, _with_start_network(config))
    if config.checkpoint_folder is not None:
        callbacks.append(FolderMirror(Path(config.checkpoint_folder)))
        fetch_folder_state(Path(config.checkpoint_folder), _with_start_network(config))
    if config.trackio is not None:
        callbacks.append(TrackioLog(config, resumed=(Path(config.folder) / CHECKPOINT_FILE).exists()))


def _record_parent(config: RunConfig) -> None:
    """Note the terms of the weights that the run starts from; if the Hub does not answer, publishing asks again."""
    with contextlib.suppress(httpx2.HTTPError, OSError, ValueError):
        record_parent(Path(config.folder), config.init_from)


def _compare(config: TrainConfig, run_dir: Path) -> None:
    """Compare the weights with those that the run started from, unless that has been done."""
    comparison = read_comparison(run_dir) or compare_run(run_dir)
    if comparison is None:
        return
    print(f"{table(comparison)}\n\nThe fills side by side: {run_dir / SHEET_FILE}")
    if config.event_log:
        emit("compared", **comparison)


def _publish(config: RunConfig, run_dir: Path) -> PublishedWeights | None:
    if config.push_to_hub is None:
        return None
    published = publish(
        run_dir, config.push_to_hub, private=config.private, if_better=config.if_better,
        even_if_worse=config.even_if_worse, held_out=config.held_out,
    )  # fmt: skip
    print(report(published))
    if config.event_log and published.published:
        emit("published", url=published.url, revision=published.revision, repo_id=config.push_to_hub)
    elif config.event_log and published.withheld:
        emit("withheld", repo_id=config.push_to_hub)
    return published


def _figures_of(published: PublishedWeights | None) -> dict[str, float]:
    """Return what was measured on held-out photos to publish: "new/METRIC" and "previous/METRIC" of both weights."""
    improvement = published.improvement if published else None
    if improvement is None:
        return {}
    weights = {"new": improvement.new, "previous": improvement.old or {}}
    figures = {f"{name}/{metric}": value for name, of in weights.items() for metric, value in of.items()}
    return {name: round(value, 6) for name, value in figures.items() if not name.endswith("/photos")}  # a count


if __name__ == "__main__":
    keep_memory()
    sys.exit(main())
