"""Reads a prompt as work for a local expert: which task, which words, which text or pair, in which form. Or not at all.

A wrong reading is a wrong answer served; no reading costs one LLM call. So everything outside the text to
classify must be understood, word by word (see `wording`); one unknown word, and the reader abstains.

The text to classify is what is left when instructions are taken off the front and the back of the prompt. Sentiment,
toxicity and spam, which people ask for in every way, are read by `_read`; whatever has a label list, a scale or types
of entities by `reading.general`; and a template that the operator declared with an expert comes before both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.reading.forms import Form, UnfitError, form_of, response_format
from router.reading.general import read_any
from router.reading.known import DEFAULT, Known
from router.reading.labels import Wanted, task_of, wanted
from router.reading.prompt import HEAD, TAIL, Parsed, instruction, take_apart
from router.reading.templates import matched
from router.reading.wording import LABEL_WORDS, TEXTS, WORD, any_of, words_of
from router.types import Bound, Message, Request

LONGEST = 20_000  # characters; no expert reads more, so longer prompts are not worth a look
_TASKS = ("sentiment", "toxicity", "spam_detection")
_HINTS = (
    "sentiment", "positive", "negative", "polarity", "opinion", "favo", "good or", "bad or", "enjoy", "toxic",
    "hate", "offensive", "abus", "spam", "junk", " ham", "pos", "moderat", "feel", "good",
)  # fmt: skip
_BLOCKERS = (
    "tools", "functions", "logprobs", "top_logprobs", "logit_bias", "audio", "web_search_options", "guided_json",
    "guided_choice", "guided_regex", "guided_grammar", "structured_outputs", "grammar",
)  # fmt: skip
_OPTION = re.compile(r"\(?[A-Da-d1][).] ?\w[\w -]{1,20}; ?\(")  # a list with a label that is not known
_OF_A_TEXT = TEXTS | words_of(
    "sentiment polarity tone attitude opinion feel feels feeling reviewer writer author reviews comments tweets "
    "posts messages texts emails sentences"
)


def read(request: Request, known: Sequence[Known] = DEFAULT) -> Bound | None:
    """Binds the request to one of the label sets, scores or entity types in `known`; None whenever anything is unclear.

    The answer must be one label of a closed list, a number on a scale or the entities of a text, in a form that
    `Bound.written` can produce exactly.
    """
    messages = request.messages
    if not messages or messages[-1].role != "user" or len(messages) > 64:
        return None
    total = sum(len(m.text) for m in messages)
    if total > LONGEST or not messages[-1].text or _blocked(request):
        return None
    for reading in (_by_template, _by_task, _by_list):
        try:
            bound = reading(request, known)
        except UnfitError:
            continue
        if bound is not None:
            return bound
    return None


def _by_template(request: Request, known: Sequence[Known]) -> Bound | None:
    """A prompt that is an operator's own template; a system text belongs to the template."""
    templates = [each for each in known if each.template]
    if not templates or response_format(request.body).get("type", "text") != "text":
        return None
    if any(m.role not in ("system", "developer") for m in request.messages[:-1]):
        return None
    text = "\n".join(m.text for m in request.messages)
    return next((bound for each in templates if (bound := matched(text, each)) is not None), None)


def _by_task(request: Request, known: Sequence[Known]) -> Bound | None:
    """Sentiment, toxicity or spam, in any of the ways in which these are asked for."""
    sets = {(each.task, each.labels) for each in known}
    if not any(task in _TASKS for task, _ in sets) or not _hinted(request.messages, request.body):
        return None
    bound = _read(request)
    return bound if bound is not None and (bound.task, frozenset(bound.labels)) in sets else None


def _by_list(request: Request, known: Sequence[Known]) -> Bound | None:
    """Whatever else the experts know; of a single question, not of a conversation."""
    system, turns = _roles(request.messages)
    if turns is None or len(turns) != 1 or len(system) > HEAD:
        return None
    return read_any(system, turns[0][0], request.body, known)


def _blocked(request: Request) -> bool:
    """Whether the body asks for what a label cannot give, or a message holds more than text."""
    body = request.body
    if any(body.get(name) for name in _BLOCKERS) or body.get("n") not in (None, 1):
        return True
    return any(m.modalities for m in request.messages)


def _hinted(messages: tuple[Message, ...], body: Mapping[str, object]) -> bool:
    """A cheap look for any word of our tasks; most prompts end here."""
    for m in messages:
        low = m.text.lower() if len(m.text) <= HEAD + TAIL else (m.text[:HEAD] + m.text[-TAIL:]).lower()
        if any_of(_HINTS, low):
            return True
    return "response_format" in body or "text" in body


def _read(request: Request) -> Bound | None:
    """Takes every message apart, then puts task, words and form together."""
    system, turns = _roles(request.messages)
    told = instruction(system) if system else Parsed("", "")
    if not turns or told is None:
        return None
    last = take_apart(turns[-1][0], bool(told.said))
    said, demos = _shown(told, turns[:-1])
    if last is None or demos is None:
        return None
    said = "\n".join(filter(None, (told.said, last.said or said)))
    form = form_of(request.body, told.key or last.key)
    if not form.key and "json" in said.lower():
        return None
    asks = _labels(said, [word for _, word in (*last.demos, *demos)], form)
    if asks is None or not _sound(last, said, asks):
        return None
    return Bound(asks.task, last.input, asks.labels, form.renderer())


def _shown(told: Parsed, turns: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]] | None]:
    """Worked examples given as turns, and the instruction among them. None for a turn that is no example."""
    said, demos = "", []
    for text, word in turns:
        shown = take_apart(text, bool(told.said)) or take_apart(text, standing=True)
        if shown is None or shown.demos or shown.key:
            return "", None
        said = said or shown.said
        demos.append((shown.input, word))
    return said, demos


def _roles(messages: tuple[Message, ...]) -> tuple[str, list[tuple[str, str]] | None]:
    """System text, then (user, assistant) pairs, the last one open. None for any other order of roles."""
    at = 0
    while at < len(messages) and messages[at].role in ("system", "developer"):
        at += 1
    system = "\n".join(m.text for m in messages[:at])
    rest = messages[at:]
    if len(rest) % 2 == 0 or any(m.role != ("user", "assistant")[i % 2] for i, m in enumerate(rest)):
        return system, None
    texts = [m.text for m in rest]
    return system, [*zip(texts[::2], texts[1::2], strict=False), (texts[-1], "")]


def _sound(parsed: Parsed, said: str, asks: Wanted) -> bool:
    """There are words to classify, more than a label; and "positive" is said of a text, not of a number or a test."""
    words = WORD.findall(parsed.input[:400])
    if _OPTION.match(parsed.input) is not None:
        return False
    if not any(len(word) > 1 and word.isalpha() for word in words):
        return False
    if asks.task == "sentiment" and not (
        parsed.demos or parsed.quoted or _OF_A_TEXT.intersection(WORD.findall(said.lower()))
    ):
        return False
    return len(words) > 2 or all(parsed.input.lower() != word.lower() for word in asks.labels.values())


def _labels(said: str, shown: list[str], form: Form) -> Wanted | None:
    """Puts together what the instruction, the examples and the schema say about the labels."""
    asks = wanted(said) if said else None
    words = list(dict.fromkeys(word.strip().strip("\"'.") for word in shown))
    if form.flag:
        return _flag(said, form, words)
    if form.words:
        return _fitted(asks, said, form.words) if not words else None
    if not words:
        return asks
    if form.key:
        return None
    return _fitted(asks if asks and asks.listed else None, said, tuple(words), partial=True)


def _flag(said: str, form: Form, words: list[str]) -> Wanted | None:
    """A JSON boolean: its property's name says which side is true."""
    sides = {"spam": "ham", "toxic": "not_toxic", "positive": "negative"}
    side = form.key.lower().replace("is_", "").replace("is", "").replace("_", "")
    side = {"hate": "toxic", "hateful": "toxic", "offensive": "toxic", "abusive": "toxic"}.get(side, side)
    task = task_of(said)
    if (
        side not in sides
        or words
        or task != {"spam": "spam_detection", "toxic": "toxicity", "positive": "sentiment"}[side]
    ):
        return None
    return Wanted(task, {side: "true", sides[side]: "false"})


def _fitted(asks: Wanted | None, said: str, words: tuple[str, ...], partial: bool = False) -> Wanted | None:
    """Labels whose words are given elsewhere: by a schema's enum, or by examples (which may not show all).

    With a list in the instruction both must name the same words; their casing is taken from `words`.
    """
    if asks is not None and (asks.listed or not partial):
        theirs = {word.lower(): word for word in words}
        ours = {label: word.lower() for label, word in asks.labels.items()}
        if set(ours.values()) == theirs.keys() or (partial and theirs.keys() <= set(ours.values())):
            return replace(asks, labels={label: theirs.get(word, asks.labels[label]) for label, word in ours.items()})
        if asks.listed:
            return None
    if partial and asks is None and said and wanted(said) is None and task_of(said) is None:
        return None
    if not all(LABEL_WORDS.issuperset(WORD.findall(word.lower())) for word in words):
        return None
    whole = wanted(f"{said}\nlabels: {' / '.join(words)}") if said else wanted(f"labels: {' / '.join(words)}")
    if whole is None or set(whole.labels.values()) != set(words):
        return None
    return whole
