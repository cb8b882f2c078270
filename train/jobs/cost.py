"""What a run will take: hardware, its price, and a rough estimate of time and cost before the run has a speed."""

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from train.run_config import RunConfig

from .spec import RunSpec

CPU_SPEEDS = {
    "photos": (7.0, 192),
    "finetune": (8.0, 192),
    "thin": (60.0, 96),
    "context-encoder": (14.0, 128),
    "tiny": (16.0, 64),
}
"""Preset -> images per second by two threads of an AMD EPYC with AVX-512, and the side of the images in pixels. Rounded
from what was measured on a shared machine; "finetune" and "thin" in bfloat16."""
DEFAULT_CPU_SPEED = (1.0, 256)
"""Assumed for other presets."""
GPU_SPEEDUPS = {"T4": 25, "L4": 40, "A10G": 60, "L40S": 110, "RTX PRO 6000": 150, "A100": 150, "H100": 220, "H200": 250}
"""Speed of a GPU relative to those two threads, extrapolated from its memory bandwidth. Of these the H200 was measured,
with the preset photos: 170 to 260."""
DEFAULT_GPU_SPEEDUP = 50
STREAM_IMAGES_PER_S = 40.0
"""Pictures of 256 px that one CPU core decodes, crops and masks per second."""
START_S = 300
"""Seconds from the submission to the first image: machine, Docker image, packages, first rows of the dataset."""
TIMEOUT_FACTOR, MIN_TIMEOUT_S, MAX_TIMEOUT_S = 3, 3600, 7 * 24 * 3600
GRACE_S = 600
"""The run stops by itself this long before the timeout."""
MIN_BYTES_PER_S = 100_000
"""The slowest connection to the Hub that a job which only publishes has time for."""
TRANSFERS = 2
"""Such a job fetches the state of its run; uploading the weights takes less, and leaves time for another attempt."""
LARGE_STATE_BYTES = 2_000_000_000
"""Assumed size of a state if it is unknown: that of the largest preset, the Context Encoder, rounded up."""
DEFAULT_DATASET_ROWS = 10_000
"""Assumed length of an epoch if the size of the dataset is unknown."""


class Hardware(NamedTuple):
    """A machine that can be rented.

    Attributes:
        flavor: its name for the Hub.
        title: its display name.
        details: CPU, memory and GPU in words.
        usd_per_hour: price; 0 for this machine.
        cores: number of CPU cores.
        gpu: model of its one GPU, or "".
    """

    flavor: str
    title: str
    details: str
    usd_per_hour: float
    cores: int
    gpu: str


class Estimate(NamedTuple):
    """A rough estimate of time and cost.

    Attributes:
        seconds: until the weights are published.
        usd: cost of that time.
        timeout_s: seconds after which the Hub stops the job, unless another limit is chosen.
    """

    seconds: float
    usd: float
    timeout_s: int


def parse_hardware(answer: Iterable[Any]) -> list[Hardware]:
    """Return the hardware that the Hub rents, cheapest first, without machines with several GPUs.

    Args:
        answer: JobHardwareInfo objects of huggingface_hub.
    """
    found = []
    for info in answer:
        gpu = info.accelerator
        if gpu is not None and str(gpu.quantity) not in ("1", "1.0"):
            continue
        per_hour = {"second": 3600, "minute": 60, "hour": 1, "day": 1 / 24}.get(info.unit_label)
        if per_hour is None:
            continue
        details = ", ".join([info.cpu, info.ram, *([f"{gpu.model} {gpu.vram}"] if gpu else [])])
        cores = int(match[0]) if (match := re.search(r"\d+", info.cpu)) else 2
        price = round(info.unit_cost_usd * per_hour, 4)
        found.append(Hardware(info.name, info.pretty_name, details, price, cores, gpu.model if gpu else ""))
    return sorted(found, key=lambda hardware: (hardware.usd_per_hour, hardware.flavor))


def estimate(spec: RunSpec, hardware: Hardware, rows: int | None = None) -> Estimate:
    """Return time and cost of a run.

    Args:
        spec: the run.
        hardware: the machine.
        rows: number of pictures in the dataset, for a run whose length is given in epochs; None: unknown.
    """
    config = spec.config
    seconds = math.inf
    if config.images or config.epochs:
        images = config.images or (config.epochs or 1) * (rows or DEFAULT_DATASET_ROWS)
        seconds = images / images_per_s(config, hardware)
    seconds = START_S + min(seconds, 60 * (config.max_minutes or math.inf))
    timeout_s = int(min(max(MIN_TIMEOUT_S, TIMEOUT_FACTOR * seconds), MAX_TIMEOUT_S))
    return Estimate(seconds, seconds / 3600 * hardware.usd_per_hour, timeout_s)


def images_per_s(config: RunConfig, hardware: Hardware) -> float:
    """Return the estimated speed: that of computing or that of reading pictures, whichever is lower."""
    factor: float = hardware.cores / 2
    if hardware.gpu and config.device != "cpu":
        factor = max(factor, _gpu_speedup(hardware.gpu))
    speed, side = CPU_SPEEDS.get(config.preset, DEFAULT_CPU_SPEED)
    computing = speed * factor / (config.data_config.resolution / side) ** 2
    return min(computing, STREAM_IMAGES_PER_S * hardware.cores)


def _gpu_speedup(model: str) -> float:
    """Return the speedup of the longest known name within the model's name: "Nvidia L40S" is not an L4."""
    known = [name for name in GPU_SPEEDUPS if name.lower() in model.lower()]
    return GPU_SPEEDUPS[max(known, key=len)] if known else DEFAULT_GPU_SPEEDUP


def local_hardware(flavor: str, cores: int, gpu: str = "") -> Hardware:
    """Return this machine as hardware, which costs nothing."""
    return Hardware(flavor, "", "", 0.0, cores, gpu)


def publishing_timeout_s(state_bytes: int | None) -> int:
    """Return the seconds after which the Hub stops a job that only publishes what has been trained.

    Args:
        state_bytes: size of the state of the run on the Hub; None: unknown.
    """
    size = LARGE_STATE_BYTES if state_bytes is None else state_bytes
    return min(MIN_TIMEOUT_S + math.ceil(TRANSFERS * size / MIN_BYTES_PER_S), MAX_TIMEOUT_S)


def pause_minutes(timeout_s: int) -> float:
    """Return the minutes after which a run stops by itself, so that its last state is uploaded before the timeout."""
    return round((timeout_s - min(GRACE_S, timeout_s / 4)) / 60, 2)
