"""Load and save weights: a folder or a Hub repository with `model.safetensors` and `config.json`, and nothing else.

`load_weights` returns NumPy arrays and imports no PyTorch; `load_generator` puts them into a network of PyTorch. Both
read with `files.read_folder`.
"""

import difflib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from inpaint.atomic_write import atomic_write
from inpaint.networks.activation_ranges import ConvRanges, read_ranges
from inpaint.networks.config import (
    DEFAULT_REPO_ID,
    NetworkConfig,
    config_from_dict,
    config_to_dict,
)
from inpaint.networks.errors import WeightsError

from .files import CONFIG_FILE, WEIGHTS_FILE, Config, read_folder

if TYPE_CHECKING:  # PyTorch takes a second to import
    import torch
    from torch import nn

    from inpaint.networks.generators import ContextEncoder, FreeFormGenerator

__all__ = [
    "BUNDLED",
    "LoadedGenerator",
    "Weights",
    "WeightsError",
    "bundled_folder",
    "load_generator",
    "load_network",
    "load_weights",
    "locate",
    "save_generator",
]

BUNDLED = Path(__file__).parents[1] / "weights"
THIN = "bundled-thin"
Network = TypeVar("Network", bound="nn.Module")


def bundled_folder(name: str) -> Path | None:
    """Return the folder of weights that come with the package; None if the name is not one of theirs.

    Args:
        name: "bundled", the default, "bundled-thin", the network that fills the default weights' thin damage, or
            "context-encoder", the network of 2016.
    """
    return _bundled_folders().get(name)


def _bundled_folders() -> dict[str, Path]:
    return {"bundled": BUNDLED, THIN: BUNDLED / "thin", "context-encoder": BUNDLED / "context-encoder"}


class Weights(NamedTuple):
    """The weights of a network.

    Attributes:
        config: of the network.
        tensors: name in the state dict -> float32 array; batch norms' counters are int64.
        source: the name of bundled weights (see `bundled_folder`), the Hub repository's id, or the folder.
        revision: the commit's sha for a Hub repository, else None.
        thin: weights of a free-form generator for thin damage, which takes less time; None: there are none.
        ranges: name of a convolution -> its ranges, of bundled weights whose convolutions a
            runtime may compute in 8-bit integers; None: there are none, as for all other weights.
    """

    config: NetworkConfig
    tensors: dict[str, np.ndarray]
    source: str
    revision: str | None
    thin: "Weights | None" = None
    ranges: Mapping[str, ConvRanges] | None = None


class LoadedGenerator(NamedTuple):
    """A generator ready to fill holes.

    Attributes:
        generator: in eval mode, float32, on the CPU.
        source: the name of bundled weights (see `bundled_folder`), the Hub repository's id, or the folder.
        revision: the commit's sha for a Hub repository, else None.
    """

    generator: "ContextEncoder | FreeFormGenerator"
    source: str
    revision: str | None


def load_weights(repo_or_folder: str | Path | None = None, revision: str | None = None) -> Weights:
    """Load a generator's weights from a folder or from the Hub. Every weight must fit, and none may be left over.

    Args:
        repo_or_folder: the name of bundled weights (see `bundled_folder`), a folder, a repository id such as
            "me/weights", or "me/weights@v1". A folder that exists takes precedence over a repository of the same name.
            None: the default repository if there is one, else the bundled weights.
        revision: branch, tag or commit sha of a Hub repository; None: its main branch. A commit that is in the cache is
            loaded without a request.

    Raises:
        WeightsError: the weights are missing, cannot be downloaded, are not safetensors, are damaged, or do not fit
            their config.
    """
    folder, name, source, revision = locate(repo_or_folder, revision)
    weights = Weights(*read_folder(folder, name, config_from_dict), source, revision)
    if bundled_folder(source) == folder:
        weights = weights._replace(ranges=read_ranges(folder))
    return with_thin(weights)


def with_thin(weights: Weights) -> Weights:
    """Return weights with those for thin damage, if their config asks for the bundled ones and these are there.

    Raises:
        WeightsError: the bundled ones are damaged.
    """
    if getattr(weights.config, "thin_damage", "own") == "own" or not _bundled_folders()[THIN].is_dir():
        return weights
    return weights._replace(thin=load_weights(THIN))


def load_generator(repo_or_folder: str | Path | None = None, revision: str | None = None) -> LoadedGenerator:
    """Load a generator of PyTorch from a folder or from the Hub.

    Arguments and errors are those of `load_weights`.
    """
    return build_loaded(load_weights(repo_or_folder, revision))


def build_loaded(weights: Weights) -> LoadedGenerator:
    """Return the generator of PyTorch with these weights.

    Args:
        weights: as `load_weights` returns them.
    """
    from inpaint.networks.generators import build_generator, load_tensors

    config: Any = weights.config
    return LoadedGenerator(load_tensors(build_generator(config), weights.tensors), weights.source, weights.revision)


def load_network(
    folder: Path, name: str, parse: Callable[[Any], Config], build: "Callable[[Config], Network]"
) -> "Network":
    """Load a network of PyTorch from a folder with `model.safetensors` and `config.json`. No other file is opened.

    Args:
        folder: that holds the two files.
        name: of the folder or repository, for messages.
        parse: returns the config for the content of `config.json`.
        build: returns the untrained network for a config.

    Returns:
        The network in eval mode, float32, on the CPU.

    Raises:
        WeightsError: as for `load_weights`.
    """
    from inpaint.networks.generators import load_tensors

    config, tensors = read_folder(folder, name, parse)
    return load_tensors(build(config), tensors)


def save_generator(generator: "nn.Module", folder: str | Path, *, dtype: "torch.dtype | None" = None) -> None:
    """Write `model.safetensors` and `config.json` for `load_generator`. Each file is written completely or not at all.

    Args:
        generator: a network of this package, which has a `config`.
        folder: created if needed.
        dtype: of the floating-point weights in the file; None: torch.float16. Integers are stored unchanged.

    Raises:
        ValueError: a weight is not finite in `dtype`.
    """
    import torch
    from safetensors.torch import save

    dtype = dtype or torch.float16
    tensors = {}
    for name, value in generator.state_dict().items():
        stored = dtype if value.is_floating_point() else value.dtype
        tensors[name] = value.detach().to("cpu", stored).clone().contiguous()
        if not torch.isfinite(tensors[name]).all():
            raise ValueError(
                f"{name} holds values that are not finite in {dtype}: use torch.float32, or an earlier checkpoint."
            )
    values = config_to_dict(generator.config)  # type: ignore[arg-type]
    with (
        atomic_write(Path(folder) / WEIGHTS_FILE, single_writer=True) as weights_file,
        atomic_write(Path(folder) / CONFIG_FILE, single_writer=True) as config_file,
    ):
        weights_file.write(save(tensors, metadata={"format": "pt"}))
        config_file.write((json.dumps(values, indent=2) + "\n").encode())


class Located(NamedTuple):
    """Where weights are.

    Attributes:
        folder: that holds them.
        name: of the weights, for messages.
        source: the name of bundled weights, the Hub repository's id, or the folder.
        revision: the commit's sha for a Hub repository, else None.
    """

    folder: Path
    name: str
    source: str
    revision: str | None


def locate(repo_or_folder: str | Path | None, revision: str | None = None) -> Located:
    """Return where weights are, after downloading them if they are those of a repository.

    Arguments are those of `load_weights`.

    Raises:
        WeightsError: the name cannot be that of weights, or they cannot be downloaded.
    """
    source = repo_or_folder if repo_or_folder is not None else DEFAULT_REPO_ID or "bundled"
    name, _, in_text = str(source).partition("@")
    if isinstance(source, str) and in_text and bundled_folder(name) is not None and not Path(source).exists():
        source, revision = name, in_text
    bundled = bundled_folder(source) if isinstance(source, str) else None
    if bundled is not None:
        name = "The bundled weights" if source == "bundled" else f"The bundled weights {source}"
        _refuse_revision(name, revision)
        return Located(bundled, name, str(source), None)
    folder = Path(source).expanduser()
    if folder.exists() or isinstance(source, Path) or _looks_like_path(source):
        _refuse_revision(f"The folder {source}", revision)
        return Located(folder, str(source), str(source), None)
    _suggest_bundled(source)
    from .download import download, split_revision  # huggingface_hub takes half a second to import

    repo_id, revision = split_revision(source, revision)
    snapshot = download(repo_id, revision)
    return Located(snapshot, repo_id, repo_id, snapshot.name)


def _looks_like_path(text: str) -> bool:
    return text.startswith((".", "/", "~")) or "\\" in text or text.count("/") > 1 or os.path.isabs(text)


def _suggest_bundled(name: str) -> None:
    """Raise WeightsError if a name without a namespace is close to that of bundled weights."""
    if "/" in name:
        return
    close = difflib.get_close_matches(name.lower().replace("_", "-"), _bundled_folders(), 1, 0.8)
    if close:
        raise WeightsError(
            f"{name!r} is neither a folder here nor the name of bundled weights: "
            f"use {close[0]!r}, or a repository's id such as 'name/weights'."
        )


def _refuse_revision(what: str, revision: str | None) -> None:
    if revision is not None:
        raise WeightsError(f"{what} have no revision {revision!r}: give a Hub repository, or leave the revision out.")
