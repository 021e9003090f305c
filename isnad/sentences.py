"""Split an Arabic news article into sentences, with offsets into the text as it was given.

Rules, since they must hold where no trained splitter has been: a full stop ends a sentence even with
no space after it, but not inside a number, an initial («د.», «جيه. إل.»), a time or an address; «،» and
«؛» never do; closing marks stay with the sentence they close; every line break ends a paragraph.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from isnad.quotes import Marks, find_marks

# No sentence is longer, in characters: what a text without punctuation is cut into.
LONGEST = 1_200

_PARAGRAPH = re.compile(r"[^\n\r\v\f\u0085\u2028\u2029]+")
_TERMINATOR = re.compile(r"[.!?؟…۔]+")
_CLOSING_BRACKETS = ")]}"
_TRAILER = re.compile(r"\s*//\s*(?:انتهى|يتبع)\s*//")
_CONTINUES = re.compile(r"\s*(?:[،؛,:;]|(?:إلخ|الخ|وغيره|وغيرها|وغيرهم)\b)")
_STRAY_CLOSING = "»›”"
_LATIN = re.compile(r"[A-Za-z0-9@_/]")
_LAST_WORD = re.compile(r"[^\s.،؛:()\[\]«»“”\"/\-–]+$")
_DOTTED_BEFORE = re.compile(r"(?:^|[\s(«“\"])(\w{1,5})\.\s?$")
_WORD = re.compile(r"\w+")
# The names of Latin letters as Arabic writes them, in initials such as «جيه. كيه. رولينغ».
_LETTER_NAMES = frozenset(
    """
    إيه ايه بي سي دي إي اي إف اف جي إتش اتش آي جيه جاي كيه كي إل ال إم ام إن ان أو او كيو آر ار إس اس تي يو في
    دبليو إكس اكس واي زد زي
    """.split()
)
_TITLES = frozenset("د أ م ا ص ت ق س ج ب ع ه هـ أد ود وأ وم وا".split())
# «..» is a pause, not an end, within fewer words of a sentence's start or in so short a quotation (a title).
_PAUSE_WORDS = 4
_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence: characters `start:end`; `open_quotation`: a quotation begun earlier is still open."""

    start: int
    end: int
    open_quotation: bool


def _is_initial(text: str, dot: int, floor: int) -> bool:
    """Whether the full stop at `dot` belongs to an abbreviation: a title, an initial, «ا.ف.ب»."""
    last = _LAST_WORD.search(text, max(floor, dot - 12), dot)
    if last is None:
        return False
    word = last.group()
    dotted = _DOTTED_BEFORE.search(text, max(floor, last.start() - 8), last.start())
    in_chain = dotted is not None and _may_be_initial(dotted.group(1))
    if word in _TITLES or (len(word) == 1 and word.isalpha()):
        # «1436 هـ.» and «2015 م.» are dates, and may end a sentence.
        return not (text[max(floor, last.start() - 6) : last.start()].rstrip()[-1:].isdigit())
    if word in _LETTER_NAMES:
        upcoming = re.match(r"\s?(\w{1,5})\.", text[dot + 1 : dot + 9])
        return in_chain or (upcoming is not None and _may_be_initial(upcoming.group(1)))
    return False


def _may_be_initial(word: str) -> bool:
    return word in _LETTER_NAMES or word in _TITLES or len(word) == 1


def _is_inside_token(text: str, start: int, end: int, floor: int) -> bool:
    """Whether the mark stands inside a number, a time, an address or a list number."""
    before, after = text[start - 1 : start] if start > floor else "", text[end : end + 1]
    if before.isdigit() and after.isdigit():
        return True
    if before and after and _LATIN.match(before) and _LATIN.match(after):
        return True
    if text[start:end] == "." and text[floor:start].strip().isdigit():
        return True  # «1. …» opens an item of a list
    return text[start:end] == "." and not before.strip() and _LATIN.match(after) is not None  # «.NET»


def _end_of_marks(text: str, end: int, ceiling: int, marks: Marks) -> int:
    """Move past whatever still belongs to the sentence: closing marks, more full stops, «// انتهى //»."""
    while end < ceiling:
        at = end
        while at < ceiling and text[at].isspace():
            at += 1
        if at == ceiling:
            return end
        spaced = at > end
        attached = text[at] in _CLOSING_BRACKETS or (text[at] in _STRAY_CLOSING and at not in marks.opening)
        if at in marks.closing or (attached and not spaced):
            end = at + (2 if text[at : at + 2] in ("''", ">>") else 1)
        elif found := _TERMINATOR.match(text, at, ceiling) or _TRAILER.match(text, at, ceiling):
            end = found.end()
        else:
            return end
    return end


def _in_short_quotation(marks: Marks, position: int) -> bool:
    after = bisect_left(marks.quotations, position, key=lambda q: q.start)
    near = marks.quotations[max(0, after - 8) : after]
    return any(q.closed and q.end > position and q.end - q.start <= _TITLE_LENGTH for q in near)


def _boundaries(text: str, floor: int, ceiling: int, marks: Marks) -> Iterator[int]:
    """Yield the ends of the sentences of the paragraph `floor:ceiling`, its own end left out."""
    at = counted = floor
    words = 0  # from the sentence's start to `counted`; kept, so that a line of dots takes no square of its length
    while found := _TERMINATOR.search(text, at, ceiling):
        start, at = found.span()
        run = found.group()
        if _is_inside_token(text, start, at, floor) or (run == "." and _is_initial(text, start, floor)):
            continue
        end = at = _end_of_marks(text, at, ceiling, marks)
        if end == ceiling:
            return
        if _CONTINUES.match(text, end, ceiling):
            continue
        words, counted = words + len(_WORD.findall(text, counted, start)), end
        pause = run[0] == "…" or run.startswith("..")
        if pause and (_in_short_quotation(marks, end) or words < _PAUSE_WORDS):
            continue
        yield end
        words = 0


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an overlong stretch at the last comma, else the last space, else anywhere, under `LONGEST`."""
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        comma = max(window.rfind(mark) for mark in "؛;،,")
        if comma >= LONGEST // 4:
            cut = start + comma + 1
        else:
            space = max((i for i in range(LONGEST - 1, LONGEST // 4, -1) if window[i].isspace()), default=-1)
            cut = start + (space if space > 0 else LONGEST)
        yield start, cut
        start = cut
    yield start, end


def split(text: str) -> list[Span]:
    """Split `text` into sentences.

    Returns spans in order, without overlap, that leave out nothing but white space; none is empty,
    none (beyond marks gathered up from a line of their own) longer than `LONGEST` characters.
    A piece with no letter or digit joins the sentence before it.  Takes any `str`.
    """
    marks = find_marks(text)
    spans: list[tuple[int, int]] = []
    for paragraph in _PARAGRAPH.finditer(text):
        floor, ceiling = paragraph.span()
        cuts = [floor, *_boundaries(text, floor, ceiling, marks), ceiling]
        for first, last in pairwise(cuts):
            for start, end in _pieces(text, first, last):
                spans.extend(_trimmed(text, start, end))
    crossing = sorted((q.start, q.end) for q in marks.quotations)
    return [Span(s, e, _is_open(crossing, s)) for s, e in _merge_crumbs(text, spans)]


def _is_open(quotations: list[tuple[int, int]], position: int) -> bool:
    # Quotations reach at most quotes.LONGEST back, so few are looked at.
    upto = bisect_left(quotations, (position, 0))
    return any(end > position for _, end in quotations[max(0, upto - 64) : upto])


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    stripped = text[start:end].lstrip()
    start = end - len(stripped)
    end = start + len(stripped.rstrip())
    if start < end:
        yield start, end


def _merge_crumbs(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join a piece without letters or digits to the one before it; at the very start, to the next."""
    merged: list[tuple[int, int]] = []
    leading: int | None = None
    for start, end in spans:
        if any(c.isalnum() for c in text[start:end]):
            merged.append((start if leading is None else leading, end))
            leading = None
        elif merged:
            merged[-1] = (merged[-1][0], end)
        elif leading is None:
            leading = start
    if leading is not None:  # nothing but marks
        merged.append((leading, spans[-1][1]))
    return iter(merged)
