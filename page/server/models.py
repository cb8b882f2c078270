"""Models by name: the page's default, public ones from the Hub, and registered ones that only their owner may use."""

import os
import secrets
import threading
from collections import OrderedDict

from inpaint import Inpainter, WeightsError
from inpaint.hub.download import download, split_revision
from inpaint.hub.weights import BUNDLED
from page.server.errors import PageError
from page.server.zero_gpu import on_zero_gpu

MAX_LOADED = 3
MAX_NAME = 200
LOAD_TIMEOUT_S = 60
REGISTERED = "retrained"
"""Owner part of the names of registered models."""


class Models:
    """Inpainters by name. Hub models are loaded on first use; the least recently loaded ones are dropped.

    Args:
        default: the page's own model.
        max_loaded: how many others are kept in memory, of each kind.
    """

    def __init__(self, default: Inpainter, max_loaded: int = MAX_LOADED) -> None:
        self.default, self.max_loaded = default, max_loaded
        self._loaded: OrderedDict[str, Inpainter] = OrderedDict()
        self._registered: OrderedDict[str, Inpainter] = OrderedDict()
        self._loading = threading.Lock()

    @property
    def device(self) -> str:
        """The device for models that are loaded later. ZeroGPU serves only the default one; others run on the CPU."""
        return "cpu" if on_zero_gpu() else str(self.default.device)

    def get(self, name: object) -> Inpainter:
        """Return the model of this name.

        Args:
            name: a public Hub repository, "owner/name" or "owner/name@revision"; what `register` returned; or "" or
                None for the default model.

        Raises:
            PageError: "model_name" if it is not a name, "model_gone" if it is not registered or no longer,
                "model_refused" with the reason why it cannot be loaded, "busy" if other models take long to load.
        """
        if name is None or name == "":
            return self.default
        if isinstance(name, str) and is_registered_name(name):
            if name not in self._registered:
                raise PageError("model_gone")
            return self._registered[name]
        if not isinstance(name, str) or len(name) > MAX_NAME or name.count("/") != 1:
            raise PageError("model_name")
        try:
            repo_id, revision = split_revision(name, None)
        except WeightsError:
            raise PageError("model_name") from None
        if name in self._loaded:
            return self._loaded[name]
        if not self._loading.acquire(timeout=LOAD_TIMEOUT_S):
            raise PageError("busy", place=1)
        try:
            return self._load(repo_id, revision)
        except WeightsError as error:
            raise PageError("model_refused", reason=str(error)) from None
        finally:
            self._loading.release()

    def register(self, inpainter: Inpainter) -> str:
        """Register a model that is not public, and return its unguessable name."""
        name = f"{REGISTERED}/{secrets.token_urlsafe(24)}"
        self._registered[name] = inpainter
        while len(self._registered) > self.max_loaded:
            self._registered.popitem(last=False)
        return name

    def _load(self, repo_id: str, revision: str) -> Inpainter:
        folder = download(repo_id, revision, anonymous=True)
        source = f"{repo_id}@{folder.name}"
        if source not in self._loaded:
            self._loaded[source] = Inpainter.from_pretrained(folder, source=source, device=self.device)
        self._loaded.move_to_end(source)
        while len(self._loaded) > self.max_loaded:
            self._loaded.popitem(last=False)
        return self._loaded[source]


def is_registered_name(name: str) -> bool:
    """Return whether a name has the form of those that `Models.register` returns."""
    return name.startswith(REGISTERED + "/")


def describe(inpainter: Inpainter) -> dict[str, str]:
    """Return the description of a model in the page's footer: {weights, runtime, about, card, card_text}.

    `about` is the key of a text on what the weights are good at; "" if they suit any photo. `card` is the URL of the
    model card, or "" if `card_text` holds its text.
    """
    source = inpainter.source
    bundled = source == "bundled"
    space = os.getenv("SPACE_ID")
    hub = os.getenv("HF_ENDPOINT") or "https://huggingface.co"
    card = f"{hub}/{source.partition('@')[0]}" if "/" in source and not os.path.exists(source) else ""
    if bundled and space:
        card = f"{hub}/spaces/{space}/blob/main/inpaint/weights/README.md"
    return {
        "weights": source,
        "runtime": f"{inpainter.runtime.name}, {str(inpainter.device).partition(':')[0]}",
        "about": _limitation_key(inpainter),
        "card": card,
        "card_text": (BUNDLED / "README.md").read_text(encoding="utf-8") if bundled and not card else source,
    }


def _limitation_key(inpainter: Inpainter) -> str:
    """Return the key of the text on what the weights are good at; "" if they suit any photo."""
    if inpainter.config.architecture != "context-encoder":
        return ""
    return "about_center" if getattr(inpainter.config, "region", None) == "center" else "about_full"
