"""Who may import whom: packages in layers, and libraries that only some packages may use."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"inpaint": {"inpaint"}, "train": {"inpaint", "train"}, "page": {"inpaint", "page"}}
"""Package -> packages that it may import; page/retrain may import train.jobs as well."""
LAYERS = {
    "inpaint": (
        "benchmark console restore",
        "__main__",
        "archive",
        "command_line multipage",
        "batch",
        "read_ahead",
        "batch_options argument_types",
        "inpainter warm_up",
        "photo_damage",
        "session damage export infrared",
        "damage_masks",
        "engine runtime hub",
        "synthesis segmentation",
        "pyramid morphology",
        "photos networks",
        "compiled",
        "markdown atomic_write interruption temporary_folder program plurals",
        "os_errors",
    ),
    "train": (
        "__main__",
        "summary publish paper sprint calibrate",
        "jobs",
        "evaluate generator damage",
        "run",
        "data config_file",
        "settings masks metrics",
        "presets",
        "config",
        "run_config sheets registry",
        "data_config",
        "setting_checks",
    ),
    "page": ("editor retrain", "server", "objects"),
}
"""Sub-packages and modules of each package, the highest layer first. Siblings of one layer do not import each other."""
ONLY_IN = {
    "gradio": ("app", "page"),
    "datasets": ("train.data",),
    "matplotlib": ("inpaint.benchmark", "train.run", "train.paper"),
    "cv2": ("inpaint.benchmark.baselines", "page.objects"),
    "skimage": ("inpaint.benchmark.baselines",),
}


def module_of(path):
    """The dotted name of a file: `inpaint.engine.plan`, and `inpaint` for `inpaint/__init__.py`."""
    return ".".join(part for part in path.relative_to(ROOT).with_suffix("").parts if part != "__init__")


def imports_of(path):
    """Absolute names of everything that a file imports, inside functions too; `from a import b` gives a and a.b."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer(name):
    """The rank of a module's sub-package, 0 being the highest; None outside of the packages."""
    package, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    ranks = {member: rank for rank, members in enumerate(LAYERS.get(package, ())) for member in members.split()}
    return ranks.get(part)


MODULES = {
    module_of(path): path
    for path in (ROOT / "app.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))))
}


def is_within(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


@pytest.mark.parametrize("name", MODULES)
def test_imports_lead_to_lower_layers(name):
    package, own = name.split(".")[0], name.split(".")[1:2]
    for imported in imports_of(MODULES[name]):
        top = imported.partition(".")[0]
        if package in PACKAGES and top in PACKAGES:
            allowed = PACKAGES[package] | ({"train"} if is_within(name, ["page.retrain"]) else set())
            assert top in allowed, f"{name} imports {imported}"
            assert package != "page" or top != "train" or is_within(imported, ["train.jobs"]), imported
        rank, theirs = layer(name), layer(imported)
        if top == package and rank is not None and theirs is not None and imported.split(".")[1:2] != own:
            assert theirs > rank, f"{name} imports {imported}, which is not in a lower layer"


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_layer(name):
    assert name == "app" or "." not in name or layer(name) is not None, f"{name} lies in no sub-package with a layer"


@pytest.mark.parametrize("name", MODULES)
def test_libraries_are_imported_only_where_they_belong(name):
    for imported in imports_of(MODULES[name]):
        places = ONLY_IN.get(imported.partition(".")[0])
        assert places is None or is_within(name, places), f"{name} imports {imported}"


@pytest.mark.parametrize("package", ["inpaint.photos", "inpaint.__main__", "train.jobs.__main__"])
def test_a_package_loads_without_pytorch_and_scipy(package):
    # compiled kernels are loaded when a file needs them: numba imports SciPy where it is installed
    modules = [name for name in MODULES if is_within(name, [package]) and not name.endswith("_kernels")]
    code = f"import sys, {', '.join(modules)}; sys.exit(bool({{'torch', 'scipy'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
