"""From rule files to the policy that decides: read, check, compile. Who swaps policies is router/steering.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from policies.conditions import thresholds_in
from policies.engine import Policy
from policies.located import ConfigError, Located, load, nearest, read, text_of
from policies.schema import HEADING, PAPER, PLACE, SECTIONS, Profile, Rule, RuleFile, Taxonomy, Threshold
from router.types import Status

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sourced:
    """A rule and the place it was read from."""

    rule: Rule
    file: Located[RuleFile]
    index: int

    def error(self, key: str, message: str, *more: str | int) -> ConfigError:
        """The error to raise about one key of this rule."""
        return self.file.error(("rules", self.index, key, *more), f"rule '{self.rule.id}': {message}")


@dataclass(frozen=True, slots=True)
class Tuning:
    """What an operator changes of a profile without writing rules. Every name must exist in it.

    `blame` makes the error to raise about a field and a name in it, such as `("thresholds", "nioisy")`; it knows
    where the operator wrote that.
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)
    status: Mapping[str, Status] = field(default_factory=dict)  # rule id → what it shall be
    disable: Collection[str] = ()  # rule ids that shall be off
    apply: Collection[str] | bool = ()  # shape rules that may change a prompt; True: all of them
    blame: Callable[[tuple[str, str], str], ConfigError] = field(
        default=lambda loc, message: ConfigError(loc[0], None, message), compare=False
    )


class PolicyStore:
    """A policy read from files, with where its rules stand. Raises `ConfigError` when it cannot be loaded.

    `profile` is the name of a shipped profile ("2026") or a folder with a `profile.yaml`. `overlay` is a folder
    of the operator's own rule files: a rule with a known id replaces that rule; a new one acts before the
    catch-all of its stage, or right before the rule that its `before` names. `tuning` is applied last.
    Both folders may hold a `survey.md` with further evidence to cite.
    """

    def __init__(self, profile: str | Path = "2026", overlay: Path | None = None, tuning: Tuning | None = None) -> None:
        self._profile = profile
        self._overlay = overlay
        self._tuning = tuning or Tuning()
        self._current, self._sources = self._load()

    @property
    def current(self) -> Policy:
        """The policy as it was read."""
        return self._current

    @property
    def sources(self) -> Sequence[Sourced]:
        """The rules of `current` before `tuning`, in their order, each with the place it was read from."""
        return self._sources

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders to watch for edits."""
        chain = (manifest.path.parent for manifest in _chain(self._profile))
        return (*chain, *([self._overlay] if self._overlay else []))

    def _load(self) -> tuple[Policy, Sequence[Sourced]]:
        chain = _chain(self._profile)
        manifest = chain[-1]
        rules: list[Sourced] = []
        for each in chain:
            files = [each.path.parent / name for name in each.value.files]
            rules = _overlaid(rules, _unique([rule for path in files for rule in _rules_of(path)]))
            rules = _in_order(_dropped(rules, each), each)
        rules = _overlaid(rules, _unique([rule for path in self._extra() for rule in _rules_of(path)]))
        thresholds = self._merged(chain)
        folders = [each.path.parent for each in chain]
        _check_thresholds(rules, thresholds)
        _check_cites(rules, _evidence([HERE, *folders, *([self._overlay] if self._overlay else [])]))
        _check_catch_all(rules, manifest)
        taxonomy = load(HERE / "taxonomy.yaml", Taxonomy)
        tuned, apply = _tuned(rules, self._tuning)
        return Policy(folders[-1].name, tuned, thresholds, taxonomy, apply), rules

    def _extra(self) -> list[Path]:
        if self._overlay is None:
            return []
        if not self._overlay.is_dir():
            raise ConfigError(self._overlay, None, "is no folder; create it and put your rule files in it")
        return sorted(path for path in self._overlay.iterdir() if path.suffix in (".yaml", ".yml"))

    def _merged(self, chain: Sequence[Located[Profile]]) -> Mapping[str, float]:
        known = {name: each.default for name, each in _thresholds(chain).items()}
        for name in self._tuning.thresholds:
            if name not in known:
                hint = f"{nearest(name, list(known))} Valid thresholds: {', '.join(sorted(known))}"
                raise self._tuning.blame(("thresholds", name), f"no threshold is named '{name}'{hint}")
            if not isfinite(self._tuning.thresholds[name]):
                said = f"'{name}' must be a finite number; no comparison holds against {self._tuning.thresholds[name]}"
                raise self._tuning.blame(("thresholds", name), said)
        return {**known, **self._tuning.thresholds}


def thresholds_of(profile: str | Path) -> Mapping[str, Threshold]:
    """The thresholds of a profile by name: default, unit, meaning, evidence."""
    return _thresholds(_chain(profile))


def _thresholds(chain: Sequence[Located[Profile]]) -> Mapping[str, Threshold]:
    """Those of all manifests; a later one says anew what an earlier one said."""
    return {name: each for manifest in chain for name, each in manifest.value.thresholds.items()}


def _chain(profile: str | Path) -> list[Located[Profile]]:
    """The manifests of a profile and of those that it builds on, the lowest first."""
    chain: list[Located[Profile]] = []
    wanted: str | Path | None = profile
    while wanted is not None:
        manifest = read(profile_folder(wanted) / "profile.yaml", Profile)
        if any(manifest.path == each.path for each in chain):
            raise manifest.error(("base",), "builds on itself; name another profile, or leave `base` out")
        chain.insert(0, manifest)
        wanted = manifest.value.base
    return chain


def profiles() -> list[str]:
    """The names of the shipped profiles."""
    return sorted(path.parent.name for path in HERE.glob("*/profile.yaml"))


def profile_folder(profile: str | Path) -> Path:
    """The folder of a shipped profile, or the given folder. Raises `ConfigError` when there is none."""
    folder = HERE / profile if isinstance(profile, str) and "/" not in profile else Path(profile)
    if (folder / "profile.yaml").is_file():
        return folder
    hint = f"{nearest(str(profile), profiles())} Shipped profiles: {', '.join(profiles())}"
    raise ConfigError(
        folder, None, f"no profile is named '{profile}' (a profile is a folder with a profile.yaml){hint}"
    )


def _rules_of(path: Path) -> Iterator[Sourced]:
    file = read(path, RuleFile)
    for index, rule in enumerate(file.value.rules):
        yield Sourced(rule, file, index)


def _unique(rules: list[Sourced]) -> list[Sourced]:
    seen: dict[str, Sourced] = {}
    for each in rules:
        if first := seen.get(each.rule.id):
            raise each.error("id", f"the id is taken (in {first.file.path.name}); choose another or remove one")
        seen[each.rule.id] = each
    return rules


def _overlaid(rules: list[Sourced], extra: Sequence[Sourced]) -> list[Sourced]:
    """The profile's rules with the operator's put in their places."""
    if not rules:
        return list(extra)
    result = list(rules)
    for each in extra:
        places = {other.rule.id: at for at, other in enumerate(result)}
        if (before := each.rule.before) is not None:
            result = [other for other in result if other.rule.id != each.rule.id]
            at = next((at for at, other in enumerate(result) if other.rule.id == before), None)
            if at is None:
                raise each.error("before", f"no other rule is named '{before}'{nearest(before, list(places))}")
            result.insert(at, each)
        elif each.rule.id in places:
            result[places[each.rule.id]] = each
        else:
            same = [at for at, other in enumerate(result) if other.rule.stage == each.rule.stage]
            ends = bool(same) and _is_catch_all(result[same[-1]].rule)
            result.insert(same[-1] + (not ends) if same else len(result), each)
    return result


def _dropped(rules: list[Sourced], manifest: Located[Profile]) -> list[Sourced]:
    """The rules but for those that the manifest does without."""
    known = [each.rule.id for each in rules]
    for at, name in enumerate(manifest.value.without):
        if name not in known:
            raise manifest.error(("without", at), f"no rule is named '{name}'{nearest(name, known)}")
    return [each for each in rules if each.rule.id not in manifest.value.without]


def _in_order(rules: list[Sourced], manifest: Located[Profile]) -> list[Sourced]:
    """The rules with those of the stage `route` in the order of the manifest's `flow`, where it has one."""
    flow = manifest.value.flow
    if not flow:
        return rules
    routes = {each.rule.id: each for each in rules if each.rule.stage == "route"}
    for at, name in enumerate(flow):
        if name not in routes:
            raise manifest.error(("flow", at), f"no route rule is named '{name}'{nearest(name, list(routes))}")
        if name in flow[:at]:
            raise manifest.error(("flow", at), f"'{name}' stands twice; a rule is asked once")
    if left := [name for name in routes if name not in flow]:
        raise manifest.error(("flow",), f"leaves out the route rule '{left[0]}'; say where it is asked")
    return [routes[name] for name in flow] + [each for each in rules if each.rule.stage != "route"]


def _tuned(rules: Sequence[Sourced], tuning: Tuning) -> tuple[tuple[Rule, ...], frozenset[str]]:
    """The rules with the operator's statuses, and the shape rules that may change a prompt."""
    stages = {each.rule.id: each.rule.stage for each in rules}
    shaping = [name for name, stage in stages.items() if stage == "shape"]
    wanted = shaping if tuning.apply is True else list(tuning.apply or ())
    for key, names in (("status", tuning.status), ("disable", tuning.disable), ("apply", wanted)):
        for name in names:
            if name not in stages:
                raise tuning.blame((key, name), f"no rule is named '{name}'{nearest(name, list(stages))}")
    for name in wanted:
        if name not in shaping:
            said = f"rule '{name}' does not shape prompts. Those that do: {', '.join(shaping) or 'none'}"
            raise tuning.blame(("apply", name), said)
    status = {**tuning.status, **dict.fromkeys(tuning.disable, "off")}
    last = next((name for name in reversed(stages) if stages[name] == "route"), "")
    if status.get(last, "active") != "active":
        key = "disable" if last in tuning.disable else "status"
        raise tuning.blame((key, last), f"rule '{last}' catches what no other rule routes; it must stay active")
    tuned = (each.rule.model_copy(update={"status": status.get(each.rule.id, each.rule.status)}) for each in rules)
    return tuple(tuned), frozenset(wanted)


# ── checks that need more than one file ──────────────────────────────────────────────────────────


def _check_thresholds(rules: Sequence[Sourced], known: Mapping[str, float]) -> None:
    for each in rules:
        for place, word in thresholds_in(each.rule.conditions):
            if word not in known:
                hint = f"{nearest(word, list(known))} Valid thresholds: {', '.join(sorted(known))}"
                raise each.error("when", f"no threshold is named '{word}'{hint}", *place)


def _evidence(folders: Sequence[Path]) -> str:
    files = [folder / "survey.md" for folder in dict.fromkeys(folders)]
    return "\n".join(text_of(file) for file in files if file.is_file())


def headings(evidence: str) -> frozenset[str]:
    """The rows that may be cited: every `## heading` of the form `nlu.sentiment`."""
    found = (line.removeprefix("## ").strip() for line in evidence.splitlines() if line.startswith("## "))
    return frozenset(heading for heading in found if HEADING.fullmatch(heading))


def _check_cites(rules: Sequence[Sourced], evidence: str) -> None:
    rows = headings(evidence)
    for each in rules:
        for at, cite in enumerate(each.rule.cites):
            if place := PLACE.fullmatch(cite):
                ok = place["section"] is None or place["section"] in SECTIONS
                hint = f" is not a section that we know; known are {', '.join(SECTIONS)}"
            elif PAPER.fullmatch(cite):
                ok, hint = cite in evidence, " is not spoken of in survey.md; say there what it found"
            else:
                ok = cite in rows
                hint = "" if ok else f" is no heading of survey.md{nearest(cite, sorted(rows))}"  # costs milliseconds
            if not ok:
                raise each.error("cites", f"'{cite}'{hint}", at)


def _is_catch_all(rule: Rule) -> bool:
    return rule.status == "active" and not rule.conditions


def _check_catch_all(rules: Sequence[Sourced], manifest: Located[Profile]) -> None:
    routes = [each.rule for each in rules if each.rule.stage == "route"]
    if not routes or not _is_catch_all(routes[-1]) or routes[-1].then.model_dump().get("kind") != "llm":
        said = f"not '{routes[-1].id}'" if routes else "but there is none"
        raise manifest.error(
            ("files",), f"the last route rule must catch everything (`when: {{}}`, `then: {{kind: llm}}`), {said}"
        )
