"""Hardware, prices, and estimates of time and cost."""

from dataclasses import replace

import pytest
from huggingface_hub import JobHardwareInfo

from tests.hub.jobs import HARDWARE
from train.jobs.cost import Hardware, estimate, images_per_s, parse_hardware, pause_minutes
from train.jobs.spec import RunSpec
from train.presets import PRESETS

T4 = Hardware("t4-small", "T4", "", 0.4, 4, "T4")


def spec(**changes) -> RunSpec:
    return RunSpec(**{"preset": "photos", "dataset": "me/photos", "repo_id": "me/weights"} | changes)


def test_hardware_has_hourly_prices_and_at_most_one_gpu():
    machines = parse_hardware(JobHardwareInfo(**machine) for machine in HARDWARE)
    assert [(machine.flavor, machine.usd_per_hour) for machine in machines] == [("cpu-basic", 0.01), ("t4-small", 0.4)]
    assert machines[1].details == "4 vCPU, 15 GB, T4 16 GB"
    assert (machines[1].cores, machines[1].gpu) == (4, "T4")


def test_a_longer_run_takes_longer_and_faster_hardware_less_time():
    short, long = (estimate(spec(overrides={"images": images}), T4) for images in (10_000, 100_000))
    assert short.seconds < long.seconds
    assert long.usd == pytest.approx(long.seconds / 3600 * 0.4)
    fast = Hardware("h200", "H200", "", 5.0, 23, "Nvidia H200")
    assert estimate(spec(overrides={"images": 100_000}), fast).seconds < long.seconds
    assert short.timeout_s >= 3600 and 2 * long.seconds < long.timeout_s


def test_the_speed_of_a_gpu_is_not_that_of_another_with_a_similar_name():
    config = PRESETS["photos"][1]
    speeds = [images_per_s(config, Hardware("", "", "", 1, 64, gpu)) for gpu in ("Nvidia L4", "Nvidia L40S")]
    assert speeds[0] < speeds[1]


def test_presets_with_small_crops_or_networks_take_less_time():
    laptop = Hardware("", "", "", 0, 2, "")
    minutes = {name: (PRESETS[name][1].images or 0) / images_per_s(PRESETS[name][1], laptop) / 60 for name in PRESETS}
    assert 10 < minutes["finetune"] < 20 and 20 < minutes["thin"] < 60 < minutes["photos"]
    twice = replace(PRESETS["thin"][1], data=replace(PRESETS["thin"][1].data, resolution=192))
    assert images_per_s(twice, laptop) == pytest.approx(images_per_s(PRESETS["thin"][1], laptop) / 4)


def test_the_estimate_for_an_h200_is_near_the_measured_speed():
    speed = images_per_s(PRESETS["photos"][1], Hardware("", "", "", 1, 64, "Nvidia H200"))
    assert 1_200 < speed < 1_900  # crops a second, docs/training.md


def test_the_speed_is_limited_by_reading_pictures_on_the_cpu():
    assert images_per_s(PRESETS["photos"][1], Hardware("", "", "", 1, 2, "H200")) == 80


def test_the_timeout_is_at_least_an_hour():
    expected = estimate(spec(preset="tiny", overrides={"images": 4}), T4)
    assert expected.timeout_s >= 3600


@pytest.mark.parametrize("timeout_s", [60, 600, 3600, 86_400])
def test_a_run_stops_by_itself_before_the_timeout(timeout_s):
    assert 0 < pause_minutes(timeout_s) * 60 < timeout_s
