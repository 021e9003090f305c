"""What is known of each word before anything is learnt: is it a cue's, and does it stand in quotation marks?"""

from __future__ import annotations

from bisect import bisect_left

from isnad.normalize import Normalized
from isnad.quotes import find_marks
from isnad.rules import CUE_KINDS, cue_words

# A hint is the number of the kind of cue, from 1, or 0; plus this inside quotation marks.
_IN_QUOTATION = CUE_KINDS + 1
HINTS = 2 * _IN_QUOTATION
_REACH = 1500  # characters of context looked at for a quotation that is still open


def hints(normalized: Normalized, sentence: str, context: str) -> list[int]:
    """A hint, from 0 to `HINTS` - 1, for each character of the normalised sentence.

    Args:
        normalized: `sentence`, normalised.
        sentence: the caller's string.
        context: the article's text before it.
    """
    made = [0] * len(normalized.text)
    for start, end, kind in cue_words(normalized.text):
        made[start:end] = [kind] * (end - start)
    before = context[-_REACH:]
    shift = len(before) + 1
    quoted = [False] * len(made)
    for quotation in find_marks(f"{before} {sentence}").quotations:
        if quotation.end > shift:
            first = bisect_left(normalized.offsets, quotation.start - shift)
            last = bisect_left(normalized.offsets, quotation.end - shift)
            quoted[first:last] = [True] * (last - first)
    return [kind + _IN_QUOTATION * inside for kind, inside in zip(made, quoted, strict=True)]
