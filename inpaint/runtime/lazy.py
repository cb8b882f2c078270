"""A runtime that is prepared when it is first used."""

import threading
from typing import Any

import numpy as np

from inpaint.networks.config import GeneratorConfig

from .base import Runtime
from .choose import RuntimeName, check_library, choose_runtime
from .source import StoredWeights


class LazyRuntime:
    """Run a generator by the runtime that `choose_runtime` chooses at the first call. Any number of threads may call.

    Args:
        weights: of a free-form generator.
        device: as for `choose_runtime`.
        wanted: as for `choose_runtime`.

    Attributes:
        device: where it runs.
        config: the generator's config.
        multiple: see `Runtime`.
        fixed_size: see `Runtime`.

    Raises:
        ValueError: no library is installed that could run it.
    """

    fixed_size: int | None = None

    def __init__(self, weights: StoredWeights, device: str, wanted: RuntimeName = "auto") -> None:
        self.device = device
        on_cpu = ("openvino", "onnxruntime") if self.device == "cpu" else ()
        check_library(weights, self.device, *on_cpu, "torch")
        self.config: GeneratorConfig = weights.config
        self.multiple: int = weights.config.multiple
        self._weights, self._wanted = weights, wanted
        self._runtime: Runtime | None = None
        self._lock = threading.Lock()

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the generator's prediction, see `Runtime`."""
        return self.prepared()(masked_image, mask, coarse_fill)

    def for_throughput(self) -> tuple[Any, int]:
        """Return a runtime for many crops, and how many of them it runs at the same time; see `OpenVinoRuntime`."""
        runtime: Any = self.prepared()
        return runtime.for_throughput() if hasattr(runtime, "for_throughput") else (runtime, 1)

    def release_memory(self) -> None:
        """Release what the runtime keeps for later fills, if it has been used."""
        if self._runtime is not None and hasattr(self._runtime, "release_memory"):
            self._runtime.release_memory()

    def prepared(self) -> Runtime:
        """Return the runtime, which is prepared if it is not yet.

        Raises:
            ValueError: no runtime works; see `choose_runtime`.
        """
        with self._lock:
            if self._runtime is None:
                self._runtime = choose_runtime(self._weights, self.device, self._wanted)
            return self._runtime
