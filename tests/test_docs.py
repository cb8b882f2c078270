"""The README and the pages of docs/: commands, options, files, links and code in them exist and work.

`python -m tests.test_docs` writes the help texts in the pages anew.
"""

import ast
import dataclasses
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from huggingface_hub import SpaceHardware
from PIL import Image

from train.damage.config import DAMAGE_PRESETS
from train.presets import PRESETS
from train.settings import flatten

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "AGENTS.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "findings" / "README.md",
    ROOT / "page" / "static" / "examples" / "README.md",
]
TEXTS = {
    path.relative_to(ROOT).as_posix(): re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for path in PAGES
}
README = TEXTS["README.md"]
OLD_NAMES = "docs/migrating.md"
"""The page that names modules, files and commands of earlier versions and of other programs."""
HELP = re.compile(r"(```text\n)(usage: python -m ([\w.]+(?: submit)?) .*?)(```)", re.DOTALL)
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def blocks(text, language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)


def cases(found):
    """Parameters for pytest: (page, item) without repeats, named by both."""
    unique = dict.fromkeys(found)
    return [pytest.param(page, item, id=f"{page}:{' '.join(str(item).split())[:60]}") for page, item in unique]


def anchors(text):
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


LINKS = cases(
    (page, link) for page, text in TEXTS.items() for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link
)


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_links_and_pictures_lead_to_something(page, link):
    file, _, anchor = link.partition("#")
    target = (ROOT / page).parent / file if file else ROOT / page
    assert target.exists()
    if anchor:
        assert anchor in anchors(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_links_lead_to_files_that_the_space_has_too(page, link):
    script = (ROOT / ".github" / "workflows" / "space.yml").read_text(encoding="utf-8")
    left_out = re.findall(r'--exclude "([^"]+)"', script)
    target = ((ROOT / page).parent / link.partition("#")[0]).resolve().relative_to(ROOT.resolve()).as_posix()
    assert left_out and not any(fnmatch(target, pattern) for pattern in left_out)


FILES = cases(
    (page, file)
    for page, text in TEXTS.items()
    for file in re.findall(r"`((?:inpaint|train|page|docs|tests|findings|\.github|\.ci)/[\w./-]*)`", text)
    if page != OLD_NAMES
)


@pytest.mark.parametrize(("page", "file"), FILES)
def test_files_that_are_named_exist(page, file):
    assert (ROOT / file).exists()


NAMES = cases(
    (page, (name, file))
    for page, text in TEXTS.items()
    for name, file in re.findall(r"\[`(\w+)`\]\(([\w./]+\.py)\)", text)
)


@pytest.mark.parametrize(("page", "name_and_file"), NAMES)
def test_a_name_with_a_link_is_defined_in_the_file_that_the_link_leads_to(page, name_and_file):
    name, file = name_and_file
    tree = ast.parse(((ROOT / page).parent / file).read_text(encoding="utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    defined |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert name in defined


def commands(text):
    """`python -m MODULE ...` with its arguments: from code blocks and from inline code."""
    lines = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    lines += [" ".join(code.split()) for code in re.findall(r"(?<!`)`(python [^`]+)`", text)]
    for line in lines:
        for command in re.findall(r"(?:python|torchrun [^|]*?) (-m [^|>]*)", line):
            words = shlex.split(command, comments=True)
            yield tuple(words[words.index("-m") + 1 :])


COMMANDS = cases(
    (page, command)
    for page, text in TEXTS.items()
    for command in (
        # of migrating.md, only the column of today's commands
        commands("\n".join(re.findall(r"\|([^|]*)\|$", text, re.MULTILINE)) if page == OLD_NAMES else text)
    )
    if command[0].partition(".")[0] in ("inpaint", "train", "tests", "docs", "page")
)


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_and_their_options_exist(page, command):
    module, *words = command
    path = ROOT.joinpath(*module.split("."))
    file = path.with_suffix(".py")
    assert file.exists() or (path / "__main__.py").exists()
    sources = [file, *siblings_imported_by(file)] if file.exists() else sorted(path.glob("*.py"))
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    literals = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    if module in ("train", "train.jobs"):
        literals |= settings(words)
    assert [option for option in options if option not in literals and option != "--help"] == []


def siblings_imported_by(file):
    """The modules beside a file from which it imports names: some have the options that several commands share."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return [file.with_name(f"{name}.py") for name in names]


def settings(words):
    """The flags of the preset that a command names, or of all presets if a config file names it."""
    presets = {**PRESETS, **DAMAGE_PRESETS}
    chosen = list(presets) if "--config" in words else [word for word in words if word in presets]
    configs = [dataclasses.asdict(presets[preset][1]) for preset in chosen]
    names = [name.replace("_", "-") for config in configs for name in flatten(config)]
    return {f"--{name}" for name in names} | {f"--no-{name}" for name in names}


FLAGS = cases(
    (page, flag)
    for page, text in TEXTS.items()
    if page != OLD_NAMES
    for flag in re.findall(r"`(--[a-z][\w.-]*)[^`]*`", text)
)


@pytest.mark.parametrize(("page", "flag"), FLAGS)
def test_an_option_on_its_own_belongs_to_some_command(page, flag):
    known = set().union(*(settings([preset]) for preset in (*PRESETS, *DAMAGE_PRESETS)))
    sources = "".join(
        path.read_text(encoding="utf-8") for top in ("inpaint", "train") for path in (ROOT / top).rglob("*.py")
    )
    assert flag in known or f'"{flag}"' in sources


def help_of(command):
    environment = os.environ | {"COLUMNS": "100"}
    words = [sys.executable, "-m", *command.split(), "--help"]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "command", ["inpaint.warm_up", *(f"docs.{path.parent.name}" for path in sorted(ROOT.glob("docs/*/__main__.py")))]
)
def test_a_question_for_help_starts_no_work(command):
    assert help_of(command).startswith(f"usage: python -m {command} ")


def plain(text):
    """A help text without what differs between versions of Python: line breaks, and `-o OUT, --output OUT`."""
    return re.sub(r"(-\w) [A-Z]+, (--)", r"\1, \2", " ".join(text.split())).replace(" ", "")


HELPS = cases((page, (match[3], match[2])) for page, text in TEXTS.items() for match in HELP.finditer(text))


@pytest.mark.parametrize(("page", "command_and_help"), HELPS)
def test_a_help_text_is_that_of_the_command(page, command_and_help):
    command, shown = command_and_help
    assert plain(shown) == plain(help_of(command)), "run  python -m tests.test_docs"


CODE = cases((page, code) for page, text in TEXTS.items() for code in blocks(text, "python"))


@pytest.mark.parametrize(("page", "code"), CODE)
def test_python_code_compiles_and_imports_names_that_exist(page, code):
    compile(code, page, "exec")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_the_python_example_of_the_readme_fills_a_photo(tmp_path, monkeypatch):
    (code,) = blocks(README, "python")
    Image.new("RGB", (70, 50), (200, 30, 30)).save(tmp_path / "photo.jpg")
    mask = Image.new("L", (70, 50))
    mask.paste(255, (20, 20, 40, 30))
    mask.save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    with Image.open(tmp_path / "filled.jpg") as filled:
        assert filled.size == (70, 50)
        red, green, _ = filled.convert("RGB").getpixel((30, 25))
    assert red > 150 > 100 > green


def test_the_make_targets_of_the_readme_exist():
    targets = re.findall(r"^make (\w+)", "\n".join(blocks(README, "sh")), re.MULTILINE)
    assert targets
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=True)


def test_the_folders_of_the_tree_exist():
    top = ""
    (tree,) = [block for block in blocks(README, "text") if "inpaint/" in block]
    for line in tree.splitlines():
        indent = len(line) - len(line.lstrip())
        names = re.findall(r"[\w.]+/|\w+\.py", re.split(r" {3,}", line.strip())[0])
        assert [name for name in names if not (ROOT / (top if indent else "") / name).exists()] == []
        top = top if indent else names[0]


def test_the_front_matter_makes_a_valid_space():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    assert front["sdk"] == "gradio"
    assert (ROOT / front["app_file"]).exists()
    assert len(front["short_description"]) <= 60
    assert {front["colorFrom"], front["colorTo"]} <= COLOURS
    assert front["license"] == "other" and front["license_name"].startswith("apache-2.0-code-and-")
    assert "research-only" in front["license_name"], "the weights' terms stand beside those of the code"
    assert front["suggested_hardware"] in {hardware.value for hardware in SpaceHardware}
    for field in ("thumbnail", "license_link"):
        address, _, path = front[field].partition("/OWNER/NAME/")
        assert address == "https://huggingface.co/spaces"
        file, _, anchor = path.removeprefix("resolve/main/").removeprefix("blob/main/").partition("#")
        assert (ROOT / file).exists() and (not anchor or anchor in anchors(README))
    with Image.open(ROOT / "docs" / "thumbnail.jpg") as thumbnail:
        assert thumbnail.size == (1200, 630), "the size that networks show links with"
    assert tuple(map(int, front["python_version"].split("."))) >= (3, 11)
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    low, high = re.search(r"^gradio\S*>=([\d.]+),<(\d+)", requirements, re.MULTILINE).groups()
    pinned = tuple(map(int, front["sdk_version"].split(".")))
    assert tuple(map(int, low.split("."))) <= pinned < (int(high),)


def update_help():
    """Write the help texts in the pages anew."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        path.write_text(HELP.sub(lambda match: match[1] + help_of(match[3]) + match[4], text), encoding="utf-8")


if __name__ == "__main__":
    update_help()
