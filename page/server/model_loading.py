"""Load weights for the page, and the loads that are under way."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from inpaint import Inpainter, WeightsError
from inpaint.hub.files import read_folder
from inpaint.hub.public import AbandonedError
from inpaint.hub.weights import Weights, with_thin
from inpaint.networks.config import config_from_dict
from inpaint.networks.errors import PredictionError
from page.server.errors import PageError

LOADERS = 4
"""Threads that load: they mostly wait for the Hub, and a slow repository holds one of them."""
MAX_LOADS, MAX_LOADS_OF_CLIENT = 12, 2
"""How many loads run or wait at once, and how many that one client has started."""
KEEP_S = 60
"""For how long the outcome of a load is kept for a visitor who asks again."""
PROBE_PX = 64


class Load:
    """A load that is under way or has ended.

    Args:
        client: who started it; None: nobody whose loads are limited.

    Attributes:
        client: as it was given.
        future: of what the load returns.
    """

    def __init__(self, client: str | None) -> None:
        self.client = client
        self.future: Future[str] = Future()
        self._wanted_until = 0.0

    def keep_for(self, seconds: float) -> None:
        """Note that a request waits, for this time at least."""
        self._wanted_until = max(self._wanted_until, time.monotonic() + seconds)

    def is_wanted(self) -> bool:
        """Return whether a request may still be waiting."""
        return time.monotonic() < self._wanted_until

    @property
    def is_old(self) -> bool:
        """Whether it has ended and nobody came for the outcome."""
        return self.future.done() and time.monotonic() > self._wanted_until + KEEP_S


class Loads:
    """Loads in threads of their own, each one for all who ask for it.

    Args:
        work: loads what a key stands for; it polls `Load.is_wanted`, and returns the name of the result.
        max_loads: how many run or wait at once.
    """

    def __init__(self, work: Callable[[tuple[str, str], Load], str], max_loads: int = MAX_LOADS) -> None:
        self._work, self.max_loads = work, max_loads
        self._pool = ThreadPoolExecutor(LOADERS, "models")
        self._loads: dict[tuple[str, str], Load] = {}
        self._lock = threading.Lock()

    def join(self, key: tuple[str, str], seconds: float, client: str | None = None) -> Load:
        """Return the load of this key, which is started unless there is one.

        Args:
            key: what to load.
            seconds: for how long the caller waits. A load that nobody waits for ends.
            client: who asks; None: a caller whose loads are not limited.

        Raises:
            PageError: "full" if too many loads are under way, "busy" with `loading` if too many of them are the
                client's.
        """
        with self._lock:
            self._loads = {other: load for other, load in self._loads.items() if not load.is_old}
            load = self._loads.get(key)
            if load is None:
                clients = [other.client for other in self._loads.values() if not other.future.done()]
                if len(clients) >= self.max_loads:
                    raise PageError("full")
                if client is not None and clients.count(client) >= MAX_LOADS_OF_CLIENT:
                    raise PageError("busy", place=1, loading=True)
                load = self._loads[key] = Load(client)
                load.keep_for(seconds)
                self._pool.submit(self._run, key, load)
            load.keep_for(seconds)
            return load

    def take(self, key: tuple[str, str], load: Load) -> str:
        """Return what an ended load has returned, or raise what it raised; who asks later starts another one."""
        with self._lock:
            if self._loads.get(key) is load:
                del self._loads[key]
        return load.future.result()

    def _run(self, key: tuple[str, str], load: Load) -> None:
        try:
            if not load.is_wanted():
                raise AbandonedError
            load.future.set_result(self._work(key, load))
        except BaseException as error:
            load.future.set_exception(error)


def load_model(folder: Path, name: str, source: str, device: str) -> Inpainter:
    """Return an Inpainter with the weights in a folder, once it has filled a hole.

    Args:
        folder: with the two files.
        name: of the repository, for messages: they have no path of this machine.
        source: as for the Inpainter.
        device: of PyTorch.

    Raises:
        WeightsError: the weights are refused, or their prediction is not finite.
    """
    config, tensors = read_folder(folder, name, config_from_dict)
    inpainter = Inpainter(with_thin(Weights(config, tensors, source, None)), source=source, device=device)
    pixels = np.random.default_rng(0).integers(0, 256, (PROBE_PX, PROBE_PX, 3), dtype=np.uint8)
    mask = np.zeros(pixels.shape[:2], bool)
    mask[PROBE_PX // 4 : PROBE_PX // 2, PROBE_PX // 4 : PROBE_PX // 2] = True
    try:
        list(inpainter.filler.without_synthesis().fills(pixels, mask))
    except PredictionError as error:
        raise WeightsError(f"{name}: {error}.", error.kind) from error
    return inpainter


def size_of(inpainter: Inpainter) -> int:
    """Return the bytes of the tensors of a loaded model; 0 for a module, which came from elsewhere."""
    return sum(tensor.nbytes for tensor in getattr(inpainter.generator, "tensors", {}).values())
