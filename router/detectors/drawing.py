"""Pictures made of symbols."""

from __future__ import annotations

import re

from router.detectors.seen import Seen

_STROKES = frozenset(
    "#.*|_/\\-+=oO0xX@~^'`:<>()[]█▓▒░▄▀■□●○◯◆◇▲▼┌┐└┘├┤┬┴┼─│═║╔╗╚╝★☆⬛⬜🟩🟨🟥🟦🟧⚫⚪🔴🔵🟡❌⭕♔♕♖♗♘♙♚♛♜♝♞♟▪▫▌▐\"';,"
)
_DRAWN = re.compile(
    r"[#*|_/\\+=@~^█▓▒░▄▀■□●○◯◆◇▲▼┌┐└┘├┤┬┴┼─│═║╔╗╚╝★☆⬛⬜🟩🟨🟥🟦🟧⚫⚪🔴🔵🟡❌⭕♔-♟▪▫▌▐]|"
    r"[.xXoO] ?[.xXoO]|[a-zA-Z.] [a-zA-Z.] [a-zA-Z.]"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_LABEL = re.compile(r"^\s*\w{1,10}\s*[|:]\s*(?=[#*█=x.o-]{2})")
_CODE = re.compile(
    r"[;{}]|//|^\s*#+ ?[a-z]{2}|==\w|!=|->|=>|\w\(|^\s*[-*] \w|\|\s*:?-{3,}:?\s*\||^[-=_*~ ]+$|^\d+[.)] "
)
_GRID = re.compile(r"[01 ]{4,}|(?:[a-zA-Z.\d] ){2,}[a-zA-Z.\d]|(?:[a-zA-Z.\d ]? ?\| ?)+[a-zA-Z.\d ]?")
_ART = re.compile(
    r"\b(?:ascii|drawn|drawing|picture|grid|board|maze|segments?|pattern|shape|shown|figure|character|represent|dessin|"
    r"depicts?|art)\b"
)


def symbol_art(seen: Seen) -> bool:
    """A picture or board of symbols that must be seen (row know.world-useless): three such lines, one after another."""
    if seen.text.count("\n") < 2 or ("```" in seen.text and _ART.search(seen.low) is None):
        return False
    run = drawn = 0
    for line in seen.text.split("\n"):
        kind = _kind(line)
        run, drawn = (run + 1, drawn + (kind == 2)) if kind else (0, 0)
        if (run >= 3 and drawn >= 2) or (run == 4 and drawn and _ART.search(seen.low)):
            return True
        if run >= 4 and _GRID.fullmatch(line.strip()) and _ART.search(seen.low):
            return True
    return False


def _kind(line: str) -> int:
    """2 for a line that is drawn, 1 for one that may stand between two such, 0 for text."""
    bare = _LABEL.sub("", line).strip()
    if not bare or len(bare) > 160 or _WORD.search(bare):
        return 0
    if _CODE.search(line):
        return 1 if len(set(bare)) <= 2 and len(bare) > 2 and "|" not in bare else 0
    marks = [c for c in bare if c not in " \t\ufe0f"]
    if 2 * sum(c in _STROKES or not c.isalnum() for c in marks) > len(marks) and (
        len(marks) > 2 or not marks[0].isalnum()
    ):
        return 2 if _DRAWN.search(bare) else 1
    return 1 if _GRID.fullmatch(bare) else 0
