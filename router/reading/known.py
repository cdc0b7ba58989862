"""What the running experts can answer, and the words in which a prompt may name it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.reading.bound import BoundKind
from router.reading.words_of_labels import WORDS


@dataclass(frozen=True, slots=True)
class Known:
    """One label set that an expert answers for.

    `synonyms` has further words for a label, beside the label itself and the words that everybody knows (`WORDS`).
    `template` is a prompt with `{text}`, or with `{a}` and `{b}`: what matches it needs no reading.
    """

    task: str
    labels: frozenset[str] = frozenset()
    kind: BoundKind = "label"
    template: str = ""
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)

    def named(self, label: str) -> list[str]:
        """All words for one of the labels: its own name, those that everybody knows, and the operator's."""
        common = WORDS.get(self.task, {}).get(label, "")
        return [label, *(common.split("|") if common else ()), *self.synonyms.get(label, ())]

    def words(self) -> dict[str, str]:
        """Every word that may stand for a label, squeezed, with the label; none that could stand for two.

        A label's own name wins over another label's synonym.
        """
        own = {squeezed(label): label for label in sorted(self.labels)}
        found: dict[str, set[str]] = {}
        for label in self.labels:
            for word in self.named(label):
                found.setdefault(squeezed(word), set()).add(label)
        return {word: labels.pop() for word, labels in found.items() if word and len(labels) == 1} | own

    def spellings(self) -> list[str]:
        """The words with their gaps, as patterns; longest first."""
        patterns = {_pattern(word) for label in self.labels for word in self.named(label)}
        return sorted(patterns - {""}, key=lambda pattern: (-len(pattern), pattern))

    @property
    def readable(self) -> bool:
        """Whether its labels can be told apart when case, blanks and signs are left out."""
        return len({squeezed(label) for label in self.labels} - {""}) == len(self.labels)


PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W_]+")
_GAP = r"[\s_/.&#-]{0,3}"


def squeezed(word: str) -> str:
    """A label word without case, blanks and signs: "Sci/Tech" and "sci_tech" are one."""
    return re.sub(r"[\W_]+", "", word.lower())


def _pattern(word: str) -> str:
    return _GAP.join(re.escape(part.lower()) for part in PARTS.findall(word))


def _sets(task: str, *sets: str, kind: BoundKind = "label") -> list[Known]:
    return [Known(task, frozenset(labels.split()), kind) for labels in sets]


# Without a word from the running experts: what ships, but for the intents, whose label sets belong to their experts.
DEFAULT: tuple[Known, ...] = (
    *_sets("sentiment", "negative positive", "negative neutral positive"),
    *_sets("toxicity", "not_toxic toxic"),
    *_sets("spam_detection", "ham spam"),
    *_sets(
        "emotion",
        "anger joy optimism sadness",
        "anger disgust fear joy sadness surprise",
        "anger disgust fear joy neutral sadness surprise",
    ),
    *_sets(
        "topic_classification",
        "abbreviation description entity human location numeric",
        "World Sports Business Sci/Tech",
        "ajax apache bash cocoa drupal excel haskell hibernate linq magento matlab oracle osx qt scala "
        "sharepoint spring "
        "svn visual-studio wordpress",
    ),
    *_sets("nli", "contradiction entailment neutral", "entailment not_entailment", kind="pair"),
    *_sets("paraphrase_detection", "not_paraphrase paraphrase", kind="pair"),
    Known("semantic_similarity", kind="score"),
    *_sets("acceptability", "acceptable unacceptable"),
    *_sets("data_annotation", "objective subjective"),
    *_sets("ner", "LOC MISC ORG PER", "corporation creative-work group location person product", kind="entities"),
)
