"""What a plain reading of a request tells: sizes, forms, cues. No I/O, well under a fifth of a millisecond.

Each detector of router/detectors/ reads the same prepared texts (`Seen`) and prefers missing a case to inventing one,
for each of them can move a request to a dearer model. What the learned cue heads heard in the same request joins them:
the patterns know few wordings for certain, the heads hear what nobody wrote down. The row ids in the docstrings name
the rules in policies/survey.md that a detector serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from classifiers.cues import NOTHING, Heard
from router.detectors.candidates import candidates
from router.detectors.context import context, overlap
from router.detectors.drawing import symbol_art
from router.detectors.forms import demonstrations, labels, output
from router.detectors.harm import harm
from router.detectors.mixing import code_mixed
from router.detectors.noise import noise, perturbed
from router.detectors.pii import pii
from router.detectors.probes import memo_trap, negation, verbatim_repeat
from router.detectors.redefinition import counterfactual, redefined_symbol
from router.detectors.seen import Seen
from router.detectors.several import tasks
from router.detectors.translation import translation
from router.detectors.unseen import forecasting, parsing, ranking
from router.detectors.wishes import calculation, implicit, maybe_vague, niche_fact, rationale, synthesis
from router.types import CUES, Facts

DETECTORS: Mapping[str, Callable[[Seen], Any]] = {
    "redefined-symbol": redefined_symbol,
    "counterfactual": counterfactual,
    "memo-trap": memo_trap,
    "negation": negation,
    "verbatim-repeat": verbatim_repeat,
    "perturbed": perturbed,
    "calculation": calculation,
    "rationale": rationale,
    "synthesis": synthesis,
    "implicit": implicit,
    "niche-fact": niche_fact,
    "symbol-art": symbol_art,
    "ranking": ranking,
    "forecasting": forecasting,
    "parsing": parsing,
    "code-mixed": code_mixed,
    "output": output,
    "labels": labels,
    "demonstrations": demonstrations,
    "context": context,
    "overlap": overlap,
    "candidates": candidates,
    "tasks": tasks,
    "noise": noise,
    "harm": harm,
    "pii": pii,
}


def _unseen(_seen: Seen) -> bool:
    """Of a cue that only the heads know."""
    return False


_CUES = tuple((name, DETECTORS.get(name, _unseen)) for name in CUES)


def read_facts(seen: Seen, tokens: int, language: Callable[[str], str], heard: Heard = NOTHING) -> Facts:
    """All facts of a request.

    Args:
        seen: the request and its prepared texts.
        tokens: of the whole conversation; whoever embeds the text has them already.
        language: ISO 639-1 code of a text, "und" when undecided.
        heard: by the cue heads.
    """
    cues = heard.cues if maybe_vague(seen) else heard.cues - {"implicit"}
    request, listed = seen.request, labels(seen)
    moved = translation(seen.text, request.system, language)
    return Facts(
        tokens=tokens,
        turns=sum(m.role == "user" for m in request.messages),
        language=language(seen.text) if seen.text.strip() else "und",
        code_mixed=code_mixed(seen),
        tools=bool(request.body.get("tools") or request.body.get("functions")),
        modalities=tuple(sorted({kind for m in request.messages for kind in m.modalities})),
        output=_or_heard(output(seen, listed), "free", heard, "output"),
        labels=listed,
        demonstrations=demonstrations(seen),
        context=context(seen),
        overlap=overlap(seen),
        candidates=candidates(seen),
        cues=tuple([name for name, found in _CUES if name in cues or found(seen)]),
        tasks=max(tasks(seen), 1 + ("tasks" in cues)),
        difficulty=round(min(1.0, max(0.0, heard.grades.get("difficulty", 0.0))), 3),
        noise=noise(seen),
        source_language=moved.source_language,
        target_language=moved.target_language,
        source_tier=moved.source_tier,
        target_tier=moved.target_tier,
        source_related=moved.source_related,
        domain=heard.kinds.get("domain", "none"),
        harm=_or_heard(harm(seen), "none", heard, "harm"),
        pii=pii(seen),
    )


def _or_heard(told: str, nothing: str, heard: Heard, name: str) -> str:
    """What the pattern told; where that is nothing, what the heads heard, which is "other" of a plain cue."""
    if told != nothing:
        return told
    return heard.kinds.get(name, "other" if name in heard.cues else nothing)
