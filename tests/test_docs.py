"""What the pages in docs/ say must be so: names, files and commands that they mention exist."""

import ast
import re
from pathlib import Path

import pytest

from inpaint.networks.config import ContextEncoderConfig
from train.presets import PRESETS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "context-encoder.md").read_text(encoding="utf-8")
VISIBLE = re.sub(r"<!--.*?-->", "", PAGE, flags=re.DOTALL)
NAMED = sorted(set(re.findall(r"\[`(\w+)`\]\(\.\./([\w/]+\.py)\)", VISIBLE)))


def defined(path: Path) -> set[str]:
    """Every class, function, and assigned name of a file, also inside classes."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@pytest.mark.parametrize(("name", "file"), NAMED)
def test_every_name_stands_in_the_file_that_its_link_leads_to(name, file):
    assert name in defined(ROOT / file)


def test_the_page_refers_to_the_code_of_every_idea():
    assert len(NAMED) >= 20
    ideas = {"ContextEncoder", "PictureDiscriminator", "reconstruction_loss", "adversarial_loss", "random_region"}
    assert ideas <= {name for name, _ in NAMED}


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_link_and_picture_of_a_page_is_there(page):
    text = re.sub(r"<!--.*?-->", "", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    links = {link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    assert [link for link in links if not (ROOT / "docs" / link.partition("#")[0]).exists()] == []


def test_every_module_that_the_page_runs_is_there():
    modules = set(re.findall(r"python -m ([\w.]+)", PAGE))
    assert {"train", "train.paper", "train.paper.figure", "train.publish"} <= modules
    for module in modules:
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_every_flag_that_the_page_gives_is_a_setting():
    config = PRESETS["context-encoder"][1]
    parts = {"": config, "data": config.data, "data.masks": config.data.masks, "loss": config.loss,
             "generator": config.generator}  # fmt: skip
    others = {"data", "shapes", "also", "table", "figure", "variants"}  # of train.paper
    flags = set(re.findall(r"--([a-z][\w.-]*)", VISIBLE)) - others
    assert len(flags) > 8
    for flag in flags:
        part, _, name = flag.replace("-", "_").rpartition(".")
        assert hasattr(parts[part], name), flag


def test_the_figures_of_the_recipe_are_those_of_the_preset():
    config = PRESETS["context-encoder"][1]
    loss = config.loss
    assert f"{loss.reconstruction_weight} x reconstruction + {loss.adversarial_weight} x adversarial" in VISIBLE
    assert f"outermost {loss.border_px} pixels" in VISIBLE and loss.border_weight == 10
    for epoch in config.sample_epochs:
        assert f"{epoch:04d}" in VISIBLE
    assert isinstance(config.generator, ContextEncoderConfig)
    assert f"through {config.generator.bottleneck_channels} numbers" in VISIBLE
    assert f"{config.epochs} epochs; the release" in VISIBLE
