"""Read weights from a folder with `model.safetensors` and `config.json`, without PyTorch and without the Hub.

Pickles are never opened, a config can only name known architectures within size limits, and weights must fit exactly.
"""

import json
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open

from inpaint.networks.config import ConfigError, NetworkConfig
from inpaint.networks.errors import Kind, WeightsError
from inpaint.networks.layout import check_parameters, is_whole_number, tensor_shapes
from inpaint.networks.old_keys import OLD_KEYS, current_keys
from inpaint.os_errors import words_of

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
MAX_BYTES = {CONFIG_FILE: 100_000, WEIGHTS_FILE: 1_000_000_000}
BYTES_PER_VALUE, HEADER_BYTES = 8, 1_000_000
"""Most bytes of a stored number, and of the names and shapes in a weights file."""
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}
_WHOLE_NUMBERS = {"I8": "<i1", "U8": "<u1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}
"""safetensors' names of number formats, and NumPy's; NumPy has no bfloat16, which is read as uint16."""

Config = TypeVar("Config", bound=NetworkConfig)
Tensors = dict[str, np.ndarray]


def read_folder(folder: Path, name: str, parse: Callable[[Any], Config]) -> tuple[Config, Tensors]:
    """Return the config and the tensors of a folder. No file but the two is opened.

    Args:
        folder: that holds the two files.
        name: of the folder or repository, for messages.
        parse: returns the config for the content of `config.json`.

    Returns:
        The config, and name -> tensor in the order of the state dict: float32, batch norms' counters int64.

    Raises:
        WeightsError: the folder or a file is missing or damaged, or the weights do not fit the config.
    """
    if not folder.is_dir():
        raise WeightsError(f"{name} is not a folder: give the folder that holds {WEIGHTS_FILE} and {CONFIG_FILE}.")
    missing = [file for file in MAX_BYTES if not (folder / file).is_file()]
    if missing:
        raise missing_files(name, missing, os.listdir(folder))
    config, path = read_config(folder / CONFIG_FILE, name, parse), folder / WEIGHTS_FILE
    check_size(name, WEIGHTS_FILE, path.stat().st_size, max_weights_bytes(config))
    try:
        return config, _read_tensors(path, config)
    except (SafetensorError, OSError) as error:
        reason = words_of(error) if isinstance(error, OSError) else error
        message = f"{name}: {WEIGHTS_FILE} cannot be read ({reason}): download or save it again."
        raise WeightsError(message, "damaged") from error
    except (ValueError, RecursionError) as error:
        raise _with_name(name, error, "damaged") from error


def read_config(path: Path, name: str, parse: Callable[[Any], Config]) -> Config:
    """Return the config in a file.

    Args:
        path: of the file, which exists.
        name: of the folder or repository, for messages.
        parse: as for `read_folder`.

    Raises:
        WeightsError: the file cannot be read or is too large, or the config is not valid or of too large a network.
    """
    try:
        check_size(name, CONFIG_FILE, path.stat().st_size)
        config = parse(json.loads(path.read_text(encoding="utf-8")))
        check_parameters(config)
        return config
    except WeightsError:
        raise
    except OSError as error:
        message = f"{name}: {CONFIG_FILE} cannot be read ({words_of(error)}): save it again."
        raise WeightsError(message, "config") from error
    except json.JSONDecodeError as error:
        message = f"{name}: {CONFIG_FILE} is not JSON ({error}): download or save it again."
        raise WeightsError(message, "config") from error
    except (ValueError, RecursionError) as error:
        raise _with_name(name, error, "config") from error


def _with_name(name: str, error: Exception, kind: Kind) -> WeightsError:
    """Return an error about a file as one about the weights of this name; `kind` is for an error without its own."""
    if isinstance(error, WeightsError | ConfigError):
        return WeightsError(f"{name}: {error}", error.kind, **error.values)
    return WeightsError(f"{name}: {error}", kind)


def max_weights_bytes(config: NetworkConfig) -> int:
    """Return the largest size of a file that holds the weights of a config in any number format."""
    values = sum(math.prod(shape) for shape in tensor_shapes(config).values())
    return min(MAX_BYTES[WEIGHTS_FILE], values * BYTES_PER_VALUE + HEADER_BYTES)


class _Stored(NamedTuple):
    """Where the values of a tensor are in a file: number format, shape, and the first byte."""

    dtype: str
    shape: tuple[int, ...]
    start: int


def _read_tensors(path: Path, config: NetworkConfig) -> Tensors:
    """Return the tensors of a file, after checking that their names and shapes are those of the config."""
    expected, stored = tensor_shapes(config), _stored(path)
    keys = {new: key for key, new in current_keys(stored, OLD_KEYS.get(config.architecture, {})).items()}
    problems = _listed("missing", set(expected) - set(keys)) + _listed("unexpected", set(keys) - set(expected))
    wrong = [name for name in sorted(set(keys) & set(expected)) if stored[keys[name]].shape != expected[name]]
    problems += [f"{name} is {stored[keys[name]].shape} and not {expected[name]}" for name in wrong[:3]]
    if problems:
        raise WeightsError(f"{WEIGHTS_FILE} does not fit {CONFIG_FILE}: {'; '.join(problems)}.", "tensors")
    with path.open("rb") as file:
        return {name: _read_tensor(file, name, stored[keys[name]]) for name in expected}


def _stored(path: Path) -> dict[str, _Stored]:
    """Return what a file of safetensors holds, by name.

    Reference:
        github.com/huggingface/safetensors, README, "Format": the length of the header as 8 bytes, the header as JSON,
        and the values.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if HEADER_BYTES < length <= path.stat().st_size:  # takes much more memory once it is parsed
            raise WeightsError(
                f"{WEIGHTS_FILE} has a header of {length:,} bytes; at most {HEADER_BYTES:,} are allowed.", "damaged"
            )
        with safe_open(path, framework="np"):  # raises unless the header is valid and fits the length of the file
            pass
        entries = json.loads(file.read(length))
    entries.pop("__metadata__", None)
    return {
        name: _Stored(entry["dtype"], tuple(entry["shape"]), 8 + length + entry["data_offsets"][0])
        for name, entry in entries.items()
    }


def _read_tensor(file: Any, name: str, stored: _Stored) -> np.ndarray:
    formats, wanted = (_WHOLE_NUMBERS, "int64") if is_whole_number(name) else (_FLOATS, "float32")
    if stored.dtype not in formats:
        raise WeightsError(
            f"{WEIGHTS_FILE}: {name} is {stored.dtype} and not {wanted}: save it again.",
            "number_format",
            tensor=name,
            stored=stored.dtype,
            wanted=wanted,
        )
    file.seek(stored.start)
    values = np.fromfile(file, formats[stored.dtype], math.prod(stored.shape)).reshape(stored.shape)
    if stored.dtype == "BF16":  # the upper half of a float32
        return _checked(name, (values.astype("<u4") << 16).view("<f4"))
    return _checked(name, values.astype(wanted, copy=False))


def _checked(name: str, values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all():
        message = f"{WEIGHTS_FILE}: {name} holds values that are not finite: use other weights."
        raise WeightsError(message, "not_finite")
    if name.endswith("running_var") and (values < 0).any():  # whose roots the runtimes would turn into any colour
        message = f"{WEIGHTS_FILE}: {name} holds variances below 0: download or save it again."
        raise WeightsError(message, "damaged")
    return values


def _listed(what: str, names: Iterable[str]) -> list[str]:
    names = sorted(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [f"{what} {', '.join(names[:3])}{more}"] if names else []


def check_size(name: str, file: str, size: int | None, limit: int | None = None) -> None:
    """Refuse a file that is too large for weights of this library, or for those of a config.

    Args:
        name: of the folder or repository, for the message.
        file: its name.
        size: in bytes; None, unknown, passes: the downloaded file is checked again.
        limit: in bytes; None: MAX_BYTES of the file.

    Raises:
        WeightsError: the file is too large.
    """
    limit = MAX_BYTES[file] if limit is None else limit
    if size is not None and size > limit:
        of_config = " for its config" if limit < MAX_BYTES.get(file, 0) else ""
        raise WeightsError(
            f"{name}: {file} has {size:,} bytes; at most {limit:,} are allowed{of_config}: use smaller weights.",
            "size",
            file=file,
            size=f"{size:,}",
            limit=f"{limit:,}",
        )


def missing_files(name: str, missing: list[str], present: Iterable[str]) -> WeightsError:
    """Return the error about a folder or repository without one of the two files.

    Args:
        name: of the folder or repository.
        missing: names of the missing files.
        present: names of the files that are there; a pickle among them is named, since it is never opened.
    """
    pickles = sorted(file for file in present if file.endswith(PICKLE_SUFFIXES))
    if pickles and WEIGHTS_FILE in missing:
        return WeightsError(
            f"{name} holds {pickles[0]}, a pickle, which can run code when it is opened, so it is refused."
            f" Ask its owner for {WEIGHTS_FILE} and {CONFIG_FILE}, or save them with save_generator.",
            "pickle",
            file=pickles[0],
        )
    message = f"{name} has no {' and no '.join(missing)}: it needs both {WEIGHTS_FILE} and {CONFIG_FILE}."
    return WeightsError(message, "files", files=", ".join(missing))
