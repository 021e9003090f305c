"""Quotation marks of real news: which open, which close, and how far each quotation reaches.

Papers mix « » with “ ” and ", swap “ and ”, put spaces inside the marks, nest, and forget to close.
Nothing here raises: a stray mark is left alone, an unclosed quotation ends with its paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A quotation that has not closed after so many characters was never closed.
LONGEST = 4_000
# Nor is any paper's nesting deeper; older marks are taken for unclosed ones.
DEEPEST = 8

_MARK = re.compile(r"[«»‹›“”„‟\"″〝〞‘’‚‛]|<<|>>|''|\n|\r|[\u0085\u2028\u2029]")
_FAMILIES = {
    **dict.fromkeys("«»‹›", "angle"), "<<": "angle", ">>": "angle",
    **dict.fromkeys("“”„‟\"″〝〞", "double"), "''": "double",
    **dict.fromkeys("‘’‚‛", "single"),
}  # fmt: skip
_OPENING = {"«", "‹", "<<", "„", "〝", "‚"}
_CLOSING = {"»", "›", ">>", "〞"}
_BEFORE_OPENING = frozenset(":؛،,(-–—[/=+{ـ")
_AFTER_CLOSING = frozenset(".،؛,:;!?؟…)]}-–—/»”")


@dataclass(frozen=True, slots=True)
class Quotation:
    """Characters `start:end` of the text, marks included; `closed` tells whether the end is marked."""

    start: int
    end: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """What the marks of a text do: where they open and close, and the quotations they make."""

    opening: frozenset[int]
    closing: frozenset[int]
    quotations: tuple[Quotation, ...]

    def open_at(self, position: int) -> bool:
        """Whether a quotation that began before `position` goes on after it."""
        return any(q.start < position < q.end for q in self.quotations)


@dataclass(slots=True)
class _Open:
    family: str
    start: int
    paragraph_end: int | None = None  # None while its paragraph lasts


def _role(text: str, start: int, end: int, mark: str, is_open: bool) -> str:
    """`open`, `close` or `neither`, from the glyph, else its neighbours, else what is open."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if mark in _OPENING:
        return "open"
    if mark in _CLOSING:
        return "close"
    if _FAMILIES[mark] == "single" and before.isalnum() and after.isalnum():
        return "neither"  # an apostrophe
    free_before = before.isspace() or before in _BEFORE_OPENING
    free_after = after.isspace() or after in _AFTER_CLOSING
    if free_before != free_after:
        return "open" if free_before else "close"
    return "close" if is_open else "open"


def find_marks(text: str) -> Marks:
    """Find the quotations of `text`; takes any string and time linear in its length."""
    opening: set[int] = set()
    closing: set[int] = set()
    quotations: list[Quotation] = []
    stack: list[_Open] = []

    def abandon(opened: _Open, at: int) -> None:
        end = opened.paragraph_end if opened.paragraph_end is not None else at
        quotations.append(Quotation(opened.start, end, closed=False))

    for match in _MARK.finditer(text):
        mark, start, end = match.group(), match.start(), match.end()
        if mark not in _FAMILIES:  # a line break
            for opened in stack:
                if opened.paragraph_end is None:
                    opened.paragraph_end = start
            continue
        while stack and (start - stack[0].start > LONGEST or len(stack) > DEEPEST):
            abandon(stack.pop(0), start)
        family = _FAMILIES[mark]
        same = [opened for opened in stack if opened.family == family]
        role = _role(text, start, end, mark, bool(same))
        if role == "open":
            opening.add(start)
            if same and same[-1].paragraph_end is not None:
                if not text[same[-1].paragraph_end : start].strip():
                    same[-1].paragraph_end = None  # papers open every paragraph of a long quotation anew
                    continue
                while stack[-1] is not same[-1]:
                    abandon(stack.pop(), start)
                abandon(stack.pop(), start)
            stack.append(_Open(family, start))
        elif role == "close" and same:
            closing.add(start)
            while stack[-1] is not same[-1]:
                abandon(stack.pop(), start)
            quotations.append(Quotation(stack.pop().start, end, closed=True))
    for opened in stack:
        abandon(opened, len(text))
    return Marks(frozenset(opening), frozenset(closing), tuple(sorted(quotations, key=lambda q: (q.start, -q.end))))


def quotations_of(sentence: str, context: str) -> tuple[Quotation, ...]:
    """The quotations that `sentence` has a part of, those opened in `context`, the text before it, included.

    They are counted from the sentence's first character: one that was opened before it starts below 0.
    """
    shift = len(context) + 1  # a space more changes no mark's role
    found = find_marks(f"{context} {sentence}").quotations
    return tuple(Quotation(q.start - shift, q.end - shift, q.closed) for q in found if q.end > shift)
