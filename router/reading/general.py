"""Reads a prompt for any expert: a closed label list, a score or entities; one text or a pair.

A label list is found first and marked; the sentences around it are then read in the words of the task that the list
belongs to. Several experts may know the same list ("yes or no"): one of them must be named, and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from router.reading.asked import Asked, asks_unlisted, likely
from router.reading.bound import Bound
from router.reading.entities import entities_form
from router.reading.forms import UnfitError
from router.reading.frames import framed_pair
from router.reading.kinds import QUOTED
from router.reading.known import Known, squeezed
from router.reading.labels import WANTS_CODE, task_of
from router.reading.lists import LISTED, Finder, Listed, finder_of
from router.reading.outline import Outline, outline
from router.reading.polarity import SIDES, oriented, yes_no
from router.reading.prompt import HEAD, SEVERAL, TAIL, template
from router.reading.scores import scale_of, score_writer
from router.reading.tasks import TASKS, Language, language_of
from router.reading.texts import one_text, two_texts
from router.reading.wording import WORD

_ASKED_PAIR = re.compile(r"[\"“](?P<text>[^\"“”\n]{3,1500})[\"”](?=[\s,.?!;:)]|$)")
_SYMMETRIC = ("paraphrase_detection", "semantic_similarity")
_CODE_WORDS = re.compile(r"\b(?:letters?|numbers?|digits?|codes?|index)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:an?|the) (?=\w)", re.IGNORECASE)
_DEGREE = re.compile(rf"\bhow\s+(?:much|strongly|likely|{LISTED})", re.IGNORECASE)
_PART = re.compile(
    r"\bwhich (?:words?|parts?|phrases?|span)(?: \w+){0,2} (?:in|of|from|makes?|is the|are)\b|"
    r"\b(?:highlight|underline)\b|"
    r"\bthe (?:word|term|phrase) [\"“]",
    re.IGNORECASE,
)
_LED = re.compile(r"(?P<lead>[^\"“”\n]{2,80})[\"“][^\"“”]+[\"”]\W*")
_CASE = re.compile(r"\b(?P<case>lower|upper)[ -]?case\b", re.IGNORECASE)


def read_any(system: str, user: str, body: Mapping[str, object], known: Sequence[Known]) -> Bound | None:
    """What the prompt asks of one of the known experts; None whenever anything is unclear.

    Raises:
        UnfitError: it wants an answer in a form that cannot be filled.
    """
    text = f"{system}\n\n{user}" if system else user
    asked = Asked(text, len(text) - len(user), "", body)
    low = asked.low
    able = likely(known, asked)
    if not able:
        return None
    found = [*_entities(asked, able)] or [*_entities(asked, able, loose=True)]
    if not found:
        key, shown, text = template(asked.text)
        if shown:
            return None
        asked = replace(asked, text=text, key=key, found={}, named={})
        if "json" in low and not key and not _wants_json(body):
            return None
        found = [*_scores(asked, able), *_labels(asked, able)]
        found = found or [*_unlisted(asked, able)]
        found = found or [*_scores(asked, able, loose=True), *_labels(asked, able, loose=True)]
    return _agreed(found)


def _wants_json(body: Mapping[str, object]) -> bool:
    return "response_format" in body or "text" in body


def _agreed(found: Sequence[Bound]) -> Bound | None:
    """The one reading; None for several that differ."""
    if not found:
        return None
    first = found[0]
    same = all(
        (each.task, each.input, each.other, each.labels) == (first.task, first.input, first.other, first.labels)
        for each in found
    )
    return first if same else None


# ── label lists ──────────────────────────────────────────────────────────────────────────────────


def _labels(asked: Asked, able: tuple[Known, ...], loose: bool = False) -> Iterator[Bound]:
    """A reading for each label list that makes sense in its place."""
    for known in able:
        finder = finder_of(known) if known.kind in ("label", "pair") else None
        if finder is not None and asked.names(finder):
            for listed in _lists(finder, asked):
                bound = _listed(asked, listed, finder, loose)
                if bound is not None:
                    yield bound


def _lists(finder: Finder, asked: Asked) -> list[Listed]:
    if finder.known not in asked.found:
        asked.found[finder.known] = [*_all_lists(finder, asked)]
    return asked.found[finder.known]


def _all_lists(finder: Finder, asked: Asked) -> Iterator[Listed]:
    text, head = asked.text, HEAD + asked.floor
    if len(text) <= head + TAIL:
        yield from finder.find(text, 0, len(text))
    else:
        yield from finder.find(text, 0, head)
        yield from finder.find(text, len(text) - TAIL, len(text))


def _listed(asked: Asked, listed: Listed, finder: Finder, loose: bool) -> Bound | None:
    """The prompt read as a question for the labels of one list."""
    known = listed.known
    language = language_of(known.task, known.kind == "pair", loose)
    text = f"{asked.text[: listed.start]} {LISTED} {asked.text[listed.end :]}"
    floor = asked.floor + (len(text) - len(asked.text) if listed.end <= asked.floor else 0)
    words = {squeezed(word) for word in listed.labels.values()}
    if loose and known.task == "nli":
        framed = framed_pair(text, language)
        labels = None if framed is None else _answers(asked, listed, f"{framed.ask} {LISTED}", language)
        if framed is not None and labels is not None:
            return Bound(known.task, framed.premise, labels, asked.form().renderer(), framed.hypothesis, known.kind)
    for variant, pair in _variants(text, known.kind == "pair"):
        said = outline(variant, floor, language)
        if said is None or LISTED not in said.told or not said.asks(language) or _unfit(said) or _torn(said, language):
            continue
        if any(finder.find(said.body, 0, len(said.body))):
            continue  # a second question
        texts = _put_aside(pair, said) or _texts(said, language, words)
        labels = None if texts is None else _answers(asked, listed, said.told, language)
        if texts is not None and labels is not None:
            return Bound(known.task, texts[0], labels, asked.form().renderer(), texts[1], known.kind)
    return None


def _torn(said: Outline, language: Language) -> bool:
    """Whether a quotation is torn from the question around it, or one that was put aside is taken for material."""
    led = _LED.fullmatch(said.body)
    if led is not None and language.knows(WORD.findall(led["lead"].lower())):
        return True
    return said.told.count('"') % 2 == 1 or any(mark in said.body for mark in QUOTED)


def _unfit(said: Outline) -> bool:
    """Whether several texts are to be labelled, or a degree is asked for."""
    return any(pattern.search(said.told) is not None for pattern in (SEVERAL, _DEGREE, _PART))


def _variants(text: str, pair: bool) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """The prompt itself, and where it quotes just two texts the prompt with both put aside."""
    yield text, None
    quotes = [m for m in _ASKED_PAIR.finditer(text) if " " in m["text"].strip()] if len(text) <= HEAD else []
    if not pair and len(quotes) == 1:
        one = quotes[0]
        yield f"{text[: one.start()]}{QUOTED[1]}{text[one.end() :]}", (one["text"].strip(), "")
    if pair and len(quotes) == 2:
        one, two = quotes
        aside = f"{text[: one.start()]}{QUOTED[0]}{text[one.end() : two.start()]}{QUOTED[1]}{text[two.end() :]}"
        yield aside, (one["text"].strip(), two["text"].strip())


def _put_aside(pair: tuple[str, str] | None, said: Outline) -> tuple[str, str] | None:
    """The quoted pair, where nothing but instructions stands around it."""
    return pair if pair is not None and not said.body and QUOTED[1] in said.told else None


def _texts(said: Outline, language: Language, words: set[str]) -> tuple[str, str] | None:
    """The material: a pair, or one text and ""."""
    if language.pair:
        return two_texts(said.body, said.told, words, language.task in _SYMMETRIC)
    text = one_text(said.body, said.marked, said.delimited, words)
    return None if text is None else (text, "")


def _answers(asked: Asked, listed: Listed, said: str, language: Language) -> dict[str, str] | None:
    """Which word of the prompt answers for which label; None where the instruction leaves that open."""
    task, around = listed.known.task, said.replace(LISTED, " ")
    if not (language.speaks_of(around) or _telling(listed)):
        return None
    labels = oriented(task, _bare(asked.text, listed), around)
    if labels is None:
        return None
    form = asked.form()
    if form.flag or (form.words and {*form.words} != {*labels.values()}):
        return None
    if WANTS_CODE.search(said):
        return {label: listed.codes[label] for label in labels} if listed.codes.keys() == labels.keys() else None
    if _CODE_WORDS.search(around) and task in TASKS and task != "data_annotation":  # to code is to label there
        return None
    return _cased(labels, said)


def _bare(text: str, listed: Listed) -> dict[str, str]:
    """The labels without articles, and without the capital of a sentence that they begin."""
    labels = {label: _ARTICLE.sub("", word) for label, word in listed.labels.items()}
    first, *others = labels
    opens = text[: listed.start].rstrip(" ")[-1:] in ("", "\n", ".", "?") and listed.end < len(text)
    if opens and labels[first].istitle() and all(labels[each].islower() for each in others):
        labels[first] = labels[first].lower()
    return labels


def _telling(listed: Listed) -> bool:
    """Whether the list alone says what the task is; "positive or negative" may be said of anything."""
    task = listed.known.task
    if task in ("toxicity", "spam_detection"):
        return task_of(" ".join(listed.labels.values())) == task
    return listed.telling and task != "sentiment"


def _cased(labels: dict[str, str], said: str) -> dict[str, str] | None:
    """The labels in the case that the instruction asks for."""
    cases = {m["case"].lower() for m in _CASE.finditer(said)}
    if len(cases) > 1:
        return None
    if not cases:
        return labels
    return {label: word.lower() if "lower" in cases else word.upper() for label, word in labels.items()}


# ── questions without a list, scores, entities ───────────────────────────────────────────────────


def _unlisted(asked: Asked, able: tuple[Known, ...]) -> Iterator[Bound]:
    """A yes/no question that names no words to answer with."""
    for known in able:
        language = language_of(known.task, known.kind == "pair")
        if known.kind not in ("label", "pair") or known.task not in SIDES or not asks_unlisted(known, asked):
            continue
        if asked.form().flag or asked.form().words:
            continue
        for variant, pair in _variants(asked.text, known.kind == "pair"):
            said = outline(variant, asked.floor, language)
            labels = yes_no(known.task, said.told) if said is not None else None
            if said is None or labels is None or labels.keys() != known.labels:
                continue
            texts = _put_aside(pair, said) or _texts(said, language, {"yes", "no"})
            if texts is not None and not (pair and known.task not in _SYMMETRIC):
                yield Bound(known.task, texts[0], labels, asked.form().renderer(), texts[1], known.kind)
                break


def _scores(asked: Asked, able: tuple[Known, ...], loose: bool = False) -> Iterator[Bound]:
    """A number that says how alike two texts are."""
    for known in able:
        if known.kind != "score":
            continue
        language = language_of(known.task, True, loose)
        scaled, scale = scale_of(asked.text)
        for marked, pair in _variants(scaled, pair=True) if scale is not None else ():
            said = outline(marked, asked.floor, language)
            if said is None or scale is None or not language.speaks_of(said.told):
                continue
            texts = _put_aside(pair, said) or two_texts(said.body, said.told, set(), symmetric=True)
            form = asked.form()
            if texts is None or form.flag or form.words or not all(part in asked.text for part in texts):
                continue
            write = score_writer(scale, form)
            yield Bound(known.task, texts[0], {}, other=texts[1], kind="score", scale=scale.ends, write=write)
            break


def _entities(asked: Asked, able: tuple[Known, ...], loose: bool = False) -> Iterator[Bound]:
    """The entities of a text, of types that the prompt lists."""
    language = language_of("ner", loose=loose)
    named = [finder for each in able if each.kind == "entities" and (finder := finder_of(each)) is not None]
    lists = [listed for finder in named if asked.names(finder) for listed in _lists(finder, asked)]
    for listed in sorted(lists, key=lambda each: len(each.known.labels))[:8]:
        text = f"{asked.text[: listed.start]} {LISTED} {asked.text[listed.end :]}"
        form, text = entities_form(text, asked.body)
        floor = asked.floor + (len(text) - len(asked.text) if listed.end <= asked.floor else 0)
        said = outline(text, floor, language) if form is not None else None
        if (
            said is None
            or form is None
            or LISTED not in said.told
            or not language.speaks_of(said.told.replace(LISTED, " "))
        ):
            continue
        material = one_text(said.body, said.marked, said.delimited, ())
        writer = None if material is None else form.writer(material, listed.labels, said.told)
        if material is not None and writer is not None:
            labels = {label: listed.labels.get(label, "") for label in sorted(listed.known.labels)}
            yield Bound(listed.known.task, material, labels, kind="entities", write=writer)
            return


__all__ = ["UnfitError", "read_any"]
