"""The page's texts: complete in each language, and every key that the code names exists."""

import re
from typing import get_args

import pytest

from inpaint.networks.errors import Kind
from page.server.refusals import OWN
from page.server.scripts import STATIC
from page.server.texts import LANGUAGES, TEXTS, language_of

PAGE = STATIC.parent


def placeholders(text):
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_key_in_the_same_order_with_the_same_placeholders(language):
    english, texts = TEXTS["en"], TEXTS[language]
    assert list(texts) == list(english) and all(texts.values())
    for key, text in texts.items():
        assert placeholders(text) == placeholders(english[key]), key


def test_chinese_has_full_width_punctuation():
    chinese, half_width = r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]", r"[,.;:!?()]"
    texts = TEXTS["zh"].items()
    assert not [key for key, text in texts if re.search(rf"{chinese}{half_width}|{half_width}{chinese}", text)]
    for path in PAGE.rglob("*.html"):  # between texts too, where the language is not known
        assert not re.search(r"</\w+>\s*[:,.;]", path.read_text(encoding="utf-8")), path


def test_every_key_that_templates_scripts_and_errors_name_exists():
    named = set()
    for path in PAGE.rglob("*.html"):
        named |= {*re.findall(r'data-(?:text|label)="(\w+)"', path.read_text(encoding="utf-8"))}
    for path in PAGE.rglob("*.js"):
        named |= {*re.findall(r'\b(?:text|status\.set)\("(\w+)"', path.read_text(encoding="utf-8"))}
    for path in PAGE.rglob("*.py"):
        named |= {*re.findall(r'PageError\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    assert len(named) > 100 and named <= set(TEXTS["en"])


def test_each_kind_of_refused_weights_has_a_text_and_there_is_none_without_its_kind():
    refusals = {key.removeprefix("refused_") for key in TEXTS["en"] if key.startswith("refused_")}
    assert refusals == set(get_args(Kind)) - {""} | {f"own_{kind}" for kind in OWN}
    assert set(OWN) < set(get_args(Kind))


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("de,en;q=0.5,zh;q=0.3", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_language_is_the_first_of_the_accept_language_header_that_the_page_has(header, language):
    assert language_of(header) == language
