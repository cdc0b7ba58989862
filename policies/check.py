"""Rules that load and yet cannot mean what they say: found by looking at all of them together.

    rules/mine.yaml:6: error: rule 'mine.law': never decides: 'data.zero' (…/data.yaml:6) catches every request that it
    matches; ask it earlier (write `before: data.zero`), or narrow 'data.zero'

An error is certain: what `boxes.py` cannot tell for sure is not reported. A note tells what is idle.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.boxes import AT_FIRST, BEFORE_ROUTE, Boxes, Space, TooManyError, limits
from policies.conditions import thresholds_in
from policies.demands import BOUNDS, Clash, against, alone, shown
from policies.engine import Policy
from policies.findings import Around, Finding, Seen, Severity, flow, joined, short
from policies.located import read
from policies.schema import Profile
from policies.signals import SIGNALS
from policies.store import PolicyStore, Sourced

Names = Sequence[str]
MOST_NAMED = 4  # rules or task types in one message

_LATER = {*AT_FIRST, *BEFORE_ROUTE}  # signals that are another thing in a later stage


def check(store: PolicyStore, around: Around) -> list[Finding]:
    """All that is wrong with the rules in force, errors first."""
    tuned = zip(store.sources, store.current.rules, strict=True)
    found = findings(store.current, [replace(each, rule=rule) for each, rule in tuned], around)
    return sorted((*found, *_unused(store)), key=lambda each: each.severity)


def findings(policy: Policy, sources: Sequence[Sourced], around: Around) -> list[Finding]:
    """What is wrong with rules, each given with its place, in their order."""
    return [*_Check(policy, sources, around).findings()]


class _Check:
    def __init__(self, policy: Policy, sources: Sequence[Sourced], around: Around) -> None:
        self.around = around
        self.thresholds = policy.thresholds
        self.space = Space((each.rule.conditions for each in sources), policy.thresholds, policy.taxonomy)
        self.stages = {each.rule.id: each.rule.stage for each in sources}
        self.rules = [self._seen(each) for each in sources if each.rule.status != "off"]

    def _seen(self, source: Sourced) -> Seen:
        seen = Seen(source, None)
        rule = source.rule
        seen.boxes = self._try(lambda: self.space.boxes(rule.conditions, rule.stage))
        seen.acts = seen.boxes
        if seen.local and seen.boxes is not None:
            boxes = seen.boxes
            seen.acts = self._try(lambda: self.space.both(boxes, [self.space.at("expert", "open")]))
        return seen

    @staticmethod
    def _try(ask: Callable[[], Boxes]) -> Boxes | None:
        try:
            return ask()
        except TooManyError:
            return None

    def findings(self) -> Iterator[Finding]:
        for at, seen in enumerate(self.rules):
            yield from self._before(seen)
            if seen.acts is not None and not seen.acts:
                yield self._never(seen)
                continue
            yield from self._branches(seen)
            caught = self._caught(seen, self.rules[:at]) if seen.active else None
            if caught:
                yield caught
            elif seen.active:
                yield from self._idle(seen)
        active = [seen for seen in self.rules if seen.active and seen.acts]
        for stage in ("tier", "shape", "flag"):
            yield from self._contradictions([seen for seen in active if seen.source.rule.stage == stage])

    def _finding(self, seen: Seen, key: str, severity: Severity, message: str, suggestion: str) -> Finding:
        return Finding(seen.source.file.path, seen.line(key), seen.id, severity, message, suggestion)

    def _severity(self, seen: Seen, others: Sequence[Seen] = ()) -> Severity:
        """A shipped rule that an operator has put out of action is no mistake."""
        if seen.own:
            return "error"
        used = {word for each in (seen, *others) for _, word in thresholds_in(each.source.rule.conditions)}
        return "note" if any(each.own for each in others) or used & set(self.around.changed) else "error"

    # ── a rule that never matches ────────────────────────────────────────────────────────────────

    def _never(self, seen: Seen) -> Finding:
        rule = seen.source.rule
        parts, severity = rule.conditions, self._severity(seen)
        if seen.boxes:  # it matches, but no expert is open then
            core = self._core({**parts, "all": [*parts.get("all", ()), {"expert": "open"}]}, seen, {"all"})
            said = self._said(parts, [name for name in core if name in parts])
            message = f"never acts: `local` needs an open expert, and with {said} none is open"
            return self._finding(seen, "when", severity, message, "write `expert: open`, or another `then`")
        core = self._core(parts, seen)
        message, suggestion = self._why(seen, parts, core)
        return self._finding(seen, "when", severity, f"never matches: {message}", suggestion)

    def _branches(self, seen: Seen) -> Iterator[Finding]:
        """The members of its `any` that can never hold, though others can."""
        rule = seen.source.rule
        branches = rule.conditions.get("any", ())
        for at, branch in enumerate(branches):
            parts = {**rule.conditions, "any": [branch]}
            if len(branches) > 1 and self._try(lambda parts=parts: self.space.boxes(parts, rule.stage)) == []:  # type: ignore[misc]
                message = f"`{short(flow(branch))}` under `any` never holds together with the rest"
                line = seen.source.error("when", "", "any", at).line
                remedy = "take it out, or what excludes it"
                yield Finding(seen.source.file.path, line, seen.id, self._severity(seen), message, remedy)

    def _why(self, seen: Seen, parts: Mapping[str, Any], core: Names) -> tuple[str, str]:
        said, stage = self._said(parts, core), seen.source.rule.stage
        if self._try(lambda: self.space.boxes({name: parts[name] for name in core})) != []:
            if "pinned" in said:
                return (
                    f"{said} in stage {stage}, which is not asked when the client pinned a model",
                    "only guard, shape and flag rules act then; take it out",
                )
            return (
                f"{said} in stage {stage}, before a tier is chosen and its cost and speed are known",
                "write it in a rule of stage budget, shape or flag",
            )
        if len(core) > 1:
            return f"{said} never hold together", self._remedy(parts, core)
        name = core[0]
        if name in SIGNALS and SIGNALS[name].kind == "number":
            low, high = limits(name)
            span = f"from {low:g} to {high:g}" if high < 2 else f"{low:g} or more"
            return f"{said} never holds", f"`{name}` is {span}; write a number that it can be"
        return f"{said} never holds", "it contradicts itself; take out what excludes the rest"

    def _remedy(self, parts: Mapping[str, Any], core: Names) -> str:
        if "task" in core and "survey" in core:
            given = parts["task"] if isinstance(parts["task"], list) else [parts["task"]]
            right = dict.fromkeys(self.space.survey(task) for task in given)
            return f"the survey's name for {', '.join(given)} is {', '.join(right)}; write that, or leave `survey` out"
        if any(name.startswith("expert.") for name in core) and "expert" in core:
            return "without an expert there is nothing to compare, and an open one is not shut; take one of them out"
        return "take one of them out, or put them under `any` if one is enough"

    def _core(self, parts: Mapping[str, Any], seen: Seen, keep: Collection[str] = ()) -> Names:
        """As few of the conditions as already exclude each other."""
        core, stage = list(parts), seen.source.rule.stage
        for name in parts:
            fewer = {other: parts[other] for other in core if other != name}
            if name not in keep and self._try(lambda fewer=fewer: self.space.boxes(fewer, stage)) == []:  # type: ignore[misc]
                core.remove(name)
        return core

    def _said(self, parts: Mapping[str, Any], names: Names) -> str:
        shown = [f"`{name}: {short(flow(parts[name]))}`" for name in names]
        used = {word for name in names for _, word in thresholds_in({name: parts[name]})}
        values = ", ".join(f"{word} is {self.thresholds[word]:g}" for word in sorted(used))
        return f"{' and '.join(shown)}{f' ({values})' if values else ''}"

    # ── a rule that never gets to act ────────────────────────────────────────────────────────────

    def _caught(self, seen: Seen, earlier: Sequence[Seen]) -> Finding | None:
        stage = seen.source.rule.stage
        if seen.acts is None or (stage == "route" and not seen.source.rule.conditions):
            return None  # too much to tell; or the catch-all, which must be there
        before = earlier if stage in ("guard", "route") else self.rules
        catchers = [each for each in before if each.active and _ends(each, stage) and each is not seen]
        covers = {each.id: self._cover(each, seen) for each in catchers}
        by = next(([each] for each in catchers if self._covered(seen.acts, [covers[each.id]])), None)
        if by is None:
            by = [each for each in catchers if covers[each.id]]
            if not self._covered(seen.acts, [covers[each.id] for each in by]):
                return None
            for each in catchers:
                fewer = [other for other in by if other is not each]
                if self._covered(seen.acts, [covers[other.id] for other in fewer]):
                    by = fewer
        return self._never_decides(seen, by)

    def _never_decides(self, seen: Seen, by: Sequence[Seen]) -> Finding:
        verb = "decides" if seen.source.rule.stage == "route" else "acts"
        does = "refuse" if all(each.source.rule.stage == "guard" for each in by) else "catch"
        does += "es" if does == "catch" and len(by) == 1 else "s" if len(by) == 1 else ""
        places = [each.place for each in by] if len(by) <= MOST_NAMED else [each.place for each in by[:2]]
        places += [f"{len(by) - 2} more"] * (len(by) > MOST_NAMED)
        who = f"{'together ' if len(by) > 1 else ''}{joined(places)}"
        first = by[0].id
        if seen.own:
            remedy = f"ask it earlier (write `before: {first}`), or narrow " if "catch" in does else "narrow "
        else:
            remedy = (
                "switch it off, or narrow " if any(each.own for each in by) else f"move it before '{first}', or narrow "
            )
        message = f"never {verb}: {who} {does} every request that it matches"
        return self._finding(seen, "when", self._severity(seen, by), message, f"{remedy}'{first}'")

    def _cover(self, catcher: Seen, seen: Seen) -> Boxes:
        """Requests that surely end with `catcher`; fewer than there are where that is not certain."""
        if catcher.boxes is None:
            return []
        if "refuse" in catcher.then:  # what is known of the tier may be another thing when `seen` is asked
            return [{name: bits for name, bits in box.items() if name not in _LATER} for box in catcher.boxes]
        if not catcher.local or seen.local:  # where one expert may answer, so may the other
            return catcher.boxes
        blind = [each for each in self.rules if each.active and "needs" in each.then]
        if catcher.acts is None or any(each.boxes is None for each in blind):
            return []
        sees = [box for each in blind for box in each.boxes or ()]
        acts = catcher.acts
        return self._try(lambda: self.space.minus(acts, sees)) or []

    def _covered(self, boxes: Boxes, covers: Sequence[Boxes]) -> bool:
        return bool(covers) and self._try(lambda: self.space.minus(boxes, [b for each in covers for b in each])) == []

    def _inside(self, one: Seen, other: Seen) -> bool:
        return one.acts is not None and other.acts is not None and self._covered(one.acts, [other.acts])

    # ── rules that undo each other ───────────────────────────────────────────────────────────────

    def _contradictions(self, rules: Sequence[Seen]) -> Iterator[Finding]:
        for at, one in enumerate(rules):
            for clash in alone(one.then):
                yield self._alone(one, clash)
            for other in rules[at + 1 :]:
                yield from self._pair(one, other)

    def _alone(self, seen: Seen, clash: Clash) -> Finding:
        demand, by = shown(seen.then, clash.demand), shown(seen.then, clash.by)
        if clash.certain:
            message = f"its {demand} and {by} exclude each other"
            return self._finding(seen, "then", self._severity(seen), message, "take one of them out")
        message = f"its {demand} {clash.effect} by its own {by}"
        if clash.by in BOUNDS:
            return self._finding(seen, "then", "note", message, f"write `prefer: {seen.then[clash.by]}`")
        return self._finding(seen, "then", "note", message, "take one of them out")

    def _pair(self, one: Seen, other: Seen) -> Iterator[Finding]:
        """`one` acts before `other`. What never counts is a mistake; an exception that undoes a bound is noted."""
        met = [*against(one.then, other.then, later=True)]
        if met and self._inside(one, other):
            yield from self._met(one, other, met)
            return
        back = [*against(other.then, one.then, later=False)]
        if (back or met) and self._inside(other, one):
            yield from self._met(other, one, back)
            for clash in met:
                if clash.demand in BOUNDS:
                    undone = f"{shown(one.then, clash.demand)} of {one.place}"
                    message = f"its {shown(other.then, clash.by)} undoes {undone}"
                    yield self._finding(other, "then", "note", message, "if that is not meant, narrow one of the two")

    def _met(self, one: Seen, other: Seen, met: Sequence[Clash]) -> Iterator[Finding]:
        """What becomes of demands of `one`, as `other` always acts too."""
        for clash in met:
            message = (
                f"its {shown(one.then, clash.demand)} {clash.effect}: {other.place}, "
                f"which always acts too, says {shown(other.then, clash.by)}"
            )
            severity = self._severity(one, [other]) if clash.certain else "note"
            remedy = "take it out" if clash.certain else "if that is not meant, take it out"
            yield self._finding(one, "then", severity, message, f"{remedy}, or narrow '{other.id}'")

    # ── a rule that has nothing to act with ──────────────────────────────────────────────────────

    def _idle(self, seen: Seen) -> Iterator[Finding]:
        kind, served = seen.then.get("kind"), self.around.experts
        if kind == "retrieve" and not self.around.index:
            message = "idle: no index is configured, so an LLM answers and retrieval is only advised"
            yield self._finding(seen, "then", "note", message, "configure an index or switch it off")
        if seen.local and seen.acts and served is not None:
            wanted = [task or "unknown task types" for task in self.space.tasks(seen.acts)]
            if not set(wanted) & set(served):
                whom = ", ".join(wanted) if len(wanted) <= MOST_NAMED else f"any of its {len(wanted)} task types"
                there = f" (there are experts for {', '.join(sorted(served))})" if served else " (there are no experts)"
                if seen.own:
                    remedy = "train one, write another `then`, or switch it off"
                    yield self._finding(seen, "then", "error", f"no expert serves {whom}{there}", remedy)
                else:
                    yield self._finding(
                        seen, "then", "note", f"idle: no expert serves {whom}", "train one or switch it off"
                    )

    def _before(self, seen: Seen) -> Iterator[Finding]:
        rule = seen.source.rule
        if rule.before and self.stages.get(rule.before, rule.stage) != rule.stage:
            message = f"`before: {rule.before}` names a rule of stage {self.stages[rule.before]}, this one is of stage"
            remedy = f"name a rule of stage {rule.stage}, or leave `before` out"
            yield self._finding(seen, "before", "error", f"{message} {rule.stage}", remedy)


def _ends(seen: Seen, stage: str) -> bool:
    """Whether nothing of a later rule of this stage acts once `seen` did."""
    return "refuse" in seen.then or (stage == "route" and seen.source.rule.stage == "route")


def _unused(store: PolicyStore) -> Iterator[Finding]:
    used = {word for rule in store.current.rules for _, word in thresholds_in(rule.conditions)}
    for path in (folder / "profile.yaml" for folder in store.folders):
        if path.is_file():
            manifest = read(path, Profile)
            for name in manifest.value.thresholds:
                if name not in used:
                    line = manifest.error(("thresholds", name), "").line
                    message, remedy = f"no rule uses the threshold '{name}'", "name it in a condition, or take it out"
                    yield Finding(path, line, "", "note", message, remedy)
