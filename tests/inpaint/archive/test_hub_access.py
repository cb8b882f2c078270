"""A Hub that is overloaded, or that other runs write to, is waited for; and it is quiet between the lines of parts."""

import pytest

from tests.hub.seeds import seed
from tests.hub.store import Repo
from tests.inpaint.archive.test_archive import HUB_RUN, PHOTOS

PUT = """
import inpaint.hub.retry
from types import SimpleNamespace
from inpaint.archive.hub_access import HubAccessError
from inpaint.archive.hub_paths import HubPath
from inpaint.archive.destinations import HubDestination
slept = []
destination = HubDestination(HubPath("me/restored", None, ""))
inpaint.hub.retry.time = SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept))
said = ""
try:
    destination.put({"data/part.parquet": b"results"}, "Restore part 1 of 1")
except HubAccessError as error:
    said = str(error)
answer = [slept, said, sorted(destination.names() - {".gitattributes"})]
"""


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        ({"status": 429, "times": 2, "headers": {"Retry-After": "240"}}, [240, 240]),
        ({"status": 503, "times": 10}, None),
        ({"status": 412}, [0.7]),
        ({"drop": True}, [0.7]),
    ],
)
def test_a_part_is_written_once_the_hub_takes_it(hub, client, fault, pauses):
    seed(hub, Repo("dataset", "me/restored"), {})
    hub.fail(method="POST", path="/commit/", **fault)
    slept, said, names = client.evaluate(PUT)
    assert names == ["data/part.parquet"] and said == ""
    assert slept == pauses if pauses else 200 < sum(slept) < 600


@pytest.mark.parametrize(
    ("fault", "least_s", "message"),
    [
        ({"status": 429, "headers": {"Retry-After": "240"}}, 480, "too many requests"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, 0, "try again in 3600 s"),
        ({"status": 403}, 0, "your token may not write this repository"),
    ],
)
def test_the_wait_ends_after_ten_minutes_and_what_is_final_is_told_at_once(hub, client, fault, least_s, message):
    seed(hub, Repo("dataset", "me/restored"), {})
    hub.fail(method="POST", path="/commit/", times=1000, **fault)
    slept, said, names = client.evaluate(PUT)
    assert sum(slept) == least_s and names == []
    assert said.startswith("hf://datasets/me/restored could not be written; ") and message in said


def test_only_the_waiting_is_told_between_the_lines_of_parts(hub, client, tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "1.jpg").write_bytes(PHOTOS[1])
    del client.env["HF_HUB_DISABLE_PROGRESS_BARS"]
    command = [*HUB_RUN, tmp_path / "scans", "-o", "hf://datasets/me/restored"]
    hub.fail(method="POST", path="/commit/", status=429, headers={"Retry-After": "1"})
    hub.fail(method="POST", path="/commit/", drop=True, after_bytes=1)  # it was made, and its response got lost
    done = client.run(*command)
    waits = done.stderr.splitlines()
    attempt = "An attempt to write hf://datasets/me/restored failed"
    assert waits[0] == f"{attempt} (the Hub answered 429): trying again in 1 s."
    assert len(waits) == 2 and waits[1].startswith(attempt)
    assert done.stdout.startswith("part 1 of 1: ")
