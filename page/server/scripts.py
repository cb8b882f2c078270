"""The page's scripts and its icon, as the components need them."""

import re
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"


ICON = (STATIC / "icon.svg").read_text(encoding="utf-8")


def script(names: tuple[str, ...]) -> str:
    """The browser's modules as one script: each is a function that returns what it exports."""
    return "\n".join(_module((STATIC / f"{name}.js").read_text(encoding="utf-8")) for name in names)


def _module(source: str) -> str:
    exported = ", ".join(re.findall(r"^export (?:function|const) (\w+)", source, re.MULTILINE))
    body = re.sub(r"^(export |import .*\n)", "", source, flags=re.MULTILINE)
    return f"const {{ {exported} }} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
