"""Archives: read from folders, parquet, tar files and the Hub, restored in parts, resumed, shared between runs."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from inpaint.__main__ import main
from inpaint.archive.columns import image_column
from inpaint.archive.locations import FolderSource
from inpaint.archive.parts import left_out_sentence, plan_parts
from inpaint.archive.restorer import Restored, Restorer
from inpaint.batch_options import Options
from tests.hub.seeds import seed
from tests.hub.store import Repo


def photo_file(number, scratched=True, format="JPEG"):
    """The file of a smooth photo, with white scratches or without; even its EXIF says which one it is."""
    coarse = Image.fromarray(np.random.default_rng(number).integers(60, 140, (4, 5, 3), dtype=np.uint8))
    photo = coarse.resize((200, 160), Image.Resampling.BICUBIC)
    if scratched:
        draw = ImageDraw.Draw(photo)
        for x in (50, 120):
            draw.line([(x, 0), (x + 15, 160)], fill=(252, 252, 248), width=2)
    exif = Image.Exif()
    exif[0x010E] = f"scan {number}"
    photo.save(file := io.BytesIO(), format, exif=exif, **({"quality": 90} if format == "JPEG" else {}))
    return file.getvalue()


ROOT = Path(__file__).parents[3]
PHOTOS = [photo_file(number, scratched=number % 2 == 0) for number in range(4)]


def write_parquet(target, rows, row_group_size=2, **columns):
    pq.write_table(pa.table({**columns, "image": rows}), target, row_group_size=row_group_size)


def cells(photos):
    return [{"bytes": data, "path": f"{number}.jpg"} for number, data in enumerate(photos)]


def results(folder, kind="data"):
    """All rows of the results, in the order of the parts."""
    files = sorted((folder / kind).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def restore(*arguments):
    return main([*map(str, arguments), "--find-damage"])


@pytest.fixture
def archive(tmp_path):
    """A folder with a parquet file of two parts: four photos, two of them scratched."""
    folder = tmp_path / "scans"
    folder.mkdir()
    write_parquet(folder / "train.parquet", cells(PHOTOS), id=[10, 11, 12, 13])
    return folder


def test_rows_keep_their_columns_and_sound_photos_their_bytes(archive, tmp_path):
    assert restore(archive, "-o", tmp_path / "out") == 0
    rows = results(tmp_path / "out")
    assert [row["id"] for row in rows] == [10, 11, 12, 13]
    for row, before in zip(rows, PHOTOS, strict=True):
        with Image.open(io.BytesIO(row["mask"]["bytes"])) as mask, Image.open(io.BytesIO(before)) as photo:
            hole = np.asarray(mask.convert("L")) > 0
            assert mask.size == photo.size
        assert row["filled_share"] == pytest.approx(hole.mean(), abs=1e-6)
        assert (row["image"]["bytes"] == before) == (not hole.any())
    assert [row["filled_share"] > 0 for row in rows] == [True, False, True, False]


def test_a_row_has_what_the_command_writes_for_the_photo_alone(archive, tmp_path):
    (tmp_path / "alone.jpg").write_bytes(PHOTOS[0])
    assert main([str(tmp_path / "alone.jpg"), "--find-damage", "-o", str(tmp_path / "done.jpg")]) == 0
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert results(tmp_path / "out")[0]["image"]["bytes"] == (tmp_path / "done.jpg").read_bytes()


def test_datasets_loads_the_results_as_pictures(archive, tmp_path):
    datasets = pytest.importorskip("datasets")
    restore(archive, "-o", tmp_path / "out")
    loaded = datasets.Dataset.from_parquet(
        sorted(map(str, (tmp_path / "out" / "data").glob("*"))), cache_dir=str(tmp_path / "cache")
    )
    assert isinstance(loaded.features["image"], datasets.Image) and isinstance(loaded.features["mask"], datasets.Image)
    assert loaded[0]["image"].getexif()[0x010E] == "scan 0"


def test_what_cannot_be_read_is_listed_with_the_reason_beside_the_results(tmp_path, capsys):
    write_parquet(
        tmp_path / "in.parquet", [*cells([b"nonsense"]), {"bytes": None, "path": "lost.jpg"}, *cells(PHOTOS[1:2])]
    )
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "out") == 1
    errors = results(tmp_path / "out", "errors")
    assert [row["file_name"].split()[0] for row in errors] == ["0.jpg", "lost.jpg"]
    assert all(row["error"] for row in errors)
    assert len(results(tmp_path / "out")) == 1
    assert "0 photos restored, 1 unchanged, 2 failed (see errors/)" in capsys.readouterr().out


def test_photos_that_failed_in_an_earlier_run_are_told_and_decide_the_exit_code(tmp_path, capsys):
    write_parquet(tmp_path / "in.parquet", cells([b"nonsense", PHOTOS[1], PHOTOS[3], b"more"]), row_group_size=1)
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "out") == 1
    capsys.readouterr()
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "out") == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("nothing was left to do") and last.endswith("2 photos failed in earlier runs (see errors/)")
    (tmp_path / "out" / "data" / "part-00003-of-00004.parquet").unlink()
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "out") == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("0 photos restored, 1 unchanged, 0 failed; ") and "2 photos failed in earlier runs" in last
    assert restore(tmp_path / "in.parquet", "-o", tmp_path / "out", "--shard", "2/4") == 0, "none of this run's parts"


def test_a_part_that_is_done_again_without_failures_replaces_its_table_of_errors(archive, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        done = Restored(b"", b"", 0, ())
        patch.setattr(Restorer, "restore", lambda self, data: 1 / 0 if data == PHOTOS[3] else done)
        patch.setattr("inpaint.archive.run.PHOTO_ERRORS", (ZeroDivisionError,))
        assert restore(archive, "-o", tmp_path / "out") == 1
    (tmp_path / "out" / "data" / "part-00002-of-00002.parquet").unlink()
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert results(tmp_path / "out", "errors") == []


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--mask-only"], "1 photo with damage, 1 without, 0 failed; "),
        (["--restore-tone"], "1 photo restored, 1 restored in tone only, 0 failed; "),
        ([], "1 photo restored, 1 unchanged, 0 failed; "),
    ],
)
def test_what_is_said_of_photos_is_what_was_done_with_them(archive, tmp_path, capsys, options, part):
    assert restore(archive, "-o", tmp_path / "out", *options) == 0
    first, _, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"part 1 of 2: {part}")
    assert last.startswith(part.replace("1", "2").replace("photo ", "photos "))
    is_kept = [row["image"]["bytes"] == before for row, before in zip(results(tmp_path / "out"), PHOTOS, strict=True)]
    assert is_kept == [options != [] and "--mask-only" in options, options != ["--restore-tone"]] * 2


def test_a_second_run_has_nothing_left_to_do_and_loads_no_weights(archive, tmp_path, capsys, monkeypatch):
    restore(archive, "-o", tmp_path / "out")
    monkeypatch.setattr("inpaint.archive.command.Restorer", None)
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert "nothing was left to do" in capsys.readouterr().out


def test_shards_and_a_run_that_is_resumed_give_together_what_one_run_gives(archive, tmp_path, capsys):
    restore(archive, "-o", tmp_path / "whole")
    assert restore(archive, "-o", tmp_path / "out", "--shard", "2/2") == 0
    assert [path.name for path in (tmp_path / "out" / "data").iterdir()] == ["part-00002-of-00002.parquet"]
    assert f"{tmp_path / 'out'} has 1 of 2 parts of the archive" in capsys.readouterr().out
    before = (tmp_path / "out" / "data" / "part-00002-of-00002.parquet").stat().st_mtime_ns
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert restore(archive, "-o", tmp_path / "out", "--shard", "1/2") == 0
    assert f"{tmp_path / 'out'} has 2 of 2 parts of the archive" in capsys.readouterr().out.splitlines()[-1]
    assert (tmp_path / "out" / "data" / "part-00002-of-00002.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize("wrong", [["--column", "title"], ["--model", "missing-folder/weights"]])
def test_an_argument_that_is_refused_at_the_start_can_be_corrected(archive, tmp_path, wrong):
    assert restore(archive, "-o", tmp_path / "out", *wrong) == 1
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert len(results(tmp_path / "out")) == len(PHOTOS)


def test_a_file_that_was_added_to_a_folder_is_not_taken_for_done(tmp_path, capsys):
    for number, data in enumerate(PHOTOS[:2]):
        (tmp_path / "scans" / f"box{number}").mkdir(parents=True)
        with tarfile.open(tmp_path / "scans" / f"box{number}" / "scans.tar", "w") as tar:
            member = tarfile.TarInfo("scan.jpg")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    (tmp_path / "scans" / "box1" / "scans.tar").rename(tmp_path / "scans" / "all.tar")
    assert restore(tmp_path / "scans", "-o", tmp_path / "out") == 0
    (tmp_path / "scans" / "box0" / "scans.tar").rename(tmp_path / "scans" / "another.tar")
    assert restore(tmp_path / "scans", "-o", tmp_path / "out") == 1
    assert "files were added" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["tar", "parquet"])
def test_a_file_that_is_damaged_does_not_stop_the_others_and_is_tried_again(tmp_path, capsys, kind):
    folder = tmp_path / "scans"
    folder.mkdir()
    for box, number in (("a", 0), ("b", 2)):
        if kind == "parquet":
            write_parquet(folder / f"{box}.parquet", cells([PHOTOS[number]]))
        else:
            with tarfile.open(folder / f"{box}.tar", "w") as tar:
                member = tarfile.TarInfo("scan.jpg")
                member.size = len(PHOTOS[number])
                tar.addfile(member, io.BytesIO(PHOTOS[number]))
    whole = (folder / f"a.{kind}").read_bytes()
    damaged = whole[: 512 + len(PHOTOS[0]) // 2] if kind == "tar" else whole[:4] + b"\xff" * 200 + whole[204:]
    (folder / f"a.{kind}").write_bytes(damaged)
    assert restore(folder, "-o", tmp_path / "out") == 1
    written = [path.name for path in (tmp_path / "out" / "data").iterdir()]
    said = capsys.readouterr().out
    assert written == ["part-00002-of-00002.parquet"] and f"a.{kind} is damaged" in said
    assert "1 part could not be read" in said
    (folder / f"a.{kind}").write_bytes(whole)
    assert restore(folder, "-o", tmp_path / "out") == 0
    assert len(results(tmp_path / "out")) == 2


def test_pictures_beside_a_table_are_counted_as_left_out(archive, tmp_path, capsys):
    (archive / "loose.jpg").write_bytes(PHOTOS[0])
    assert restore(archive, "-o", tmp_path / "out") == 0
    assert "1 file left out" in capsys.readouterr().out


def test_masks_beside_pictures_are_no_pictures(tmp_path):
    for name in ("box/a.jpg", "box/a-mask.png", "box/b_mask.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PHOTOS[1])
    parts = plan_parts(source := FolderSource(str(tmp_path)))
    assert [part.files for part in parts] == [("box/a.jpg", "box/b_mask.png")]
    assert left_out_sentence(source, parts) == "1 left out: a-mask.png (by its name a mask of a.jpg)"


@pytest.mark.parametrize("arguments", [["--threshold", "0.9"], ["--restore-tone"]])
def test_results_of_other_settings_are_not_mixed_into_an_archive(archive, tmp_path, capsys, arguments):
    restore(archive, "-o", tmp_path / "out")
    before = results(tmp_path / "out")
    assert restore(archive, "-o", tmp_path / "out", *arguments) == 1
    assert "choose another OUT" in capsys.readouterr().err and results(tmp_path / "out") == before


def test_results_do_not_go_among_the_photos(archive, capsys):
    assert restore(archive, "-o", archive / "restored") == 1
    assert "lies in" in capsys.readouterr().err


def test_pictures_of_a_tar_file_are_restored_one_by_one(tmp_path):
    with tarfile.open(tmp_path / "scans.tar", "w") as tar:
        for number, data in enumerate(PHOTOS[:2]):
            for name, content in ((f"box/{number}.jpg", data), (f"box/{number}.txt", b"caption")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    assert restore(tmp_path / "scans.tar", "-o", tmp_path / "out") == 0
    rows = results(tmp_path / "out")
    assert [row["file_name"] for row in rows] == ["box/0.jpg", "box/1.jpg"]
    assert rows[1]["image"]["bytes"] == PHOTOS[1] and rows[0]["image"]["bytes"] != PHOTOS[0]


@pytest.mark.parametrize(
    ("schema", "wanted", "found"),
    [
        ([("id", pa.int64()), ("scan", pa.binary())], None, "scan"),
        ([("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("raw", pa.binary())], "raw", "raw"),
        ([("a", pa.binary()), ("b", pa.binary())], None, None),
        ([("text", pa.string())], None, None),
        ([("text", pa.string())], "text", None),
    ],
)
def test_the_column_of_pictures_is_found_or_asked_for(schema, wanted, found):
    schema = pa.schema(schema)
    if found is None:
        with pytest.raises(ValueError, match=r"--column|no column 'text'"):
            image_column(schema, wanted, "train.parquet")
    else:
        assert image_column(schema, wanted, "train.parquet") == found


def test_a_folder_of_files_is_shared_by_shards_as_well(tmp_path):
    (tmp_path / "scans").mkdir()
    for number, data in enumerate(PHOTOS):
        (tmp_path / "scans" / f"{number}.jpg").write_bytes(data)
    assert restore(tmp_path / "scans", "-o", tmp_path / "out", "--shard", "2/3") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["1.jpg"]


def test_a_parquet_file_that_is_not_there_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "scans.parquet"), "--find-damage", "-o", str(tmp_path / "out")]) == 1
    assert "scans.parquet: there is no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b"])
def test_a_shard_that_is_no_part_of_a_whole_is_refused(shard, tmp_path):
    with pytest.raises(SystemExit):
        restore(tmp_path, "-o", tmp_path / "out", "--shard", shard)


def test_the_function_that_engines_map_returns_rows_and_reasons():
    restorer = Restorer(Options(find_damage=True))
    done = restorer({"bytes": PHOTOS[0], "key": 7})
    assert done["key"] == 7 and done["error"] == "" and done["filled_share"] > 0
    assert done["bytes"] == restorer.restore(PHOTOS[0]).data and isinstance(restorer.restore(PHOTOS[1]), Restored)
    assert restorer({"bytes": b"nonsense"})["error"]


HUB_RUN = ("-m", "inpaint", "--find-damage")


def test_a_dataset_of_the_hub_is_restored_into_a_private_one(hub, client, tmp_path):
    write_parquet(tmp_path / "in.parquet", cells(PHOTOS), id=[0, 1, 2, 3])
    repo = seed(hub, Repo("dataset", "me/scans"), {"data/train.parquet": (tmp_path / "in.parquet").read_bytes()})
    done = client.run(*HUB_RUN, "hf://datasets/me/scans", "-o", "hf://datasets/me/restored", "--shard", "1/2")
    assert "hf://datasets/me/restored has 1 of 2 parts of the archive" in done.stdout
    write_parquet(other := io.BytesIO(), cells(PHOTOS[:1]), id=[9])  # a later commit, which is not mixed in
    repo.add_commit("main", {"data/train.parquet": hub.store.put(other.getvalue())}, "Another", "", "me")
    hub.store.save(repo)
    client.run(*HUB_RUN, "hf://datasets/me/scans", "-o", "hf://datasets/me/restored")
    answer = client.evaluate(
        "from huggingface_hub import HfApi, snapshot_download\n"
        f"folder = snapshot_download('me/restored', repo_type='dataset', local_dir={str(tmp_path / 'got')!r})\n"
        "answer = HfApi().dataset_info('me/restored').private"
    )
    assert answer is True
    rows = results(tmp_path / "got")
    assert [row["id"] for row in rows] == [0, 1, 2, 3] and rows[1]["image"]["bytes"] == PHOTOS[1]
    manifest = json.loads((tmp_path / "got" / "archive.json").read_text())
    assert manifest["source"] == "hf://datasets/me/scans" and len(manifest["commit"]) == 40


def test_pictures_of_a_folder_go_to_the_hub_and_a_token_that_may_not_write_is_told(hub, client, tmp_path):
    (tmp_path / "scans").mkdir()
    for number, data in enumerate(PHOTOS[:2]):
        (tmp_path / "scans" / f"{number}.jpg").write_bytes(data)
    client.run(*HUB_RUN, tmp_path / "scans", "-o", "hf://datasets/me/restored/box1")
    listed = client.evaluate(
        "from huggingface_hub import HfApi\nanswer = HfApi().list_repo_files('me/restored', repo_type='dataset')"
    )
    assert "box1/data/part-00001-of-00001.parquet" in listed
    client.env["HF_TOKEN"] = "hf_reader"
    refused = client.run(*HUB_RUN, tmp_path / "scans", "-o", "hf://datasets/me/new", check=False)
    assert refused.returncode == 1 and "token" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of Unix")
def test_a_run_that_is_ended_says_how_to_continue_and_leaves_whole_parts_only(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    write_parquet(folder / "train.parquet", cells(PHOTOS * 10), row_group_size=1)
    command = [sys.executable, *HUB_RUN, str(folder), "-o", str(tmp_path / "out")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ))
    first = run.stdout.readline()
    run.send_signal(signal.SIGTERM)
    rest, _ = run.communicate(timeout=60)
    assert first.startswith("part 1 of 40") and run.returncode == 143 and "the same command continues" in rest
    names = {path.name for path in (tmp_path / "out" / "data").iterdir()}
    assert names and all(name.startswith("part-") for name in names) and len(names) < 40
