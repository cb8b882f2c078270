"""One description of a training run, wherever it is to start: preset, pictures, target repository, and what differs."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from train.config import MAY_CHANGE, TrainConfig, flatten, to_dict
from train.presets import PRESETS, differences, to_argv, with_overrides

CHECKPOINTS = "-checkpoint"
"""What the companion repository's name ends with, where a run's state is kept."""
LINES, SHEETS = 200, 20
"""A run writes at least so many lines of losses, and so many sheets and checkpoints."""
_NAME = r"(?!.*(?:--|\.\.))[A-Za-z0-9][\w.-]{0,95}"
_REPO = re.compile(rf"{_NAME}/{_NAME}(?<![.-])", re.ASCII)
_DATASET = re.compile(r"\w[\w.-]*/\w[\w.-]*(?::\w[\w.-]*)?", re.ASCII)
_OWN = ("preset", "data.dataset", "push_to_hub", "private", "checkpoint_repo", "event_log", "run_dir")


class JobError(ValueError):
    """A run that cannot start, be found or be stopped. The message says why, and what to do."""


@dataclass(frozen=True)
class Run:
    """A training run.

    Attributes:
        preset: where its settings start from.
        dataset: the pictures: OWNER/NAME or OWNER/NAME:SUBSET on the Hub, or a folder or file of this machine.
        repo_id: the repository that gets the weights.
        overrides: dotted names of settings and their values, such as {"data.resolution": 128}.
        private: visibility of a new repository; None: the account's default.

    Raises:
        JobError: the run cannot be what was meant.
    """

    preset: str
    dataset: str
    repo_id: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    private: bool | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise JobError(f"There is no preset {self.preset!r}; choose one of {', '.join(PRESETS)}.")
        if not _REPO.fullmatch(self.repo_id) or len(self.checkpoint_repo) > 96:
            raise JobError(f"{self.repo_id!r} is not a repository id: it looks like 'name/weights'.")
        if not self.dataset or self.dataset.startswith("-"):
            raise JobError(f"The dataset is {self.dataset!r}; give OWNER/NAME of a dataset on the Hub, or a folder.")
        if fixed := sorted(set(self.overrides) & set(_OWN)):
            raise JobError(f"{fixed[0]} follows from the run's dataset and repository; leave it out.")
        try:
            to_argv(self.config)
        except TypeError as error:
            raise JobError(f"A setting of {dict(self.overrides)} has a value of the wrong kind ({error}).") from error
        except ValueError as error:
            raise JobError(str(error)) from error

    @property
    def on_hub(self) -> bool:
        """Whether the pictures can be had from any machine, by how their name looks."""
        return is_hub_dataset(self.dataset) and not Path(self.dataset).expanduser().exists()

    @property
    def checkpoint_repo(self) -> str:
        """The private repository that the run's state is copied to."""
        return self.repo_id + CHECKPOINTS

    @cached_property
    def run_dir(self) -> str:
        """The run's folder on the machine that trains. Other settings are another run, with another folder."""
        settings = {name: value for name, value in flatten(to_dict(self._settings)).items() if name not in MAY_CHANGE}
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
        return f"runs/{self.repo_id.replace('/', '--')}-{key}"

    @cached_property
    def _settings(self) -> TrainConfig:
        paced = _paced(with_overrides(PRESETS[self.preset][1], self.overrides), self.overrides)
        own = {"data.dataset": (self.dataset,), "push_to_hub": self.repo_id, "private": self.private, "event_log": True}
        return with_overrides(paced, own)

    @cached_property
    def config(self) -> TrainConfig:
        """The settings that follow from the description, of a run whose state is kept on the Hub."""
        return with_overrides(self._settings, {"checkpoint_repo": self.checkpoint_repo, "run_dir": self.run_dir})

    def arguments(self, max_minutes: float) -> list[str]:
        """What follows `python -m train` on a machine that is cut off some time after `max_minutes`."""
        return to_argv(with_overrides(self.config, {"max_minutes": max_minutes}))

    def arguments_here(self, folder: Path, publish: bool = True) -> list[str]:
        """What follows `python -m train` on this machine, whose disk keeps the state, and the weights, in `folder`."""
        target = {} if publish else {"push_to_hub": None}
        return to_argv(with_overrides(self._settings, {"run_dir": str(folder), **target}))


def run_of(config: TrainConfig) -> Run:
    """The description of a run that was given as a config.

    Raises:
        JobError: it says too little, or is no description of one run.
    """
    if config.push_to_hub is None:
        raise JobError("No repository is given for the weights: use --push-to-hub me/weights.")
    if len(config.data.dataset) != 1:
        raise JobError(f"A run needs one dataset and not {len(config.data.dataset)}: use --data.dataset OWNER/NAME.")
    try:
        given = ("data.dataset", "push_to_hub", "private")
        overrides = {name: value for name, value in differences(config).items() if name not in given}
    except ValueError as error:
        raise JobError(str(error)) from error
    return Run(config.preset, config.data.dataset[0], config.push_to_hub, overrides, config.private)


def is_hub_dataset(name: str) -> bool:
    """Whether a name looks like OWNER/NAME or OWNER/NAME:SUBSET."""
    return len(name) <= 200 and _DATASET.fullmatch(name) is not None


def is_repo_id(name: str) -> bool:
    """Whether a name looks like a repository that a run may publish to."""
    return _REPO.fullmatch(name) is not None and len(name + CHECKPOINTS) <= 96


def _paced(config: TrainConfig, chosen: Mapping[str, Any]) -> TrainConfig:
    """Intervals, averages and the ends of the learning rate in proportion to a run that is shorter than its preset."""
    if config.images is None:
        return config
    length, step = config.images, config.data.batch_size
    most = {
        "log_every": max(step, length // LINES),
        "sample_every": max(step, length // SHEETS),
        "checkpoint_every": max(step, length // SHEETS),
        "warmup_images": length // 20,
        "cooldown_images": length // 5,
        "ema_halflife_images": max(step, length // 20),
    }
    shorter = {name: min(getattr(config, name), value) for name, value in most.items() if name not in chosen}
    return with_overrides(config, shorter)
