"""The reader for every expert: lists of labels, pairs, scores, entities, templates; and where it keeps off."""

from __future__ import annotations

import orjson
import pytest

from router.bench.speed import as_request
from router.reader import read
from router.reading.known import Known
from router.reading.templates import TemplateError, check_template

PAIR = "\n\nPremise: A man sleeps.\nHypothesis: A man is awake."
TWO = "\n\nSentence 1: He left.\nSentence 2: He went away."


@pytest.mark.parametrize(
    ("text", "task", "labels"),
    [
        (
            "Which emotion does the post convey (anger, joy, optimism, sadness)?\n\nWhat a day!",
            "emotion",
            {"anger": "anger", "joy": "joy", "optimism": "optimism", "sadness": "sadness"},
        ),
        (
            "Is the hypothesis entailed by the premise? Answer yes, no or maybe." + PAIR,
            "nli",
            {"entailment": "yes", "contradiction": "no", "neutral": "maybe"},
        ),
        (
            "Do sentence 1 and sentence 2 mean the same thing? Answer yes or no." + TWO,
            "paraphrase_detection",
            {"paraphrase": "yes", "not_paraphrase": "no"},
        ),
        (
            "Does the following sentence contain a grammatical error? Answer yes or no.\n\nSentence: He go home.",
            "acceptability",
            {"unacceptable": "yes", "acceptable": "no"},
        ),
        (
            "Is the sentence subjective or objective?\n\nSentence: The lamp is a marvel.",
            "data_annotation",
            {"subjective": "subjective", "objective": "objective"},
        ),
    ],
)
def test_a_label_list_is_read_for_its_task(text: str, task: str, labels: dict[str, str]) -> None:
    bound = read(as_request(text))
    assert bound is not None
    assert (bound.task, dict(bound.labels)) == (task, labels)
    assert {bound.written(label) for label in labels} == set(labels.values())
    assert bound.written("something else") is None


def test_a_pair_keeps_premise_and_hypothesis_apart() -> None:
    forward = read(as_request("Can we conclude sentence 2 from sentence 1? (yes, no, maybe)" + TWO))
    backward = read(as_request("Can we conclude sentence 1 from sentence 2? (yes, no, maybe)" + TWO))
    assert forward is not None
    assert backward is not None
    assert (forward.input, forward.other) == ("He left.", "He went away.") == (backward.other, backward.input)


@pytest.mark.parametrize(
    ("scale", "written"),
    [
        ("from 0 to 5", "3.7"),
        ("from 0 to 100", "73"),
        ("from 0.0 to 1.0", "0.73"),
        ("from 1 to 5", "3.9"),
        ("from 0 (unrelated) to 5 (equivalent), as an integer", "4"),
    ],
)
def test_a_score_is_written_on_the_prompts_scale(scale: str, written: str) -> None:
    bound = read(as_request(f"Rate the similarity of the two sentences {scale}." + TWO))
    assert bound is not None
    assert (bound.kind, bound.written("0.731"), bound.written("none")) == ("score", written, None)


@pytest.mark.parametrize(
    ("ask", "written"),
    [
        ("Find every entity of type PER, LOC, ORG, MISC in the text.", "PER: Ann, Bob\nLOC: Rome"),
        (
            "NER task. Output a list of (span, type) pairs. Types: PER, LOC, ORG, MISC.",
            '[("Ann", "PER"), ("Rome", "LOC"), ("Bob", "PER")]',
        ),
        ("Find every entity of type PER or LOC in the text. Return JSON.", '{"PER":["Ann","Bob"],"LOC":["Rome"]}'),
        (
            "Tag each token of the sentence with BIO labels for LOC, PER.",
            "Ann B-PER\nleft O\nRome B-LOC\nwith O\nBob B-PER",
        ),
        ("Mark the PER, LOC, ORG, MISC entities in the text with square brackets.", "[Ann] left [Rome] with [Bob]"),
    ],
)
def test_entities_take_the_prompts_form(ask: str, written: str) -> None:
    bound = read(as_request(f"{ask}\n\nText: Ann left Rome with Bob"))
    found = orjson.dumps([["PER", "Ann"], ["LOC", "Rome"], ["PER", "Bob"]]).decode()
    assert bound is not None
    assert (bound.kind, bound.input, bound.written(found)) == ("entities", "Ann left Rome with Bob", written)
    assert bound.written("no JSON") is None


@pytest.mark.parametrize(
    "text",
    [
        "Which emotion does the post convey (anger, joy, optimism, sadness, love)?\n\nWhat a day!",
        "Which emotion does the post convey (anger, joy, optimism)?\n\nWhat a day!",
        "Which emotion does the post convey (anger, joy, optimism, sadness)? Explain.\n\nWhat a day!",
        "Which emotion does the post convey (anger, joy, optimism, sadness)?\n\nWhat a day!\nThink step by step.",
        "Which emotion does Ann feel towards Bob (anger, joy, optimism, sadness)?\n\nWhat a day!",
        "Is this review positive, negative or other?\n\nI loved it so much",
        "Label the pair: yes or no." + TWO,
        "Does sentence 1 differ in meaning from sentence 2 and mean the same? yes or no" + TWO,
        "Is the hypothesis contradicted by the premise? Answer yes, no or maybe." + PAIR,
        "Rate the similarity of the two sentences from 0 (identical) to 5 (unrelated)." + TWO,
        "Rate the similarity of the two sentences." + TWO,
        "Find every entity of type PER, DATE in the text.\n\nText: Ann left",
        "Do sentence 1 and sentence 2 mean the same thing? yes or no" + TWO + "\nSentence 3: He is gone.",
    ],
)
def test_what_is_unclear_is_left_to_the_llm(text: str) -> None:
    assert read(as_request(text)) is None


MINE = Known("triage", frozenset({"lost_card", "new_card", "other-matter"}), synonyms={"lost_card": ("card gone",)})


def test_an_operators_own_label_set_is_read() -> None:
    text = "What does the customer want? Choose from NEW CARD, card gone, other matter.\n\nmy wallet was stolen"
    bound = read(as_request(text), (MINE,))
    assert bound is not None
    assert dict(bound.labels) == {"new_card": "NEW CARD", "lost_card": "card gone", "other-matter": "other matter"}
    assert read(as_request(text)) is None


def test_a_declared_template_needs_no_reading() -> None:
    template = "Dear clerk, file under lost_card, new_card, other-matter:\n{text}\nBlimey!"
    known = Known("triage", MINE.labels, template=template)
    bound = read(as_request("Dear clerk,  file under lost_card, new_card,\nother-matter: gone! Blimey!"), (known,))
    assert bound is not None
    assert (bound.input, bound.written("new_card")) == ("gone!", "new_card")
    with pytest.raises(TemplateError, match="needs \\{text\\}"):
        check_template(Known("triage", MINE.labels, template="no place"))
