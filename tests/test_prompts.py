"""Thirty prompts of our own, sent to the keyless start: does each go where it should?"""

from __future__ import annotations

from pathlib import Path

import httpx
import orjson

from tests.servers import Surveyor

PROMPTS = [orjson.loads(line) for line in (Path(__file__).parent / "data/prompts.jsonl").read_text().splitlines()]
AT_LEAST = 27


def test_prompts_go_where_they_should(keyless: Surveyor) -> None:
    assert len(PROMPTS) == 30
    misses = []
    for row in PROMPTS:
        body = {"model": "auto", "messages": [{"role": "user", "content": row["prompt"]}]}
        found = httpx.post(f"{keyless.v1}/explain", json=body).json()
        steps = [step for step in found["decision"]["steps"] if not step.startswith("cache.")]
        right = found["decision"]["kind"] == row["kind"] and steps[0] == row.get("target", "hosted.small")
        if not right:
            misses.append(f"{row['prompt'][:60]!r}: {found['decision']['kind']} {steps[0]}")
    assert len(PROMPTS) - len(misses) >= AT_LEAST, "\n".join(misses)
