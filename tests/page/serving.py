"""A running page for tests, with a generator that fills with one known colour, so that every pixel can be checked."""

import asyncio
import contextlib
import functools
import gc
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import app
from inpaint import Inpainter
from page.server.compute_queue import ComputeQueue
from page.server.connections import limit_connections
from page.server.launching import launch as start
from page.server.owner import OwnerKey
from page.server.visits import Visits
from tests.ports import free_port

FILL = (0, 200, 80)
OWNER_KEY = "the-key-of-the-owner"

# Gradio's queue uses what pandas deprecates, and its server leaves sockets to the garbage collector.
GRADIO_WARNINGS = [
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class OneColour(nn.Module):
    """Predicts FILL everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.config, self.multiple, self.fixed_size = SimpleNamespace(architecture="one colour"), 8, None

    def forward(self, masked_image: Tensor, mask: Tensor, *guide: Tensor) -> Tensor:
        colour = torch.tensor(FILL, dtype=torch.float32) / 127.5 - 1
        return colour[None, :, None, None].expand_as(masked_image)


@dataclass
class Served:
    """A page at a URL, and its visits."""

    url: str
    visits: Visits

    @functools.cached_property
    def editor(self) -> dict[str, Any]:
        """The editor's entry in the page's config: its id and its server functions."""
        with urllib.request.urlopen(self.url + "config") as response:
            return next(part for part in json.load(response)["components"] if part["type"] == "html")

    def call(self, function: str, argument: Any, language: str = "en") -> tuple[int, Any]:
        """Call a server function as the browser does; status and answer."""
        body = {"data": argument, "component_id": self.editor["id"], "session_hash": "test", "fn_name": function}
        request = urllib.request.Request(
            self.url + "gradio_api/component_server/",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept-Language": language},
        )
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def upload(self, content: Image.Image | bytes, name: str = "photo.png") -> str:
        """Upload a picture or a file's bytes as the browser does; the path on the server."""
        if isinstance(content, Image.Image):
            content.save(file := io.BytesIO(), Image.registered_extensions()[Path(name).suffix.lower()])
            content = file.getvalue()
        answer = httpx.post(self.url + "gradio_api/upload", files={"files": (name, content)})
        return answer.raise_for_status().json()[0]

    def open(self, content: Image.Image | bytes, name: str = "photo.png") -> str:
        """Upload and open a photo; the visit's id."""
        status, answer = self.call("open_photo", {"path": self.upload(content, name)})
        assert status == 200 and "error" not in answer, answer
        return answer["visit"]


@contextlib.contextmanager
def serving(
    folder: Any,
    notice: str = "",
    inpainter: Inpainter | None = None,
    *,
    timeout_s: float = 60,
    launch: dict[str, Any] | None = None,
    **limits: Any,
) -> Iterator[Served]:
    """Launch the page in this process; uploads and downloads lie below `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        visits = Visits(folder, queue=ComputeQueue(timeout_s=timeout_s), **limits)
        inpainter = inpainter or Inpainter(OneColour(), source="me/weights@abc123")
        if isinstance(inpainter.generator, OneColour):  # in toned photos, too
            patch.setattr("inpaint.engine.photo.tint_of", lambda photo, hole: None)
        page = app.build_page(inpainter, notice, visits, owner_key=OwnerKey(OWNER_KEY))
        port = {"server_port": free_port()}  # other test processes look for one of Gradio's ports too
        url = start(page, **app.launch_options() | port | (launch or {}))
        limit_connections(page.server)
        try:
            yield Served(url, visits)
        finally:
            page.close(verbose=False)
            visits.end_all()
            asyncio.set_event_loop(None)
            gc.collect()  # unclosed sockets of Gradio warn now, while that is ignored, and not in a later test


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A photo of random pixels, none of which has the colour of a fill: uint8 (H, W, 3)."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[..., 0] |= 1
    return pixels
