"""Reads a prompt as a classification: which task, which words, which text, in which form. Or not at all.

A wrong reading is a wrong answer served; no reading costs one LLM call. So everything outside the text to
classify must be understood, word by word (see `wording`); one unknown word, and the reader abstains.

The text to classify is what is left when instructions are taken off the front and the back of the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.reading.forms import Form, UnfitError, form_of
from router.reading.labels import Wanted, task_of, wanted
from router.reading.prompt import HEAD, TAIL, Parsed, instruction, take_apart
from router.reading.wording import LABEL_WORDS, TEXTS, WORD, any_of, words_of
from router.types import Bound, Message, Request

LONGEST = 20_000  # characters; no expert reads more, so longer prompts are not worth a look
_HINTS = (
    "sentiment", "positive", "negative", "polarity", "opinion", "favo", "good or", "bad or", "enjoy", "toxic",
    "hate", "offensive", "abus", "spam", "junk", " ham", "pos", "moderat", "feel", "good",
)  # fmt: skip
_BLOCKERS = (
    "tools", "functions", "logprobs", "top_logprobs", "logit_bias", "audio", "web_search_options", "guided_json",
    "guided_choice", "guided_regex", "guided_grammar", "structured_outputs", "grammar",
)  # fmt: skip
_OF_A_TEXT = TEXTS | words_of(
    "sentiment polarity tone attitude opinion feel feels feeling reviewer writer author reviews comments tweets "
    "posts messages texts emails sentences"
)


def read(request: Request) -> Bound | None:
    """Binds the request to `sentiment`, `toxicity` or `spam_detection`; None whenever anything is unclear.

    The answer must be one label of a closed list, in a form that `Bound.render` can produce exactly.
    """
    messages = request.messages
    if not messages or messages[-1].role != "user" or len(messages) > 64:
        return None
    total = sum(len(m.text) for m in messages)
    if total > LONGEST or not messages[-1].text or _blocked(request):
        return None
    if not _hinted(messages, request.body):
        return None
    try:
        return _read(request)
    except UnfitError:
        return None


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
