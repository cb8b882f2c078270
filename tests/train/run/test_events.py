import json

from train.run.events import EventLog, emit, read_events


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_events_are_read_back_from_the_log(capsys):
    log = EventLog()
    log.on_log({"images_seen": 20, "generator/l1": 0.25, "images_per_s": 4.0}, 200)
    print("a word in between")
    log.on_log({"images_seen": 40, "generator/l1": 0.125, "images_per_s": 12.0}, 200)
    emit("published", url="https://hub/me/weights", revision="abc", repo_id="me/weights")
    emit("finished")
    status = read_events(lines(capsys))
    assert [line["generator/l1"] for line in status.lines] == [0.25, 0.125]
    assert (status.images_seen, status.total, status.finished) == (40, 200, True)
    assert status.published == {"url": "https://hub/me/weights", "revision": "abc", "repo_id": "me/weights"}
    assert status.images_per_s == 6.0
    assert status.last_log_line == "a word in between"


def test_weights_that_were_withheld_are_no_longer_once_they_are_published(capsys):
    emit("withheld", repo_id="me/weights")
    assert read_events(log := lines(capsys)).withheld
    emit("published", url="https://hub/me/weights", revision="abc", repo_id="me/weights")
    assert not read_events(log + lines(capsys)).withheld


def test_steps_that_a_resumed_run_repeats_appear_once(capsys):
    for seen in (20, 40, 60, 40, 60, 80):
        emit("progress", images_seen=seen, total=None)
    assert [line["images_seen"] for line in read_events(lines(capsys)).lines] == [20, 40, 60, 80]


def test_other_lines_and_damaged_events_are_ignored():
    log = ["", "Traceback", '{"event": "progress", "images_seen": ', '{"event": 3}', '{"event": "progress"}']
    log += [json.dumps({"event": "progress", "images_seen": 5, "text": "x" * 30_000}), "ValueError: no", "  "]
    status = read_events(log)
    assert (status.lines, status.finished, status.published) == ([], False, None)
    assert status.last_log_line == "ValueError: no"


def test_a_log_without_lines_has_no_speed():
    assert read_events([]).images_per_s is None
    assert read_events([]).images_seen == 0
