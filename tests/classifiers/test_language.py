from __future__ import annotations

import pytest

from classifiers.language import detect, warm


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    warm()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Write a haiku about autumn", "en"),
        ("What's 17*23?", "en"),
        ("ok thx", "en"),
        ("Was ist die Hauptstadt von Frankreich?", "de"),
        ("¿Puedes ayudarme a escribir una carta a mi jefe?", "es"),
        ("Peux-tu m'expliquer comment fonctionne un moteur ?", "fr"),
        ("Привет, как дела?", "ru"),
        ("こんにちは、元気ですか", "ja"),
        ("今天天气怎么样？", "zh"),
        ("오늘 날씨 어때?", "ko"),
        ("สวัสดีครับ", "th"),
        ("Τι κάνεις;", "el"),
    ],
)
def test_languages_of_plain_prompts(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "12345", "!!!", "\0\0", "https://example.org/a?b=c", "🏳️‍🌈", "\ud800"])
def test_no_language_where_there_are_no_words(text: str) -> None:
    assert detect(text) == "und"


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x + 1",
        "SELECT name FROM users WHERE id = 3",
        'Traceback (most recent call last):\n  File "a.py", line 3\nKeyError: "b"',
        "const x = await fetch(url).json();",
        "asdkj qwlek zzz",
    ],
)
def test_code_and_gibberish_do_not_become_exotic(code: str) -> None:
    assert detect(code) in {"en", "und"}


def test_only_the_beginning_is_read() -> None:
    assert detect("This is how the text goes on and on. " * 50_000) == "en"
