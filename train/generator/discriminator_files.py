"""The discriminator beside published weights: written with them, and taken by a run that starts from them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from inpaint.atomic_write import atomic_write
from inpaint.hub.errors import explain_error
from inpaint.hub.http import httpx2
from inpaint.hub.weights import Located, locate
from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig

from .discriminators import PatchDiscriminator, PictureDiscriminator
from .projected import ProjectedDiscriminator

WEIGHTS_FILE, CONFIG_FILE = "discriminator.safetensors", "discriminator.json"
DISCRIMINATOR_FILES = (WEIGHTS_FILE, CONFIG_FILE)
MAX_CONFIG_BYTES = 10_000
BYTES_PER_VALUE, HEADER_BYTES = 8, 1_000_000
"""Most bytes of a stored number, and of the names and shapes in a file."""


class StartDiscriminator(NamedTuple):
    """The discriminator that a run starts with.

    Attributes:
        note: what it is, for the summary of the run; "" without a discriminator.
        tensors: its state dict; None for a new one.
    """

    note: str
    tensors: dict[str, Tensor] | None = None


def build_discriminator(config: TrainConfig) -> nn.Module:
    """Return the untrained discriminator of a config."""
    if config.loss.discriminator == "patch":
        return PatchDiscriminator()
    if config.loss.discriminator == "projected":
        return ProjectedDiscriminator()
    return PictureDiscriminator(_picture_side(config))


def describe(config: TrainConfig) -> dict[str, Any]:
    """Return what discriminator.json says: which discriminator the tensors beside it belong to."""
    kind = config.loss.discriminator
    return {"architecture": kind, **({"size": _picture_side(config)} if kind == "picture" else {})}


def _picture_side(config: TrainConfig) -> int:
    generator = config.generator
    center = isinstance(generator, ContextEncoderConfig) and generator.region == "center"
    return config.data.resolution // 2 if center else config.data.resolution


def save_discriminator(discriminator: nn.Module, config: TrainConfig, folder: Path) -> None:
    """Write a discriminator beside the weights in a folder, as float32; each file completely or not at all."""
    tensors = {name: value.detach().cpu().clone().contiguous() for name, value in discriminator.state_dict().items()}
    with (
        atomic_write(folder / WEIGHTS_FILE, single_writer=True) as weights_file,
        atomic_write(folder / CONFIG_FILE, single_writer=True) as config_file,
    ):
        weights_file.write(save(tensors, metadata={"format": "pt"}))
        config_file.write((json.dumps(describe(config), indent=2) + "\n").encode())


def find_discriminator(config: TrainConfig) -> StartDiscriminator:
    """Return the discriminator that belongs to the weights that a run starts from, if it is of the run's kind.

    The files of a repository are downloaded at the commit of its weights: the config first, and the tensors only if it
    describes the run's discriminator and they are no larger than that needs. Without a usable one, the note says why.

    Raises:
        WeightsError: the weights themselves cannot be found.
    """
    if config.init_from is None or not config.loss.adversarial_weight:
        return StartDiscriminator("")
    warmup = config.discriminator_warmup_images
    new = f"a new one, which learns for {warmup:,} images before it counts" if warmup else "a new one"
    found = locate(config.init_from)
    try:
        folder = _fetch(found, config)
        if folder is None:
            return StartDiscriminator(new)
        return StartDiscriminator(f"that of {config.init_from}, without a warm-up", _read(folder, config))
    except (httpx2.HTTPError, OSError, ValueError, RecursionError, SafetensorError) as error:
        return StartDiscriminator(f"{new}; {explain_error(error, f'that of {config.init_from} is not used')}")


def _fetch(found: Located, config: TrainConfig) -> Path | None:
    """Return the folder that has the files, downloaded if they are on the Hub; None if there are none.

    Args:
        found: the weights that the run starts from.
        config: of the run.

    Raises:
        ValueError: they do not suit the run.
        httpx2.HTTPError: the Hub refuses or cannot be reached.
        OSError: a file cannot be written.
    """
    if found.revision is not None:
        from inpaint.hub.download import download_file  # needs httpx2, which a machine for a sprint may lack

        try:
            download_file(found.source, CONFIG_FILE, found.revision, MAX_CONFIG_BYTES)
        except LocalEntryNotFoundError:  # no network
            raise
        except EntryNotFoundError:
            return None
    if not (found.folder / CONFIG_FILE).exists():
        return None
    _check_size(found.folder / CONFIG_FILE, MAX_CONFIG_BYTES)
    described = json.loads((found.folder / CONFIG_FILE).read_text(encoding="utf-8"))
    if described != describe(config):
        raise ValueError(f"it is {described}, and the run has {describe(config)}")
    limit = _max_bytes(build_discriminator(config).state_dict())
    if found.revision is not None:
        download_file(found.source, WEIGHTS_FILE, found.revision, limit)
    _check_size(found.folder / WEIGHTS_FILE, limit)
    return found.folder


def _read(folder: Path, config: TrainConfig) -> dict[str, Tensor]:
    """Return the tensors of a folder, which are those of the run's discriminator in names, shapes and kind.

    Raises:
        ValueError: they are not.
        OSError, SafetensorError: the file cannot be read.
    """
    expected, tensors = build_discriminator(config).state_dict(), load_file(folder / WEIGHTS_FILE)
    if differing := sorted(expected.keys() ^ tensors.keys()):
        raise ValueError(f"{WEIGHTS_FILE} lacks, or has beyond those of the network, {', '.join(differing[:3])}")
    for name, value in tensors.items():
        if value.shape != expected[name].shape:
            raise ValueError(f"{name} is {tuple(value.shape)} and not {tuple(expected[name].shape)}")
        if value.is_floating_point() != expected[name].is_floating_point() or not torch.isfinite(value).all():
            raise ValueError(f"{name} holds values that are not finite, or whole numbers")
    return tensors


def _max_bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(value.numel() for value in tensors.values()) * BYTES_PER_VALUE + HEADER_BYTES


def _check_size(path: Path, limit: int) -> None:
    if (size := path.stat().st_size) > limit:
        raise ValueError(f"{path.name} has {size:,} bytes; at most {limit:,} are allowed")
