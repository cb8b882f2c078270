import json

from train.run.events import EventLog, read_events, say


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_what_a_run_prints_is_read_back(capsys):
    log = EventLog()
    log.progressed({"images_seen": 20, "generator/l1": 0.25, "images_per_s": 4.0}, 200)
    print("a word in between")
    log.progressed({"images_seen": 40, "generator/l1": 0.125, "images_per_s": 12.0}, 200)
    say("published", url="https://hub/me/weights", revision="abc", repo_id="me/weights")
    say("finished")
    happened = read_events(lines(capsys))
    assert [line["generator/l1"] for line in happened.lines] == [0.25, 0.125]
    assert (happened.images_seen, happened.total, happened.finished) == (40, 200, True)
    assert happened.published == {"url": "https://hub/me/weights", "revision": "abc", "repo_id": "me/weights"}
    assert happened.images_per_s == 6.0
    assert happened.last_words == "a word in between"


def test_what_a_resumed_run_does_again_is_there_once(capsys):
    for seen in (20, 40, 60, 40, 60, 80):
        say("progress", images_seen=seen, total=None)
    assert [line["images_seen"] for line in read_events(lines(capsys)).lines] == [20, 40, 60, 80]


def test_other_lines_and_broken_ones_are_no_events():
    log = ["", "Traceback", '{"event": "progress", "images_seen": ', '{"event": 3}', '{"event": "progress"}']
    log += [json.dumps({"event": "progress", "images_seen": 5, "text": "x" * 30_000}), "ValueError: no", "  "]
    happened = read_events(log)
    assert (happened.lines, happened.finished, happened.published) == ([], False, None)
    assert happened.last_words == "ValueError: no"


def test_a_log_without_lines_has_no_speed():
    assert read_events([]).images_per_s is None
    assert read_events([]).images_seen == 0
