"""Labelled rows from word templates, noisy enough that no expert is always right: nothing that was built for."""

from __future__ import annotations

import csv
import random
from pathlib import Path

SUBJECTS = {
    "invoice": ["the invoice", "an amount on my bill", "the VAT line", "a double charge", "the payment terms"],
    "delivery": ["the parcel", "the courier", "my shipment", "the tracking page", "the pallet at the gate"],
    "returns": ["the broken lamp", "a refund form", "the wrong size", "the return label", "the warranty claim"],
    "account": ["my password", "the login page", "our second user", "the e-mail address on file", "two-factor codes"],
}
FRAMES = (
    "Could somebody look into {}? {}",
    "I have a question about {}. {}",
    "{} again, since {}!",
    "Hello, {} is not as it should be. {}",
    "urgent: {} - {}",
    "We talked about {} yesterday, {}",
)
ENDS = (
    "It has been like this since {month}.",
    "my colleague {name} wrote to you twice",
    "Please call {name} before noon.",
    "Nobody in the {city} office knows more.",
    "that is all I can say for now, {name}",
    "{name} from {city} will be back in {month}.",
)
WORDS = {
    "month": ["January", "March", "May", "July", "September", "November"],
    "name": ["Ines", "Tomas", "Akira", "Ola", "Priya", "Jean", "Maud", "Felix", "Noor", "Sam"],
    "city": ["Lyon", "Oslo", "Porto", "Gdansk", "Leeds", "Turin", "Graz", "Cork"],
}
LABELS = tuple(sorted(SUBJECTS))


def generated(n: int, seed: int = 0, wrong: float = 0.01) -> list[tuple[str, str]]:
    """n different texts with their labels, a share of which is wrong."""
    draw = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < n:
        label = draw.choice(LABELS)
        end = draw.choice(ENDS).format(**{kind: draw.choice(words) for kind, words in WORDS.items()})
        text = draw.choice(FRAMES).format(draw.choice(SUBJECTS[label]), end)
        found[text] = draw.choice(LABELS) if draw.random() < wrong else label
    return list(found.items())


def as_csv(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(rows)
    return path
