"""Conditions: what a rule may say about a signal, checked once and compiled once to closures.

when:
  task: sentiment                 # equals
  language: [en, de]              # any of
  expert.n: ">= few"              # a comparison; `few` is a threshold named in profile.yaml
  pii: true                       # holds anything
  not: {noise: "> 0.3"}           # also `any: [...]` and `all: [...]`
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from policies.located import nearest
from policies.signals import SIGNALS, Signal, View

Test = Callable[[View], bool]

COMPARISON = re.compile(r"(<=|>=|<|>)\s*(?:([-+]?[0-9]*\.?[0-9]+)|([a-z][a-z0-9_]*))")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def check(signal: Signal, condition: object) -> object:
    """The condition, unchanged, if it fits the signal. Raises `ValueError` with what to write instead."""
    for one in _each(condition):
        if signal.kind == "yes":
            _check_yes(one)
        elif signal.kind == "number":
            _check_number(signal, one)
        elif not (signal.kind == "bag" and isinstance(one, bool)):
            _check_word(signal, one)
    return condition


def condition_schema(signal: Signal) -> dict[str, Any]:
    """The JSON schema of the conditions that fit the signal, so that editors complete them."""
    if signal.kind == "yes":
        return {"type": "boolean", "description": signal.doc}
    one: dict[str, Any]
    if signal.kind == "number":
        comparison = {"type": "string", "pattern": f"^({COMPARISON.pattern}{'|none' if signal.optional else ''})$"}
        one = {"anyOf": [{"type": "number"}, comparison]}
        example: object = ">= 0.9"
    else:
        one = {"enum": list(signal.words)} if signal.words else {"type": "string"}
        example = signal.words[0] if signal.words else "en"
    members = [one, {"type": "array", "items": one, "minItems": 1}]
    members += [{"type": "boolean"}] if signal.kind == "bag" else []
    return {"anyOf": members, "description": signal.doc, "examples": [example]}


def thresholds_in(when: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every named threshold that a `when` uses, with the place where it stands."""
    for name, condition in when.items():
        if name in ("any", "all"):
            for i, inner in enumerate(condition):
                yield from (((name, i, *loc), word) for loc, word in thresholds_in(inner))
        elif name == "not":
            yield from ((("not", *loc), word) for loc, word in thresholds_in(condition))
        else:
            for one in _each(condition):
                match = COMPARISON.fullmatch(one) if isinstance(one, str) else None
                if match and match[3]:
                    yield (name,), match[3]


def numbers_in(condition: object, thresholds: Mapping[str, float]) -> Iterator[float]:
    """Every number that a condition compares with; named ones by their value."""
    for one in _each(condition):
        match = COMPARISON.fullmatch(one) if isinstance(one, str) else None
        if match:
            yield thresholds[match[3]] if match[3] else float(match[2])
        elif isinstance(one, (int, float)):
            yield one


def _each(condition: object) -> Sequence[object]:
    if not isinstance(condition, list):
        return (condition,)
    if not condition:
        raise ValueError("the list is empty, so it would never match; name at least one value")
    return condition


def _check_yes(condition: object) -> None:
    if not isinstance(condition, bool):
        raise ValueError(f"write true or false, not {condition!r}")


def _check_number(signal: Signal, condition: object) -> None:
    if isinstance(condition, (int, float)) and not isinstance(condition, bool):
        return
    if isinstance(condition, str) and (COMPARISON.fullmatch(condition) or (signal.optional and condition == "none")):
        return
    raise ValueError(f'write a number or a comparison such as ">= 0.9" or "< few", not {condition!r}')


def _check_word(signal: Signal, condition: object) -> None:
    if not isinstance(condition, str):
        raise ValueError(f"write a word, not {condition!r}" + (f"; one of {_listed(signal)}" if signal.words else ""))
    if signal.words and condition not in signal.words:
        hint = nearest(condition, signal.words)
        raise ValueError(f"'{condition}' is not a value of this signal{hint} Valid values: {_listed(signal)}")


def _listed(signal: Signal) -> str:
    return ", ".join(signal.words)


# ── compile ──────────────────────────────────────────────────────────────────────────────────────


def compiled(when: Mapping[str, Any], thresholds: Mapping[str, float]) -> Test:
    """One closure for a whole `when`; an empty one is always true. Every threshold must be known."""
    return _every([_compile(name, condition, thresholds) for name, condition in when.items()])


def possible_tasks(when: Mapping[str, Any], survey: Mapping[str, str]) -> Collection[str]:
    """The task labels for which `when` can hold at all; `survey` maps each label to the survey's name."""
    tasks = set(survey)
    if "task" in when:
        tasks &= set(_each(when["task"]))
    if "survey" in when:
        tasks &= {task for task in survey if survey[task] in _each(when["survey"])}
    return tasks


def _compile(name: str, condition: Any, thresholds: Mapping[str, float]) -> Test:
    if name == "any":
        return _some([compiled(inner, thresholds) for inner in condition])
    if name == "all":
        return _every([compiled(inner, thresholds) for inner in condition])
    if name == "not":
        inner = compiled(condition, thresholds)
        return lambda view: not inner(view)
    return asked_of(SIGNALS[name], condition, thresholds)


def asked_of(signal: Signal, condition: Any, thresholds: Mapping[str, float]) -> Test:
    """One signal's condition as a closure."""
    if signal.kind == "number":
        return _some([_number(signal, one, thresholds) for one in _each(condition)])
    return _bag(signal, condition) if signal.kind == "bag" else _word(signal, condition)


def _word(signal: Signal, condition: Any) -> Test:
    read = signal.read
    if isinstance(condition, list):
        wanted = frozenset(condition)
        return lambda view: read(view) in wanted
    return lambda view: read(view) == condition


def _bag(signal: Signal, condition: Any) -> Test:
    read = cast("Callable[[View], Collection[str]]", signal.read)
    if isinstance(condition, bool):
        return lambda view: bool(read(view)) is condition
    wanted = frozenset(_each(condition))
    return lambda view: not wanted.isdisjoint(read(view))


def _number(signal: Signal, condition: Any, thresholds: Mapping[str, float]) -> Test:
    read = signal.read
    if condition == "none":
        return lambda view: read(view) is None
    match = COMPARISON.fullmatch(condition) if isinstance(condition, str) else None
    if match is None:
        return lambda view: read(view) == condition
    compare = _OPERATORS[match[1]]
    operand = thresholds[match[3]] if match[3] else float(match[2])
    return lambda view: (value := read(view)) is not None and compare(value, operand)


def _every(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda view: first(view) and second(view)
    return lambda view: all(test(view) for test in tests)


def _some(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda view: any(test(view) for test in tests)
