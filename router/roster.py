"""The experts in force: those that ship, and the operator's own, which come and go with their folders.

Own experts live in one folder, a folder each, as `surveyor train` writes them. A glance a second finds new, changed and
removed ones; what cannot be used is logged once, and the last good one of its name stays.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from classifiers.expert import UPPER, Expert
from classifiers.shipped import Shipped, expert_names, expert_tasks
from policies.located import ConfigError, nearest
from policies.signals import TASKS
from router.reading.known import Known
from router.reading.templates import TemplateError, check_template
from router.settings import Settings
from router.types import Bound

log = logging.getLogger("surveyor")

GLANCE_S = 1.0
CARD = "expert.json"  # written last of all files in a folder: the folder is renamed into its place
MADE = "made.json"  # what an own expert was made with
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
Stamp = tuple[int, int, int]


class ExpertError(ValueError):
    """An expert's folder that cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The experts of one moment, the operator's own before those that ship. `turn` tells rosters apart."""

    experts: tuple[Expert, ...] = ()
    turn: int = 0
    known: tuple[Known, ...] = field(init=False)

    def __post_init__(self) -> None:
        known = [
            Known(each.task, labels, each.kind, each.template, each.synonyms)
            for each in self.experts
            for labels in each.label_sets
        ]
        object.__setattr__(self, "known", tuple(known))

    def hinted(self, hint: str) -> Roster:
        """Those that a hint means: the expert of that name, else all of that task, else nobody."""
        named = [each for each in self.experts if each.name == hint.removeprefix("expert.")]
        found = named or [each for each in self.experts if each.task == hint]
        return Roster(tuple(found), self.turn)

    def able(self, bound: Bound) -> list[Expert]:
        """Those that answer for the label set of a prompt that was read, the first to be asked first."""
        labels = frozenset(bound.labels)
        same = [each for each in self.experts if (each.task, each.kind) == (bound.task, bound.kind)]
        return [each for each in same if labels in each.label_sets]


class Experts:
    """Keeps the roster in force."""

    def __init__(self, shipped: Shipped, settings: Settings) -> None:
        self._settings = settings
        self._encoder = shipped.folder / "encoder"
        self._shipped = tuple(rated(each, settings) for each in shipped.experts.values())
        self._own: dict[str, Expert] = {}
        self._stamps: dict[str, Stamp] = {}
        self._lock = asyncio.Lock()
        self._told = logging.INFO  # of what is there from the start the server's first lines tell
        self.roster = Roster(self._shipped)
        self.read()
        self._told = logging.WARNING

    async def watch(self) -> None:
        """Look at the folder, for ever."""
        if self._settings.experts.folder is None:
            return
        while True:
            await asyncio.sleep(GLANCE_S)
            await self.reload()

    async def reload(self) -> None:
        """Take what has changed, in a thread: requests go on."""
        async with self._lock:
            try:
                await asyncio.to_thread(self.read)
            except Exception:  # whatever it is, the server goes on with what it has
                log.exception("looking for experts failed")

    def read(self) -> None:
        """Take what has changed: new and other experts, and those that went."""
        found = stamps(self._settings.experts.folder)
        if found == self._stamps:
            return
        changed = [name for name, stamp in found.items() if self._stamps.get(name) != stamp]
        gone = [name for name in self._own if name not in found]
        self._stamps = found
        for name in gone:
            del self._own[name]
            log.warning("expert %s is gone with its folder", name)
        taken = [name for name in changed if self._taken(name)]
        if taken or gone:
            own = (self._own[name] for name in sorted(self._own))
            self.roster = Roster((*own, *self._shipped), self.roster.turn + 1)

    def _taken(self, name: str) -> bool:
        folder = self._settings.experts.folder
        if folder is None:
            return False
        try:
            expert = rated(opened(folder / name, self._encoder), self._settings)
        except (ExpertError, ConfigError) as problem:
            stays = "the last good one stays" if name in self._own else "it is left out"
            log.error("expert %s not loaded, %s: %s", folder / name, stays, problem)
            return False
        self._own[name] = expert
        shut = ", its gate closed: nothing could be certified" if expert.heads[0].gate.closed else ""
        log.log(self._told, "expert %s is in force: %s, %d labelled examples%s", name, expert.task, expert.n, shut)
        return True


def opened(folder: Path, encoder: Path) -> Expert:
    """An own expert from its folder, to be read by the encoder of another.

    Raises:
        ExpertError: it cannot be used.
    """
    try:
        expert = Expert.load(folder)
        made = json.loads((folder / MADE).read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise ExpertError(f"{Path(missing.filename or folder).name} is missing; train it again") from None
    except Exception as broken:
        raise ExpertError(f"its files are damaged ({type(broken).__name__}: {broken}); train it again") from None
    if expert.name != folder.name:
        raise ExpertError(f"its files are those of an expert '{expert.name}'; name the folder so")
    check_name(expert.name)
    if expert.task not in TASKS:
        raise ExpertError(f"no task type is named '{expert.task}'{nearest(expert.task, TASKS)}")
    if made.get("encoder") != fingerprint(encoder, upper=expert.upper is None):
        raise ExpertError("it was trained on another encoder than this version has; train it again")
    if expert.template:
        for labels in expert.label_sets:
            try:
                check_template(Known(expert.task, labels, expert.kind, expert.template))
            except TemplateError as problem:
                raise ExpertError(f"its template cannot be used: {problem}") from None
    return expert


def check_name(name: str) -> None:
    """Refuse a name that an own expert cannot have.

    Raises:
        ExpertError: with what to write.
    """
    if not NAME.fullmatch(name):
        raise ExpertError(f"'{name}' is no name for an expert: up to 64 of a-z, 0-9, _ and -, the first no sign")
    if name in expert_names():
        raise ExpertError(f"an expert '{name}' ships with Surveyor; choose another name")


def fingerprint(encoder: Path, upper: bool = True) -> str:
    """What an expert's rows depend on: the encoder's files, without its upper layers where it has its own."""
    files = ("tokenizer.json", "lower.onnx", *([UPPER] if upper else []))
    parts = [hashlib.sha256((encoder / name).read_bytes()).digest() for name in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def stamps(folder: Path | None) -> dict[str, Stamp]:
    """The experts of a folder by name, with what changes when one is written anew; none where there is no folder."""
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder else []
    except OSError:
        return {}
    found = {}
    for name in names:
        try:
            seen = (Path(folder or "") / name / CARD).stat()
        except OSError:
            continue
        found[name] = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
    return found


def rated(expert: Expert, settings: Settings) -> Expert:
    """The expert behind gates for the rates that the settings want of it.

    Raises:
        ConfigError: its calibration rows were not kept, so that no other rates can be certified.
    """
    rates = settings.experts.gates.get(expert.name)
    if rates is None:
        return expert
    try:
        return expert.gated(rates.epsilon, rates.delta)
    except ValueError as problem:
        raise settings.error(("experts", "gates", expert.name), f"expert '{expert.name}': {problem}") from None


def chosen(shipped: Shipped, settings: Settings) -> Shipped:
    """What ships, with the experts alone that the settings want."""
    wanted = wanted_experts(settings)
    return replace(shipped, experts={name: expert for name, expert in shipped.experts.items() if name in wanted})


def wanted_experts(settings: Settings) -> frozenset[str]:
    """The names of the shipped experts that the settings ask for.

    Raises:
        ConfigError: one of them does not ship, or rates are given for an expert that there is not.
    """
    shipped, own = expert_names(), list(stamps(settings.experts.folder))
    use = settings.experts.use
    if not isinstance(use, bool):
        for place, name in enumerate(use):
            _known(settings, ("experts", "use", place), name, [*shipped, *own])
    for name in settings.experts.gates:
        _known(settings, ("experts", "gates", name), name, [*shipped, *own])
    return frozenset(shipped if use is True else use or ()) & frozenset(shipped)


def served_tasks(settings: Settings) -> frozenset[str]:
    """The task types that some expert of the settings answers for, without loading any."""
    shipped = {task for name, task in expert_tasks().items() if name in wanted_experts(settings)}
    own = {_task(Path(settings.experts.folder or "") / name / CARD) for name in stamps(settings.experts.folder)}
    return frozenset(shipped | own) - {""}


def _task(card: Path) -> str:
    try:
        return str(json.loads(card.read_text(encoding="utf-8"))["task"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _known(settings: Settings, loc: tuple[str | int, ...], name: str, valid: Sequence[str]) -> None:
    if name not in valid:
        names = f" Valid names: {', '.join(sorted(valid))}"
        raise settings.error(loc, f"no expert is named '{name}'{nearest(name, valid)}{names}")
