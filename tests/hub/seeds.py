"""Repositories for tests, created in the store of a Hub without a request."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.hub.server import Hub
from tests.hub.store import Repo

ROOT = Path(__file__).resolve().parents[2]


def seed(hub: Hub, repo: Repo, files: dict[str, bytes]) -> Repo:
    """Create a repository with these files."""
    hub.store.create(repo, repo.namespace)
    before = repo.commits[repo.branches["main"]].files
    stored = {name: hub.store.put(data) for name, data in files.items()}
    repo.add_commit("main", before | stored, "Files", "", repo.namespace)
    hub.store.save(repo)
    return repo


def seed_space(hub: Hub, repo_id: str) -> Repo:
    """Create a Space with the files of this checkout that training needs."""
    paths = [ROOT / "requirements.txt", *(ROOT / "train").rglob("*.py"), *(ROOT / "inpaint").rglob("*.py")]
    paths += [path for path in (ROOT / "inpaint" / "weights").rglob("*") if path.is_file()]
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    return seed(hub, Repo("space", repo_id, sdk="gradio"), files)


def seed_pictures(hub: Hub, repo_id: str, count: int = 24, private: bool = False) -> Repo:
    """Create a dataset of small smooth pictures."""
    rng, rows = np.random.default_rng(0), []
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((96 + number, 80), Image.Resampling.BICUBIC).save(file, "PNG")
        rows.append({"bytes": file.getvalue(), "path": f"{number}.png"})
    parquet = io.BytesIO()
    pq.write_table(pa.table({"caption": ["soft"] * count, "image": rows}), parquet)
    return seed(hub, Repo("dataset", repo_id, private), {"data/train-00000.parquet": parquet.getvalue()})
