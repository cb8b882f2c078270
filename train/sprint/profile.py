"""A profile of training steps, which count like any others: where the time goes, and whether the device waits."""

import time
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

ROWS = 30
PROFILED_STEPS = 3


def profile_steps(step: Callable[[], int], device: torch.device, seconds: float) -> str:
    """Take steps for some time; return the speed and the costliest operations as text.

    Args:
        step: takes one step and returns its number of images.
        device: where it runs.
        seconds: duration; at least four steps are taken.
    """
    end_s = time.monotonic() + seconds
    step()  # allocates memory and chooses kernels
    _wait(device)
    images, steps, started_s = 0, 0, time.perf_counter()
    while steps == 0 or time.monotonic() < end_s:
        images, steps = images + step(), steps + 1
        if steps % 10 == 0:
            _wait(device)
    _wait(device)
    elapsed_s = time.perf_counter() - started_s
    on_gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as recorded:
        started_s = time.perf_counter()
        for _ in range(PROFILED_STEPS):
            step()
        _wait(device)
        profiled_s = time.perf_counter() - started_s
    costs = recorded.key_averages()
    lines = [f"{1000 * elapsed_s / steps:.1f} ms a step, {images / elapsed_s:.1f} images a second on {device}"]
    if on_gpu:
        busy_s = sum(cost.self_device_time_total for cost in costs) / 1e6
        lines.append(f"The GPU computes {min(1.0, busy_s / profiled_s):.0%} of the time (profiled steps).")
        lines.append(f"Memory: {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB at most.")
    order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    return "\n".join([*lines, "", costs.table(sort_by=order, row_limit=ROWS, max_name_column_width=60), ""])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
