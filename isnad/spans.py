"""From what the network says to what is returned: the label, cue and source in the caller's string."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from isnad.labels import LABELS, Label
from isnad.normalize import in_word
from isnad.results import Prediction, Source, Span
from isnad.speech import quoted_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isnad.encoding import Encoded

# The columns of the graph's `spans`: a logit for each token to be the first or the last of a span;
# position 0 says that there is none.
POINTERS = ("cue_start", "cue_end", "source_start", "source_end")
LONGEST_CUE = 12  # tokens; longer ones are mistakes
LONGEST_SOURCE = 48
_ACCORDING_TO = re.compile(r"(?<!\w)و?[وط][فب]ق\w*[\u064b\u0640]*ا?[\u064b]* ل$")


def _best(start: NDArray[np.float32], end: NDArray[np.float32], longest: int) -> tuple[int, int] | None:
    """First and last token of the most probable span, or None where «none» is more probable."""
    scores = start[:, None] + end[None, :]
    ordered = np.triu(scores - scores.min() + 1.0)  # above 0 where the span does not end before it starts
    ordered[0] = 0.0
    ordered = np.tril(ordered, longest - 1)
    first, last = divmod(int(ordered.argmax()), len(end))
    return (first, last) if first and scores[first, last] > scores[0, 0] else None


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to whole words: a token may be a part of one, and a letter's diacritics follow it."""
    while start > 0 and in_word(text[start - 1]) and in_word(text[start]):
        start -= 1
    while end < len(text) and in_word(text[end]) and in_word(text[end - 1]):
        end += 1
    return start, end


def _probability(start: NDArray[np.float32], end: NDArray[np.float32], best: tuple[int, int]) -> float:
    """Probability of both pointers together, each a softmax."""
    chosen = np.exp(start[best[0]] - start.max()) * np.exp(end[best[1]] - end.max())
    return float(chosen / np.exp(start - start.max()).sum() / np.exp(end - end.max()).sum())


def decode(sentence: str, encoded: Encoded, pointers: NDArray[np.float32]) -> tuple[Span | None, Source | None]:
    """Cue and source of a sentence.

    Args:
        sentence: the caller's string.
        encoded: what the model was given.
        pointers: their logits, float32, (at least as many rows as tokens, 4).

    Returns:
        Spans of `sentence`, None for one that is not there.
    """
    length = len(encoded.ids)
    found: list[Source | None] = []
    for column, longest in ((0, LONGEST_CUE), (2, LONGEST_SOURCE)):
        ends = pointers[:length, column], pointers[:length, column + 1]
        best = _best(*ends, longest)
        if best is None:
            found.append(None)
            continue
        start, end = _whole_words(sentence, encoded.places[best[0]][0], encoded.places[best[1]][1])
        found.append(Source(sentence[start:end], start, end, _probability(*ends, best)))
    cue, source = found
    if cue is not None and source is not None:
        start = source.start
        if sentence[start] == "ل" != sentence[start + 1 : start + 2] and _ACCORDING_TO.search(sentence[: start + 1]):
            start += 1  # «وفقًا لبيانات الجمارك»: the source is «بيانات الجمارك»
            source = replace(source, text=sentence[start : source.end], start=start)
        if cue.start < start < cue.end:
            cue = replace(cue, text=sentence[cue.start : start], end=start)
    return cue and Span(cue.text, cue.start, cue.end), source


def prediction(
    probabilities: list[float], sentence: str, encoded: Encoded, pointers: NDArray[np.float32]
) -> Prediction:
    """The label and, unless it is `background`, who is speaking."""
    best = max(range(len(LABELS)), key=probabilities.__getitem__)
    by_label = dict(zip(LABELS, probabilities, strict=True))
    if LABELS[best] is Label.BACKGROUND:
        return Prediction(label=Label.BACKGROUND, score=probabilities[best], probabilities=by_label)
    cue, source = decode(sentence, encoded, pointers)
    quotes = quoted_words(sentence, encoded.quotations, LABELS[best], cue)
    return Prediction(
        label=LABELS[best], score=probabilities[best], probabilities=by_label, cue=cue, source=source, quotes=quotes
    )


def nothing_said() -> Prediction:
    """Of a sentence without a letter or digit."""
    probabilities = {label: float(label is Label.BACKGROUND) for label in LABELS}
    return Prediction(label=Label.BACKGROUND, score=1.0, probabilities=probabilities)
