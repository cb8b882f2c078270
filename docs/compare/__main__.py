"""Make the pictures of the page that compares methods: python -m docs.compare (from the root of a checkout).

It needs the packages of the dependency group "evaluate". The page is docs/compare/index.html.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inpaint.benchmark.baselines import BASELINES, TELEA
from train.evaluate.methods import NETWORK_ONLY, Method, load_baseline, our_methods
from train.evaluate.results import METRICS, OURS
from train.evaluate.scores import DISTANCES, measure, timed_fill

from .subjects import Subject, subjects

HERE = Path(__file__).parent
PICTURES, DATA = HERE / "pictures", HERE / "pictures.js"
NAMES = {
    OURS: "Inpaint",
    NETWORK_ONLY: "Inpaint, its network alone",
    "PatchMatch": "PatchMatch",
    TELEA: "OpenCV Telea",
    "OpenCV Navier-Stokes": "OpenCV Navier-Stokes",
    "push-pull pyramid": "push-pull pyramid",
}
"""Method -> its name on the page, in this order."""
SHOWN = {True: ("psnr", "ssim", "elp", "elp2"), False: ("detail", "seam")}
"""Metrics with and without a ground truth."""
HOLE_COLOUR = 255, 0, 200
HOLE_OPACITY = 150
QUALITY = 82


def load_methods() -> list[Method]:
    """Return the methods that run on this machine, in the order of the page; print why others do not run."""
    loaded = {method.name: method for method in [*our_methods(None), *map(load_baseline, BASELINES)]}
    for name in NAMES:
        if loaded[name].fill is None:
            print(f"{name} is left out: {loaded[name].reason}", file=sys.stderr)
    return [loaded[name] for name in NAMES if loaded[name].fill is not None]


def compare(subject: Subject, methods: list[Method]) -> dict[str, Any]:
    """Fill a photo with each method, write the pictures, and return what the page says about them."""
    Image.fromarray(subject.pixels).save(PICTURES / f"{subject.name}.webp", quality=QUALITY + 6, method=6)
    height, width = subject.mask.shape
    _save_hole(subject, "hole", np.broadcast_to(np.uint8(HOLE_COLOUR), (height, width, 3)), HOLE_OPACITY)
    fills = [timed_fill(method, subject.pixels, subject.mask)[0] for method in methods]
    distances = tuple(DISTANCES) if subject.has_truth else ()
    metrics = SHOWN[subject.has_truth]
    scores = measure(fills, subject.pixels, subject.mask, distances=distances)
    shown = []
    for method, filled, values in zip(methods, fills, scores, strict=True):
        file = NAMES[method.name].lower().replace(",", "").replace(" ", "-")
        _save_hole(subject, file, filled)
        shown.append(
            {
                "file": file,
                "name": NAMES[method.name],
                "scores": {m.name: f"{values[m.field]:.{m.digits}f}" for m in METRICS if m.field in metrics},
            }
        )
    about = {"name": subject.name, "title": subject.title, "source": subject.source, "hasTruth": subject.has_truth}
    return {**about, "width": width, "height": height, "hole": _bounds(subject.mask), "methods": shown}


def _save_hole(subject: Subject, name: str, pixels: np.ndarray, opacity: int = 255) -> None:
    """Write the pixels in the hole; the rest is transparent, so that the photo around it is the same everywhere."""
    alpha = (subject.mask * opacity).astype(np.uint8)
    picture = Image.fromarray(np.dstack([pixels, alpha]), "RGBA")
    picture.save(PICTURES / f"{subject.name}-{name}.webp", quality=QUALITY, method=6)


def _bounds(mask: np.ndarray) -> Mapping[str, int]:
    rows, columns = np.nonzero(mask)
    return {
        "left": int(columns.min()),
        "top": int(rows.min()),
        "right": int(columns.max()) + 1,
        "bottom": int(rows.max()) + 1,
    }


def main(arguments: list[str] | None = None) -> None:
    """Write docs/compare/pictures/ and docs/compare/pictures.js anew."""
    argparse.ArgumentParser(prog="python -m docs.compare", description=__doc__).parse_args(arguments)
    methods = load_methods()
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir()
    compared = []
    for subject in subjects():
        print(subject.name, file=sys.stderr)
        compared.append(compare(subject, methods))
    text = json.dumps(compared, indent=1)
    DATA.write_text(f"// written by python -m docs.compare\nglobalThis.COMPARED = {text};\n", encoding="utf-8")


if __name__ == "__main__":
    main()
