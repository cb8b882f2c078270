"""Comparison of two checkouts: the driver, the table with its limits, and the command."""

import json
import sys

import numpy as np
import pytest

from inpaint import Inpainter
from inpaint.benchmark import __main__ as benchmark
from inpaint.benchmark.against.compare import ROOT, Row, commit_of, compare, table, verdict
from inpaint.benchmark.against.side import Figures, Side
from inpaint.benchmark.against.tasks import QUICK, Limits, Scale, Task, build_tasks
from inpaint.benchmark.workloads import scratches_mask, synthetic_photo, worn_print

SCRIPT = """
import inspect, pathlib, time

class Session:
    def stroke(self, points, brush_px{finish}):
        time.sleep(0.01)
    def finish(self):
        time.sleep(0.01)
    def undo(self):
        pathlib.Path("undone").touch()

class Inpainter:
    @classmethod
    def from_pretrained(cls, device):
        return cls()
    def open(self, pixels):
        return Session()
"""
"""The package of a checkout in which a stroke takes 10 ms, and 20 ms with its final fill, if there is one."""


@pytest.fixture
def checkout(tmp_path):
    """A function that makes a folder with a package `inpaint` of this code."""

    def make(code):
        (tmp_path / "inpaint").mkdir()
        (tmp_path / "inpaint" / "__init__.py").write_text(code)
        return tmp_path

    return make


def stroke_settings(folder):
    np.save(folder / "photo.npy", np.zeros((4, 5, 3), np.uint8))
    return {"kind": "stroke", "photo": str(folder / "photo.npy"), "points": [[1, 1]], "brush_px": 2}


@pytest.mark.parametrize(("finish", "final_s"), [("", 0.01), (", finish=True", 0.02)])
def test_a_checkout_without_drafts_has_one_fill_and_one_with_drafts_two(checkout, finish, final_s):
    folder = checkout(SCRIPT.replace("{finish}", finish))
    with Side(folder, stroke_settings(folder)) as side:
        parts = side.repeat()
    assert (folder / "undone").exists()
    assert parts["first"].wall_s >= 0.01 and parts["final"].wall_s >= final_s
    assert (parts["final"].wall_s == parts["first"].wall_s) == (not finish) or parts["final"].wall_s < 0.02
    assert 0 <= parts["final"].cpu_s < parts["final"].wall_s


def test_a_task_that_fails_raises_with_what_the_checkout_printed(checkout):
    folder = checkout("raise ImportError('no such thing')")
    with pytest.raises(RuntimeError, match="no such thing"):
        Side(folder, stroke_settings(folder))


def test_a_command_is_timed_with_the_cpu_seconds_and_the_memory_of_its_process(checkout):
    folder = checkout("")
    (folder / "inpaint" / "__main__.py").write_text(
        "import time; block = bytearray(90_000_000); end = time.process_time() + 0.3\n"
        "while time.process_time() < end: pass"
    )
    with Side(folder, {"kind": "command", "arguments": []}) as side:
        figures = side.repeat()[""]
    assert 0.3 <= figures.cpu_s < 5 and figures.wall_s >= 0.3
    assert 90 < figures.peak_mb < 150


def test_a_command_that_fails_is_an_error(checkout):
    folder = checkout("")
    (folder / "inpaint" / "__main__.py").write_text("import sys; sys.exit('no photo')")
    with Side(folder, {"kind": "command", "arguments": ["photo.jpg"]}) as side, pytest.raises(RuntimeError) as error:
        side.repeat()
    assert "photo.jpg ended with code 1" in str(error.value)


PAGE = """
import http.server, json, os, pathlib

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"components": [{"type": "html", "id": 3}]})
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("calls", "ab") as file:
            file.write(self.path.encode() + b" " + body + b"\\n")
        if self.path.endswith("upload"):
            return self.answer(["/there/photo.jpg"])
        call = json.loads(body)
        if call["fn_name"] == "open_photo":
            return self.answer({"visit": "v"} if "ticket" in call["data"] else {"code": "busy", "ticket": "t"})
        self.answer({"patches": PATCHES})
    def answer(self, value):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

assert os.environ["GRADIO_TEMP_DIR"]
http.server.HTTPServer(("127.0.0.1", int(os.environ["GRADIO_SERVER_PORT"])), Page).serve_forever()
"""


def test_a_page_is_timed_until_it_answers_or_until_it_has_filled_a_stroke(checkout, tmp_path):
    folder = checkout("")
    (folder / "app.py").write_text(PAGE.replace("PATCHES", "[1]"))
    (tmp_path / "photo.jpg").write_bytes(b"the bytes")
    with Side(folder, {"kind": "page", "photo": None}) as side:
        assert 0 < side.repeat()[""].cpu_s < 10
    assert not (folder / "calls").exists()
    with Side(folder, {"kind": "page", "photo": str(tmp_path / "photo.jpg")}) as side:
        assert side.repeat()[""].wall_s > 0
    calls = (folder / "calls").read_text()
    assert "the bytes" in calls and '"path": "/there/photo.jpg"' in calls
    assert calls.count('"open_photo"') == 2  # it was busy first
    assert '"visit": "v"' in calls.splitlines()[-1]


def test_a_page_that_fills_nothing_or_does_not_start_is_an_error(checkout, tmp_path):
    folder = checkout("")
    (folder / "app.py").write_text(PAGE.replace("PATCHES", "[]"))
    (tmp_path / "photo.jpg").write_bytes(b"the bytes")
    upload = {"kind": "page", "photo": str(tmp_path / "photo.jpg")}
    with Side(folder, upload) as side, pytest.raises(RuntimeError, match="no patches"):
        side.repeat()
    (folder / "app.py").write_text("raise SystemExit('no page')")
    with Side(folder, {"kind": "page", "photo": None}) as side, pytest.raises(RuntimeError, match="does not answer"):
        side.repeat()


def test_both_sides_take_turns(tmp_path, checkout):
    """Each side appends its name to a file; the warm-up comes first."""
    task = Task("turns", {"": ("turns", Limits())}, lambda _: {"kind": "call", "photo": "x", "mask": "x"}, 3)
    order = tmp_path / "order"
    code = f"""
import numpy
numpy.load = lambda name: None
class Inpainter:
    @classmethod
    def from_pretrained(cls, device):
        return cls()
    def __call__(self, pixels, mask):
        with open({str(order)!r}, "a") as file:
            file.write(__file__.split("/")[-3][0])
"""
    folders = []
    for name in ("a", "b"):
        (tmp_path / name / "inpaint").mkdir(parents=True)
        (tmp_path / name / "inpaint" / "__init__.py").write_text(code)
        folders.append(tmp_path / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inpaint.benchmark.against.compare.ROOT", folders[1])
        (row,) = compare([task], folders[0])
    assert order.read_text() == "ab" * 4
    assert len(row.old) == len(row.new) == 3


def test_a_folder_without_the_package_is_not_a_checkout(tmp_path):
    with pytest.raises(ValueError, match="is not a checkout"):
        next(compare(build_tasks(QUICK), tmp_path))


def row(limits, new_peak=90.0):
    old = [Figures(wall, 4.0, 100.0) for wall in (9.0, 2.0, 2.0)]
    new = [Figures(wall, 1.5, new_peak) for wall in (1.0, 0.1, 1.0)]
    return Row("a task", old, new, limits)


def test_a_row_has_the_medians_of_both_sides_their_ratios_and_which_limits_are_met():
    lines = table([row(Limits(0.5, 1 / 3, 80))], with_limits=True).splitlines()
    assert lines[0] == (
        "| task | old wall | old CPU | old peak | new wall | new CPU | new peak | wall | CPU | limits |"
    )
    assert lines[2] == (
        "| a task | 2.0 s | 4.0 s | 100 MB | 1.0 s | 1.5 s | 90 MB | 0.50 x | 0.38 x "
        "| wall 0.50 met, CPU 0.33 missed, peak 80 MB missed |"
    )
    assert "limits" not in table([row(Limits(0.5))], with_limits=False)


def test_a_row_without_limits_or_without_a_known_peak_says_so():
    assert verdict(row(Limits())) == "-"
    assert verdict(row(Limits(peak_mb=80), new_peak=None)) == "peak 80 MB unknown"
    assert "- | 0.50 x" in table([row(Limits(), new_peak=None)], with_limits=True)


def test_the_limits_are_those_of_the_project():
    tasks = {task.name: task for task in build_tasks(Scale())}
    limits = {name: next(iter(task.parts.values()))[1] for name, task in tasks.items()}
    assert limits["stroke"] == (0.5, pytest.approx(1 / 3), None) and limits["busy"].wall == 0.25
    assert limits["scratches"] == (pytest.approx(1 / 3), None, 1000)
    assert [limits[name].wall for name in ("print", "hole", "small", "page")] == [0.5, 0.8, 0.25, 0.5]
    assert limits["pass"].wall == pytest.approx(0.48, abs=0.001) and limits["pass-without-openvino"].wall == 0.6
    assert tasks["busy"].busy == 2 and tasks["stroke"].busy == 0


def test_damage_is_found_on_the_worn_print():
    photo, scratches = worn_print(400, 300, 5), scratches_mask(400, 300, 5)
    assert not np.array_equal(photo[~scratches], synthetic_photo(400, 300)[~scratches])
    found = np.asarray(Inpainter.from_pretrained(runtime="pytorch").find_damage(photo)) > 0
    assert found[scratches].mean() > 0.9 and found.mean() < 3 * scratches.mean()


def test_the_command_compares_this_checkout_with_itself(tmp_path, capsys):
    figures = tmp_path / "out" / "figures.json"
    assert benchmark.main(["--against", str(ROOT), "--quick", "--only", "pass", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2].split("|")[1] == " a pass of 64 px: initial fill and generator "
    assert len(printed[2].split("|")) == 11 and len(printed) == 5
    assert commit_of(ROOT) in printed[-1] and "alternate" in printed[-1]
    (written,) = json.loads(figures.read_text())["rows"]
    assert len(written["old"]) == len(written["new"]) == QUICK.repeats
    assert all(repeat["wall_s"] > 0 and repeat["cpu_s"] > 0 for repeat in written["new"])
    if sys.platform.startswith("linux"):
        assert all(repeat["peak_mb"] > 20 for repeat in written["new"])


@pytest.mark.slow
def test_every_task_of_the_driver_runs_in_this_checkout(tmp_path):
    for task in build_tasks(QUICK._replace(repeats=1, few_repeats=1)):
        folder = tmp_path / task.name
        folder.mkdir()
        with Side(ROOT, task.settings(folder)) as side:
            assert set(side.repeat()) == set(task.parts)


@pytest.mark.parametrize(
    "options", [["--only", "pass"], ["--against", ".", "--model", "me/it"], ["--against", ".", "--plot", "a.png"]]
)
def test_options_that_do_not_belong_together_are_refused(options, capsys):
    with pytest.raises(SystemExit) as end:
        benchmark.main(options)
    assert end.value.code == 2 and "--against" in capsys.readouterr().err


def test_a_comparison_with_no_checkout_ends_with_an_error_message(tmp_path, capsys):
    assert benchmark.main(["--against", str(tmp_path), "--quick"]) == 1
    assert capsys.readouterr().err.startswith("error: ")
