"""The house: every file has a floor, imports lead down, and some libraries have their rooms."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    10: "app",
    9: "inpaint.benchmark inpaint.runtimes train.__main__ train.paper page.retrain",
    8: "inpaint.benchmark.timing train.paper_report train.publish page.painter page.retrain_desk",
    7: "inpaint.__main__ train.contest train.damage train.improvement train.jobs train.jobs_watch"
    " train.large_holes train.loop train.paper_scores train.speed page.api page.desk page.limits",
    6: "inpaint.batch inpaint.whole train.damage_data train.damage_sheet train.evaluate"
    " train.evaluate_damage train.jobs_code train.jobs_data train.jobs_local train.trainer page.answers"
    " page.checks page.models page.showcase page.signin",
    5: "inpaint.inpainter train.jobs_hub train.stream page.drawing page.versions page.visits",
    4: "inpaint.damage inpaint.export inpaint.session train.jobs_cost train.jobs_preview train.rows",
    3: "inpaint.photos.masks inpaint.reading inpaint.saving inpaint.tone train.ageing train.baselines"
    " train.data train.jobs_run train.paper_variants train.remote",
    2: "inpaint.photos.opening inpaint.pretrained inpaint.runtime inpaint.workloads train.area_marks train.candidates"
    " train.checkpoint train.line_marks train.perceptual train.presets train.repository train.samples",
    1: "inpaint.engine.brush inpaint.crops inpaint.damage_network inpaint.deep inpaint.exemplar inpaint.fills"
    " inpaint.generators inpaint.masks train.card train.config train.damage_config train.distractors train.inks"
    " train.lite0 train.losses train.paper_figure train.patience page.load",
    0: "inpaint.runtime.malloc inpaint.config inpaint.download inpaint.layers inpaint.mobile inpaint.modes inpaint.opencv"
    " inpaint.plotting inpaint.pyramid inpaint.regions inpaint.silhouettes inpaint.sniff inpaint.strokes"
    " inpaint.tracing train.card_merge train.card_results train.columns train.comparison train.damage_scores"
    " train.decoding train.discriminator train.ema train.events train.interrupts train.log train.mark_shapes"
    " train.metrics train.processes page.space page.texts page.turns page.visitor",
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names.split()}
PACKAGES = ("inpaint", "train", "page")
ROOMS = {
    "gradio": ("app", "page."),
    "tyro": ("train.__main__", "train.jobs"),
    "datasets": ("train.data.datasets", "train.data.columns"),
    "huggingface_hub": (
        "inpaint.hub.download",
        "train.publish",
        "train.data.retry",
        "train.publish.repository",
        "train.run.mirror",
        "train.jobs",
    ),
    "torchvision": ("train.",),
    "cv2": ("inpaint.benchmark.baselines",),
    "matplotlib": ("inpaint.benchmark.plot", "train.run.progress", "train.paper.figure"),
    "skimage": ("inpaint.benchmark.baselines",),
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
