"""A speaker's own words in a sentence: what stands in quotation marks and is speech, or speech without marks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from isnad.labels import Label
from isnad.normalize import in_word, normalize
from isnad.quotes import Quotation
from isnad.results import Span
from isnad.rules import cue_words, fold

# Fewer words in marks are a name or a term more often than speech, unless something leads to them.
_SPEECH_AT_LEAST = 4
_FRAGMENT_AT_LEAST = 2
_LEAD_REACH = 60  # characters before a mark in which a word that leads to it is looked for
_WORD = re.compile(r"\w+")
_COLON = re.compile(r":(?!\d)")
_PAUSE = re.compile(r"[،,.]")
# What leads to words in marks: «أن»، «بأنها»، a preposition written onto the mark («بـ"التقاعس"»).
_LEADING = re.compile(r"(?:(?<!\w)[وفبلك]{0,2}ان(?:ه|ها|هم|هما|نا|ني)?|(?<!\w)[بل]|:)$")
# Unmarked speech that began after a colon ends where the reporter speaks again.
_REPORTER = re.compile(
    r"[،,.؛]\s*و?(?:موضح|مؤكد|مشير|مضيف|مبين|لافت|مشدد|معتبر|منوه|مطالب|متسائل|داعي|مستدرك|معرب|معبر|محذر|متمني"
    r"|بحسب|حسب|وفق|أضاف|أوضح|أكد|أشار|جاء ذلك|في إشارة)"
)
_STOPS = frozenset(".!?؟…%")  # a mark that ends a sentence is the speaker's
_BARE_STOPS = frozenset("!?؟%")  # but where no mark closes after it, a full stop is the reporter's


def _span(sentence: str, start: int, end: int, stops: frozenset[str]) -> Span | None:
    """The span without punctuation at its edges but `stops` at its end, None if nothing is left."""
    while start < end and not in_word(sentence[start]):
        start += 1
    while start < end and not (in_word(sentence[end - 1]) or sentence[end - 1] in stops):
        end -= 1
    return Span(sentence[start:end], start, end) if start < end else None


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def _leads(before: str) -> bool:
    """Whether text leads to words of somebody's: it ends in «أن», a colon or a word that attributes."""
    text = fold(normalize(before[-_LEAD_REACH:])).rstrip(" ـ\"“”«»'")
    return _LEADING.search(text) is not None or any(end >= len(text) for _, end, _ in cue_words(text))


def _marked(sentence: str, quotations: Sequence[Quotation], label: Label) -> list[Span]:
    found: list[Span] = []
    reached = 0
    for quotation in quotations:
        opened, end = quotation.start, quotation.end
        if end <= reached:
            continue
        reached = end
        ends_here = quotation.closed and end <= len(sentence)
        span = _span(sentence, max(opened, 0), min(end, len(sentence)), _STOPS if ends_here else _BARE_STOPS)
        if span is None or (words := _words(span.text)) < _FRAGMENT_AT_LEAST:
            continue
        # A claim in the reporter's words may hold some of the speaker's; longer ones would make it a quotation.
        long_enough = label is not Label.REPORTED_CLAIM and (opened < 0 or words >= _SPEECH_AT_LEAST)
        if long_enough or _leads(sentence[: max(opened, 0)]):
            found.append(span)
    return found


def _unmarked(sentence: str, cue: Span | None) -> Span | None:
    """Speech in a direct quotation without marks: all of it, or what follows a colon or stands before «، قال فلان»."""
    if cue is None:
        return _span(sentence, 0, len(sentence), _BARE_STOPS)
    colon = _COLON.search(sentence, cue.start)
    if colon and _words(sentence[colon.end() :]):
        reporter = _REPORTER.search(sentence, colon.end())
        return _span(sentence, colon.end(), reporter.start() if reporter else len(sentence), _BARE_STOPS)
    pauses = [pause.start() for pause in _PAUSE.finditer(sentence, 0, cue.start)]
    if pauses and _words(sentence[: pauses[-1]]) >= _SPEECH_AT_LEAST:
        return _span(sentence, 0, pauses[-1], _BARE_STOPS)
    return None


def quoted_words(sentence: str, quotations: Sequence[Quotation], label: Label, cue: Span | None) -> tuple[Span, ...]:
    """The speaker's own words, quotation marks aside: of nested quotations the outermost; names and terms left out.

    A quotation that was opened before the sentence and one that goes on after it count with the part that is in
    it. Without marks, of a direct quotation what follows its colon, what
    stands before its attribution, or all of it where it has none. Rules, measured by `python -m eval`.

    Args:
        sentence: the caller's string.
        quotations: those of the sentence (see `isnad.quotes.quotations_of`).
        label: of the sentence.
        cue: the words that attribute or deny, a span of `sentence`.

    Returns:
        Spans of `sentence`, in order; none for `background`.
    """
    if label is Label.BACKGROUND:
        return ()
    found = _marked(sentence, quotations, label)
    if not found and label is Label.DIRECT_QUOTE and (speech := _unmarked(sentence, cue)):
        found = [speech]
    return tuple(found)
