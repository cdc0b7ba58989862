"""Personal data and secrets in a text: which kinds, never the values.

Checksums and context decide wherever they exist, for a false alarm keeps a request from the better model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from router.detectors.seen import Seen, window

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?P<host>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5})(?![\w-])"
)
# Reserved for examples by RFC 2606, and the placeholders that people write instead.
_EXAMPLE_HOST = re.compile(
    r"(?:^|\.)(?:example\.[a-z]{2,3}(?:\.[a-z]{2})?|example|test|invalid|localhost|(?:your|"
    r"my)?(?:domain|company|email|mail)\.com)$",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.+/=-])(?<!\d\s)(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){2,4}|"
    r"\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}[.-]\d{3}[.-]\d{4})(?![\w/=-]|\.\d)"
)
_SSN = re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-]|\.\d)")
_CARD = re.compile(
    r"(?<![\w.-])[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w-]|\.\d)|"
    r"(?<![\w.-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w-])"
)
_GROUPED = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}")
_CARD_WORD = re.compile(
    r"\b(?:card|visa|mastercard|amex|credit|debit|cvv|cvc|expir\w*|pay(?:ment)?|shop|fake)\b", re.IGNORECASE
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_IP = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)")
_LOCAL_IP = re.compile(
    r"(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|192\.0\.2|198\.51\.100|203\.0\.113|"
    r"22[4-9]|2[3-5]\d|8\.8|1\.1\.1|1\.0\.0)\."
)
_IP_WORD = re.compile(
    r"\bIP\b|\b(?:address|host|server|login|logged|ssh|connect|banned|ping|rsync|firewall|connection)\b", re.IGNORECASE
)
_KEY = re.compile(
    r"(?<![\w-])(?:sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|sk_live_[A-Za-z0-9]{16,}|AKIA[0-9A-Z]{16}|"
    r"gh[pousr]_[A-Za-z0-9]{30,}|"
    r"github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|"
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})|-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
)
_PEM_REST = re.compile(r"(?:(?!-----BEGIN ).)*?-----END [A-Z ]{0,30}-----", re.DOTALL)
_BASE64 = re.compile(r"(?:\s*[\w+/=-]{16,})*")
_PASSWORD = re.compile(
    r"(?i:\b(?:password|passwd|passphrase|pwd|pw|pin code))\s{0,3}(?:is\s{0,3}:?|"
    r"[:=]|(?=\S{3,30}[\d_]))\s{0,3}[\"']?(?P<value>[^\s\"'<>{}()\[\],;]{4,64})"
)
_NO_SECRET = re.compile(
    r"(?:required|incorrect|wrong|invalid|correct|input|getpass|None|null|true|false|string|str|field|"
    r"reset|forgotten|not|too|"
    r"hashed|weak|strong|expired|self|os|env|process|request|user|config|password|your|my|the|what|"
    r"changeme|secret|example|"
    r"also|being|never|always|stored|set|protected|now|only|still|used|sent|valid|x{3,}|\*+|\.+)\b|[*.xX$%#_-]+$|\$|%",
    re.IGNORECASE,
)
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23,
    "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TR": 26, "UA": 29,
}  # fmt: skip


class Hit(NamedTuple):
    """A place in a text that holds something private."""

    kind: str
    start: int
    end: int


def pii(seen: Seen) -> tuple[str, ...]:
    """Kinds found, sorted: api_key, credit_card, email, iban, ip, password, phone, ssn (row safety.privacy).

    Addresses at example.com and the like, private and documentation IP ranges, and numbers that fail
    their checksum are no personal data.
    """
    messages = seen.request.messages
    text = "\n".join(window(m.text) for m in messages) if len(messages) > 1 else seen.text
    return tuple(sorted({hit.kind for hit in chain(plain_hits(text), spoken_hits(text))}))


def plain_hits(text: str) -> Iterator[Hit]:
    """What is private in whatever company it stands; of a key in PEM form all of its lines."""
    if "@" in text:
        for m in _EMAIL.finditer(text):
            if not _EXAMPLE_HOST.search(m["host"]) and not m["host"].rsplit(".", 1)[-1].isdigit():
                yield Hit("email", *m.span())
    if _LONG_NUMBER.search(text):
        yield from _numbers(text)
    if "-" in text or "_" in text or "AKIA" in text or "AIza" in text:
        for m in _KEY.finditer(text):
            yield Hit("api_key", m.start(), _end_of_key(m))
    low = text.lower()
    if "pass" in low or "pw" in low or "pin code" in low:
        for m in _PASSWORD.finditer(text):
            if not _NO_SECRET.match(m["value"]) and _mixed(m["value"]):
                yield Hit("password", *m.span())


def spoken_hits(text: str) -> Iterator[Hit]:
    """What is private where the text also has a word for it: an IP address, a phone number without its country."""
    if not _LONG_NUMBER.search(text):
        return
    if _CALL_WORD.search(text):
        yield from (Hit("phone", *m.span()) for m in _NATIONAL.finditer(text) if _is_phone(m.group()))
    if _IP_WORD.search(text):
        yield from (Hit("ip", *m.span()) for m in _IP.finditer(text) if not _LOCAL_IP.match(m.group()))


def _end_of_key(begin: re.Match[str]) -> int:
    """Where a key ends: in PEM form with its END line, and where that is missing with its last line of base64."""
    if not begin.group().startswith("-----BEGIN"):
        return begin.end()
    rest = _PEM_REST.match(begin.string, begin.end()) or _BASE64.match(begin.string, begin.end())
    return rest.end() if rest else begin.end()


_DIGITS = "0123456789"
_LONG_NUMBER = re.compile(r"\d[\dA-Z ().-]{5,}\d")


def _numbers(text: str) -> Iterator[Hit]:
    yield from (Hit("credit_card", *m.span()) for m in _CARD.finditer(text) if _is_card(text, m))
    yield from (Hit("iban", *m.span()) for m in _IBAN.finditer(text) if iban(m.group()))
    yield from (Hit("phone", *m.span()) for m in _PHONE.finditer(text) if _is_phone(m.group()))
    yield from (Hit("ssn", *m.span()) for m in _SSN.finditer(text))


def _is_card(text: str, m: re.Match[str]) -> bool:
    """One number in ten passes Luhn by chance, so only groups of four stand without a word about cards nearby."""
    if not luhn(m.group()):
        return False
    return (
        _GROUPED.fullmatch(m.group()) is not None
        or _CARD_WORD.search(text, max(0, m.start() - 80), m.end() + 40) is not None
    )


def _mixed(value: str) -> bool:
    """A secret holds a digit or a symbol; "password is important" does not."""
    return any(not c.isalpha() for c in value.rstrip(".,!?:"))


_CALL_WORD = re.compile(
    r"\b(?:phone|mobile|call|reach\w*|tel|telephone|cell|whatsapp|text (?:me|him|her)|number is|handy|ring)\b",
    re.IGNORECASE,
)
_NATIONAL = re.compile(r"(?<![\w.+/=-])0\d{2,4}[ /-]?\d{3,4}[ -]?\d{2,4}(?:[ -]?\d{2,4})?(?![\w/=-]|\.\d)")


def _is_phone(value: str) -> bool:
    return 9 <= sum(c.isdigit() for c in value) <= 15


def luhn(number: str) -> bool:
    """Whether the digits of `number` (13 to 19) pass the check of payment cards; runs of one digit do not."""
    digits = [int(c) for c in number if c in _DIGITS]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = sum(d * 2 - 9 * (d > 4) for d in digits[-2::-2])
    return (doubled + sum(digits[-1::-2])) % 10 == 0


def iban(value: str) -> bool:
    """Whether an account number has its country's length and passes ISO 7064 mod 97-10."""
    bare = value.replace(" ", "")
    if _IBAN_LENGTHS.get(bare[:2]) != len(bare):
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1
