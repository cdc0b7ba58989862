"""Prompts around held-out rows of the data sets, in wordings that no grammar was made for, and what is served of them.

The wordings are used here only. A place `{labels}` takes the label list in one of three layouts, `{t}` or `{a}` and
`{b}` the texts; a row takes one wording after the other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from classifiers.train.lessons import Example, Lesson, Tagged, lessons
from router.reading.bound import Bound

MOST = 300  # prompts of a task
SEED = 11
NEAR = 1.0  # on a scale from 0 to 5: the distance up to which a score counts as right
_ONE = "{t}"
WORDINGS: Mapping[str, Sequence[str]] = {
    "sentiment": (
        "Which sentiment label fits this text? {labels}\n\nText: {t}",
        "Assign the sentiment of the passage to one class. Classes: {labels}\n\nPassage: {t}",
        "{t}\n\nHow would you classify the sentiment of the text above? Choose from: {labels}",
        "You will read a comment. State its sentiment using one of these labels: {labels}.\n\nComment: {t}",
        "Sentiment task. Answer with {labels} and nothing else.\nInput: {t}\nSentiment:",
        "Please judge the sentiment expressed here ({labels}).\n\n<text>\n{t}\n</text>",
    ),
    "toxicity": (
        "Does this post belong to the class toxic or to the class not toxic? Options: {labels}\n\nPost: {t}",
        "Toxicity screening. Pick one label out of {labels}.\n\nComment: {t}",
        "Comment: {t}\n\nJudge the toxicity of the comment: {labels}",
        "You work as a content moderator. Tag the message as {labels}.\n\nMessage: {t}",
        "Decide on the toxicity of the text. Answer {labels} only.\n\n{t}",
        "Assess whether the following content is {labels}.\n\n```\n{t}\n```",
    ),
    "spam_detection": (
        "Spam check. Reply with {labels}.\n\nSMS: {t}",
        "Tell me whether this text message is {labels}.\n\nText message: {t}",
        "Message: {t}\n\nIs that message {labels}?",
        "You are a spam filter. Assign {labels} to the SMS.\n\nSMS: {t}",
        "Put the message into one of the classes {labels}.\n\n{t}",
        "Predict the spam label ({labels}).\nMessage: {t}\nLabel:",
    ),
    "emotion": (
        "Name the emotion in the message. Options: {labels}\n\nMessage: {t}",
        "Text: {t}\n\nThe emotion of the text is which of these? {labels}",
        "Emotion detection: choose exactly one of {labels}.\n\nText: {t}",
        "From the list {labels}, select the emotion that the author feels.\n\n{t}",
        "You detect emotions. Give the label ({labels}) for this post.\n\nPost: {t}",
        "Assign one emotion label.\nLabels: {labels}\nInput: {t}\nOutput:",
    ),
    "topic_classification": (
        "Which category does the question belong to? {labels}\n\nQuestion: {t}",
        "Assign the question to a category. Categories: {labels}\n\nQuestion: {t}",
        "Question: {t}\n\nPick its category: {labels}",
        "You sort questions. Choose one class of {labels}.\n\nQuestion: {t}",
        "Classify by topic or type.\nClasses: {labels}\nInput: {t}\nOutput:",
        "Tag this question with one of the following labels: {labels}.\n\n{t}",
    ),
    "intent_classification": (
        "Which intent does the user have? {labels}\n\nUser: {t}",
        "Classify the intent of the utterance. Intents: {labels}\n\nUtterance: {t}",
        "Utterance: {t}\n\nPick the intent from this list: {labels}",
        "You route the requests of customers. Choose exactly one intent of {labels}.\n\nRequest: {t}",
        "Intent detection.\nLabels: {labels}\nInput: {t}\nOutput:",
        "Tell me the intent of the query, as one of the following: {labels}\n\nQuery: {t}",
    ),
    "nli": (
        "How does the hypothesis relate to the premise? {labels}\n\nPremise: {a}\nHypothesis: {b}",
        "Premise: {a}\nHypothesis: {b}\n\nState the inference relation: {labels}",
        "Textual inference. Classes: {labels}\nPremise: {a}\nHypothesis: {b}\nClass:",
        "Decide if the premise supports the hypothesis. Answer {labels}.\n\nPremise: {a}\nHypothesis: {b}",
        "You label pairs for natural language inference with {labels}.\n\nPremise: {a}\nHypothesis: {b}",
        "Judge the hypothesis by the premise and reply with one of {labels}.\n\nPremise: {a}\n\nHypothesis: {b}",
    ),
    "paraphrase_detection": (
        "Is the second sentence a paraphrase of the first? {labels}\n\nSentence 1: {a}\nSentence 2: {b}",
        "Sentence 1: {a}\nSentence 2: {b}\n\nLabel the pair: {labels}",
        "Paraphrase identification. Classes: {labels}\nSentence A: {a}\nSentence B: {b}\nClass:",
        "Do both sentences have the same meaning? Choose {labels}.\n\nSentence 1: {a}\nSentence 2: {b}",
        "You compare two sentences. Reply with {labels}.\n\nSentence 1: {a}\nSentence 2: {b}",
        "Text 1: {a}\nText 2: {b}\nOne of {labels}, judging by meaning:",
    ),
    "semantic_similarity": (
        "How similar in meaning are the two sentences, from 0 to 5?\n\nSentence 1: {a}\nSentence 2: {b}",
        "Sentence 1: {a}\nSentence 2: {b}\n\nSemantic similarity on a scale of 0 to 5:",
        "Give a number between 0 (unrelated) and 5 (same meaning) for this pair.\n\nText 1: {a}\nText 2: {b}",
        "STS: rate the pair from 0.0 to 5.0.\nA: {a}\nB: {b}\nScore:",
        "Rate the semantic similarity (0-5), answer with the number only.\n\nSentence A: {a}\nSentence B: {b}",
        "What is the degree of similarity between text 1 and text 2, 0 to 5?\n\nText 1: {a}\nText 2: {b}",
    ),
    "acceptability": (
        "Judge the grammar of this sentence: {labels}\n\nSentence: {t}",
        "Sentence: {t}\n\nIs the sentence above {labels}?",
        "Linguistic acceptability. Labels: {labels}\nInput: {t}\nLabel:",
        "You check grammar. Reply with {labels} for the sentence.\n\nSentence: {t}",
        "Decide whether the following is {labels} English.\n\n{t}",
        'Is the sentence "{t}" {labels}?',
    ),
    "data_annotation": (
        "Annotate for subjectivity with {labels}.\n\nText: {t}",
        "Sentence: {t}\n\nIs this sentence {labels}?",
        "Subjectivity annotation. Codes: {labels}\nSentence: {t}\nCode:",
        "You are a human annotator. Assign {labels} to the sentence.\n\nSentence: {t}",
        "Decide whether the text is {labels}.\n\n{t}",
        "Label the following sentence as {labels}.\n\nSentence: {t}",
    ),
    "ner": (
        "Find the named entities of the types {labels}.\n\nText: {t}",
        "Text: {t}\n\nList all named entities ({labels}) in the text.",
        "Named entity tagging. Types: {labels}\nSentence: {t}\nEntities:",
        "Extract entities as a JSON object with the keys {labels}.\n\nText: {t}",
        "Mark every entity of type {labels} in this sentence, one per line.\n\nSentence: {t}",
        "Which entities ({labels}) are in the sentence?\n\n{t}",
    ),
}
_SAID = {"not_toxic": "not toxic", "ham": "not spam", "not_paraphrase": "not paraphrase"}
_TASKS = {
    "feeling": "emotion", "question": "topic_classification", "stackoverflow": "topic_classification",
    "banking77": "intent_classification", "clinc150": "intent_classification", "hwu64": "intent_classification",
    "subjectivity": "data_annotation", "spam": "spam_detection", "paraphrase": "paraphrase_detection",
    "similarity": "semantic_similarity", "wikigold": "ner", "wnut17": "ner",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, what it was made of, and the gold answer in the expert's own words."""

    task: str
    text: str
    texts: tuple[str, str]
    labels: frozenset[str]
    gold: str

    def bound_right(self, bound: Bound | None) -> bool:
        """Whether the reader found the task, the texts as they are, and the label set."""
        if (
            bound is None
            or bound.task != self.task
            or (_bare(bound.input), _bare(bound.other))
            != (
                _bare(self.texts[0]),
                _bare(self.texts[1]),
            )
        ):
            return False
        return bound.kind == "score" or bound.labels.keys() == self.labels

    def right(self, bound: Bound, answer: str) -> bool:
        """Whether an answer is the gold one, as the prompt wants it written."""
        if bound.kind == "score":
            gold = bound.written(self.gold)
            return gold is not None and abs(float(answer) - float(gold)) <= NEAR
        return answer == bound.written(self.gold)


def _bare(text: str) -> str:
    """A text without the quotation marks or brackets around it, which may be the prompt's as well as its own."""
    return text.strip(" \"'“”‘’`()")


def rendered(data: Path) -> list[Rendered]:
    """At most `MOST` prompts a task, drawn evenly from its collections and from the sources of each."""
    pools: dict[str, list[list[Rendered]]] = {}
    for lesson in lessons(data):
        task = _TASKS.get(lesson.name, lesson.name)
        pools.setdefault(task, []).extend(_of(lesson, task))
    return [each for found in pools.values() for pool in found for each in pool[: MOST // len(found)]]


def _of(lesson: Lesson, task: str) -> Iterator[list[Rendered]]:
    """The prompts of a collection, a list for each set of labels that its rows choose from."""
    draw = random.Random(f"{SEED} {lesson.name}")  # noqa: S311 - a fixed draw, not a secret
    by_set: dict[tuple[str, ...], list[Example | Tagged]] = {}
    for each in lesson.examples:
        if each.part == "test" and not each.assumed and each.text.strip() == each.text and "\n" not in each.text:
            by_set.setdefault(_labels(lesson, each), []).append(each)
    for tagged in lesson.tagged:
        if tagged.part == "test":
            by_set.setdefault(_labels(lesson, None), []).append(tagged)
    for labels, rows in by_set.items():
        draw.shuffle(rows)
        yield [_prompt(task, labels, row, place, draw) for place, row in enumerate(rows[:MOST])]


def _labels(lesson: Lesson, example: Example | None) -> tuple[str, ...]:
    if lesson.kind == "score":
        return ()
    if example is None:
        return tuple(sorted({tag[2:] for tag in lesson.labels if tag != "O"}))
    if "|" in example.label or (lesson.name == "nli" and example.source == "rte"):
        return ("entailment", "not_entailment")
    return example.among or lesson.labels


def _prompt(task: str, labels: tuple[str, ...], row: Example | Tagged, place: int, draw: random.Random) -> Rendered:
    wording = WORDINGS[task][place % len(WORDINGS[task])]
    words = [_SAID.get(label, label) for label in labels]
    layout = draw.randrange(3) if len(words) < 8 else 0
    listed = (
        f"{', '.join(words[:-1])}{' or ' if len(words) == 2 else ', '}{words[-1]}"
        if words and layout < 2
        else " / ".join(words)
    )
    one, two = (" ".join(row.words), "") if isinstance(row, Tagged) else (row.text, row.other)
    text = wording.replace("{labels}", listed).replace("{t}", one).replace("{a}", one).replace("{b}", two)
    return Rendered(task, text, (one, two), frozenset(labels), _gold(row))


def _gold(row: Example | Tagged) -> str:
    if isinstance(row, Example):
        return "not_entailment" if "|" in row.label else row.label
    found: list[list[str]] = []
    for word, tag in zip(row.words, row.tags, strict=True):
        if tag.startswith("B-") or (tag != "O" and (not found or found[-1][0] != tag[2:])):
            found.append([tag[2:], word])
        elif tag != "O":
            found[-1][1] += f" {word}"
    return orjson.dumps(found).decode()
