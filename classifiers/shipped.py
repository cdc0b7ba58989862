"""What ships: the artefacts under `classifiers/models`, loaded together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from classifiers.cues import CueHeads
from classifiers.difficulty import DifficultyHead
from classifiers.embed import Encoder, Look, StaticEmbedder
from classifiers.expert import Expert
from classifiers.novelty import PromptNovelty
from classifiers.second import SecondTaskHead
from classifiers.task import Guess, TaskHead

FOLDER = Path(__file__).parent / "models"
MANIFEST = "MANIFEST.json"
EXPERTS = "experts"


@dataclass(frozen=True, slots=True)
class Shipped:
    """Everything learned that a running router needs; `experts` by name."""

    embedder: StaticEmbedder
    encoder: Encoder
    task: TaskHead
    second: SecondTaskHead
    novelty: PromptNovelty
    cues: CueHeads
    difficulty: DifficultyHead
    experts: Mapping[str, Expert]
    folder: Path = FOLDER

    @classmethod
    def load(cls, folder: Path | None = None) -> Shipped:
        """Load all artefacts of a folder, the packaged one by default, in well under a second.

        Raises OSError when a file is missing. File hashes are not checked here: MANIFEST.json holds them.
        """
        place = folder or FOLDER
        encoder = Encoder.load(place / "encoder")
        return cls(
            embedder=StaticEmbedder.load(place / "static"),
            encoder=encoder,
            task=TaskHead.load(place / "task"),
            second=SecondTaskHead.load(place / "second", encoder),
            novelty=PromptNovelty.load(place / "novelty"),
            cues=CueHeads.load(place / "cues"),
            difficulty=DifficultyHead.load(place / "difficulty"),
            experts={name: Expert.load(place / EXPERTS / name) for name in expert_names(place)},
            folder=place,
        )

    def task_of(self, text: str) -> Guess:
        """The task type of one text: by the first look, and where that is unsure by both; never raises."""
        look = self.embedder.look(text)
        guess = self.task.predict(look)
        return self.second_guess(look, text) if guess.confidence < self.second.blend.below else guess

    def second_guess(self, look: Look, text: str) -> Guess:
        """The task type by both looks; a few milliseconds."""
        return self.task.guess(self.second.probabilities(self.task.scores(look), text), "second")


def expert_names(folder: Path | None = None) -> list[str]:
    """The experts of a folder, the packaged one by default, without loading them."""
    place = (folder or FOLDER) / EXPERTS
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def expert_tasks(folder: Path | None = None) -> Mapping[str, str]:
    """The task type that each expert of a folder serves, by the expert's name, without loading them."""
    place = (folder or FOLDER) / EXPERTS
    cards = {name: place / name / "expert.json" for name in expert_names(folder)}
    return {name: str(json.loads(card.read_text(encoding="utf-8"))["task"]) for name, card in cards.items()}


def hashes(folder: Path) -> dict[str, str]:
    """sha256 of every file below the folder but its manifest, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
