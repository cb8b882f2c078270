"""The examples of docs/archive: Dask with two local workers, and the script for Jobs."""

import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from tests.inpaint.archive.test_archive import PHOTOS, ROOT, cells, restore, results, write_parquet


def dask(folder):
    """The script with two local workers, from in.parquet to out."""
    script = ROOT / "docs" / "archive" / "dask_cluster.py"
    command = [sys.executable, script, folder / "in.parquet", folder / "out", "--workers", "2"]
    variables = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=140, check=False)


@pytest.mark.slow
def test_two_local_workers_of_dask_write_the_results_and_errors_of_one_process(tmp_path):
    pytest.importorskip("distributed")
    write_parquet(tmp_path / "in.parquet", cells([*PHOTOS, b"nonsense"]), id=[0, 1, 2, 3, 4])
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "alone") == 1
    done = dask(tmp_path)
    assert done.returncode == 1, done.stderr[-2000:]
    *_, parts, last = done.stdout.splitlines()
    assert parts == "3 of 3 parts: 2 photos restored, 2 unchanged, 1 failed"
    assert last.startswith("2 photos restored, 2 unchanged, 1 failed (see errors/); ") and "has 3 of 3 parts" in last
    for kind in ("data", "errors"):
        assert results(tmp_path / "out", kind) == results(tmp_path / "alone", kind)
    again = dask(tmp_path)
    assert again.returncode == 1, again.stderr[-2000:]
    assert again.stdout.splitlines() == [
        f"nothing was left to do: {tmp_path / 'out'} has 3 of 3 parts of the archive; 1 photo failed in earlier runs "
        "(see errors/)"
    ]


@pytest.mark.slow
def test_scans_that_are_missing_are_told_in_a_sentence(tmp_path):
    pytest.importorskip("distributed")
    done = dask(tmp_path)
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert f"error: {tmp_path / 'in.parquet'}: there is no such file or folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_script_for_jobs_asks_for_extras_that_exist_and_runs_the_command(tmp_path):
    text = (ROOT / "docs" / "archive" / "job.py").read_text(encoding="utf-8")
    header = "\n".join(re.findall(r"^# (?!/)(.*)$", text.split("# ///\n")[0], re.MULTILINE))
    (wanted,) = tomllib.loads(header.partition("script\n")[2] or header)["dependencies"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, extras = re.fullmatch(r"([\w-]+)\[([\w,]+)\]", wanted).groups()
    assert name == project["name"] and set(extras.split(",")) <= set(project["optional-dependencies"])
    write_parquet(tmp_path / "in.parquet", cells(PHOTOS[:2]))
    command = [sys.executable, ROOT / "docs" / "archive" / "job.py", tmp_path / "in.parquet", "-o", tmp_path / "out"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "1 photo restored, 1 unchanged" in done.stdout, done.stderr


def test_no_line_of_the_docs_installs_this_code_for_a_script_that_asks_for_a_release():
    text = (ROOT / "docs" / "archives.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [shlex.split(line) for line in re.findall(r"^hf jobs uv run .*$", text, re.MULTILINE)]
    with_own_code = [words for words in lines if "--with" in words]
    assert with_own_code and lines != with_own_code
    for words in with_own_code:
        wanted = words[words.index("--with") + 1]
        assert re.match(r"inpaint-photos\[[\w,]+\] @ git\+https://", wanted)
        assert words[words.index("--with") + 2 :][:2] == ["inpaint-photos", "restore"]
