"""A visitor of the page over HTTP: uploads a photo, opens it and paints, as the browser does."""

import contextlib
import http.client
import io
import json
import secrets
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, ImageFilter

POLL_S = 0.1
PAUSE_S = 0.9
"""How long the browser waits for another stroke before it asks for final fills."""
TIMEOUT_S = 120


class VisitorError(RuntimeError):
    """The page did not respond as expected."""


class Visitor:
    """One browser tab.

    Args:
        url: of the page.
        network: the address that a proxy on this machine would state; "" for none.
    """

    def __init__(self, url: str, network: str = "") -> None:
        self.headers = {"X-Forwarded-For": network} if network else {}
        self.url = urlsplit(url.rstrip("/") + "/")
        self.tab = secrets.token_hex(8)
        self.places: list[int] = []
        self.revision: int | None = None  # of a draft that is not finished
        self._component = next(part["id"] for part in self.get("config")["components"] if part["type"] == "html")

    def get(self, path: str) -> Any:
        """Return the response of a GET request: JSON, or text."""
        return self._request("GET", path)

    def status(self) -> dict:
        """Return the page's status."""
        return self._post("gradio_api/run/status", {"data": []})["data"][0]

    def call(self, function: str, **call: Any) -> dict:
        """Return the answer of a server function; while the server is busy, repeat the call with the ticket.

        Raises:
            VisitorError: the answer is an error.
        """
        body = {"component_id": self._component, "session_hash": self.tab, "fn_name": function}
        while True:
            answer = self._post("gradio_api/component_server/", body | {"data": call})
            if answer.get("code") == "busy":
                self.places.append(answer["place"])
                call["ticket"] = answer["ticket"]
                time.sleep(POLL_S)
            elif "error" in answer:
                raise VisitorError(f"{function}: {answer['error']}")
            else:
                return answer

    def open(self, photo: bytes, name: str = "photo.jpg") -> tuple[str, int, int]:
        """Upload a photo and open it; return the id of the visit and the photo's width and height."""
        answer = self.call("open_photo", path=self.upload(photo, name))
        return answer["visit"], answer["width"], answer["height"]

    def upload(self, photo: bytes, name: str = "photo.jpg") -> str:
        """Upload a file; return its path on the server."""
        edge = secrets.token_hex(16)
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        body = head + photo + f"\r\n--{edge}--\r\n".encode()
        return self._request("POST", "gradio_api/upload", body, kind)[0]

    def paint(self, visit: str, points: list, brush: float = 60) -> list[dict]:
        """Paint a stroke and return its patches."""
        answer = self.call("paint", visit=visit, strokes=[{"points": points, "brush": brush, "erase": False}])
        self.revision = answer["revision"] if answer.get("draft") else None  # early versions had no drafts
        return answer["patches"]

    def pause(self, visit: str, seconds: float) -> None:
        """Wait, and ask for the final fills of drafts after PAUSE_S without waiting for them, as the browser does."""
        if self.revision is not None and seconds > PAUSE_S:
            time.sleep(PAUSE_S)
            seconds -= PAUSE_S
            threading.Thread(target=self._finish_fill, args=(visit, self.revision), daemon=True).start()
        time.sleep(seconds)

    def leave(self, visit: str) -> None:
        """Close the photo."""
        self.call("leave_visit", visit=visit)

    def _finish_fill(self, visit: str, revision: int) -> None:
        with contextlib.suppress(VisitorError):  # the photo may have been closed meanwhile
            self.call("finish_fill", visit=visit, revision=revision)

    def _post(self, path: str, body: Any) -> Any:
        return self._request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> Any:
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.netloc, timeout=TIMEOUT_S)
        try:
            connection.request(method, self.url.path + path, body, (headers or {}) | self.headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise VisitorError(f"{self.url.geturl()}{path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise VisitorError(f"{path}: HTTP {answer.status}: {data[:200]!r}")
        return json.loads(data) if "json" in (answer.getheader("Content-Type") or "") else data.decode()


def photo_of(megapixels: float, seed: int = 0) -> bytes:
    """Return a synthetic JPEG photo of about this size."""
    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    height = round(width / 1.5)
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(0, 256, (12, 18, 3), np.uint8)).resize((width // 4, height // 4))
    grain = Image.fromarray(rng.integers(0, 256, (height // 4, width // 4, 3), np.uint8))
    photo = Image.blend(rough, grain.filter(ImageFilter.GaussianBlur(1)), 0.3).resize((width, height))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=85)
    return file.getvalue()
