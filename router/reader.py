"""Reads a prompt as a classification: which task, which words, which text, in which form. Or not at all.

A wrong reading is a wrong answer served; no reading costs one LLM call. So everything outside the text to
classify must be understood, word by word (see `wording`); one unknown word, and the reader abstains.

The text to classify is what is left when instructions are taken off the front and the back of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from router.forms import Form, Unfit, form_of, named_key
from router.types import Bound, Message, Request
from router.wording import (
    FORM_OPENERS,
    LABEL_WORDS,
    LABELS,
    OPENERS,
    SILENCE,
    TEXTS,
    VOCABULARY,
    WORD,
    Wanted,
    found,
    task_of,
    wanted,
)

LONGEST = 20_000  # characters; no expert reads more, so longer prompts are not worth a look
_HEAD, _TAIL = 2_000, 1_000
_MOST_UNITS = 24

_HINTS = ("sentiment", "positive", "negative", "polarity", "opinion", "favo", "good or", "bad or", "enjoy", "toxic", "hate")
_HINTS += ("offensive", "abus", "spam", "junk", " ham", "pos", "moderat", "feel", "good")
_BLOCKERS = ("tools", "functions", "logprobs", "top_logprobs", "logit_bias", "audio", "web_search_options")
_BLOCKERS += ("guided_json", "guided_choice", "guided_regex", "guided_grammar", "structured_outputs", "grammar")

# Where a sentence may end. An enumerator ("A.", "1.") and "i.e." do not end one; the possessive quantifier
# keeps long runs of dots linear.
_END = re.compile(r"(?<![.?!:])(?<!i\.e)(?<!\b[A-Da-d0-9])[.?!:]++[\"')\]]{0,3}(?=\s|$)|(?<=\b[A-Da-d0-9])[?:](?=\s|$)|\n++")
_PLURAL_DATA = re.compile(r"(?im)^[ \t]{0,8}(?:text|review|tweet|comment|message|sentence|sms|email|post)?[ \t]?[#(]?(?:2|b)[.):][ \t]")
_OPEN = re.compile(r"\s*(?:<(?P<tag>[A-Za-z_]{1,24})>|(?P<fence>```|~~~)(?:[a-z]{0,12}\n)?|(?P<triple>\"\"\"|'''))")
_OPEN_LINE = re.compile(r"(?m)^[ \t]{0,8}(?:```|~~~|\"\"\"|\'\'\'|<[A-Za-z_]{1,24}>)")
_BULLET = re.compile(r"\s*(?:[-*•]|\(?[A-Da-d0-9][.)])\s")
_HEADER_WORDS = TEXTS | frozenset(
    "the a an this that following given here here's is from of to classify my be below user customer movie film product "
    "short single sms email new text phone incoming app hotel restaurant amazon yelp imdb input".split()
)
_CUES = frozenset(
    "answer sentiment label output response result classification category class prediction polarity verdict toxicity toxic spam "
    "tag a the is your final its of overall".split()
)
_CUE_LINE = re.compile(r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?P<cue>answer|sentiment|label|output|response|result|classification|category|class|prediction|polarity|verdict|spam|toxic|toxicity|tag|a)(?:\*\*)?[ \t]?:(?:\*\*)?[ \t]*(?P<word>[^\n]{0,40})$")
_ARROW = re.compile(r"(?m)^(?P<text>[^\n]{1,400}?)[ \t]*(?:=>|->|→|//)[ \t]*(?P<word>[^\n]{0,24})$")
_END_CUE = re.compile(r"[ \t](?:Answer|Sentiment|Label|Output|Result|Classification|Category):\s*$")
_HEADER_LINE = re.compile(
    r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?:(?:customer|movie|product|user|input|original) )?"
    r"(?:text|review|tweet|comment|post|message|sentence|sms|email|mail|passage|input|feedback|statement)(?: text)?(?:\*\*)?[ \t]?:"
)
_FIELD_LINE = re.compile(
    r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?:aspect|target|topic|entity|context|question|premise|hypothesis|options?|choices|"
    r"(?:sentence|text|review|tweet|comment|message) ?#?[0-9ab]|criteria|note|rules?|guidelines?|instructions?|task|labels?|"
    r"examples?|human|assistant|system|story|query|claim|evidence)(?:\*\*)?[ \t]?:"
)
_ORDERS = re.compile(
    r"(?:(?:please|then|also|and|finally|next|now|additionally|afterwards|first|second)[,:]?\s+){0,3}"
    r"(?:explain|translate|summari[sz]e|justify|extract|rewrite|paraphrase|return|output|respond|reply|answer|list|provide|"
    r"give|write|rate|score|classify|label|identify|determine|detect|predict|categori[sz]e|decide|evaluate|analy[sz]e|assess|tell|"
    r"think|use|include|state|format|choose|select|pick|generate|suggest|highlight|mention|specify|indicate|describe|assign|"
    r"compare|count|let's|if the|for each|you (?:must|should|are)|your (?:task|answer|response))\b",
    re.IGNORECASE,
)
_WHY = re.compile(r"(?:and )?(?:why|how)(?: \w+){0,2}\?", re.IGNORECASE)
_ALSO = re.compile(r"(?:also|additionally|moreover|and why|why)\b", re.IGNORECASE)
_TALK = re.compile(r"\b(?:sentiments?|classif\w+|label(?:s|led)?|polarity|explain|step by step|toxicity|json|confidence|categor\w+)\b", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*•]|\(?[A-Da-d0-9][.):])\s*(?:\S.*)$")
_TRAIL = re.compile(r"\b(?:sentiment|label|polarity)\b[^.?!\n]{0,60}\b(?:is|as)$", re.IGNORECASE)
_INLINE = re.compile(r"[\"“](?P<inner>[^\"“”\n]{8,2000})[\"”]")
_QUESTION = re.compile(r"(?<=\s)(?:What|Is|Was|Did|Does|How|Should)\b")
_PREFACE = re.compile(
    r"(?:hi|hello|hey)(?: there)?\b[^\n]{0,3}$|(?:hi|hello),? i need your help\.?$|please help me with this\.?$|"
    r"system: follow the user's instruction\.?$|follow the user's instruction\.?$|system:$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or line of the prompt, its place, and whether it starts a line."""

    text: str
    start: int
    end: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A prompt taken apart: the instructions, the text to classify, and examples of both."""

    said: str
    input: str
    demos: tuple[tuple[str, str], ...] = ()
    key: str = ""
    asked: bool = True


@dataclass(slots=True)
class _Span:
    """What is still unread of a prompt while instructions are taken off both ends."""

    text: str
    start: int = 0
    end: int = 0
    said: list[str] = field(default_factory=list)
    asked: bool = False
    marked: bool = False  # the text to classify has a clear beginning: a header, a colon or a delimiter


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
    except Unfit:
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
        low = m.text.lower() if len(m.text) <= _HEAD + _TAIL else (m.text[:_HEAD] + m.text[-_TAIL:]).lower()
        if any(hint in low for hint in _HINTS):
            return True
    return "response_format" in body or "text" in body


def _read(request: Request) -> Bound | None:
    system, turns = _roles(request.messages)
    if turns is None:
        return None
    told = _instruction(system) if system else _Parsed("", "")
    if told is None:
        return None
    last = _take_apart(turns[-1][0], bool(told.said))
    if last is None:
        return None
    demos = [*last.demos]
    said, key = "\n".join(filter(None, (told.said, last.said))), told.key or last.key
    for text, word in turns[:-1]:
        shown = _take_apart(text, bool(told.said)) or _take_apart(text, standing=True)
        if shown is None or shown.demos:
            return None
        if not last.said and shown.said and shown.said not in said:
            said = f"{said}\n{shown.said}"
        demos.append((shown.input, word))
    form = form_of(request.body, key)
    if not form.key and re.search(r"\bjson\b", said, re.IGNORECASE):
        return None
    asks = _labels(said, [word for _, word in demos], form)
    if asks is None or not _sound(last.input, asks):
        return None
    if len(turns) > 1 and not last.said and not told.said and not turns[0][1]:
        return None
    return Bound(asks.task, last.input, asks.labels, form.renderer())


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


def _instruction(system: str) -> _Parsed | None:
    """A system text that is instruction throughout, or None."""
    key, shown, system = _template(system)
    span = _Span(system, 0, len(system))
    for unit in _units(system, 0, len(system)):
        if not _understood(unit.text, system=True):
            return None
        span.said.append(unit.text)
    if len(system) > _HEAD:
        return None
    return _Parsed("\n".join([*span.said, *shown]), "", key=key)


def _template(text: str) -> tuple[str, list[str], str]:
    """The JSON key that a text names, the label list in its template, and the text with the template blanked."""
    key, value, start, end = named_key(text[:_HEAD])
    if not key and len(text) > _HEAD:
        key, value, start, end = named_key(text[-_TAIL:])
        start, end = start + len(text) - _TAIL, end + len(text) - _TAIL
    if not key:
        return "", [], text
    shown = [value.replace("|", " / ").replace("<", "").replace(">", "")] if "|" in value or " or " in value else []
    return key, shown, text[:start] + " " * (end - start) + text[end:]


def _take_apart(text: str, standing: bool) -> _Parsed | None:
    """Splits a user message. `standing`: the system text has given the instruction, so none is needed here."""
    key, shown, text = _template(text)
    span = _Span(text, 0, len(text))
    _peel_head(span)
    block = _block(span)
    if block is not None:
        if not (span.asked or standing):
            return None
        return _Parsed("\n".join([*span.said, *shown]), block, key=key)
    if _OPEN.match(text, span.start) is not None:
        return None
    _peel_tail(span)
    if not span.asked and not standing:
        return _quoted(text, key, shown) or _shown_only(span, key)
    body = text[span.start : span.end]
    demos, body, cued = _demonstrations(body)
    bare = standing and not span.asked
    body = _unwrapped(body, span.marked or cued or bool(demos))
    if not body or not (demos or bare or span.marked or cued or _plain(body)) or not _single(body, bool(demos)):
        return None
    return _Parsed("\n".join([*span.said, *shown]), body, demos, key)


def _units(text: str, start: int, end: int) -> list[_Unit]:
    """Sentences and lines between two places, at most `_MOST_UNITS` of them, blanks left out."""
    units: list[_Unit] = []
    at, fresh = start, start == 0 or text[start - 1 : start] == "\n"
    for m in _END.finditer(text, start, end):
        piece = text[at : m.end()]
        if piece.strip():
            units.append(_Unit(piece.strip(), at, m.end(), fresh))
            if len(units) >= _MOST_UNITS:
                return units
        fresh = text[m.end() - 1] == "\n" or (fresh and not piece.strip())
        at = m.end()
    if text[at:end].strip():
        units.append(_Unit(text[at:end].strip(), at, end, fresh))
    return units


def _understood(unit: str, system: bool = False) -> bool:
    """Whether every word of a unit is in the vocabulary. A system text may speak of "each" message."""
    low = unit.lower()
    if "no" in low or "don't" in low or "never" in low:
        low = SILENCE.sub(" ", low)
    words = WORD.findall(low)
    if len(words) > 70 or "@" in low or "http" in low:
        return False
    for word in words:
        if word in VOCABULARY:
            continue
        if word.endswith(("'s", "’s")) and word[:-2] in VOCABULARY:
            continue
        if not (system and word in ("each", "every", "any", "user's", "they", "always", "them", "all", "texts", "messages", "sends")):
            return False
    return True


def _kind(unit: _Unit) -> str:
    """What a unit is: header, cue, ask, form, item, rule, or "" for what is no instruction."""
    text = unit.text
    if _PREFACE.match(text) or (not text[0].isalnum() and not WORD.search(text)):
        return "rule" if len(text) < 80 and not text.startswith(('"', "“", "`", "'", "<")) else ""
    if not _understood(text):
        return ""
    words = WORD.findall(text.lower())
    if not words:
        return "form" if SILENCE.search(text) else ""
    if text.endswith(":") or text.startswith("#"):
        if _CUES.issuperset(words) and words != ["a"] or text in ("A:",):
            return "cue"
        if words == ["instruction"] or words == ["instructions"] or words in (["q"], ["task"], ["question"]):
            return "rule"
        if _HEADER_WORDS.issuperset(words) and not TEXTS.isdisjoint(words):
            return "header"
    labels = sum(w in LABEL_WORDS for w in words)
    if labels and (len(words) <= 3 and _ITEM.match(text)):
        return "item"
    if text.endswith("?") or words[0] in OPENERS:
        if task_of(text) is not None and (words[0] in OPENERS or text.endswith("?")):
            return "ask"
        told = words[0] in FORM_OPENERS or words[:2] in (["you", "are"], ["your", "task"]) or labels > 1
        return "form" if told or (text.endswith(":") and not TEXTS.isdisjoint(words)) else ""
    if labels > 1 and len(words) <= 3 * labels + 2:
        return "list"
    if task_of(text) is not None and (text.endswith(":") or len(words) <= 4 and words[-1] in ("detection", "analysis", "classification")):
        return "ask"
    return "ask" if _TRAIL.search(text) else ""


def _peel_head(span: _Span) -> None:
    """Takes instructions off the front, up to the header, the delimiter or the first sentence that is none."""
    after_colon = item = False
    for unit in _units(span.text, 0, min(len(span.text), _HEAD)):
        if _OPEN.match(unit.text) is not None:
            return
        kind = _kind(unit)
        if kind == "header":
            span.start, span.marked = unit.end, True
            return
        if kind == "cue" and not (span.said and span.said[-1]):
            return
        if kind == "":
            if item and _BULLET.match(unit.text):
                raise Unfit("a list of labels that holds one we do not know")
            span.marked = span.asked and after_colon
            return
        item = kind == "item"
        if kind in ("form", "item") and span.asked and not (unit.fresh or kind == "item" or _opens_form(unit.text)):
            return
        if kind == "ask" and span.asked and not (unit.fresh or _opens_form(unit.text) or unit.text.endswith(("?", ":"))):
            return
        span.start = unit.end
        if kind != "cue":
            span.said.append(unit.text)
        span.asked = span.asked or kind == "ask" or (kind == "list" and task_of("\n".join(span.said)) is not None)
        after_colon = unit.text.endswith(":") and kind in ("ask", "form", "list")


def _opens_form(text: str) -> bool:
    first = WORD.search(text)
    return first is not None and first.group().lower() in FORM_OPENERS


def _peel_tail(span: _Span) -> None:
    """Takes cues, answer forms, option lists and, where the front had none, the question off the back."""
    low = max(span.start, span.end - _TAIL)
    run: list[tuple[_Unit, str]] = []
    for unit in reversed(_units(span.text, low, span.end)):
        kind = _kind(unit)
        if kind == "" and not span.asked and not any(k == "ask" for _, k in run):
            unit, kind = _glued(unit)
        if kind == "" or (kind in ("header", "rule") and span.asked and not unit.text.startswith("#")):
            break
        if unit.start < span.end - _TAIL + 1 and low > span.start:
            break
        run.append((unit, kind))
    run.reverse()
    if not span.asked:
        first = next((i for i, (unit, kind) in enumerate(run) if kind == "ask" or (kind == "list" and unit.fresh)), None)
        if first is None:
            run = [r for r in run if r[1] == "cue"][-1:] if run and run[-1][1] == "cue" else []
        else:
            while first and run[first - 1][0].fresh and run[first - 1][1] in ("form", "rule") and not run[first][0].fresh:
                first -= 1
            run = run[first:]
    else:
        first = next((i for i, (unit, _) in enumerate(run) if unit.fresh), len(run))
        run = run[first:]
    if run:
        span.end = run[0][0].start
        span.said.extend(unit.text for unit, kind in run if kind != "cue")
        span.asked = span.asked or any(kind in ("ask", "list") for _, kind in run)


def _glued(unit: _Unit) -> tuple[_Unit, str]:
    """A question that follows the text without a full stop: "spiderman rocks What is the sentiment?"."""
    for m in _QUESTION.finditer(unit.text):
        late = _Unit(unit.text[m.start() :], unit.end - len(unit.text) + m.start(), unit.end, fresh=False)
        if late.text.endswith("?") and _kind(late) == "ask":
            return late, "ask"
    return unit, ""


def _block(span: _Span) -> str | None:
    """The inside of the tags, fence or triple quotes at the front; the rest must be instruction throughout."""
    m = _OPEN.match(span.text, span.start)
    if m is None:
        return None
    close = f"</{m['tag']}>" if m["tag"] else m["fence"] or m["triple"]
    at = span.text.rfind(close, m.end())
    if at < 0:
        return None
    after = _units(span.text, at + len(close), len(span.text))
    kinds = [_kind(unit) for unit in after]
    if "" in kinds or len(after) >= _MOST_UNITS:
        return None
    span.said.extend(u.text for u, kind in zip(after, kinds, strict=True) if kind != "cue")
    span.asked = span.asked or bool({"ask", "list"} & {*kinds})
    inside = span.text[m.end() : at].strip()
    return inside if inside and close not in inside else None


def _quoted(text: str, key: str, shown: list[str]) -> _Parsed | None:
    """A question around one quoted text: 'Is the review "..." positive or negative?'."""
    if len(text) > _HEAD:
        return None
    quotes = [m for m in _INLINE.finditer(text) if len(WORD.findall(m["inner"])) > 2 or len(quotes_words(m["inner"])) > 1]
    if len(quotes) != 1:
        return None
    m = quotes[0]
    outside = f"{text[: m.start()]} text {text[m.end() :]}"
    units = _units(outside, 0, len(outside))
    kinds = [_kind(unit) for unit in units]
    if "" in kinds or not {"ask", "list"} & {*kinds} or "header" in kinds:
        return None
    return _Parsed("\n".join([*(u.text for u, k in zip(units, kinds, strict=True) if k != "cue"), *shown]), m["inner"].strip(), key=key)


def quotes_words(inner: str) -> list[str]:
    """Words of a quotation that are no label words; a quoted label is not a quoted text."""
    return [word for word in WORD.findall(inner.lower()) if word not in LABEL_WORDS]


def _shown_only(span: _Span, key: str) -> _Parsed | None:
    """Examples without any instruction: the task is in the cue's name or in the labels."""
    body = span.text
    if span.said:
        return None
    demos, rest, _ = _demonstrations(body)
    cue = next((m["cue"].lower() for m in _CUE_LINE.finditer(body)), "")
    rest = _unwrapped(rest, marked=True)
    if len(demos) < 2 or not rest or not _single(rest, demos=True):
        return None
    return _Parsed({"sentiment": "sentiment:", "polarity": "sentiment:", "spam": "spam:", "toxic": "toxic:"}.get(cue, ""), rest, demos, key)


def _demonstrations(body: str) -> tuple[tuple[tuple[str, str], ...], str, bool]:
    """Worked examples in front of the text: ((text, word), ...), the text, and whether a cue line ends it."""
    cut = _END_CUE.search(body, max(0, len(body) - 40))
    lines = list(_CUE_LINE.finditer(body)) or (list(_ARROW.finditer(body)) if "=>" in body or "->" in body or "→" in body else [])
    if not lines or (len(lines) == 1 and not lines[0]["word"].strip()):
        end = lines[0].start() if lines else (cut.start() if cut else len(body))
        return (), body[:end].strip(), bool(lines or cut)
    demos, at = [], 0
    for m in lines:
        inside = m.re is _ARROW
        text = m["text"] if inside else body[at : m.start()]
        if not m["word"].strip():
            return tuple(demos), text.strip(), True
        demos.append((_unwrapped(text, marked=True), m["word"].strip().strip("\"'`.*")))
        at = m.end()
    return tuple(demos), body[at:].strip(), False


def _unwrapped(body: str, marked: bool) -> str:
    """The text without its header ("Review:") and the quotes around it."""
    body = body.strip()
    m = _HEADER_LINE.match(body)
    if m is not None and (marked or m.end() < len(body)):
        body = body[m.end() :].strip()
    for left, right in (('"""', '"""'), ("```", "```"), ('"', '"'), ("“", "”"), ("`", "`"), ("(", ")"), ("'", "'"), ("**", "**")):
        if len(body) > len(left) + len(right) and body.startswith(left) and body.endswith(right):
            inner = body[len(left) : -len(right)]
            if left not in inner and right not in inner:
                return inner.strip()
    return body


def _plain(body: str) -> bool:
    """An unmarked text must not begin or end with what may be an instruction that was not understood."""
    if _HEADER_LINE.search(body[:_HEAD]) is not None or _OPEN_LINE.search(body[:_HEAD]) is not None:
        return False
    units = _units(body[:_HEAD], 0, min(len(body), _HEAD))
    first = units[0].text if units else ""
    if _WHY.match(first):
        return False
    return not (_ORDERS.match(first) or _TALK.search(first) or len(set(_sides(first))) > 1)


def _sides(text: str) -> list[str]:
    return [label for task in LABELS for label, _, _, _ in found(task, text) if label not in ("yes", "no", "neutral", "not_toxic")]


def _single(body: str, demos: bool) -> bool:
    """One text only, with no field of another task in it and no order at its end."""
    if _FIELD_LINE.search(body[:_HEAD]) or _PLURAL_DATA.search(body[:_HEAD]):
        return False
    if not demos and len(_HEADER_LINE.findall(body[:_HEAD])) > 0:
        return False
    if demos and _HEADER_LINE.search(body[:_HEAD]):
        return False
    tail = body[-_TAIL:]
    units = _units(tail, 0, len(tail))
    last = units[-1] if units else None
    if last is None or len(units) < 2:
        return last is not None and not _ALSO.match(last.text)
    return not ((_ORDERS.match(last.text) and (last.fresh or _TALK.search(last.text))) or _TALK.search(last.text) or _ALSO.match(last.text))


def _sound(text: str, asks: Wanted) -> bool:
    """There must be words to classify, and more than a label."""
    words = WORD.findall(text[:400])
    return bool(words) and not (len(words) <= 2 and any(text.strip().lower() == w.lower() for w in asks.labels.values()))


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
    if side not in sides or words or task != {"spam": "spam_detection", "toxic": "toxicity", "positive": "sentiment"}[side]:
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
    whole = wanted(f"{said}\nlabels: {' / '.join(words)}") if said else wanted(f"labels: {' / '.join(words)}")
    if whole is None or set(whole.labels.values()) != set(words):
        return None
    return whole
