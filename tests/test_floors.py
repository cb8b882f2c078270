"""The house: every file has a floor, imports lead down, and some libraries have their rooms."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    9: "app train.paper inpaint.benchmark",
    8: "page.api page.painter train.__main__ train.paper_report inpaint.timing",
    7: "inpaint.__main__ page.desk train.loop train.damage train.paper_scores train.large_holes",
    6: "inpaint.batch inpaint.whole train.trainer train.evaluate train.evaluate_damage train.damage_sheet"
    " train.damage_data page.checks page.drawing",
    5: "inpaint.export inpaint.inpainter train.stream train.publish train.paper_figure page.visits page.texts",
    4: "inpaint.workloads inpaint.session inpaint.runtime inpaint.damage train.data train.losses train.metrics",
    3: "inpaint.brush inpaint.crops inpaint.holes inpaint.pretrained inpaint.saving inpaint.tone"
    " train.samples train.log train.discriminator"
    " train.perceptual train.ema train.checkpoint train.interrupts train.card train.baselines train.comparison"
    " train.paper_variants train.ageing",
    2: "train.line_marks train.area_marks train.distractors inpaint.generators inpaint.image inpaint.masks",
    1: "inpaint.deep train.inks inpaint.damage_network train.config train.damage_config",
    0: "inpaint.config inpaint.layers inpaint.pyramid inpaint.modes inpaint.regions inpaint.sniff inpaint.strokes"
    " inpaint.silhouettes inpaint.tracing inpaint.allocator inpaint.download inpaint.opencv inpaint.plotting"
    " train.damage_scores train.mark_shapes",
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names.split()}
PACKAGES = ("inpaint", "train", "page")
ROOMS = {
    "gradio": ("app", "page."),
    "tyro": ("train.__main__",),
    "datasets": ("train.data",),
    "huggingface_hub": ("inpaint.download", "train.publish"),
    "torchvision": ("train.",),
    "cv2": ("inpaint.opencv",),
    "matplotlib": ("inpaint.plotting", "train.log", "train.paper_figure"),
    "skimage": ("train.baselines",),
}


def modules():
    """Name -> path of every Python file of the product."""
    paths = [ROOT / "app.py", *(path for package in PACKAGES for path in sorted((ROOT / package).glob("**/*.py")))]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    return {name: path for name, path in names.items() if not name.endswith("__init__")}


def imports(name, path):
    """Full names of everything a file imports, also inside functions; for "from a import b" both a and a.b."""
    package = name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(part for part in (package if node.level else "", node.module or "") if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


MODULES = modules()


def test_every_file_has_a_floor_and_every_floor_its_files():
    assert set(MODULES) == set(FLOOR)


@pytest.mark.parametrize("name", MODULES)
def test_imports_lead_down(name):
    for imported in imports(name, MODULES[name]):
        if imported in FLOOR and imported != name:
            assert FLOOR[imported] < FLOOR[name], f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_libraries_stay_in_their_rooms(name):
    for imported in imports(name, MODULES[name]):
        rooms = ROOMS.get(imported.partition(".")[0])
        assert rooms is None or name.startswith(rooms), f"{name} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_the_packages_keep_their_distance(name):
    ours = {imported for imported in imports(name, MODULES[name]) if imported.partition(".")[0] in PACKAGES}
    if name.startswith("inpaint."):
        assert all(imported.startswith("inpaint") for imported in ours)
    elif name.startswith("train."):
        assert not any(imported.startswith("page") for imported in ours)
    else:
        assert not any(imported.startswith("train") and not imported.startswith("train.jobs") for imported in ours)


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_file_is_named_after_nothing(name):
    assert not [module for module in MODULES if module.endswith(f".{name}")]


def test_nothing_else_stands_at_the_top():
    agreed = {"app.py", "inpaint", "train", "page", "tests", "docs"}
    agreed |= {"requirements.txt", "pyproject.toml", "Makefile", "README.md", "LICENSE"}
    passing = {"runs", "build"}  # made by commands, ignored by git
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "__pycache__"}
    assert {name for name in found - passing if not name.endswith(".egg-info")} == agreed
