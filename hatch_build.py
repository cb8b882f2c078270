"""The text of the package's page on PyPI: README.md without front matter, with links that lead somewhere from there."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from hatchling.metadata.plugin.interface import MetadataHookInterface

_FRONT_MATTER = re.compile(r"\A---\n.*?^---\n+", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"<picture>.*?</picture>\n+(?:\*[^\n]+\*\n+)?", re.DOTALL)
"""A picture and its caption."""
_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)")
_SOURCE = re.compile(r'\b(src|srcset)="([^"\s]+)"')


class ReadmeHook(MetadataHookInterface):
    """Sets the project's readme when a wheel or an sdist is built."""

    def update(self, metadata: dict) -> None:
        """Add the text, with links to `Repository` of the project's URLs if there is one."""
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        text = pypi_text(readme, metadata.get("urls", {}).get("Repository", ""))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def pypi_text(readme: str, repository: str) -> str:
    """Return the text of README.md for PyPI, which knows none of the repository's other files.

    Args:
        readme: the text, with or without the front matter of a Space.
        repository: address of the public repository, on GitHub, GitLab or the Hugging Face Hub, whose branch is `main`.
            Links and pictures lead there. "": links become plain text with the name of the file, and pictures are left
            out.
    """
    parts = _CODE.split(_FRONT_MATTER.sub("", readme))
    return "".join(part if part.startswith("```") else _with_links(part, repository.rstrip("/")) for part in parts)


def _with_links(text: str, repository: str) -> str:
    def link(match: re.Match) -> str:
        picture, label, target = match.groups()
        if _is_absolute(target):
            return match[0]
        if not repository:
            return "" if picture else label if target.startswith("#") else f"{label} (`{target.partition('#')[0]}`)"
        return f"{picture}[{label}]({_address(target, repository, 'raw' if picture else 'blob')})"

    def source(match: re.Match) -> str:
        name, target = match.groups()
        return match[0] if _is_absolute(target) else f'{name}="{_address(target, repository, "raw")}"'

    return _LINK.sub(link, _SOURCE.sub(source, text) if repository else _PICTURE.sub("", text))


def _address(target: str, repository: str, kind: str) -> str:
    """Return the address of a file: "blob" for its page, "raw" for its bytes. "#..." is a heading of README.md."""
    path = f"README.md{target}" if target.startswith("#") else target
    on_hub = urlsplit(repository).hostname == "huggingface.co"
    return f"{repository}/{'resolve' if on_hub and kind == 'raw' else kind}/main/{path}"


def _is_absolute(target: str) -> bool:
    return bool(urlsplit(target).scheme)
