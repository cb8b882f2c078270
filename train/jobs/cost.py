"""What a run will take: hardware, its price, and a rough guess of time and cost. The run itself soon knows better."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from train.config import TrainConfig

from .spec import Run

CPU_IMAGES_PER_S = {"photos": 1.0, "context-encoder": 14.0, "tiny": 16.0}
"""Of two threads of an AMD EPYC (AVX-512): 0.8, 12.4 and 12.8 were measured beside other work, and are rounded up."""
GPU_FACTORS = {"T4": 25, "L4": 40, "A10G": 60, "L40S": 110, "RTX PRO 6000": 150, "A100": 150, "H100": 220, "H200": 250}
"""A GPU beside those two threads, guessed from memory bandwidth; none of them was measured."""
OTHER_GPU_FACTOR = 50
STREAM_IMAGES_PER_S = 40.0
"""Pictures of 256 px that one CPU core decodes, crops and masks in a second."""
START_S = 300
"""From the order to the first image: a machine, its image, packages, and the first rows of the dataset."""
TIMEOUT_FACTOR, SHORTEST_TIMEOUT_S, LONGEST_TIMEOUT_S = 3, 3600, 7 * 24 * 3600
GRACE_S = 600
"""The run stops by itself so long before it would be cut off."""
UNKNOWN_LENGTH_IMAGES = 10_000
"""What an epoch is taken for while nobody knows how many pictures a dataset has."""


class Hardware(NamedTuple):
    """A machine that can be rented.

    Attributes:
        flavor: its name.
        title: its name for people.
        details: CPU, memory and GPU in words.
        usd_per_hour: its price; 0 for a machine of one's own.
        cores: CPU cores.
        gpu: model of its one GPU, or "".
    """

    flavor: str
    title: str
    details: str
    usd_per_hour: float
    cores: int
    gpu: str


class Estimate(NamedTuple):
    """A guess.

    Attributes:
        seconds: until the weights are published.
        usd: what that costs.
        timeout_s: after so many seconds the job is cut off.
    """

    seconds: float
    usd: float
    timeout_s: int


def hardware_of(answer: Iterable[Any]) -> list[Hardware]:
    """What the Hub rents (huggingface_hub's JobHardwareInfo), without machines with several GPUs; cheapest first."""
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


def estimate(run: Run, hardware: Hardware, rows: int | None = None) -> Estimate:
    """Time and cost of a run.

    Args:
        run: the run.
        hardware: where.
        rows: pictures in the dataset, for a run whose length is in epochs; None: unknown.
    """
    config = run.config
    images = config.images or (config.epochs or 1) * (rows or UNKNOWN_LENGTH_IMAGES)
    seconds = START_S + images / images_per_s(config, hardware)
    timeout_s = int(min(max(SHORTEST_TIMEOUT_S, TIMEOUT_FACTOR * seconds), LONGEST_TIMEOUT_S))
    return Estimate(seconds, seconds / 3600 * hardware.usd_per_hour, timeout_s)


def images_per_s(config: TrainConfig, hardware: Hardware) -> float:
    """A guess of the speed: the slower one of computing and of reading pictures."""
    factor: float = hardware.cores / 2
    if hardware.gpu and config.device != "cpu":
        factor = max(factor, _gpu_factor(hardware.gpu))
    usual = 128 if config.preset == "context-encoder" else 64 if config.preset == "tiny" else 256
    area = (config.data.resolution / usual) ** 2
    computing = CPU_IMAGES_PER_S.get(config.preset, 1.0) * factor / area
    return min(computing, STREAM_IMAGES_PER_S * hardware.cores)


def _gpu_factor(model: str) -> float:
    """Of the longest known name in the model's name: "Nvidia L40S" is no L4."""
    known = [name for name in GPU_FACTORS if name.lower() in model.lower()]
    return GPU_FACTORS[max(known, key=len)] if known else OTHER_GPU_FACTOR


def own_machine(flavor: str, cores: int, gpu: str = "") -> Hardware:
    """This machine, which costs nothing."""
    return Hardware(flavor, "", "", 0.0, cores, gpu)


def max_minutes(timeout_s: int) -> float:
    """When a run stops by itself, so that its last state is on the Hub before it would be cut off."""
    return round((timeout_s - min(GRACE_S, timeout_s / 4)) / 60, 2)
