"""Latency of fills in a real browser.

Measures the time from the end of a stroke (60 px wide, on a photo of 24 megapixels) to the frame that shows its fill.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from PIL import Image

from tests.load.__main__ import start_server
from tests.page.browsing import ARGUMENTS, CHROMIUM, Visitor, open_tab

MAX_MEDIAN_S, MAX_P95_S = 0.25, 0.5
"""Limits of the median and the 95th percentile of the latency."""

# The first frame after the page is ready again shows the fill.
RECORD_LATENCIES = """() => {
    const page = document.querySelector(".page");
    window.latencies = [];
    let up = null;
    page.querySelector(".overlay").addEventListener("pointerup", () => { up = performance.now(); }, true);
    new MutationObserver(() => {
        if (page.dataset.state !== "ready" || up === null) return;
        const since = up;
        up = null;
        requestAnimationFrame(() => setTimeout(() => window.latencies.push(performance.now() - since)));
    }).observe(page, { attributes: true, attributeFilter: ["data-state"] });
}"""


def save_photo(megapixels: float, path: Path) -> None:
    """Save a synthetic photo with aspect ratio 3:2."""
    rng = np.random.default_rng(0)
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    clouds = Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    pixels = np.asarray(clouds.resize((round(1.5 * height), height), Image.Resampling.BICUBIC)).astype(np.int16)
    pixels += rng.integers(-8, 9, (*pixels.shape[:2], 1), dtype=np.int16)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)


def measure(url: str, megapixels: float, brush_px: float, strokes: int) -> list[float]:
    """Return the seconds from mouse-up to the visible fill of each stroke, without the first one, which warms up."""
    from playwright.sync_api import sync_playwright

    rng = np.random.default_rng(1)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        save_photo(megapixels, Path(folder) / "photo.jpg")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        visitor = Visitor(open_tab(browser, width=1280, height=900), url)
        visitor.upload((Path(folder) / "photo.jpg").read_bytes(), "photo.jpg")
        width, height = visitor.run("size")
        brush = brush_px * visitor.run("view.scale")
        visitor["size"].fill(str(max(round(brush), 4)))
        visitor.page.evaluate(RECORD_LATENCIES)
        for _ in range(strokes + 1):
            x, y = (float(rng.uniform(0.1, 0.8) * side) for side in (width, height))
            visitor.paint((x, y), (x + 150, y + 60), (x + 400, y + 30))
            visitor.page.wait_for_timeout(700)
        latencies = visitor.page.evaluate("window.latencies")
        browser.close()
    return [latency / 1000 for latency in latencies[1:]]


def main() -> int:
    """Print the latency; return 0 if it is within its limits, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.latency", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", help="URL of a running page (default: start one)")
    parser.add_argument("--strokes", type=int, default=40)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--brush-px", type=float, default=60, help="brush diameter in photo pixels")
    options = parser.parse_args()

    with nullcontext((options.url, None)) if options.url else start_server() as (url, _):
        latencies = sorted(measure(url, options.megapixels, options.brush_px, options.strokes))
    median, p95 = statistics.median(latencies), latencies[int(0.95 * (len(latencies) - 1))]
    print(
        f"{len(latencies)} strokes: median {median:.3f} s (limit {MAX_MEDIAN_S}), 95 % {p95:.3f} s (limit {MAX_P95_S})"
    )
    return 0 if median <= MAX_MEDIAN_S and p95 <= MAX_P95_S else 1


if __name__ == "__main__":
    sys.exit(main())
