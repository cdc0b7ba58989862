"""A folder of Markdown and plain text, cut into passages that can be looked up and cited.

A passage has about 120 to 200 words, begins at a heading or a paragraph where it can, and knows its file and the
headings above it. Where a long section had to be cut, the next passage begins with the last sentence of the one before.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

KINDS = frozenset({".md", ".markdown", ".txt"})
LEAST, ENOUGH, MOST = 60, 120, 200  # words: a heading ends a passage from LEAST on, a paragraph from ENOUGH on
CHARS_PER_WORD = 9  # of tables, code and addresses, whose words are long: MOST words are at most 1,800 characters
OVERLAP = 40  # words of the sentence that is said again, at most
MOST_BYTES = 10 * 1024**2  # of one file; what is larger is a dump rather than a page

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINED = re.compile(r"(=+|-{3,})\s*$")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_PICTURE = re.compile(r"\[?!\[[^\]\n]*\]\([^)\n]*\)(?:\]\([^)\n]*\))?")  # badges too
_WORD = re.compile(r"\S+")
# Where a sentence or a line ends, the space after it included; "1. " begins an item of a list.
_END = re.compile(r"(?<=[^\d\s][.!?…])\s+|(?<=[。！？])|\n+")


Places = Sequence[tuple[int, int]]  # from and to, in the characters of a text


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the operator's own documents, cut out of a file."""

    source: str  # the file, relative to the folder that was indexed
    heading: str  # the headings above it
    text: str
    private: bool = False  # holds personal data or secrets

    @property
    def named(self) -> str:
        """Where it stands: the file, and the headings above it."""
        return f"{self.source} › {self.heading}" if self.heading else self.source


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a folder, and what was not, with the reason."""

    passages: tuple[Passage, ...]
    files: int
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a piece of code or a heading line, under its headings."""

    text: str
    heading: str
    start: int  # where it stands in the file
    end: int
    title: bool = False


@dataclass(slots=True)
class Pile:
    """Blocks that are becoming a passage."""

    source: str
    hidden: Places = ()  # what is private in the file, in its order and apart
    passages: list[Passage] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    size: int = 0
    fresh: bool = False  # holds more than what was said before

    def add(self, block: Block) -> None:
        """Put a block on the pile."""
        self.blocks.append(block)
        self.size += size(block.text)
        self.fresh = self.fresh or not block.title

    def close(self, overlap: bool = False) -> None:
        """Make a passage of the pile; with `overlap` its last sentence begins the next one."""
        if self.fresh:
            heading = next((block.heading for block in self.blocks if not block.title), "")
            start, end = self.blocks[0].start, self.blocks[-1].end
            before = bisect_left(self.hidden, (end, 0))
            private = before > 0 and self.hidden[before - 1][1] > start
            text = "\n\n".join(block.text for block in self.blocks)
            self.passages.append(Passage(self.source, heading, text, private))
        last = self.blocks[-1] if self.blocks and overlap else None
        self.blocks, self.size, self.fresh = [], 0, False
        if last is not None:
            sentence = _sentences(last.text)[-1]
            # Where spaces were dropped it began later than that: better too much of the file than too little.
            start = last.start + len(last.text) - len(sentence)
            sentence = sentence.strip()
            if 0 < size(sentence) <= OVERLAP and sentence != last.text:
                self.blocks, self.size = [Block(sentence, last.heading, start, last.end)], size(sentence)


def read_folder(folder: Path, hidden: Callable[[str], Places] = lambda _text: ()) -> Reading:
    """All .md, .markdown and .txt files below a folder, in the order of their names; dot files are left alone.

    `hidden` says what is private in the text of a file.

    Raises:
        NotADirectoryError: there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: is no folder")
    passages: dict[str, Passage] = {}
    skipped: list[str] = []
    files = 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        text = _text_of(path)
        if text is None or not text.strip():
            skipped.append(f"{name}: {_why_not(path, text)}")
            continue
        files += 1
        for passage in split(text, name, hidden):
            twin = passages.setdefault(passage.text, passage)  # the same text twice is one passage
            if passage.private and not twin.private:
                passages[passage.text] = replace(twin, private=True)
    return Reading(tuple(passages.values()), files, tuple(skipped))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _text_of(path: Path) -> str | None:
    if path.suffix.lower() not in KINDS:
        return None
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\x00", "")
    except (OSError, UnicodeDecodeError):
        return None


def _why_not(path: Path, text: str | None) -> str:
    if path.suffix.lower() not in KINDS:
        return "neither Markdown nor plain text"
    if text is not None:
        return "empty"
    try:
        return "larger than 10 MB" if path.stat().st_size > MOST_BYTES else "not UTF-8, or not readable"
    except OSError:
        return "not readable"


def split(text: str, source: str, hidden: Callable[[str], Places] = lambda _text: ()) -> list[Passage]:
    """The passages of one file, in its order; private are those that hold any part of what `hidden` finds in it."""
    text = _without_ornaments(text)
    pile = Pile(source, _apart(hidden(text)))
    marked = not source.lower().endswith(".txt")
    for block in _fitting(_blocks(text, marked)):
        if block.title and pile.size >= LEAST:
            pile.close()
        elif not block.title and pile.size + size(block.text) > MOST:
            pile.close(overlap=pile.size >= ENOUGH)
        pile.add(block)
        if not block.title and pile.size >= MOST:
            pile.close(overlap=True)
    pile.close()
    return pile.passages


def _apart(places: Places) -> Places:
    """Places in order, those that overlap made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def size(text: str) -> int:
    """Words, or what would be as many characters where words are long."""
    return max(len(text.split()), len(text) // CHARS_PER_WORD)


def _without_ornaments(text: str) -> str:
    return _PICTURE.sub("", _COMMENT.sub("", _FRONT_MATTER.sub("", text)))


def _blocks(text: str, marked: bool) -> Iterator[Block]:
    """Paragraphs, code and headings; in plain text (not `marked`) only paragraphs."""
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    fence = ""
    at = begin = 0  # of the line, and of the first of `lines`

    def heading() -> str:
        return " › ".join(title for _, title in above)

    def paragraph() -> Iterator[Block]:
        whole = "\n".join(lines)
        if body := whole.strip():
            start = begin + len(whole) - len(whole.lstrip())
            yield Block(body, heading(), start, start + len(body))
        lines.clear()

    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if marked and (mark := _FENCE.match(line)) is not None and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and not line.strip():
            yield from paragraph()
            continue
        elif marked and not fence and (title := _title(line, lines)) is not None:
            level, words = title
            yield from paragraph()
            above[:] = [each for each in above if each[0] < level] + [(level, words)]
            start = start if line.startswith("#") else begin
            yield Block(f"{'#' * level} {words}", heading(), start, at - 1, title=True)
            continue
        begin = begin if lines else start
        lines.append(line)
    yield from paragraph()


def _title(line: str, lines: list[str]) -> tuple[int, str] | None:
    """The level and the words of a heading that ends with this line; takes an underlined one off `lines`."""
    if (mark := _HEADING.match(line)) is not None:
        return len(mark[1]), _LINK.sub(r"\1", mark[2])
    if len(lines) == 1 and (under := _UNDERLINED.match(line)) is not None:
        return 1 if under[1][0] == "=" else 2, lines.pop().strip()
    return None


def _fitting(blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks, those that are too large cut at sentences or lines, and failing that anywhere."""
    for block in blocks:
        if size(block.text) <= MOST:
            yield block
            continue
        part = ""
        start = end = block.start
        for piece, first, last in _pieces(_sentences(block.text), block.start):
            # A title's text is not the file's to the letter.
            begin, to = (block.start, block.end) if block.title else (first, last)
            if part and size(part) + size(piece) > ENOUGH:
                yield Block(part.strip(), block.heading, start, end)
                part = ""
            start = start if part else begin
            part, end = part + piece, to
        yield Block(part.strip(), block.heading, start, end)


def _sentences(text: str) -> list[str]:
    """Sentences and lines, each with the space that follows it."""
    ends = [0, *(mark.end() for mark in _END.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def _pieces(sentences: Sequence[str], start: int) -> Iterator[tuple[str, int, int]]:
    """What fits, with where it stands when the first sentence begins at `start`; of words cut up, all of the run."""
    most = MOST * CHARS_PER_WORD // 2
    for sentence in sentences:
        end = start + len(sentence)
        if size(sentence) <= ENOUGH:
            yield sentence, start, end
        else:
            words = list(_WORD.finditer(sentence))
            for at in range(0, len(words), ENOUGH):
                some = words[at : at + ENOUGH]
                run = " ".join(word.group() for word in some) + " "
                for cut in range(0, len(run), most):
                    yield run[cut : cut + most], start + some[0].start(), start + some[-1].end()
        start = end
