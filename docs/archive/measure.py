"""python -m docs.archive.measure: CPU seconds, photos an hour and memory of an archive's photos on this machine.

The scans are the page's photo of 1936 at several sizes, every second one with scratches and dust drawn on. Photos an
hour are 3600 times the cores, divided by the CPU seconds of a photo: what they do if nothing else runs on them.
"""

import argparse
import io
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from inpaint.archive.restorer import Restorer
from inpaint.markdown import markdown_table

PHOTO = Path(__file__).parents[2] / "page" / "static" / "examples" / "farmhouse.jpg"
MEGAPIXELS = (1, 4, 12)


def scan(megapixels: float, number: int) -> bytes:
    """Return the JPEG of a scan; nothing is drawn on the odd ones."""
    with Image.open(PHOTO) as file:
        photo = file.convert("RGB")
    scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    if number % 2 == 0:
        rng, draw = np.random.default_rng(number), ImageDraw.Draw(photo)
        width = max(1, round(photo.width / 900))
        for _ in range(8):
            x, shift = rng.uniform(0, photo.width), rng.uniform(-60, 60)
            draw.line([(x, 0), (x + shift, photo.height)], fill=(248, 247, 240), width=width)
        for _ in range(60):
            x, y = rng.uniform(0, photo.width), rng.uniform(0, photo.height)
            draw.ellipse([x, y, x + 3 * width, y + 3 * width], fill=(245, 244, 238))
    photo.save(file := io.BytesIO(), "JPEG", quality=90)
    return file.getvalue()


def measure(megapixels: float, count: int) -> list[str]:
    """Return a row of the table; each size is measured in a process of its own, as its peak of memory is wanted."""
    restorer = Restorer()
    restorer.restore(scan(megapixels, 0))  # compiles
    scans = [scan(megapixels, number) for number in range(count)]
    cpu_s = []
    for data in scans:
        begin = time.process_time()
        restorer.restore(data)
        cpu_s.append(time.process_time() - begin)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    damaged, as_it_is = float(np.mean(cpu_s[::2])), float(np.mean(cpu_s[1::2]))
    hourly = 7200 * cores / (damaged + as_it_is)
    cells = [f"{damaged:.1f}", f"{as_it_is:.1f}", f"{hourly:,.0f}", f"{peak:,.0f}"]
    return [f"{megapixels:g}", *cells]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m docs.archive.measure", description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=MEGAPIXELS)
    parser.add_argument("--photos", type=int, default=4, help="of each size, 2 or more (default: 4)")
    options = parser.parse_args()
    heading = ["megapixels", "with drawn damage, CPU s", "as it is, CPU s", "photos an hour", "peak memory, MB"]
    if len(options.megapixels) == 1:
        print(markdown_table(heading, [measure(options.megapixels[0], options.photos)]))
        return
    rows = []
    for megapixels in options.megapixels:
        command = f"{sys.executable} -m docs.archive.measure --megapixels {megapixels} --photos {options.photos}"
        rows.append([cell.strip() for cell in os.popen(command).read().splitlines()[2].strip("| ").split("|")])
    print(markdown_table(heading, rows))


if __name__ == "__main__":
    main()
