"""The page's texts in each language, from `page/texts`. Browser and server choose the language of the browser."""

import json
from pathlib import Path

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parents[1] / "texts"
TEXTS: dict[str, dict[str, str]] = {
    name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in LANGUAGES
}
"""{language: {key: text}}; {braces} in a text are placeholders."""


def language_of(accept_language: str | None) -> str:
    """Return the first language of an Accept-Language header that the page has, else "en"."""
    for part in (accept_language or "").lower().split(","):
        if (language := part.strip()[:2]) in LANGUAGES:
            return language
    return "en"


def translate(key: str, language: str, **values: object) -> str:
    """Return the text of a key in a language, with its placeholders filled in."""
    return TEXTS[language][key].format(**values)
