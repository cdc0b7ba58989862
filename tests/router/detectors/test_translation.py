"""Requests to translate: seen in any usual wording, both languages named or found, nothing else mistaken for one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from classifiers.language import detect
from router.detectors import resources
from router.detectors.translation import Translation, translation

SAMPLE = Path(__file__).parents[2] / "data" / "detectors" / "translation.jsonl"


def pair(text: str, system: str = "") -> tuple[str, str]:
    found = translation(text, system, detect)
    return found.source_language, found.target_language


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("translate to German: the house is red", "en", "de"),
        ("'Where is the train station?' in Thai", "en", "th"),
        ("Estou com fome. Em inglês, por favor.", "pt", "en"),
        ("The train leaves at nine. -> Spanish", "en", "es"),
        ("what does this say in english? Ik heb mijn sleutels verloren en kan niet naar binnen", "nl", "en"),
        ("ins Deutsche übersetzen: the house at the end of the road is red", "en", "de"),
        ("traduce al inglés: ¿dónde está la biblioteca?", "es", "en"),
        ("in English please: Wo ist der Bahnhof?", "de", "en"),
        ("how do I say thank you in Finnish?", "en", "fi"),
        ("What's the French for butterfly?", "en", "fr"),
        ("what is the Italian word for spoon", "en", "it"),
        ("English version of this: Das Haus ist rot", "de", "en"),
        ("Please render the following Japanese sentence in Polish.\nブレイヴィク氏", "ja", "pl"),
        ("en->de: hello world my friend", "en", "de"),
        ("EN: hello my friend, how are you?\nDE:", "en", "de"),
        ("English to French: good morning everyone", "en", "fr"),
        ("French to Czech, please.\n\nTrois personnes font de la randonnée.", "fr", "cs"),
        ("Translate the following from Zulu into Kazakh.\n\nSawubona", "zu", "kk"),
        ("Translate this: ¿Dónde está la estación?", "es", "en"),
        ("translate to pt-BR: hello there everybody", "en", "pt"),
        ("Dear customer, your parcel is late.\n\nTranslate the above into Slovak.", "en", "sk"),
        ("Give me the Dutch version of the following text.\n\nThere is a young girl by the river.", "en", "nl"),
        ("You are a professional German-French translator. Output only the text.\n\nGuten Tag!", "de", "fr"),
        ("Translate into Swiss German: I am going home now.", "en", "gsw"),
        ("把下面的句子翻译成英文：今天天气很好", "zh", "en"),
        ("次の文を英語に翻訳してください：今日は天気がいい", "ja", "en"),
        ("다음을 영어로 번역해 줘: 오늘 날씨가 좋다", "ko", "en"),
        ("Переведи с русского на казахский: Где находится вокзал?", "ru", "kk"),
        ("Comment dit-on « merci beaucoup » en allemand ?", "fr", "de"),
        ("Traduza para o inglês: hoje está um dia bonito", "pt", "en"),
        ("İngilizceye çevir: bugün hava çok güzel", "tr", "en"),
    ],
)
def test_a_request_to_translate_is_seen_in_its_usual_wordings(text: str, source: str, target: str) -> None:
    assert pair(text) == (source, target)


@pytest.mark.parametrize(
    "text",
    [
        "what does 'Schadenfreude' mean",
        "Translate this SQL query into plain English: SELECT * FROM orders",
        "Translate this function from Python to Rust: def f(): pass",
        "Translate these requirements into user stories: login, logout",
        "Lost in Translation is a film I like. Who directed it?",
        "Write an essay about the history of translation",
        "Why does Google Translate struggle with Finnish?",
        "Is this translation correct? 'hola' - 'hello'",
        "Can you recommend a good English translation of the Odyssey?",
        "How do I conjugate 'aller' in French?",
        "What is the past tense of gehen in German?",
        "Write a poem in Italian about the sea",
        "Answer in German: what is 2+2?",
        "Write a Python script that translates text to French",
        "How do I translate my Django app into French?",
        "Polish to perfection: my cover letter is below",
        "French toast recipe please",
        "Rewrite this in simple English: The defendant hereby waives all claims.",
        "",
        " \n:",
    ],
)
def test_what_only_sounds_like_a_translation_is_none(text: str) -> None:
    assert translation(text, "", detect) == Translation()


def test_the_system_text_may_make_a_bare_text_a_request() -> None:
    text = "Guten Morgen zusammen, wie geht es euch?"
    assert pair(text, "You are a translator from German to English.") == ("de", "en")
    assert pair(text, "Translate everything the user writes into French.") == ("de", "fr")
    assert pair(text, "You are a helpful assistant who loves words.") == ("", "")


def test_the_identifier_is_asked_once_and_only_for_a_source_that_is_not_named() -> None:
    asked: list[str] = []

    def spy(text: str) -> str:
        asked.append(text)
        return "es"

    assert translation("Translate from Galician to English: Bos días", "", spy).source_language == "gl"
    assert translation("What is the capital of Peru?", "", spy) == Translation()
    assert asked == []
    assert translation("Translate to English: Buenos días a todos", "", spy).source_language == "es"
    assert asked == ["Buenos días a todos"]


def test_what_nobody_named_is_undecided() -> None:
    assert pair("Translate into French") == ("und", "fr")
    assert pair("Translate this: The meeting has been moved to Friday.") == ("en", "und")
    found = translation("Translate into French", "", detect)
    assert (found.source_tier, found.target_tier, found.source_related) == ("und", "rich", False)


@pytest.mark.parametrize(
    ("code", "tier", "related"),
    [
        *(("en", "rich", False), ("de", "rich", False), ("hi", "rich", False), ("eu", "rich", False)),
        *(("gl", "mid", True), ("sk", "mid", True), ("af", "mid", True), ("ro", "mid", True)),
        *(("kk", "mid", False), ("ka", "mid", False), ("sw", "low", False), ("te", "low", False)),
        *(("lb", "low", True), ("arz", "mid", True), ("ary", "extreme", True), ("tlh", "extreme", False)),
    ],
)
def test_tiers_and_relatives(code: str, tier: str, related: bool) -> None:
    language = resources.by_code(code)
    assert language is not None
    assert (language.tier, language.related) == (tier, related)
    assert resources.tier(code) == tier


def test_a_code_outside_the_table_is_extreme_and_none_is_none() -> None:
    assert [resources.tier(code) for code in ("", "und", "xqz", "pt-BR", "deu")] == [
        *("none", "und", "extreme", "rich", "rich")
    ]


def test_every_code_and_every_name_belongs_to_one_language() -> None:
    with resources.FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = [code for row in rows for code in row["codes"].split()]
    names = [name for row in rows for name in row["names"].split(";")]
    assert sorted(codes) == sorted(set(codes))
    assert sorted(names) == sorted(set(names))
    assert all(name and name == name.lower() == name.strip() for name in names)
    assert {row["class"] for row in rows} == set(resources.TIER_OF)
    assert len(rows) > 200


@pytest.mark.parametrize(
    ("name", "code"),
    [("deutschen", "de"), ("englische", "en"), ("английского", "en"), ("angielskiego", "en"), ("galego", "gl")],
)
def test_inflected_names_are_known(name: str, code: str) -> None:
    found = resources.by_name(name)
    assert found is not None
    assert found.code == code


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample is not there")
def test_the_sample_reaches_its_floors() -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    hits = wrong = missed = exact = 0
    for row in rows:
        if row["split"] != "test":
            continue
        messages = row.get("messages") or [{"role": "user", "content": row["text"]}]
        text = next(m["content"] for m in reversed(messages) if m["role"] == "user")
        got = pair(text, "\n".join(m["content"] for m in messages if m["role"] == "system"))
        wanted = (row["want"]["source"], row["want"]["target"])
        hits += got != ("", "") and wanted != ("", "")
        wrong += got != ("", "") and wanted == ("", "")
        missed += got == ("", "") and wanted != ("", "")
        exact += got == wanted != ("", "")
    assert hits / (hits + wrong) >= 0.93
    assert hits / (hits + missed) >= 0.72
    assert exact / (hits + missed) >= 0.68
