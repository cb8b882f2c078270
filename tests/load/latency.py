"""How long a visitor waits for a fill: `python -m tests.load.latency` paints in a real browser and measures.

A stroke of a 60 px brush on a photo of 24 megapixels, from letting go of the mouse to the frame that shows the fill.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from PIL import Image

from tests.load.__main__ import own_server
from tests.page.browsing import ARGUMENTS, CHROMIUM, Visitor

MEDIAN_S, MOST_S = 0.4, 0.8
"""Half of the strokes, and 19 of 20, must be on the screen after so many seconds."""

# The first frame after the page is ready again is the one that shows the fill.
WATCH = """() => {
    const page = document.querySelector(".page");
    window.waits = [];
    let up = null;
    page.querySelector(".overlay").addEventListener("pointerup", () => { up = performance.now(); }, true);
    new MutationObserver(() => {
        if (page.dataset.state !== "ready" || up === null) return;
        const since = up;
        up = null;
        requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - since)));
    }).observe(page, { attributes: true, attributeFilter: ["data-state"] });
}"""


def photo(megapixels: float, path: Path) -> None:
    """A photo of soft clouds and some grain, 3:2."""
    rng = np.random.default_rng(0)
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    clouds = Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    pixels = np.asarray(clouds.resize((round(1.5 * height), height), Image.Resampling.BICUBIC)).astype(np.int16)
    pixels += rng.integers(-8, 9, (*pixels.shape[:2], 1), dtype=np.int16)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)


def measure(url: str, megapixels: float, brush_px: float, strokes: int) -> list[float]:
    """Seconds from mouse-up to the visible fill, stroke by stroke; the first one, which warms up, is left out."""
    from playwright.sync_api import sync_playwright

    rng = np.random.default_rng(1)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        photo(megapixels, Path(folder) / "photo.jpg")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        visitor = Visitor(browser, url, 1280, 900)
        visitor.upload((Path(folder) / "photo.jpg").read_bytes(), "photo.jpg")
        width, height = visitor.run("size")
        brush = brush_px * visitor.run("view.scale")
        visitor["size"].fill(str(max(round(brush), 4)))
        visitor.page.evaluate(WATCH)
        for _ in range(strokes + 1):
            x, y = (float(rng.uniform(0.1, 0.8) * side) for side in (width, height))
            visitor.paint((x, y), (x + 150, y + 60), (x + 400, y + 30))
            visitor.page.wait_for_timeout(700)
        waits = visitor.page.evaluate("window.waits")
        browser.close()
    return [wait / 1000 for wait in waits[1:]]


def main() -> int:
    """Measure, print, and say whether the bars are kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.latency", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", help="a page that runs already (default: start one)")
    parser.add_argument("--strokes", type=int, default=40)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--brush-px", type=float, default=60, help="in pixels of the photo")
    options = parser.parse_args()

    with nullcontext((options.url, None)) if options.url else own_server() as (url, _):
        waits = sorted(measure(url, options.megapixels, options.brush_px, options.strokes))
    median, most = statistics.median(waits), waits[int(0.95 * (len(waits) - 1))]
    print(f"{len(waits)} strokes: median {median:.3f} s (at most {MEDIAN_S}), 95 % {most:.3f} s (at most {MOST_S})")
    return 0 if median <= MEDIAN_S and most <= MOST_S else 1


if __name__ == "__main__":
    sys.exit(main())
