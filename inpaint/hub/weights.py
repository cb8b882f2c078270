"""Load and save weights: a folder or a Hub repository with `model.safetensors` and `config.json`, and nothing else.

Pickles are never opened, a config can only name known architectures within size limits, and weights must fit exactly.
"""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from inpaint.atomic_write import atomic_write
from inpaint.networks.config import DEFAULT_REPO_ID, config_from_dict, config_to_dict
from inpaint.networks.context_encoder import ContextEncoder
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.generators import build_generator
from inpaint.networks.old_keys import current_keys

from .download import (
    CONFIG_FILE,
    MAX_BYTES,
    WEIGHTS_FILE,
    WeightsError,
    check_size,
    download,
    missing_files,
    split_revision,
)

__all__ = ["BUNDLED", "LoadedGenerator", "WeightsError", "load_generator", "load_network", "save_generator"]

BUNDLED = Path(__file__).parents[1] / "weights"
Config = TypeVar("Config")
Network = TypeVar("Network", bound=nn.Module)


class LoadedGenerator(NamedTuple):
    """A generator ready to fill holes.

    Attributes:
        generator: in eval mode, float32, on the CPU.
        source: "bundled", the Hub repository's id, or the folder.
        revision: the commit's sha for a Hub repository, else None.
    """

    generator: ContextEncoder | FreeFormGenerator
    source: str
    revision: str | None


def load_generator(repo_or_folder: str | Path | None = None, revision: str | None = None) -> LoadedGenerator:
    """Load a generator from a folder or from the Hub. Every weight must fit, and none may be left over.

    Args:
        repo_or_folder: a folder, a repository id such as "me/weights", or "me/weights@v1". A folder that exists
            takes precedence over a repository of the same name. None: the default repository if there is one, else the
            bundled weights.
        revision: branch, tag or commit sha of a Hub repository; None: its main branch. A commit that is in the cache is
            loaded without a request.

    Raises:
        WeightsError: the weights are missing, cannot be downloaded, are not safetensors, are damaged, or do not fit
            their config.
    """
    source = repo_or_folder if repo_or_folder is not None else DEFAULT_REPO_ID
    if source is None:
        _refuse_revision("The bundled weights", revision)
        return LoadedGenerator(_load_folder(BUNDLED, "The bundled weights"), "bundled", None)
    folder = Path(source).expanduser()
    if folder.exists() or isinstance(source, Path) or _looks_like_path(source):
        _refuse_revision(f"The folder {source}", revision)
        return LoadedGenerator(_load_folder(folder, str(source)), str(source), None)
    repo_id, revision = split_revision(source, revision)
    snapshot = download(repo_id, revision)
    return LoadedGenerator(_load_folder(snapshot, repo_id), repo_id, snapshot.name)


def save_generator(generator: nn.Module, folder: str | Path, *, dtype: torch.dtype = torch.float16) -> None:
    """Write `model.safetensors` and `config.json` for `load_generator`. Each file is written completely or not at all.

    Args:
        generator: a network of this package, which has a `config`.
        folder: created if needed.
        dtype: of the floating-point weights in the file. Integers are stored unchanged.

    Raises:
        ValueError: a weight is not finite in `dtype`.
    """
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


def _looks_like_path(text: str) -> bool:
    return text.startswith((".", "/", "~")) or "\\" in text or text.count("/") > 1 or os.path.isabs(text)


def _refuse_revision(what: str, revision: str | None) -> None:
    if revision is not None:
        raise WeightsError(f"{what} have no revision {revision!r}: give a Hub repository, or leave the revision out.")


def load_network(
    folder: Path, name: str, parse: Callable[[Any], Config], build: Callable[[Config], Network]
) -> Network:
    """Load a network from a folder with `model.safetensors` and `config.json`. No other file is opened.

    Args:
        folder: that holds the two files.
        name: of the folder or repository, for messages.
        parse: returns the config for the content of `config.json`.
        build: returns the untrained network for a config.

    Returns:
        The network in eval mode, float32, on the CPU.

    Raises:
        WeightsError: as for `load_generator`.
    """
    if not folder.is_dir():
        raise WeightsError(f"{name} is not a folder: give the folder that holds {WEIGHTS_FILE} and {CONFIG_FILE}.")
    missing = [file for file in MAX_BYTES if not (folder / file).is_file()]
    if missing:
        raise WeightsError(missing_files(name, missing, os.listdir(folder)))
    for file in MAX_BYTES:
        check_size(name, file, (folder / file).stat().st_size)
    try:
        config = parse(json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8")))
        with torch.device("meta"):
            expected = build(config)
        old_keys = getattr(expected, "old_keys", {})
        tensors = _read_tensors(folder / WEIGHTS_FILE, expected.state_dict(), old_keys)
        network = build(config)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{name}: {WEIGHTS_FILE} cannot be read ({error}): download or save it again.") from error
    except json.JSONDecodeError as error:
        raise WeightsError(f"{name}: {CONFIG_FILE} is not JSON ({error}): download or save it again.") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{name}: {error}") from error
    network.load_state_dict(tensors, strict=True)
    return network.eval()


def _load_folder(folder: Path, name: str) -> ContextEncoder | FreeFormGenerator:
    return load_network(folder, name, config_from_dict, build_generator)


def _read_tensors(path: Path, expected: dict[str, Tensor], old_keys: dict[str, str]) -> dict[str, Tensor]:
    """Return the tensors of a file, after checking that their names and shapes are the expected ones."""
    with safe_open(path, framework="pt") as file:
        stored = {new: key for key, new in current_keys(file.keys(), old_keys).items()}
        names = set(stored)
        problems = _listed("missing", set(expected) - names) + _listed("unexpected", names - set(expected))
        shapes = {name: tuple(file.get_slice(stored[name]).get_shape()) for name in names & set(expected)}
        wrong = [n for n, shape in sorted(shapes.items()) if shape != tuple(expected[n].shape)]
        problems += [f"{n} is {shapes[n]} and not {tuple(expected[n].shape)}" for n in wrong[:3]]
        if problems:
            raise WeightsError(f"{WEIGHTS_FILE} does not fit {CONFIG_FILE}: {'; '.join(problems)}.")
        tensors = {name: file.get_tensor(stored[name]) for name in names}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() != expected[name].is_floating_point():
            raise WeightsError(f"{WEIGHTS_FILE}: {name} is {tensor.dtype} and not {expected[name].dtype}.")
        if not torch.isfinite(tensor.float()).all():
            raise WeightsError(f"{WEIGHTS_FILE}: {name} holds values that are not finite: use other weights.")
    return tensors


def _listed(what: str, names: Iterable[str]) -> list[str]:
    names = sorted(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"{what} {', '.join(names[:3])}{more}"] if names else []
