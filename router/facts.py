"""What a plain reading of a request tells: sizes, forms, cues. No model, no I/O, well under a fifth of a millisecond.

Each detector of router/detectors/ reads the same prepared texts (`Seen`) and prefers missing a case to inventing one,
for each of them can move a request to a dearer model. The row ids in their docstrings name the rules in
policies/survey.md that they serve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from router.detectors.candidates import candidates
from router.detectors.context import context, overlap
from router.detectors.difficulty import difficulty
from router.detectors.drawing import symbol_art
from router.detectors.forms import demonstrations, labels, output
from router.detectors.harm import harm
from router.detectors.mixing import code_mixed
from router.detectors.noise import noise, perturbed
from router.detectors.pii import pii
from router.detectors.probes import hindsight, information_choice, memo_trap, negation, verbatim_repeat
from router.detectors.redefinition import counterfactual, redefined_symbol
from router.detectors.seen import Seen
from router.detectors.several import tasks
from router.detectors.stakes import about_people, domain
from router.detectors.translation import translation
from router.detectors.unseen import forecasting, parsing, ranking
from router.detectors.wishes import calculation, implicit, niche_fact, rationale, synthesis
from router.types import CUES, Facts

DETECTORS: Mapping[str, Callable[[Seen], Any]] = {
    "redefined-symbol": redefined_symbol,
    "counterfactual": counterfactual,
    "memo-trap": memo_trap,
    "hindsight": hindsight,
    "negation": negation,
    "verbatim-repeat": verbatim_repeat,
    "information-choice": information_choice,
    "perturbed": perturbed,
    "calculation": calculation,
    "rationale": rationale,
    "synthesis": synthesis,
    "implicit": implicit,
    "niche-fact": niche_fact,
    "symbol-art": symbol_art,
    "about-people": about_people,
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
    "difficulty": difficulty,
    "noise": noise,
    "domain": domain,
    "harm": harm,
    "pii": pii,
}
_CUES = tuple((name, DETECTORS[name]) for name in CUES)


def read_facts(seen: Seen, tokens: int, language: Callable[[str], str]) -> Facts:
    """All facts of a request.

    Args:
        seen: the request and its prepared texts.
        tokens: of the whole conversation; whoever embeds the text has them already.
        language: ISO 639-1 code of a text, "und" when undecided.
    """
    request, listed = seen.request, labels(seen)
    moved = translation(seen.text, request.system, language)
    return Facts(
        tokens=tokens,
        turns=sum(m.role == "user" for m in request.messages),
        language=language(seen.text) if seen.text.strip() else "und",
        code_mixed=code_mixed(seen),
        tools=bool(request.body.get("tools") or request.body.get("functions")),
        modalities=tuple(sorted({kind for m in request.messages for kind in m.modalities})),
        output=output(seen, listed),
        labels=listed,
        demonstrations=demonstrations(seen),
        context=context(seen),
        overlap=overlap(seen),
        candidates=candidates(seen),
        cues=tuple([name for name, found in _CUES if found(seen)]),
        tasks=tasks(seen),
        difficulty=difficulty(seen),
        noise=noise(seen),
        source_language=moved.source_language,
        target_language=moved.target_language,
        source_tier=moved.source_tier,
        target_tier=moved.target_tier,
        source_related=moved.source_related,
        domain=domain(seen),
        harm=harm(seen),
        pii=pii(seen),
    )
