"""What a sentence or line is in a prompt with a marked list: rule, header, field, cue, ask, form, scene or note."""

from __future__ import annotations

import re

from router.reading.lists import LISTED
from router.reading.prompt import HELPS
from router.reading.scenes import scene
from router.reading.sentences import CUES, GREETING, HEADER_WORDS, PREFACE, SYSTEM_WORDS, Unit
from router.reading.tasks import Language
from router.reading.wording import ACTIONS, OPENERS, SILENCE, TEXTS, WORD, words_of

QUOTED = ("\ue001", "\ue002")  # stand for the two texts of a pair that were quoted in the instruction
_LONGEST = 90  # words in a sentence that is still an instruction
HEADERS = HEADER_WORDS | words_of(
    "query request question item title utterance customer's user's data description row record segment unit string "
    "opinion example e caption dialogue headline article story news test target material content youtube video reddit "
    "facebook forum online chat complaint page source original trivia span case"
)
_OPENERS = OPENERS | words_of(
    "provide provides read decide recognise recognize tag mark extract annotate compare score estimate may under if "
    "assuming apply sort natural duplicate linguistic perform how consider find list highlight locate compute "
    "calculate "
    "measure produce quantify write suppose imagine on from between with semantic textual named entity emotion topic "
    "intent grammatical acceptability code act spot put file given whichever rate assign determine label"
)
_LOOSE_OPENERS = ACTIONS | words_of(
    "please can could is are do does which what what's how whether your you given based decide annotate "
    "compare tag mark "
    "extract find list highlight locate score estimate compute measure under if assuming task goal objective act"
)
_ASKED = words_of(
    "question query request title item row record segment unit string opinion example e caption dialogue "
    "headline article "
    "story target span complaint"
)
_FIELDS = re.compile(
    r"(?:here is (?:a|the) )?(?:the )?(?:(?:premise|hypothesis|context|claim|statement|text|sentence|question|"
    r"passage|paragraph|document|"
    r"conclusion|evidence|assertion|phrase|snippet|caption|request|tweet|headline|message|comment|utterance|title|post|"
    r"query|article|description|item|first|second|input|sent|q|s|t)(?: (?:sentence|text|question|phrase))?"
    r"(?: ?#?(?:[12]|[AaBb]|one|two))?|[AaBb]):$",
    re.IGNORECASE,
)
OPENING = re.compile(r"\s*(?:<(?P<tag>[A-Za-z_]{1,24})>|(?P<fence>```|~~~)(?:[a-z]{0,12}\n)?|(?P<triple>\"\"\"|'''))")
_SHELL = re.compile(r"(?im)^[ \t]*(?:#{1,4}[ \t]*|\*\*)?(?:instructions?|task|prompt|system|user)[ \t]*:(?:\*\*)?")
_CUE_WORDS = CUES | words_of(
    "intent topic emotion category relation relationship score similarity entities entity types "
    "duplicate paraphrase rating grammatical acceptable judgement acceptability labels tags type named list output"
)
LISTS = re.compile(r"(?:the )?(?:possible |allowed |valid |permitted |available |candidate )?(?:answers?|"
r"options|labels?|categor(?:y|ies)|choices|classes|"
    r"values|tags|types|intents?|topics|emotions|outputs?|entity types)(?: are)?:$", re.IGNORECASE)  # fmt: skip

ONLY_LIST = re.compile(rf"(?:[a-z]+ ){{0,2}}(?:answers?|options|labels?|categories|choices|classes|values|tags|types|"
rf"codes|topics|emotions|outputs?|candidates|buckets|sections|task)(?: are)?: *{LISTED}", re.IGNORECASE)  # fmt: skip
ORDER = re.compile(
    r"(?:now |please )*(?:code|label|classify|annotate|tag|categori[sz]e|mark|rate|judge|score|evaluate|assess|compare|"
    r"read|consider|analy[sz]e) (?:the|this|these) (?:(?:following|given|next|two|new|pair of) )*[a-z]+"
    r"(?: pair| below| above| carefully)*[.:]?$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"(?:[A-Z][\w-]*(?: [\w-]+){0,4}|[a-z]+(?: [a-z]+){0,3}): (?=\S)")
_DEFINES = re.compile(
    r"(?:definition|(?:task )?(?:description|definition)|codebook|variable|code|attribute|dimension):", re.IGNORECASE
)
BARE_HEADER = re.compile(r"(?:question|example|query|request):$", re.IGNORECASE)
_SHORT = 4  # words of a heading
_SETS = re.compile(
    r"(?:in this (?:task|exercise|job|experiment)|you (?:will|are (?:given|shown|presented|annotating|"
    r"labell?ing|screening|"
    r"reading|going|asked|working|to)|get|have|see)|"
    r"we (?:are|want|need|have)|you are an? (?:[\w-]+ ){0,4}(?:system|engine|expert|annotator|assistant|model|"
    r"tool|linguist|"
    r"moderator|classifier|analyst|labell?er|logician|researcher|editor|filter|coder|rater|judge|checker|service)|"
    r"below|here|given|for (?:a|an|our|the)|as an?|your (?:task|job|goal)|two|act as|the)\b",
    re.IGNORECASE,
)
_GIVES = re.compile(
    r"(?:in this task,? )?you(?:'re| are| will be|'ll be) (?:given|shown|presented|provided)\b(?!.*\b(?:task|decide|"
    r"determine|classify|label)\b)",
    re.IGNORECASE,
)
_PAIR_HEADER = re.compile(
    r"(?:(?:here|these|below|the following) (?:are|is) )?(?:the |these |this |both |following |given |a |two |"
    r"pair of )*"
    r"(?:sentences?|texts?|questions?|pairs?|statements?|captions?|requests?|inputs?)(?: pair)?:$",
    re.IGNORECASE,
)


def kind_of(unit: Unit, language: Language, system: bool = False) -> str:  # noqa: PLR0911 - a return for each kind
    """What a unit is: rule, header, field, cue, ask, form, scene or note; "" for what is no instruction.

    As in `sentences.kind_of`; a field is the name of one text of a pair, a note a sentence that asks for nothing.
    """
    text = unit.text.strip("*").strip()
    if _DEFINES.fullmatch(text):
        return "rule"
    if not text or (len(text) < 60 and PREFACE.match(text)):
        return "rule"
    if _SHELL.fullmatch(text):
        return "rule"
    if system and HELPS.match(text):
        return ""
    if LISTED not in text and QUOTED[0] not in text and WORD.search(text) is None:
        return "rule" if len(text) < 80 and text[0] not in "\"“`'<" and text.isascii() else ""
    if text[0] in "hHoOsSyY":
        text = GREETING.sub("", text, count=1)
    if language.pair and _FIELDS.fullmatch(text):
        return "field"
    if language.pair and _PAIR_HEADER.match(text):
        return "header"
    said = SILENCE.sub(" ", text.lower())
    words = WORD.findall(said)
    if len(words) > _LONGEST or "@" in said or "http" in said or "</" in said:
        return ""
    plain = plain_words(words)
    further = SYSTEM_WORDS if system else HEADERS if text.endswith(":") else frozenset[str]()
    if language.knows(plain, further):
        return _kind(text, words, language)
    if text.lower().startswith("you") and scene(text) is not None:
        return "scene"
    return _loose_kind(text, words, language) if not system and language.gathers(plain, text) else ""


def is_title(text: str) -> bool:
    """Whether a sentence only names the task: "Duplicate detection:"."""
    words = WORD.findall(text.lower())
    return text[-1] in ".:" and LISTED not in text and 0 < len(words) <= _SHORT and words[0] not in ACTIONS


def _is_heading(text: str, words: list[str]) -> bool:
    """Whether a few words are a title ("Fact verification:", "Mobile operator filter."), not an order."""
    return len(words) <= _SHORT and text[-1] in ".:" and words[0] not in _OPENERS


def _loose_kind(text: str, words: list[str], language: Language) -> str:
    """The kind of a sentence with a few unknown words: it has the list, or opens like a question and names the task."""
    if LISTED in text or QUOTED[1] in text:
        return "ask"
    if not language.speaks_of(text):
        return "note" if _SETS.match(text) or _is_heading(text, words) else ""
    heading = _HEADING.match(text)
    opening = WORD.search(text, heading.end() if heading is not None else 0)
    if text.endswith("?") or (opening is not None and opening.group().lower() in _LOOSE_OPENERS):
        return "ask"
    return "note" if _SETS.match(text) else ""


def plain_words(words: list[str]) -> list[str]:
    """The words without "'s"."""
    return [word[:-2] if word.endswith(("'s", "’s")) else word for word in words if word not in ("what's", "that's")]


def _kind(text: str, words: list[str], language: Language) -> str:
    """The kind of a sentence of known words."""
    if not words:
        return "ask" if LISTED in text else "form"
    if LISTS.match(text):
        return "form"
    if LISTED not in text and (text.endswith(":") or text.startswith("#")):
        if _CUE_WORDS.issuperset(words) and (words != ["a"] or text == "A:"):
            return "cue"
        if HEADERS.issuperset(words) and not (TEXTS | _ASKED).isdisjoint(words):
            return "header"
    if LISTED in text or QUOTED[1] in text:
        return "ask"
    opens = text.endswith(("?", ":")) or words[0] in _OPENERS
    if language.speaks_of(text) and (opens or len(words) <= 6):
        return "note" if text.endswith(".") and _GIVES.match(text) else "ask"
    return "form" if opens else "note"
