"""The words in which people ask for a classification, and what their label words mean.

The vocabulary is closed on purpose: an instruction that uses one word from outside it is not understood,
and the reader abstains. "Is arsenic toxic?" or "the sentiment towards Apple" fail on that word alone.
"""

from __future__ import annotations

import re


def words_of(text: str) -> frozenset[str]:
    """A word list written as a sentence."""
    return frozenset(text.split())


def any_of(cues: tuple[str, ...], low: str) -> bool:
    """A dozen substring searches cost less than one regex; they keep the regexes off most prompts."""
    return any(map(low.__contains__, cues))


WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

TEXTS = words_of(
    "quote extract entry piece body string sample item note submission thread blurb testimonial notification dm chat "
    "post's opinionated subtitle "
    "text review tweet comment post message sentence sms email mail statement passage paragraph document feedback "
    "input content line remark snippet excerpt headline caption utterance article phrase reply reveiw mesage coment"
)
_KINDS = words_of(
    "movie film product customer user hotel restaurant book app service airline amazon yelp imdb twitter online "
    "social "
    "media short single forum youtube facebook reddit incoming phone mobile client guest buyer chat store"
)
_COMMON = words_of(
    "whichever applies apply appropriate right per set list out among within when where such someone would've one's "
    "carefully simply quick quickly kindly directly strictly clearly briefly final correctly accurately job role act "
    "acting work receive received get got sent gets per along side sides more they their let's "
    "a an the this that it its is are was were be been being do does did can could should would will "
    "must may of for to "
    "in on by from as at with into about and or if whether not no yes either one only just exactly using use which "
    "what what's how my your you i me we our below above following next given preceding previous provided current "
    "based here need want please know help task test instruction instructions q hi hello ie i.e suppose so than "
    "other "
    "nothing else any it's between two three 2 3 has have there labelled labeled named e b c d 0 1 "
    "these exam embodied reasonable reader group people slur slurs harmful harm find whose let u pls plz i'd "
    "decision figure whats some "
    "few example examples quotes quoted backticks triple double delimited enclosed surrounded wrapped inside "
    "tags xml you're you'll lowercase uppercase lower upper case folowing follwing more"
)
ACTIONS = words_of(
    "sort put gauge spot screen filter specify report name reveal examine look inspect work act go treat see "
    "classify classifies categorize categorise label tag mark flag determine decide detect identify predict assess "
    "evaluate analyze analyse judge tell say state give return output respond reply answer choose pick select assign "
    "perform read check rate moderate describe print think find consider infer recognize recognise clasify "
    "classfy classifiy"
)
_VERBS = words_of(
    "sound sounds come comes across carry carries reflect reflects indicate indicates suggests show shows sorted "
    "treated labelled counts count counted looks look gives leans lean written says meant regarded "
    "marked considered contain contains express expresses expressed convey conveys conveyed seem seems feel feels "
    "feeling think described perceived seen go goes moderated enjoy enjoyed like liked classified labelled violate "
    "violates removed being belongs belong falls describes fits act reads"
)
_AGENTS = words_of(
    "author writer reviewer viewer critic person speaker moderator expert assistant ai classifier model engine "
    "system "
    "analyst tool bot filter detector helpful careful concise concisely specialist answers accurate author's "
    "writer's "
    "analyzer trust safety professional"
)
_TOPICS = words_of(
    "verdict impression view judgement judgment evaluation mood unwanted inbox mailbox community "
    "guidelines standards rules "
    "rule platform website moderating advert advertisement "
    "sentiment polarity tone attitude opinion overall general analysis classification detection "
    "subject toxicity speech "
    "language insult insults insulting harassment moderation policy advertising folder category binary movie's our"
)
_FORM = words_of(
    "word words labels option options tags categories class classes possible allowed valid choices choice outputs "
    "answer letter number digit code json key field format object form short brief concise keep single exact "
    "corresponding correct property set step value output response result prediction answers available "
    "sentiment's lone matching correct best most sentimnt sentimet sentiement sentement"
)

LABEL_WORDS = words_of(
    "positive pos favourable favorable good positively negative neg unfavourable unfavorable bad "
    "negatively neutral neu "
    "toxic hateful hate offensive abusive remove removed non nontoxic inoffensive acceptable keep clean normal civil "
    "benign spam junk unsolicited ham legitimate legit genuine yes no not ok okay safe"
)
VOCABULARY = TEXTS | _KINDS | _COMMON | ACTIONS | _VERBS | _AGENTS | _TOPICS | _FORM | LABEL_WORDS

# A sentence that begins like this addresses the assistant, not the reader of a review.
OPENERS = ACTIONS | words_of(
    "please can could is are does do did was would should what what's whats how which whether your you in for "
    "as given based "
    "the this use using options possible allowed labels categories classes choices valid only just one suppose "
    "i i'd pls "
    "plz task "
    "available answers tags either keep nothing respond no"
)
FORM_OPENERS = words_of(
    "please use using options possible allowed labels categories classes choices valid only just one available "
    "answers "
    "tags keep nothing your do answer answers reply respond return output choose pick select give print no say"
)

# Silence about everything but the answer; says nothing about the labels.
SILENCE = re.compile(
    r"\b(?:do not|don't|never|without|with no|and no|no)\s+(?:explain|explanations?|include|including|"
    r"add|adding|provide|providing|"
    r"give|giving|output|write|return|any|further|other|additional|extra|punctuation|reasoning|"
    r"justif\w+|preamble|commentary)"
    r"\b[^.?!:\n]{0,60}|\b(?:and|or|with) nothing else\b|\bnothing else\b|\bno need to explain\b",
    re.IGNORECASE,
)
