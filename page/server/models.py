"""Models by name: the page's default, public ones from the Hub, and registered ones that only their owner may use."""

import asyncio
import os
import secrets
import threading
from collections import OrderedDict
from concurrent.futures import wait
from pathlib import Path

from gradio.utils import get_upload_folder

from inpaint import Inpainter, WeightsError
from inpaint.hub.download import split_revision
from inpaint.hub.public import AbandonedError, public_commit
from inpaint.hub.weights import bundled_folder
from page.server.clients import current_client
from page.server.errors import PageError
from page.server.model_files import ModelFiles
from page.server.model_loading import Load, Loads, load_model, size_of
from page.server.refusals import refusal
from page.server.zero_gpu import on_zero_gpu

MAX_LOADED, MAX_LOADED_BYTES = 3, 1_000_000_000
"""How many public models are kept in memory, and how large they may be together; the newest one always stays."""
MAX_NAME = 200
LOAD_TIMEOUT_S = 120
"""How long a download may take."""
WAIT_S, ABANDON_S = 20, 15
"""How long a request waits for a load before it is answered with "busy", and how soon it has to be repeated. Proxies
close connections that are silent for a minute."""
DECLINED_S = 1.0
"""How long a request waits before it is declined, since browsers repeat it at once."""
CARD_PATH = "card"
"""Of the page with the card of the default weights."""
REGISTERED = "retrained"
"""Owner part of the names of registered models."""


class Models:
    """Inpainters by name. Hub models are loaded on first use; the least recently used ones are dropped.

    They are loaded in threads of their own, so that no fill waits for the Hub or for weights.

    Args:
        default: the page's own model.
        max_loaded: how many others are kept in memory, of each kind.
        files: the downloaded weights; None: in a folder beside the uploads.
    """

    def __init__(self, default: Inpainter, max_loaded: int = MAX_LOADED, files: ModelFiles | None = None) -> None:
        self.default, self.max_loaded = default, max_loaded
        self.files = files or ModelFiles(Path(get_upload_folder()) / "models")
        self._loaded: OrderedDict[str, Inpainter] = OrderedDict()
        self._registered: OrderedDict[str, Inpainter] = OrderedDict()
        self._lock = threading.Lock()
        self._loads = Loads(self._load)

    @property
    def device(self) -> str:
        """The device for models that are loaded later. ZeroGPU serves only the default one; others run on the CPU."""
        return "cpu" if on_zero_gpu() else str(self.default.device)

    async def load(self, name: object) -> Inpainter:
        """Return the model of this name; it is loaded meanwhile without holding a thread of the caller.

        Args:
            name: a public Hub repository, "owner/name" or "owner/name@revision"; the name of bundled weights; what
                `register` returned; or "" or None for the default model.

        Raises:
            PageError: "model_name" if it is not a name, "model_gone" if it is not registered or no longer,
                "refused_" and the kind of a WeightsError if it cannot be loaded, or "model_refused" with the reason,
                "busy" with `loading` if it takes longer than WAIT_S: then it is loaded as long as the call is repeated,
                "full" if too many models are being loaded.
        """
        key = self._key(name)
        if (known := self._known(name)) is not None:
            return known
        try:
            load = self._loads.join(key, WAIT_S + ABANDON_S, current_client.get())
        except PageError:
            await asyncio.sleep(DECLINED_S)
            raise
        result = asyncio.wrap_future(load.future)
        result.add_done_callback(lambda done: done.cancelled() or done.exception())  # retrieved here, raised below
        await asyncio.wait([result], timeout=WAIT_S)
        return self._taken(key, load)

    def get(self, name: object) -> Inpainter:
        """Return the model of this name like `load`, for a thread that can wait until it is loaded."""
        key = self._key(name)
        if (known := self._known(name)) is not None:
            return known
        load = self._loads.join(key, 2 * LOAD_TIMEOUT_S, current_client.get())
        wait([load.future], 2 * LOAD_TIMEOUT_S)
        return self._taken(key, load)

    def in_memory(self, name: object) -> Inpainter | None:
        """Return the model of this name if it needs no download, else None; PageError "model_gone" as for `load`."""
        return self._known(name)

    def register(self, inpainter: Inpainter) -> str:
        """Register a model that is not public, and return its unguessable name."""
        name = f"{REGISTERED}/{secrets.token_urlsafe(24)}"
        self._registered[name] = inpainter
        while len(self._registered) > self.max_loaded:
            self._registered.popitem(last=False)
        return name

    def release_memory(self) -> None:
        """Release the memory that all models keep for later fills."""
        with self._lock:
            models = [self.default, *self._loaded.values(), *self._registered.values()]
        for model in models:
            model.release_memory()

    def _key(self, name: object) -> tuple[str, str]:
        """Return repository and revision of a name; PageError unless it is one that `load` accepts."""
        if name is None or name == "" or (isinstance(name, str) and is_registered_name(name)):
            return "", ""
        if isinstance(name, str) and bundled_folder(name) is not None:
            return name, ""
        if not isinstance(name, str) or len(name) > MAX_NAME or name.count("/") != 1:
            raise PageError("model_name")
        try:
            return split_revision(name, None)
        except WeightsError:
            raise PageError("model_name") from None

    def _known(self, name: object) -> Inpainter | None:
        """Return a model that is in memory, or None; PageError "model_gone" if it was registered."""
        if name is None or name == "":
            return self.default
        with self._lock:
            if isinstance(name, str) and is_registered_name(name) and name not in self._registered:
                raise PageError("model_gone")
            return self._registered.get(str(name)) or self._used(str(name))

    def _used(self, source: str) -> Inpainter | None:
        """Return a public model that is in memory, which counts as the most recently used one from now on."""
        if source in self._loaded:
            self._loaded.move_to_end(source)
        return self._loaded.get(source)

    def _taken(self, key: tuple[str, str], load: Load) -> Inpainter:
        """Return the model of a load, or raise a PageError."""
        if load.future.done():
            try:
                source = self._loads.take(key, load)
            except WeightsError as error:
                raise refusal(*key, error) from None
            except AbandonedError:
                pass
            else:
                with self._lock:
                    if (model := self._used(source)) is not None:
                        return model
        raise PageError("busy", place=1, loading=True)

    def _load(self, key: tuple[str, str], load: Load) -> str:
        """Load a model that is public or bundled, and return its source, under which it is found in memory."""
        repo_id, revision = key
        if (bundled := bundled_folder(repo_id)) is not None:
            return self._keep(load_model(bundled, repo_id, repo_id, self.device))
        sha = revision if key in self.files else public_commit(repo_id, revision)
        source = f"{repo_id}@{sha}"
        with self._lock:
            if self._used(source) is not None:
                return source
        folder = self.files.get(repo_id, sha, LOAD_TIMEOUT_S, load.is_wanted)
        try:
            model = load_model(folder, repo_id, source, self.device)
        except BaseException:
            self.files.discard(repo_id, sha)
            raise
        return self._keep(model)

    def _keep(self, model: Inpainter) -> str:
        """Keep a model in memory, and return its source."""
        with self._lock:
            self._loaded[model.source] = model
            while len(self._loaded) > 1 and (
                len(self._loaded) > self.max_loaded or sum(map(size_of, self._loaded.values())) > MAX_LOADED_BYTES
            ):
                self._loaded.popitem(last=False)
        return model.source


def is_registered_name(name: str) -> bool:
    """Return whether a name has the form of those that `Models.register` returns."""
    return name.startswith(REGISTERED + "/")


def describe(inpainter: Inpainter) -> dict[str, str]:
    """Return the description of a model in the page's footer: {weights, name, licence, runtime, about, card}.

    `weights` is what the model was loaded from (see `source_name`). The others but `card`, the URL of the card, or of
    the loaded revision on the Hub, are keys of texts; `name` may be a repository instead, and `about` says what the
    weights are good at, "" if they suit any photo.
    """
    source = source_name(inpainter.source)
    on_hub = "/" in source
    kind = "bundled" if bundled_folder(inpainter.source) else "on_hub" if on_hub else "own"
    return {
        "weights": source,
        "name": source if on_hub else f"weights_{source if kind == 'bundled' else kind}",
        "licence": f"licence_{kind}",
        "runtime": "runtime_cpu" if str(inpainter.device).startswith("cpu") else "runtime_gpu",
        "about": _limitation_key(inpainter),
        "card": _hub_page(source) if on_hub else CARD_PATH if card_file(inpainter) else "",
    }


def _hub_page(source: str) -> str:
    """Return the address of a repository on the Hub, at the revision of `source` if it has one."""
    repo_id, _, revision = source.partition("@")
    hub = os.getenv("HF_ENDPOINT") or "https://huggingface.co"
    return f"{hub}/{repo_id}/tree/{revision}" if revision else f"{hub}/{repo_id}"


def source_name(source: str) -> str:
    """Return what visitors may read of where weights come from: of a folder on this machine only its name.

    Args:
        source: as an Inpainter has it, or MODEL_ID: "bundled", a Hub repository with or without revision, or a folder.
    """
    path = Path(source)
    is_folder = path.is_absolute() or source.startswith((".", "~")) or path.exists()
    return path.expanduser().resolve().name if is_folder else source


def card_file(inpainter: Inpainter) -> Path | None:
    """Return the file of a model's card; None if it is on the Hub, or there is none."""
    folder = bundled_folder(inpainter.source) or Path(inpainter.source)
    return folder / "README.md" if (folder / "README.md").is_file() else None


def _limitation_key(inpainter: Inpainter) -> str:
    """Return the key of the text on what the weights are good at; "" if they suit any photo."""
    if inpainter.config.architecture != "context-encoder":
        return ""
    return "about_center" if getattr(inpainter.config, "region", None) == "center" else "about_full"
