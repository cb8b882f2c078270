"""What a training run is, wherever it starts: preset, dataset, target repository, and the settings that differ."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from train.config import TrainConfig
from train.config_file import config_to_json
from train.damage.config import DAMAGE_PRESETS
from train.presets import PRESETS
from train.run_config import RunConfig, to_dict
from train.settings import MAY_CHANGE, differences, flatten, with_overrides

CHECKPOINT_SUFFIX = "-checkpoint"
"""Suffix of the name of the repository where the state of a run is stored."""
MAX_REPO_ID = 96
_NAME = r"(?!.*(?:--|\.\.))[A-Za-z0-9][\w.-]{0,95}"
_REPO = re.compile(rf"{_NAME}/{_NAME}(?<![.-])", re.ASCII)
_DATASET = re.compile(r"\w[\w.-]*/\w[\w.-]*(?::\w[\w.-]*)?", re.ASCII)
ALL_PRESETS: dict[str, tuple[str, RunConfig]] = {**PRESETS, **DAMAGE_PRESETS}
"""The presets of generators and of the network that finds damage."""
PUBLISH_ANYWAY = {"even_if_worse": True, "if_better": False}
"""Settings with which a run publishes its weights, however good they are."""
BUCKET_FOLDER = "/checkpoints"
"""Where a job mounts a bucket, in which each run has a folder."""
_DERIVED = (
    "preset", "data.dataset", "dataset", "push_to_hub", "private", "checkpoint_repo", "checkpoint_folder", "event_log",
    "run_dir",
)  # fmt: skip
"""Settings that follow from the other fields of a `RunSpec`."""


class JobError(ValueError):
    """A run cannot be started, found or cancelled. The message says why and what to do."""


@dataclass(frozen=True)
class RunSpec:
    """A training run.

    Attributes:
        preset: name of the preset that the settings start from.
        dataset: OWNER/NAME or OWNER/NAME:SUBSET on the Hub, or a folder or file of this machine; or several of them.
        repo_id: the repository that the weights are published to.
        overrides: dotted names of settings and their values, such as {"data.resolution": 128}.
        private: visibility of a new repository; None: the account's default.
        bucket: OWNER/NAME of a bucket for the state of the run; None: a private repository beside the weights.

    Raises:
        JobError: a field or a setting is invalid.
    """

    preset: str
    dataset: str | tuple[str, ...]
    repo_id: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    private: bool | None = None
    bucket: str | None = None

    def __post_init__(self) -> None:
        if self.preset not in ALL_PRESETS:
            raise JobError(f"There is no preset {self.preset!r}: use one of {', '.join(ALL_PRESETS)}.")
        if not is_repo_id(self.repo_id):
            raise JobError(f"{self.repo_id!r} is not a repository id: use one such as 'name/weights'.")
        if self.bucket is not None and not is_repo_id(self.bucket):
            raise JobError(f"{self.bucket!r} is not the id of a bucket: use one such as 'name/checkpoints'.")
        for name in self.datasets or ("",):
            if not name or name.startswith("-"):
                raise JobError(f"The dataset is {name!r}: give OWNER/NAME of a dataset on the Hub, or a folder.")
        if fixed := sorted(set(self.overrides) & set(_DERIVED)):
            raise JobError(f"{fixed[0]} follows from the run's dataset and repository: leave it out.")
        try:
            config_to_json(self.config, ALL_PRESETS)
        except ValueError as error:
            raise JobError(str(error)) from error

    @classmethod
    def from_config(cls, config: RunConfig) -> "RunSpec":
        """Return the run of a config, as the command line parses it.

        Raises:
            JobError: the config has no repository or not exactly one dataset, or is not based on a preset.
        """
        if config.push_to_hub is None:
            raise JobError("The run has no repository for its weights: add --push-to-hub me/weights.")
        try:
            given = ("data.dataset", "dataset", "push_to_hub", "private")
            overrides = {name: value for name, value in differences(config, ALL_PRESETS).items() if name not in given}
        except ValueError as error:
            raise JobError(str(error)) from error
        names = config.data_config.dataset
        return cls(config.preset, names[0] if len(names) == 1 else names, config.push_to_hub, overrides, config.private)

    @property
    def datasets(self) -> tuple[str, ...]:
        """All datasets of the run."""
        return (self.dataset,) if isinstance(self.dataset, str) else self.dataset

    @property
    def is_on_hub(self) -> bool:
        """Whether any machine can read the datasets, judging by their names."""
        return all(is_hub_dataset(name) and not Path(name).expanduser().exists() for name in self.datasets)

    @property
    def checkpoint_repo(self) -> str:
        """The private repository that the state of the run is copied to."""
        return self.repo_id + CHECKPOINT_SUFFIX

    @cached_property
    def run_dir(self) -> str:
        """The run's folder on the machine that trains. Its name depends on the settings that must not change."""
        settings = {name: value for name, value in flatten(to_dict(self._settings)).items() if name not in MAY_CHANGE}
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
        return f"runs/{self.repo_id.replace('/', '--')}-{key}"

    @property
    def _dataset_setting(self) -> str:
        return "data.dataset" if isinstance(ALL_PRESETS[self.preset][1], TrainConfig) else "dataset"

    @cached_property
    def _settings(self) -> RunConfig:
        chosen = with_overrides(ALL_PRESETS[self.preset][1], self.overrides)
        derived = {
            self._dataset_setting: self.datasets,
            "push_to_hub": self.repo_id,
            "private": self.private,
            "event_log": True,
        }
        return with_overrides(chosen, derived)

    @cached_property
    def config(self) -> RunConfig:
        """The settings of the run as a job, whose state is stored on the Hub."""
        in_bucket = {"checkpoint_folder": f"{BUCKET_FOLDER}/{Path(self.run_dir).name}"}
        place = in_bucket if self.bucket else {"checkpoint_repo": self.checkpoint_repo}
        return with_overrides(self._settings, {**place, "run_dir": self.run_dir})

    def job_arguments(self, pause_minutes: float) -> list[str]:
        """Return the arguments of `python -m train` in a job, which hold the config as JSON.

        Args:
            pause_minutes: after these the run stops by itself, before the job's timeout; or earlier, if it says so.
        """
        pause = min(pause_minutes, self.config.pause_minutes or pause_minutes)
        return ["--config", config_to_json(with_overrides(self.config, {"pause_minutes": pause}), ALL_PRESETS)]

    def local_config(self, folder: Path, publish: bool = True) -> str:
        """Return the JSON of the config for a run on this machine, which needs no copy of its state on the Hub.

        Args:
            folder: receives the state and the weights.
            publish: whether the weights are published to `repo_id`; otherwise they stay in the folder.
        """
        target = {} if publish else {"push_to_hub": None}
        return config_to_json(with_overrides(self._settings, {"run_dir": str(folder), **target}), ALL_PRESETS)


def is_hub_dataset(name: str) -> bool:
    """Return whether a name has the form OWNER/NAME or OWNER/NAME:SUBSET."""
    return len(name) <= 200 and _DATASET.fullmatch(name) is not None


def is_repo_id(name: str) -> bool:
    """Return whether a name has the form of a repository that a run can publish to."""
    return _REPO.fullmatch(name) is not None and len(name + CHECKPOINT_SUFFIX) <= MAX_REPO_ID
