"""What an archive's command says of arguments that it cannot take, and of places that are not there."""

import pyarrow.parquet as pq
import pytest

from inpaint.__main__ import main
from tests.hub.seeds import seed
from tests.hub.store import Repo
from tests.inpaint.archive.test_archive import HUB_RUN, PHOTOS, cells, restore, results, write_parquet


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """The current folder, with two parquet files, and pictures in subfolders."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("tables/a.parquet", "tables/b.parquet", "tables/old/c.parquet")):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        write_parquet(tmp_path / name, cells([PHOTOS[1]]), id=[number])
    for name in ("box/1.jpg", "box/sub/2.jpg", "box/sub/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(PHOTOS[1])
    return tmp_path


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("hf://datasets/me/scans@v9", "hf://datasets/me/scans could not be read; it has no revision 'v9': use"),
        ("hf://datasets/me/NOPE", "hf://datasets/me/NOPE could not be read; on the Hub it is missing or private"),
    ],
)
def test_a_place_on_the_hub_that_cannot_be_read_is_named(hub, client, scans, source, message):
    seed(hub, Repo("dataset", "me/scans"), {"a.parquet": (scans / "tables/a.parquet").read_bytes()})
    done = client.run(*HUB_RUN, source, "-o", scans / "out", check=False)
    assert done.returncode == 1 and message in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["hf://datasets/me/NOPE"], "me/NOPE"),
        (["hf://datasets/me/scans/nope"], "scans"),
        (["{scans}/missing/*.jpg"], "missing/*.jpg"),
        (["{scans}/missing"], "missing"),
        (["{scans}/texts"], "texts"),
        (["{scans}/tables", "--column", "photo"], "'photo'"),
        (["{scans}/box", "--column", "photo"], "1.jpg is no parquet file and has no columns: leave it out"),
        (["{scans}/tables", "--model", "me/NOPE"], "me/NOPE"),
    ],
)
def test_what_cannot_be_read_leaves_no_repository_behind(hub, client, scans, arguments, named):
    seed(hub, Repo("dataset", "me/scans"), {"a.parquet": (scans / "tables/a.parquet").read_bytes()})
    (scans / "texts").mkdir()
    (scans / "texts" / "a.txt").write_text("nothing to restore")
    arguments = [argument.format(scans=scans) for argument in arguments]
    done = client.run(*HUB_RUN, *arguments, "-o", "hf://datasets/me/restored", check=False)
    assert done.returncode == 1 and named in done.stderr and "Traceback" not in done.stderr
    assert not client.evaluate(
        "from huggingface_hub import HfApi\nanswer = HfApi().repo_exists('me/restored', repo_type='dataset')"
    )


def test_a_repository_that_may_not_be_written_is_named(hub, client, scans):
    client.env["HF_TOKEN"] = "hf_reader"
    done = client.run(*HUB_RUN, scans / "box", "-o", "hf://datasets/me/new", check=False)
    assert "hf://datasets/me/new could not be written; your token may not write this repository" in done.stderr


def test_a_pattern_of_pictures_goes_to_the_hub(hub, client, scans):
    done = client.run(*HUB_RUN, scans / "box/**/*.jpg", "-o", "hf://datasets/me/restored")
    assert "0 photos restored, 2 unchanged" in done.stdout
    answer = client.evaluate(
        "from huggingface_hub import snapshot_download\n"
        f"answer = snapshot_download('me/restored', repo_type='dataset', local_dir={str(scans / 'got')!r})"
    )
    assert answer and [row["file_name"] for row in results(scans / "got")] == ["1.jpg", "sub/2.jpg"]
    assert "from `box/**/*.jpg`" in (scans / "got" / "README.md").read_text()


def test_a_pattern_of_tables_is_read(scans, capsys):
    assert restore("tables/*.parquet", "-o", "out") == 0
    assert [row["id"] for row in results(scans / "out")] == [0, 1]
    assert restore("tables/*.parquet", "-o", "tables/out") == 0, "results are not matched by the pattern"
    assert restore("tables/**/*.parquet", "-o", "tables/out2") == 1
    assert restore("*/*.parquet", "-o", "tables/out3") == 0
    assert restore("*/*/*/*.parquet", "-o", "tables/out4") == 1
    assert "results would be read as photos" in capsys.readouterr().err
    assert restore("tables/*.tar", "-o", "out5") == 1
    assert "tables/*.tar holds no photos" in capsys.readouterr().err


def test_tables_without_rows_hold_no_photos(scans, capsys):
    pq.ParquetWriter(scans / "none.parquet", pq.read_schema(scans / "tables/a.parquet")).close()
    assert restore("none.parquet", "-o", "out") == 1 and not (scans / "out").exists()
    assert "none.parquet holds no photos: its parquet files have no rows" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["-", "out.parquet", "out.tar.gz", "out.JPG", "box/1.jpg"])
def test_a_file_is_no_place_for_the_results_of_an_archive(scans, capsys, output):
    before = sorted(scans.rglob("*"))
    assert restore("tables", "-o", output) == 1
    assert f"OUT is {output}, and the results of an archive are several files" in capsys.readouterr().err
    assert sorted(scans.rglob("*")) == before


def test_pictures_do_not_go_to_a_folder_with_the_name_of_a_table(scans, capsys):
    assert main(["box/sub", "--find-damage", "-o", "out.parquet"]) == 1
    assert "OUT must be a folder" in capsys.readouterr().err and not (scans / "out.parquet").exists()


@pytest.mark.parametrize(
    ("photos", "words"), [(["tables/a.parquet", "tables/b.parquet"], "2 were passed"), (["-"], "standard input was")]
)
def test_one_archive_is_restored_at_a_time(scans, capsys, photos, words):
    assert main([*photos, "--find-damage", "-o", "hf://datasets/me/restored"]) == 1
    assert words in capsys.readouterr().err


def test_skip_existing_is_noted_and_changes_nothing(scans, capsys):
    assert restore("tables/a.parquet", "-o", "out", "--skip-existing") == 0
    assert "note: an archive always continues with the parts that are missing" in capsys.readouterr().out
    assert restore("tables/a.parquet", "-o", "out") == 0


def test_the_name_of_a_photo_is_told_once(scans, capsys):
    (scans / "box/broken.jpg").write_text("nonsense")
    assert main(["box", "--find-damage", "-o", "out"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: box/broken.jpg is not an image") and told.count("broken.jpg") == 1
