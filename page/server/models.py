"""The models: the page's own, and those that visitors name on the Hub."""

import os
import secrets
import threading
from collections import OrderedDict

from inpaint import Inpainter, WeightsError
from inpaint.hub.download import download, split_revision
from inpaint.hub.weights import BUNDLED
from page.server.refusal import Refusal
from page.server.zero_gpu import on_zero_gpu

MOST_LOADED = 3
MAX_NAME = 200
PATIENCE_S = 60
HANDED = "retrained"
"""What the names of models begin with that were handed over."""


class Models:
    """Inpainters by name, loaded when somebody asks for one; those not used for the longest time are let go of.

    Args:
        own: the page's own, used where nobody names another.
        most: how many others are kept in memory.
    """

    def __init__(self, own: Inpainter, most: int = MOST_LOADED) -> None:
        self.own, self.most = own, most
        self._loaded: OrderedDict[str, Inpainter] = OrderedDict()
        self._handed: OrderedDict[str, Inpainter] = OrderedDict()
        self._loading = threading.Lock()

    def get(self, name: object) -> Inpainter:
        """The Inpainter of a public Hub repository, "owner/name" or "owner/name@revision"; the page's own for "".

        Raises:
            Refusal: "model_name" (that is no name), "model_gone" (handed over too long ago), "model_refused" with the
                reason why it cannot be had, or "busy".
        """
        if name is None or name == "":
            return self.own
        if isinstance(name, str) and is_handed(name):
            if name not in self._handed:
                raise Refusal("model_gone")
            return self._handed[name]
        if not isinstance(name, str) or len(name) > MAX_NAME or name.count("/") != 1:
            raise Refusal("model_name")
        try:
            repo_id, revision = split_revision(name, None)
        except WeightsError:
            raise Refusal("model_name") from None
        if name in self._loaded:
            return self._loaded[name]
        if not self._loading.acquire(timeout=PATIENCE_S):
            raise Refusal("busy", place=1)
        try:
            return self._load(repo_id, revision)
        except WeightsError as error:
            raise Refusal("model_refused", reason=str(error)) from None
        finally:
            self._loading.release()

    def hand_over(self, inpainter: Inpainter) -> str:
        """Take a model that only its owner may use; the name, which nobody can guess, under which it is had."""
        name = f"{HANDED}/{secrets.token_urlsafe(24)}"
        self._handed[name] = inpainter
        while len(self._handed) > self.most:
            self._handed.popitem(last=False)
        return name

    def _load(self, repo_id: str, revision: str) -> Inpainter:
        folder = download(repo_id, revision, anonymous=True)
        source = f"{repo_id}@{folder.name}"
        if source not in self._loaded:
            device = "cpu" if on_zero_gpu() else self.own.device  # only what was there at the start is lent a GPU
            self._loaded[source] = Inpainter.from_pretrained(folder, source=source, device=device)
        self._loaded.move_to_end(source)
        while len(self._loaded) > self.most:
            self._loaded.popitem(last=False)
        return self._loaded[source]


def is_handed(name: str) -> bool:
    """Whether a name is one that `hand_over` gave."""
    return name.startswith(HANDED + "/")


def described(inpainter: Inpainter) -> dict[str, str]:
    """What the page's last lines say about a model: {weights, runtime, about, card, card_text}.

    `about` is the key of a sentence on what the weights are good for, "" where they are good for any photo; `card` the
    address of the model card, or "" where `card_text` holds what there is to say.
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
        "runtime": f"{inpainter.runtime.name}, {inpainter.device.type}",
        "about": about(inpainter),
        "card": card,
        "card_text": (BUNDLED / "README.md").read_text(encoding="utf-8") if bundled and not card else source,
    }


def about(inpainter: Inpainter) -> str:
    """The key of the sentence about what the weights are good for; empty where they are good for any photo."""
    if inpainter.config.architecture != "context-encoder":
        return ""
    return "about_center" if getattr(inpainter.config, "region", None) == "center" else "about_full"
