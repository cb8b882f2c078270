"""Fair shares over HTTP: one visitor can neither occupy both threads nor close the photos of others."""

import json
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

from inpaint import Inpainter
from page.server.compute_queue import ComputeQueue
from page.server.visits import Visits
from tests.page.serving import GRADIO_WARNINGS, OneColour, noise

pytestmark = GRADIO_WARNINGS


def paint(served, visit, x, network):
    """Paint a dot as a visitor from a network behind a proxy on this machine; the answer."""
    stroke = {"points": [[x, 20]], "brush": 8, "erase": False}
    data = {"visit": visit, "strokes": [stroke]}
    body = {"data": data, "component_id": served.editor["id"], "session_hash": "test", "fn_name": "paint"}
    headers = {"Content-Type": "application/json", "X-Forwarded-For": network}
    url = served.url + "gradio_api/component_server/"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
        return json.load(response)


def test_many_calls_on_one_visit_leave_a_thread_for_others(served, monkeypatch):
    monkeypatch.setattr(served.visits, "queue", ComputeQueue(2, timeout_s=60))
    photo = Image.fromarray(noise(40, 200))
    mine, yours = served.open(photo), served.open(photo)
    visit = served.visits.get(mine)
    with ThreadPoolExecutor(6) as pool:
        with visit.lock:  # the first call waits in its thread, as if it took long
            calls = [pool.submit(paint, served, mine, 10 + 30 * index, "8.8.8.8") for index in range(5)]
            assert not calls[0].done()
            answered = threading.Event()
            other = pool.submit(paint, served, yours, 50, "1.1.1.1")
            other.add_done_callback(lambda _: answered.set())
            assert answered.wait(10), "the other visitor waits"
            assert other.result()["changed"] == [True]
        assert [call.result()["changed"] for call in calls] == [[True]] * 5


def test_the_photos_of_the_client_with_the_most_are_closed_first(tmp_path):
    visits = Visits(tmp_path, max_open=4)
    session = Inpainter(OneColour()).open(noise(10, 10))
    honest = [visits.add(session, "honest", "1.1.1.1"), visits.add(session, "honest", "9.9.9.9")]
    for _ in range(10):
        newest = visits.add(session, "greedy", "8.8.8.8")
    assert len(visits) == 4 and all(visits.get(visit.id) is visit for visit in (*honest, newest))


def test_memory_is_shared_between_clients_too(tmp_path):
    visits = Visits(tmp_path, max_bytes=4_500)
    small, large = (Inpainter(OneColour()).open(noise(side, side)) for side in (10, 20))
    honest = visits.add(small, "honest", "1.1.1.1")
    greedy = visits.add(large, "greedy", "8.8.8.8")
    late = visits.add(small, "late", "9.9.9.9")
    assert [visit.id in visits._visits for visit in (honest, greedy, late)] == [True, False, True]
