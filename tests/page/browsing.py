"""A browser with the page open: uploads, paints with the mouse, and reads pixels."""

import base64
import io
import shutil
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.page.serving import FILL

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TIMEOUT_MS = 60_000


def open_tab(browser, width=900, height=700, **options):
    """A tab in a new browser context with a window of this size; options are those of Playwright."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(TIMEOUT_MS)
    return context.new_page()


class Visitor:
    """A browser tab in which the page is loaded; parts of the page by their test id.

    Args:
        page: the tab, a page of Playwright.
        url: of the page.
    """

    def __init__(self, page, url):
        self.page, self.requests, self.problems = page, [], []
        self.handlers = {
            "request": lambda each: self.requests.append(each),
            "pageerror": lambda error: self.problems.append(str(error)),
        }
        for event, handler in self.handlers.items():
            self.page.on(event, handler)
        self.page.goto(url)
        self.wait("ready")

    def __getitem__(self, name):
        return self.page.get_by_test_id(name)

    def wait(self, state):
        self.page.wait_for_selector(f".page[data-state={state}]")

    def wait_for_status(self, text):
        """Wait until the status line contains a text."""
        self.page.wait_for_function(
            "text => document.querySelector('[data-testid=status]')?.innerText.includes(text)", arg=text
        )

    def upload(self, pixels, name="photo.png"):
        """Open a photo from pixels, or from a file's bytes; work on the one before is discarded."""
        if not isinstance(pixels, bytes):
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, Image.registered_extensions()[Path(name).suffix.lower()])
            pixels = file.getvalue()
        would_lose = self.page.locator(".page[data-unsaved]").count()
        self["file"].set_input_files({"name": name, "mimeType": "image/png", "buffer": pixels})
        if would_lose:
            self["discard_work"].click()
        self.page.wait_for_selector(".page[data-state=ready][data-has-file]")

    def place(self, x, y):
        """The point of the window at a point of the photo."""
        box, view = self["canvas"].bounding_box(), self.run("view")
        return box["x"] + view["x"] + x * view["scale"], box["y"] + view["y"] + y * view["scale"]

    def paint(self, *points, wait=True):
        """Draw with the mouse through points of the photo."""
        self.draw(*[self.place(x, y) for x, y in points])
        if wait:
            self.wait("ready")

    def draw(self, *places, button="left"):
        """Draw with the mouse through points of the window."""
        self.page.mouse.move(*places[0])
        self.page.mouse.down(button=button)
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up(button=button)

    def run(self, code):
        return self.page.evaluate(f"document.querySelector('.page').editor.{code}")

    def pixels(self):
        """The finished picture as the browser holds it, at full size."""
        width, height = self.run("size")
        url = self.page.evaluate(
            """() => new Promise((resolve) => {
                const reader = new FileReader();
                reader.onload = () => resolve(reader.result);
                reader.readAsDataURL(new Blob([document.querySelector(".page").editor.pixels().data]));
            })"""
        )
        return np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8).reshape(height, width, 4)

    def shown(self):
        """What the stage shows, with the controls on it: (H, W, 3)."""
        return np.asarray(Image.open(io.BytesIO(self["stage"].screenshot())).convert("RGB")).astype(int)

    def colour_at(self, x, y):
        """What the stage shows at a point of the photo."""
        box, (left, top) = self["stage"].bounding_box(), self.place(x, y)
        return self.shown()[round(top - box["y"]), round(left - box["x"])]

    def calls(self, function):
        """The bodies of the calls of a server function."""
        bodies = [request.post_data or "" for request in self.requests if "component_server" in request.url]
        return [body for body in bodies if f'"fn_name":"{function}"' in body]

    def download(self, button="download"):
        with self.page.expect_download() as download:
            self[button].click()
        self.wait("ready")
        return download.value

    def finish(self):
        """Leave the page, but keep the tab; the page's scripts must not have failed."""
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.goto("about:blank")
        for event, handler in self.handlers.items():
            self.page.remove_listener(event, handler)
        assert not self.problems, self.problems

    def leave(self):
        """Close the tab; the page's scripts must not have failed."""
        self.page.context.close()
        assert not self.problems, self.problems


def until(condition, what):
    """Wait for a condition on the server."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, f"timed out: {what}"
        time.sleep(0.02)


def near(shape, points, radius):
    """Pixels within a distance of a polyline, bool (H, W)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    result = np.zeros(shape[:2], bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9)
        t = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length, 0, 1)
        result |= np.hypot(columns - x0 - t * (x1 - x0), rows - y0 - t * (y1 - y0)) <= radius
    return result


def check_filled_stroke(result, photo, points, brush):
    """The fill is under the stroke, and nothing else has changed."""
    inside, outside = near(photo.shape, points, brush / 2 - 2), ~near(photo.shape, points, brush / 2 + 2.5)
    assert (result[outside] == photo[outside]).all()
    assert inside.sum() > 100 and (np.abs(result[inside].astype(int) - FILL) <= 40).all()  # enlarging may overshoot


def filled(pixels, *places):
    """Whether the pixels at (row, column) have the colour of a fill."""
    rows, columns = zip(*places, strict=True)
    return (np.abs(pixels[list(rows), list(columns), :3].astype(int) - FILL) <= 2).all()


def brush_of(visitor):
    """The brush's diameter in photo pixels."""
    return float(visitor["size"].input_value()) / visitor.run("view.scale")


def picture_of(data_url):
    """The pixels of a data URL."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))))
