"""The local Hub, tested with the real clients."""

import hashlib
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import Hub
from tests.hub.client import ROOT


@pytest.fixture
def api(hub):
    return HfApi(endpoint=hub.url, token="hf_me")


@pytest.fixture
def anonymous_api(hub):
    return HfApi(endpoint=hub.url, token=False)


def add(api, repo_id, files, **kwargs):
    return api.create_commit(
        repo_id,
        [CommitOperationAdd(path, data) for path, data in files.items()],
        commit_message=kwargs.pop("message", "add"),
        **kwargs,
    )


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_committed_files_are_downloaded_byte_for_byte(api, kind, tmp_path):
    api.create_repo("me/thing", repo_type=kind, space_sdk="gradio" if kind == "space" else None)
    files = {"README.md": b"---\nlicense: mit\n---\n# Hi\n", "deep/er/a.bin": bytes(range(256)) * 9, "empty.txt": b""}
    made = add(api, "me/thing", files, repo_type=kind)
    for name, data in files.items():
        got = api.hf_hub_download("me/thing", name, repo_type=kind, cache_dir=tmp_path)
        assert Path(got).read_bytes() == data
        assert made.oid in got
    folder = api.snapshot_download("me/thing", repo_type=kind, revision=made.oid, cache_dir=tmp_path / "snapshot")
    assert sorted(os.listdir(folder)) == [".gitattributes", *sorted({name.split("/")[0] for name in files})]


def test_a_large_file_is_uploaded_in_parts_and_an_unchanged_one_not_at_all(tmp_path):
    with Hub(multipart_bytes=1000) as hub:
        api = HfApi(endpoint=hub.url, token="hf_me")
        api.create_repo("me/big")
        data = bytes(i * 7 % 256 for i in range(3500))
        first = add(api, "me/big", {"model.safetensors": data})
        assert hub.called("PUT", f"/lfs/{hashlib.sha256(data).hexdigest()}/4") == 1
        assert Path(api.hf_hub_download("me/big", "model.safetensors", cache_dir=tmp_path)).read_bytes() == data
        again = add(api, "me/big", {"model.safetensors": data})
        assert again.oid == first.oid


def test_upload_folder_makes_one_commit_and_deletes_missing_files(api, hub, tmp_path):
    api.create_repo("me/folder")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.safetensors").write_bytes(b"b" * 10)
    api.upload_folder(repo_id="me/folder", folder_path=tmp_path)
    (tmp_path / "a.txt").unlink()
    api.upload_folder(repo_id="me/folder", folder_path=tmp_path, delete_patterns="*")
    assert api.list_repo_files("me/folder") == [".gitattributes", "b.safetensors"]
    assert len(api.list_repo_commits("me/folder")) == 3


def test_a_commit_on_an_outdated_parent_is_refused(api):
    api.create_repo("me/race")
    first = add(api, "me/race", {"a": b"1"})
    add(api, "me/race", {"a": b"2"})
    with pytest.raises(HfHubHTTPError) as refused:
        add(api, "me/race", {"a": b"3"}, parent_commit=first.oid)
    assert refused.value.response.status_code == 412


def test_tree_and_paths_info_describe_files_and_folders(api):
    api.create_repo("me/tree", repo_type="dataset")
    add(api, "me/tree", {"data/x.parquet": b"x" * 50, "data/y.txt": b"y", "top.txt": b"t"}, repo_type="dataset")
    top = {entry.path for entry in api.list_repo_tree("me/tree", repo_type="dataset")}
    assert top == {".gitattributes", "data", "top.txt"}
    inside = {
        e.path: e for e in api.list_repo_tree("me/tree", "data", recursive=True, expand=True, repo_type="dataset")
    }
    assert inside["data/x.parquet"].lfs.sha256 == hashlib.sha256(b"x" * 50).hexdigest()
    assert inside["data/y.txt"].blob_id == hashlib.sha1(b"blob 1\0y").hexdigest()
    known = api.get_paths_info("me/tree", ["data", "data/y.txt", "none"], repo_type="dataset")
    assert [entry.path for entry in known] == ["data", "data/y.txt"]
    assert HfFileSystem(endpoint=api.endpoint, token="hf_me").read_bytes("datasets/me/tree/data/x.parquet") == b"x" * 50


def test_branches_tags_and_shas_resolve_to_commits(api, tmp_path):
    api.create_repo("me/refs")
    first = add(api, "me/refs", {"a": b"1"})
    api.create_tag("me/refs", tag="v1")
    api.create_branch("me/refs", branch="side/way", revision=first.oid)
    second = add(api, "me/refs", {"a": b"2"}, revision="side/way")
    third = add(api, "me/refs", {"a": b"3"})

    def content(revision):
        return Path(api.hf_hub_download("me/refs", "a", revision=revision, cache_dir=tmp_path)).read_bytes()

    assert [content(r) for r in ("v1", "side/way", "main", second.oid)] == [b"1", b"2", b"3", b"2"]
    refs = api.list_repo_refs("me/refs")
    assert {tag.name: tag.target_commit for tag in refs.tags} == {"v1": first.oid}
    assert {b.name: b.target_commit for b in refs.branches} == {"main": third.oid, "side/way": second.oid}
    assert api.list_repo_commits("me/refs", revision="v1")[0].commit_id == first.oid
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_tag("me/refs", tag="v1")
    assert refused.value.response.status_code == 409
    api.delete_tag("me/refs", tag="v1")
    assert api.list_repo_refs("me/refs").tags == []


def test_a_pull_request_leaves_main_unchanged(api):
    api.create_repo("me/pr")
    before = api.repo_info("me/pr").sha
    proposed = add(api, "me/pr", {"a": b"1"}, create_pr=True)
    assert api.repo_info("me/pr").sha == before
    assert api.repo_info("me/pr", revision="refs/pr/1").sha == proposed.oid
    assert proposed.pr_num == 1


def test_deletions_of_files_and_folders(api):
    api.create_repo("me/gone")
    add(api, "me/gone", {"a/b": b"1", "a/c": b"2", "d": b"3"})
    api.create_commit("me/gone", [CommitOperationDelete("a/"), CommitOperationDelete("d")], commit_message="less")
    assert api.list_repo_files("me/gone") == [".gitattributes"]
    with pytest.raises(EntryNotFoundError):
        api.delete_file("d", "me/gone")


def test_errors_have_the_types_that_they_have_on_the_real_hub(api, anonymous_api, hub, tmp_path):
    api.create_repo("me/private", private=True)
    api.create_repo("me/gated")
    api.create_repo("me/open")
    add(api, "me/gated", {"a": b"1"})
    api.update_repo_settings("me/gated", gated="auto")
    you = HfApi(endpoint=hub.url, token="hf_you")

    def error(who, repo, file="a", **kwargs):
        with pytest.raises(HfHubHTTPError) as caught:
            who.hf_hub_download(repo, file, cache_dir=tmp_path, **kwargs)
        return type(caught.value), caught.value.response.status_code

    assert error(api, "me/none") == (RepositoryNotFoundError, 404)
    assert error(anonymous_api, "me/none") == (RepositoryNotFoundError, 401)
    assert error(anonymous_api, "me/private") == (RepositoryNotFoundError, 401)
    assert error(you, "me/private") == (RepositoryNotFoundError, 404)
    assert error(you, "me/gated") == (GatedRepoError, 403)
    assert error(anonymous_api, "me/gated") == (GatedRepoError, 401)
    assert error(api, "me/open", revision="v9") == (RevisionNotFoundError, 404)
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download("me/open", "none.txt", cache_dir=tmp_path)
    assert error(HfApi(endpoint=hub.url, token="hf_wrong"), "me/open") == (HfHubHTTPError, 401)


def test_writing_needs_a_token_that_may_write(api, anonymous_api, hub):
    api.create_repo("me/mine")
    for who, status in (
        (HfApi(endpoint=hub.url, token="hf_reader"), 403),
        (HfApi(endpoint=hub.url, token="hf_you"), 403),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            add(who, "me/mine", {"a": b"1"})
        assert refused.value.response.status_code == status
    with pytest.raises(HfHubHTTPError):
        anonymous_api.create_repo("me/other")
    assert api.whoami()["name"] == "me"
    api.create_repo("me/mine", exist_ok=True)
    api.delete_repo("me/mine")
    assert not api.repo_exists("me/mine")


def test_ranges_are_served_through_the_redirect_to_the_storage(api, hub):
    api.create_repo("me/range")
    add(api, "me/range", {"f.bin": bytes(range(100))})
    address = f"{hub.url}/me/range/resolve/main/f.bin"
    wanted = {"bytes=10-19": range(10, 20), "bytes=90-": range(90, 100), "bytes=-5": range(95, 100)}
    with httpx2.Client(follow_redirects=True, trust_env=False) as session:
        for header, part in wanted.items():
            answer = session.get(address, headers={"Range": header})
            assert (answer.status_code, answer.content) == (206, bytes(part))
            assert answer.headers["Content-Range"] == f"bytes {part[0]}-{part[-1]}/100"
        assert session.get(address, headers={"Range": "bytes=200-"}).status_code == 416


def test_a_card_with_broken_metadata_is_refused(api):
    api.create_repo("me/card")
    with pytest.raises(ValueError, match="license"):
        add(api, "me/card", {"README.md": b"---\nlicense: [1]\n---\n"})
    add(api, "me/card", {"README.md": b"---\nlicense: mit\ntags: [a]\n---\n"})
    assert api.model_info("me/card").card_data["license"] == "mit"


def test_faults_hit_the_matching_calls_only(api, hub, tmp_path):
    api.create_repo("me/fault")
    add(api, "me/fault", {"f.bin": bytes(5000)})
    fault = hub.fail(method="POST", path="/commit/", status=503, times=1)
    with pytest.raises(HfHubHTTPError) as failed:
        add(api, "me/fault", {"b": b"1"})
    assert (failed.value.response.status_code, fault.times) == (503, 0)
    add(api, "me/fault", {"b": b"1"})
    cut = hub.fail(path="/cdn/", drop=True, after_bytes=1000)
    path = api.hf_hub_download("me/fault", "f.bin", cache_dir=tmp_path)
    assert (Path(path).read_bytes(), cut.times) == (bytes(5000), 0)


def test_the_command_serves_a_folder_that_persists(tmp_path):
    for expected in ([], [".gitattributes", "a"]):
        command = [sys.executable, "-m", "tests.hub", "--root", str(tmp_path), "--token", "ann=hf_a"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                api = HfApi(endpoint=server.stdout.readline().strip(), token="hf_a")
                files = api.list_repo_files("ann/kept") if api.repo_exists("ann/kept") else []
                assert files == expected
                if not files:
                    api.create_repo("ann/kept")
                    add(api, "ann/kept", {"a": b"1"})
            finally:
                server.terminate()


def test_the_datasets_library_pushes_and_streams(client, hub):
    answer = client.evaluate(
        """
import numpy as np, PIL.Image
from datasets import Dataset, Image, load_dataset
photos = [PIL.Image.fromarray(np.full((8, 8, 3), i, np.uint8)) for i in range(12)]
Dataset.from_dict({"image": photos}).cast_column("image", Image()).push_to_hub("me/photos", num_shards=2)
stream = load_dataset("me/photos", split="train", streaming=True)
answer = sorted(np.asarray(row["image"]).max().item() for row in stream)
"""
    )
    assert answer == list(range(12))
    assert hub.called("PUT", "/lfs/") == 2
    with urllib.request.urlopen(f"{hub.url}/api/datasets/me/photos/tree/main/data") as listing:
        assert listing.read().count(b".parquet") == 2
