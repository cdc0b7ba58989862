"""Texts that are no request for any of the 39 tasks, so that the outlier head knows what strange may look like.

Of our own making: several kinds of gibberish, and lines of machines. From the collections: other languages standing
alone (`language_id`), and commands to a device (CLINC150, HWU64), of those intents only that `prompts_ood` split `dev`
has, so that the intents of its `test` stay unseen. Outlier exposure: Hendrycks et al., arXiv 1812.04606.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from . import data
from .noise import ROWS

GIBBERISH, LOG, LANGUAGE, DEVICE = "gibberish", "machine_log", "non_english_chat", "device_command"
EACH = 60  # texts of our own a maker
COLLECTED = 1_500  # texts a kind of the collections, at most
# Its texts are also what `prompts_ood` was drawn from.
BARRED = "chatterbot"
_HOSTS = ("web-1", "db03", "ip-10-2-0-14", "edge", "worker", "localhost", "core-sw1", "mail")
_PARTS = ("kernel", "sshd", "nginx", "cron", "systemd", "dockerd", "postgres", "redis", "haproxy", "kubelet", "auth")
_SAID = (
    "connection reset by peer",
    "started session for user root",
    "disk usage above threshold",
    "timeout waiting for lock",
    "out of memory: killed process",
    "retrying in 5s",
    "segfault in libc.so.6",
    "accepted publickey from 192.168.1.7",
    "cache miss",
    "healthcheck ok",
    "permission denied",
    "checkpoint complete",
    "no route to host",
    "packet dropped",
)
_ERRORS = ("ValueError", "TypeError", "NullPointerException", "IOException", "IndexError", "RuntimeError", "Panic")
_PLACES = ("main", "server", "handlers/user", "core/engine", "utils", "lib/http/client", "src/index")
_LEVELS = ("INFO", "WARN", "ERROR", "DEBUG", "FATAL", "notice")
Draw = np.random.Generator


def texts(
    folder: Path, dev: Sequence[data.Row], words: Sequence[str], spared: Collection[str]
) -> list[tuple[str, str]]:
    """(text, kind) pairs, always the same ones; those in `spared` are left out.

    `dev` are the rows of `prompts_ood` split `dev`, which name the intents; `words` is a vocabulary to scramble.
    """
    found = [(text, kind) for text, kind in [*_made(words), *_collected(folder, dev)] if text not in spared]
    return list(dict.fromkeys(found))


def _made(words: Sequence[str]) -> list[tuple[str, str]]:
    draw = np.random.default_rng(3)
    gibberish = [(make(draw, words), GIBBERISH) for make in _GIBBERISH for _ in range(EACH)]
    return gibberish + [
        ("\n".join(make(draw) for _ in range(int(draw.integers(1, 9)))), LOG) for make in _LOGS for _ in range(EACH)
    ]


def _collected(folder: Path, dev: Sequence[data.Row]) -> list[tuple[str, str]]:
    intents = {row["detail"] for row in dev if row["kind"] == DEVICE}
    commands = [
        row["text"]
        for name in ("ood_clinc150", "hwu64")
        for row in data.of_split(data.rows(folder, name), "train")
        if row["label"] in intents
    ]
    foreign = [
        row["text"]
        for row in data.of_split(data.rows(folder, "language_id"), "train")
        if row["label"] != "en" and row["source"] != BARRED
    ]
    return [(text, DEVICE) for text in _some(commands)] + [(_first(text), LANGUAGE) for text in _some(foreign)]


def _some(found: Sequence[str]) -> list[str]:
    order = np.random.default_rng(4).permutation(len(found))[:COLLECTED]
    return [found[place] for place in sorted(order.tolist())]


def _first(text: str) -> str:
    """Every third text shortened to its first words: what is typed is short."""
    return " ".join(text.split()[:6]) if len(text) % 3 == 0 else text


def _pick(draw: Draw, among: Sequence[str], low: int, high: int) -> list[str]:
    return [among[place] for place in draw.integers(len(among), size=int(draw.integers(low, high)))]


def _mash(draw: Draw, _: Sequence[str]) -> str:
    """Fingers running over one row of the keyboard after the other."""
    return " ".join("".join(_pick(draw, ROWS[int(draw.integers(3))], 3, 10)) for _ in range(int(draw.integers(1, 14))))


def _letters(draw: Draw, _: Sequence[str]) -> str:
    return " ".join("".join(_pick(draw, string.ascii_lowercase, 1, 16)) for _ in range(int(draw.integers(1, 16))))


def _signs(draw: Draw, _: Sequence[str]) -> str:
    return "".join(_pick(draw, string.printable[:95], 8, 200))


def _punctuation(draw: Draw, _: Sequence[str]) -> str:
    return "".join(_pick(draw, string.punctuation + " ", 3, 60))


def _encoded(draw: Draw, _: Sequence[str]) -> str:
    return base64.b64encode(draw.bytes(int(draw.integers(12, 150)))).decode()


def _hexadecimal(draw: Draw, _: Sequence[str]) -> str:
    separator = ("", " ", ":", "-")[int(draw.integers(4))]
    return draw.bytes(int(draw.integers(6, 80))).hex(separator) if separator else draw.bytes(16).hex()


def _numbers(draw: Draw, _: Sequence[str]) -> str:
    return " ".join(str(each) for each in draw.integers(10 ** int(draw.integers(1, 9)), size=int(draw.integers(2, 40))))


def _scrambled(draw: Draw, words: Sequence[str]) -> str:
    """Words that never met."""
    return " ".join(_pick(draw, words, 3, 50))


def _parrot(draw: Draw, words: Sequence[str]) -> str:
    """One word, or one letter, over and over."""
    said = _pick(draw, words, 1, 2)[0] if draw.random() < 0.7 else _pick(draw, string.ascii_letters, 1, 2)[0]
    return (" " if len(said) > 1 else "").join([said] * int(draw.integers(5, 60)))


def _swapped(draw: Draw, words: Sequence[str]) -> str:
    """Words with their letters shuffled."""
    return " ".join("".join(draw.permutation(list(word))) for word in _pick(draw, words, 3, 25))


def _time(draw: Draw) -> str:
    month, day, hour, minute, second = (int(draw.integers(1, top)) for top in (13, 29, 24, 60, 60))
    clock = f"{hour:02}:{minute:02}:{second:02}"
    forms = (
        f"20{draw.integers(15, 27)}-{month:02}-{day:02}T{clock}Z",
        f"20{draw.integers(15, 27)}/{month:02}/{day:02} {clock}.{draw.integers(1000):03}",
        f"{('Jan', 'Mar', 'Jun', 'Oct')[month % 4]} {day} {clock}",
        f"[{clock}]",
    )
    return forms[int(draw.integers(len(forms)))]


def _syslog(draw: Draw) -> str:
    host, part, said = (_pick(draw, among, 1, 2)[0] for among in (_HOSTS, _PARTS, _SAID))
    return f"{_time(draw)} {host} {part}[{draw.integers(40_000)}]: {said}"


def _leveled(draw: Draw) -> str:
    level, part, said = (_pick(draw, among, 1, 2)[0] for among in (_LEVELS, _PARTS, _SAID))
    return f"{_time(draw)} [{level}] {part} - {said} (code={draw.integers(600)})"


def _fields(draw: Draw) -> str:
    level, part = _pick(draw, _LEVELS, 1, 2)[0].lower(), _pick(draw, _PARTS, 1, 2)[0]
    sizes = f"dur={draw.random():.4f} bytes={draw.integers(10**6)}"
    return f"ts={draw.integers(10**9, 2 * 10**9)} lvl={level} svc={part} {sizes}"


def _access(draw: Draw) -> str:
    address = ".".join(str(each) for each in draw.integers(1, 255, size=4))
    verb, path = ("GET", "POST", "PUT", "HEAD")[int(draw.integers(4))], "/".join(_pick(draw, _PARTS, 1, 4))
    return f'{address} - - [{_time(draw)}] "{verb} /{path} HTTP/1.1" {draw.integers(200, 505)} {draw.integers(10**5)}'


def _trace(draw: Draw) -> str:
    place, error, said = (_pick(draw, among, 1, 2)[0] for among in (_PLACES, _ERRORS, _SAID))
    forms = (
        f'  File "{place}.py", line {draw.integers(900)}, in run\n{error}: {said}',
        f"\tat com.app.{place.replace('/', '.')}({place.split('/')[-1]}.java:{draw.integers(900)})",
        f"    at {place} (/srv/app/{place}.js:{draw.integers(900)}:{draw.integers(80)})",
        f"{error}: {said}",
    )
    return forms[int(draw.integers(len(forms)))]


def _event(draw: Draw) -> str:
    part, host = _pick(draw, _PARTS, 1, 2)[0], _pick(draw, _HOSTS, 1, 2)[0]
    return f'{{"time":"{_time(draw)}","host":"{host}","type":"{part}","value":{draw.integers(10**4)},"ok":true}}'


def _columns(draw: Draw) -> str:
    mark = (",", ";", "\t", " | ")[int(draw.integers(4))]
    return mark.join([_time(draw), *(f"{each:.2f}" for each in draw.random(size=int(draw.integers(2, 7))) * 100)])


_GIBBERISH: tuple[Callable[[Draw, Sequence[str]], str], ...] = (
    *(_mash, _letters, _signs, _punctuation, _encoded, _hexadecimal, _numbers, _scrambled, _parrot, _swapped),
)
_LOGS: tuple[Callable[[Draw], str], ...] = (_syslog, _leveled, _fields, _access, _trace, _event, _columns)
