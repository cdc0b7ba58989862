"""Keeps the course in force: settings and rules are read again when they change, and swapped whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchfiles import Change, awatch

from policies.located import ConfigError
from policies.store import PolicyStore, profile_folder
from router.course import Choice, Course, token_digest
from router.fleet import Priced
from router.settings import AUTO, CONFIG, Model, Settings, load_variants, read_settings
from router.types import Request

log = logging.getLogger("surveyor")

LIVE = frozenset({"policy", "operator", "budget"})  # sections that a running server takes; others wait
WATCHED = (".yaml", ".yml", ".md")
QUIET_MS, DEBOUNCE_MS = 150, 800  # a ledger in the same folder writes all the time; that must not wake us each time
GLANCE_MS = 5_000  # how often the files are glanced at, for changes that no event tells of (links, network drives)

Stamp = frozenset[tuple[str, int, int, int]]


def create_course(
    settings: Settings, priced: Priced, models: tuple[Model, ...], stores: Mapping[str, PolicyStore]
) -> Course:
    """All choices over a fleet: `auto`, its variants, and each model alone.

    Raises:
        ConfigError: the environment variable of a client's key is not set.
    """
    choices: dict[str, Choice] = {
        name: priced.choice(models, steered, stores[name].current) for name, steered in settings.variants().items()
    }
    choices |= {model.id: priced.choice((model,), settings, stores[AUTO].current, pinned=model.id) for model in models}
    return Course(choices, client_keys(settings))


def client_keys(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[tuple[bytes, str], ...]:
    """The digests of the bearer tokens that get a variant for `auto`, each with that variant's model name.

    Raises:
        ConfigError: the environment variable is not set.
    """
    found = []
    for place, key in enumerate(settings.policy.keys):
        token = environ.get(key.key_env)
        if not token:
            at = ("policy", "keys", place, "key_env")
            raise settings.error(at, f"the environment variable {key.key_env} is not set")
        found.append((token_digest(token.encode()), f"{AUTO}:{key.variant}"))
    return tuple(found)


class Steering:
    """The course in force, and what became of the newest edit.

    `in_force` is told of each course as it comes into force, and `outcome` of each reload: ok or kept.
    """

    def __init__(
        self,
        settings: Settings,
        priced: Priced,
        models: tuple[Model, ...],
        stores: Mapping[str, PolicyStore],
        in_force: Callable[[Course], None],
        outcome: Callable[[str], None],
    ) -> None:
        self._started = settings
        self._priced = priced
        self._models = models
        self._in_force = in_force
        self._outcome = outcome
        self._lock = asyncio.Lock()
        self._folders = folders_of(settings, stores)
        self._stamp = stamp_of(self._file, self._folders)
        self.course = create_course(settings, priced, models, stores)
        self.error: str | None = None  # why the newest edit was not taken
        in_force(self.course)

    @property
    def _file(self) -> Path:
        return self._started.path or CONFIG

    def choose(self, request: Request) -> Choice:
        """What the model that the request names stands for right now. Raises `ModelNotFound`."""
        return self.course.choose(request)

    def status(self) -> dict[str, Any]:
        """What is in force, for `/readyz`."""
        policies = self.course.policies
        auto = policies[AUTO]
        return {
            "profile": auto.profile,
            "hash": auto.hash,
            "variants": {name.partition(":")[2]: policy.hash for name, policy in policies.items() if name != AUTO},
            "loaded_at": datetime.fromtimestamp(self.course.loaded_at, UTC).isoformat(timespec="milliseconds"),
            "error": self.error,
        }

    async def reload(self) -> None:
        """Read settings and rules again; what is good comes into force whole, what is not is logged and left."""
        async with self._lock:
            self._stamp = stamp_of(self._file, self._folders)  # before reading: what changes now is seen later
            try:
                settings, course = await asyncio.to_thread(self._read)
            except ConfigError as problem:
                self._keep(str(problem))
            except Exception as problem:  # whatever it is, the server goes on with what it has
                log.exception("reading the policy failed")
                self._keep(f"an internal {type(problem).__name__}; the log says more")
            else:
                self._swap(settings, course)

    def _read(self) -> tuple[Settings, Course]:
        """In a thread of its own: it takes tenths of a second, and requests go on."""
        settings = read_settings(self._started.path)
        # What needs a restart stays as it was at the start.
        kept = {name: getattr(self._started, name) for name in Settings.model_fields if name not in LIVE}
        steered = settings.model_copy(update=kept)
        # A folder that was named is watched even if its files are wrong: there the mistake will be put right.
        self._folders |= folders_of(steered, {})
        stores = load_variants(steered)
        course = create_course(steered, self._priced, self._models, stores)
        self._folders = folders_of(steered, stores)
        return settings, course

    def _keep(self, problem: str) -> None:
        self.error = problem
        log.error("policy not reloaded, the last good one stays: %s", problem)
        self._outcome("kept")

    def _swap(self, settings: Settings, course: Course) -> None:
        self.course, self.error = course, None
        hashes = ", ".join(f"{name} {policy.hash[:12]}" for name, policy in course.policies.items())
        log.warning("policy reloaded: %s", hashes)
        waiting = [
            name
            for name in Settings.model_fields
            if name not in LIVE and getattr(settings, name) != getattr(self._started, name)
        ]
        if waiting:
            log.warning("needs a restart: %s", ", ".join(waiting))
        self._in_force(course)
        self._outcome("ok")

    async def watch(self) -> None:
        """Reload whenever a file changes, for ever. Files may be edited in place, replaced, or come and go."""
        said: str | None = None
        while True:
            try:
                if stamp_of(self._file, self._folders) != self._stamp:  # between two watches
                    await self.reload()
                await self._follow(self._places())
            except Exception as problem:  # no watches left, a folder gone at the wrong moment: glances will do
                if str(problem) != said:
                    log.exception("files are not watched but glanced at every %g s", GLANCE_MS / 1000)
                    said = str(problem)
                await asyncio.sleep(GLANCE_MS / 1000)

    async def _follow(self, places: frozenset[Path]) -> None:
        """Watch these folders until others are to be watched."""
        changes = awatch(
            *places,
            watch_filter=self._matters,
            recursive=False,
            debounce=DEBOUNCE_MS,
            step=QUIET_MS,
            rust_timeout=GLANCE_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        async with aclosing(changes):
            async for told in changes:
                if told or stamp_of(self._file, self._folders) != self._stamp:
                    await self.reload()
                if self._places() != places:
                    return

    def _places(self) -> frozenset[Path]:
        """The folders to watch; for one that is away, the next above it."""
        return frozenset(
            next(place for place in (folder, *folder.parents) if place.is_dir())
            for folder in (self._file.absolute().parent, *(each.absolute() for each in self._folders))
        )

    def _matters(self, _change: Change, path: str) -> bool:
        return path.endswith(WATCHED) or Path(path).name == self._file.name


def folders_of(settings: Settings, stores: Mapping[str, PolicyStore]) -> frozenset[Path]:
    """Where the rules of all variants are, as far as the settings and the loaded policies tell."""
    found = {folder for store in stores.values() for folder in store.folders}
    for steered in settings.variants().values():
        if steered.policy.rules is not None:
            found.add(steered.policy.rules)
        with contextlib.suppress(ConfigError):
            found.add(profile_folder(steered.policy.profile))
    return frozenset(found)


def stamp_of(file: Path, folders: frozenset[Path]) -> Stamp:
    """What changes when a file does: name, time, size and place on the disk of each; of a folder, only the place."""
    return frozenset(_stamps([file, *(path for folder in folders for path in _files(folder))], folders))


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix in WATCHED]
    except OSError:
        return []


def _stamps(files: Iterable[Path], folders: Iterable[Path]) -> Iterator[tuple[str, int, int, int]]:
    for path in (*files, *folders):
        with contextlib.suppress(OSError):
            seen = path.stat()
            is_file = stat.S_ISREG(seen.st_mode)
            yield str(path), seen.st_mtime_ns * is_file, seen.st_size * is_file, seen.st_ino
