"""What is known of each word before anything is learnt: is it a cue's, and does it stand in quotation marks?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from isnad.normalize import Normalized
from isnad.quotes import Quotation
from isnad.rules import CUE_KINDS, cue_words

# A hint is the number of the kind of cue, from 1, or 0; plus this inside quotation marks.
_IN_QUOTATION = CUE_KINDS + 1
HINTS = 2 * _IN_QUOTATION


def hints(normalized: Normalized, quotations: Sequence[Quotation]) -> list[int]:
    """A hint, from 0 to `HINTS` - 1, for each character of the normalised sentence.

    Args:
        normalized: the sentence, normalised.
        quotations: those of the sentence before that (see `isnad.quotes.quotations_of`).
    """
    made = [0] * len(normalized.text)
    for start, end, kind in cue_words(normalized.text):
        made[start:end] = [kind] * (end - start)
    quoted = [False] * len(made)
    for quotation in quotations:
        first = bisect_left(normalized.offsets, quotation.start)
        last = bisect_left(normalized.offsets, quotation.end)
        quoted[first:last] = [True] * (last - first)
    return [kind + _IN_QUOTATION * inside for kind, inside in zip(made, quoted, strict=True)]
