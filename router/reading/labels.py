"""What an instruction asks for: which task, and which of its words stands for which label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from router.reading.wording import SILENCE, WORD, words_of

_PLAIN_LABELS = {
    "sentiment": {
        "positive": "positive pos favourable favorable good positively",
        "negative": "negative neg unfavourable unfavorable bad negatively",
        "neutral": "neutral neu",
    },
    "toxicity": {
        "toxic": "toxic|hateful|hate speech|hate|offensive|abusive|remove|removed",
        "not_toxic": "(?:not|non)[ _-]?(?:toxic|hateful|hate(?: speech)?|offensive|abusive)|no[ _-]hate(?: speech)?|"
        "nontoxic|inoffensive|acceptable|keep|clean|normal|neutral|civil|benign|ok|okay|safe",
    },
    "spam_detection": {
        "spam": "spam|junk|unsolicited",
        "ham": "(?:not|non|no)[ _-]?(?:spam|junk)|ham|legitimate|legit|normal|genuine|ok|okay|safe",
    },
}
_STRONG = {
    "sentiment": re.compile(
        r"\b(?:sentiment|sentimn?e?t|senti?ement|polarity|positive(?:ly)?|negative(?:ly)?|pos|neg|"
        r"(?:un)?favou?rable)\b",
        re.IGNORECASE,
    ),
    "toxicity": re.compile(
        r"(?<!\w)(?:(?:non)?toxic|toxicity|hate|hateful|(?:in)?offensive|abusive|insult(?:s|ing)?|harassment)"
        r"(?!\w)",
        re.IGNORECASE,
    ),
    "spam_detection": re.compile(r"(?<!\w)(?:spam|ham|junk|unsolicited)(?!\w)", re.IGNORECASE),
}
_MODERATION = re.compile(r"\b(?:trust[ -]and[ -]safety|moderation|moderate)\b", re.IGNORECASE)
_WEAK = re.compile(r"\b(?:opinion|attitude|tone|feels?|feeling|enjoy(?:ed)?|review|reviewer)\b", re.IGNORECASE)
_LIKES = re.compile(
    r"\b(?:reviewer|author|writer|critic|viewer|customer|person)\b.{0,20}\b(?:enjoy|like)\b", re.IGNORECASE
)
_DEFAULT = re.compile(r"\b(?:sentiment|sentimn?e?t|senti?ement|polarity)\b", re.IGNORECASE)
_ASKS_WHICH = re.compile(
    r"\b(?:what|what's|how|classify|determine|identify|predict|detect|analy[sz]e|assess|tell|give|perform|label|"
    r"output|"
    r"return|decide|evaluate|judge|state|classifier|analyzer|sentiment analysis|sentiment "
    r"classification)\b|\bsentiment\?|\bis$",
    re.IGNORECASE,
)
_YES_NO_ASKED = re.compile(
    r"(?:^|[\n.?!:,]\s*)(?:(?:q:|please|so)\s*)?(?:is|are|was|does|do|did|can|could|should|"
    r"would)\b[^.!?\n]{0,160}(?:\?|\n|$)|"
    r"\b(?:tell me|say|decide|determine|check|identify|detect|judge|assess|flag)\b[^.?!\n]{0,40}\b(?:if|whether)\b",
    re.IGNORECASE,
)
_OR_NOT = re.compile(r"\bor not\b(?=\s*(?:[?.,:;()\n]|$))", re.IGNORECASE)
_GLOSS = re.compile(r"(?<=\w)\s*\((?:i\.?e\.?,?\s*)?(?:not|non)[ -](?:spam|toxic)\)", re.IGNORECASE)
_OTHER = re.compile(r"[\"'`”’]?,?\s*(?:/|\||or|and)\s*[\"'`“‘]?(?:other|none|else|any|something)\b", re.IGNORECASE)
_GAP_WORDS = words_of("or and vs versus either a an the b c d 1 2 3 0 option as") | {
    "message",
    "review",
    "opinion",
}


def _label_pattern(task: str) -> re.Pattern[str]:
    """One pattern whose named groups are the task's labels, the longer wordings first."""
    groups = []
    for label, words in sorted(_PLAIN_LABELS[task].items(), key=lambda kv: kv[0] in ("toxic", "spam")):
        groups.append(f"(?P<{label}>{words if '|' in words else '|'.join(words.split())})")
    return re.compile(
        rf"(?<![\w-])(?:{'|'.join(groups)}|(?P<yes>yes)|(?P<no>no)(?!\s+(?:other|more|extra)))(?![\w-])", re.IGNORECASE
    )


LABELS: Mapping[str, re.Pattern[str]] = {task: _label_pattern(task) for task in _PLAIN_LABELS}
_CODE = r"(?P<code>-?\d|[A-D])"
_QUOTE = r"[\"'`“”‘’]?"
_CODE_FIRST = re.compile(
    rf"(?<![\w.]){_QUOTE}\(?{_CODE}\)?{_QUOTE}\s*(?:=|:|->|→|for|means|if(?: it is| the \w+ is)?|"
    rf"is)\s*(?:a |an )?{_QUOTE}(?=(?P<label>[A-Za-z][A-Za-z _-]*))"
)
_CODE_THEN_LABEL = re.compile(r"(?<![\w.(])(?P<code>-?\d)\s*\(\s*(?=(?P<label>[A-Za-z][A-Za-z _-]*))")
_CODE_LAST = re.compile(rf"(?P<label>[A-Za-z][A-Za-z-]*){_QUOTE}\s*(?:=|->|→|as)\s*{_QUOTE}{_CODE}(?!\w)")
_CODE_IN_BRACKETS = re.compile(rf"(?P<label>[A-Za-z][A-Za-z-]*(?: [a-z]{{1,9}})?){_QUOTE}\s*\((?P<code>-?\d)\)")
_BRACKETED = re.compile(r"\(-?\d\)")
_BARE_OR_NOT = re.compile(
    r"(?P<before>^|\n|: |\bas )(?P<side>spam|junk|toxic|hateful|hate speech|offensive|abusive) or not\b"
    r"(?! (?:spam|junk|toxic|hate|offensive|abusive))",
    re.IGNORECASE,
)
# A degree, or a text to be written.
_NO_LABEL_ASKED = re.compile(
    r"\bwhich (?:words?|parts?|phrases?|span) (?:in|of|from)\b|"
    r"\bhow (?:much|strongly|positive|negative|toxic|offensive|hateful|abusive)\b|"
    r"\b(?:return|output|give|print|state|report|find|list|tell|say|respond with|reply with|answer with)\b(?: "
    r"me)? an? "
    r"(?:positive|negative|neutral|good|bad|spam|ham|junk|toxic|not toxic|hateful|offensive|safe) (?:review|message|"
    r"comment|text|tweet|post|sms|email|mail|opinion|feedback|reply|statement|sentence)\b",
    re.IGNORECASE,
)
_NOT_CODE = re.compile(r"\bor not\s*\((?=\d\))")
_CODE_OR_NOT = re.compile(r"\b([01])\s+(?:if (?:it is |it's )?not|if it isn't|otherwise)(?=[.,\n]|$)")
_OPTION = re.compile(r"(?<!\w)\(?(?P<code>[A-Da-d1-4])[).:]\s*[\"'`]?(?=(?P<label>[A-Za-z][A-Za-z _-]*))")
WANTS_CODE = re.compile(
    r"\b(?:with|by|only|just|give|return|output|choose|pick|the|correct)\s+(?:(?:the|its|a|only|just|"
    r"correct|corresponding|single|option|option's)\s+){0,3}"
    r"(?:letter|number|digit|code)\b|\b[Aa]nswer (?:with )?(?:either )?\(?A\)?(?:,| or) \(?B\b|"
    r"\b(?:answer|reply|respond|return|output)\b.{0,20}\b[01] or [01]\b"
)

Found = tuple[str, str, int, int]  # label (or yes, no), the prompt's word, start, end


@dataclass(frozen=True, slots=True)
class Wanted:
    """The task of an instruction and, in the prompt's order, which word stands for which label."""

    task: str
    labels: Mapping[str, str]
    listed: bool = True  # False: no list in the prompt, `labels` is the default


def found(task: str, text: str) -> list[Found]:
    """Every label word of `task` in `text`, "yes" and "no" included, in order."""
    return [(str(m.lastgroup), m.group(), m.start(), m.end()) for m in LABELS[task].finditer(text)]


# Callers have checked the vocabulary, so what these caches hold is never anybody's data.
@lru_cache(maxsize=1_024)
def task_of(text: str) -> str | None:
    """The one task that an instruction speaks of, or None when it is none or several."""
    strong = [task for task, pattern in _STRONG.items() if pattern.search(text)]
    if len(strong) == 1:
        return strong[0]
    if strong:
        return None
    if _MODERATION.search(text):
        return "toxicity"
    return "sentiment" if _WEAK.search(text) else None


@lru_cache(maxsize=1_024)
def wanted(text: str) -> Wanted | None:
    """Reads an instruction (without the text to classify); None where it is unclear or asks for other labels."""
    task = task_of(text)
    if task is None:
        return None
    text = SILENCE.sub("", _GLOSS.sub("", _OR_NOT.sub("", _spelt_out(task, text))))
    words = found(task, text)
    if _negated(text, words) or _NO_LABEL_ASKED.search(text) is not None:
        return None
    codes = _codes(task, text)
    if codes is not None:
        sides = {label for label, *_ in words} - {"yes", "no"}
        return Wanted(task, codes) if len(codes) > 1 and sides == codes.keys() else None
    listed = _lists(text, words)
    asks = _listed(task, text, words, listed[-1]) if listed else _unlisted(task, text, words)
    return asks if asks is None else _cased(asks, text.lower())


def _spelt_out(task: str, text: str) -> str:
    """The other side in words, where "not" or "otherwise" stands for it: "spam or not:", "1 if toxic, 0 if not"."""
    if "not" not in text and "otherwise" not in text:
        return text
    text = _BARE_OR_NOT.sub(_both_sides, text)
    side = {"spam_detection": "spam", "toxicity": "toxic"}.get(task)
    if side is None:
        return text
    return _CODE_OR_NOT.sub(rf"\1 = not {side}", _NOT_CODE.sub(f"or not {side} (", text))


def _both_sides(m: re.Match[str]) -> str:
    side = m["side"] if m["side"].isupper() else m["side"].lower()
    return f"{m['before']}{side} or not {side}"


def _cased(asks: Wanted, low: str) -> Wanted | None:
    """The labels in the case that the instruction asks for in words."""
    lower, upper = (re.search(rf"\b{case}[ -]?case\b", low) is not None for case in ("lower", "upper"))
    if not (lower or upper):
        return asks
    if lower and upper:
        return None
    return replace(asks, labels={label: word.lower() if lower else word.upper() for label, word in asks.labels.items()})


def _listed(task: str, text: str, words: list[Found], last: list[Found]) -> Wanted | None:
    """The last list of the instruction is the one to answer in."""
    if last[0][0] in ("yes", "no"):
        rest = [w for w in words if w[0] not in ("yes", "no")]
        answers = {w[0]: w[1] for w in last}
        if answers["yes"] == "Yes" or answers["no"] == "No":
            answers = {answer: answer.title() for answer in answers}  # "Yes or no?" is answered by "Yes" or "No"
        return _yes_no(task, text, rest, answers)
    if any(w[0] in ("yes", "no") for w in words):
        return None
    labels = {label: word for label, word, _, _ in last}
    first, *others = labels
    if labels[first].istitle() and all(labels[label].islower() for label in others):
        labels[first] = labels[first].lower()  # the capital of a sentence, not of a label
    if any(word.lower() in ("positively", "negatively") for word in labels.values()):
        labels = {label: label for label in labels}
    return Wanted(task, labels)


def _negated(text: str, words: list[Found]) -> bool:
    """Whether a "not" is left over that belongs to no label: which side it turns around is anyone's guess."""
    at = 0
    for _, _, start, end in words:
        if _NOT.search(text, at, start):
            return True
        at = end
    return _NOT.search(text, at) is not None


_NOT = re.compile(r"\b(?:not|isn't|doesn't|never|n't)\b", re.IGNORECASE)


def _codes(task: str, text: str) -> dict[str, str] | None:
    """Codes that stand for labels ("1 for positive, 0 for negative"); None when none is to be answered.

    Lettered options are answered by letter only where the prompt says so.
    """
    low = text.lower()
    if not any(c in low for c in ("0", "1", "2", "letter", "number", "digit", "code", "(a)", " a or", " a, b")):
        return None
    asked = WANTS_CODE.search(text) is not None
    codes = _bracketed(task, text)
    if codes:
        return codes if asked or ("0" in codes.values() and "word" not in low) else {}
    for pattern in (_CODE_FIRST, _CODE_THEN_LABEL, _CODE_LAST, *((_OPTION,) if asked else ())):
        for m in pattern.finditer(text):
            label = LABELS[task].match(m["label"].strip())
            # An enumerated list ("1: positive") looks like a code; only 0 and an explicit wish make it one.
            if label is not None and label.lastgroup not in ("yes", "no") and label.lastgroup not in codes:
                codes[str(label.lastgroup)] = m["code"]
        if codes:
            break
    if not codes:
        return {} if asked else None
    return codes if asked or set(codes.values()) & {"0"} or " for " in text else None


def _bracketed(task: str, text: str) -> dict[str, str]:
    """Codes in brackets behind their labels: "positive (1) or negative (0)"."""
    first = _BRACKETED.search(text)
    if first is None or not any(end <= first.start() for _, _, _, end in found(task, text)):
        return {}
    pairs = ((LABELS[task].search(m["label"]), m["code"]) for m in _CODE_IN_BRACKETS.finditer(text))
    return {str(label.lastgroup): code for label, code in pairs if label is not None}


def _lists(text: str, words: list[Found]) -> list[list[Found]]:
    """Runs of two or more different labels with nothing but separators between them."""
    runs: list[list[Found]] = []
    for word in words:
        if runs:
            gap = text[runs[-1][-1][3] : word[2]]
            if (
                len(gap) < 24
                and "?" not in gap
                and gap.count("(") <= gap.count(")")
                and _GAP_WORDS.issuperset(WORD.findall(gap.lower()))
            ):
                runs[-1].append(word)
                continue
        runs.append([word])
    good = []
    if any(_OTHER.match(text, run[-1][3]) for run in runs if len(run) > 1):
        return []
    for run in runs:
        labels = {w[0] for w in run}
        if len(labels) < 2:
            continue
        if len(labels) < len({w[1] for w in run}) or ({"yes", "no"} & labels and labels != {"yes", "no"}):
            return []
        good.append(run)
    return good


def _unlisted(task: str, text: str, words: list[Found]) -> Wanted | None:
    """No list: labels named apart ("positive if ..., otherwise negative"), a yes/no question, or the default."""
    labels: dict[str, str] = {}
    one_side = len({w[0] for w in words}) == 1
    for label, word, _, _ in words:
        if labels.setdefault(label, word) != word and not one_side:
            return None
    if {"yes", "no"} & labels.keys():
        return None
    if len(labels) > 1:
        return Wanted(task, labels) if " if " in text or " when " in text else None
    if labels or _LIKES.search(text):
        return _yes_no(task, text, words, {"yes": "Yes", "no": "No"}) if _YES_NO_ASKED.search(text) else None
    if task == "sentiment" and _DEFAULT.search(text) and _ASKS_WHICH.search(text) and "rate" not in text.lower():
        return Wanted(task, {"positive": "positive", "negative": "negative", "neutral": "neutral"}, listed=False)
    return None


_SIDES = {
    "positive": ("positive", "negative"),
    "negative": ("negative", "positive"),
    "toxic": ("toxic", "not_toxic"),
    "not_toxic": ("not_toxic", "toxic"),
    "spam": ("spam", "ham"),
    "ham": ("ham", "spam"),
}


def _yes_no(task: str, text: str, rest: list[Found], words: Mapping[str, str]) -> Wanted | None:
    """A yes/no question names one side; naming both leaves open which of them is the "yes"."""
    sides = {w[0] for w in rest}
    if not sides and task == "sentiment" and _LIKES.search(text):
        sides = {"positive"}
    if len(sides) != 1 or not sides <= _SIDES.keys():
        return None
    yes, no = _SIDES[sides.pop()]
    order = {"yes": yes, "no": no}
    return Wanted(task, {order[answer]: word for answer, word in words.items()})
