"""An article taken apart into sentences with the text before each, and put together with what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from isnad.results import Prediction, Sentence
from isnad.sentences import Span, split

# Characters of context handed on with a sentence; the encoder keeps fewer.
_REACH = 4096


class Parts(NamedTuple):
    """The sentences of an article: where each stands, its text, and the text before it."""

    spans: list[Span]
    sentences: list[str]
    contexts: list[str]


def take_apart(text: str) -> Parts:
    """Split an article into sentences, each with the text before it."""
    spans = split(text)
    return Parts(
        spans,
        [text[s.start : s.end] for s in spans],
        [text[max(0, s.start - _REACH) : s.start] for s in spans],
    )


def put_together(parts: Parts, predictions: Sequence[Prediction]) -> list[Sentence]:
    """The article's sentences with their predictions, one for each, in order."""
    return [
        Sentence(
            text=sentence, start=span.start, end=span.end,
            label=p.label, score=p.score, probabilities=p.probabilities, cue=p.cue, source=p.source,
        )
        for span, sentence, p in zip(parts.spans, parts.sentences, predictions, strict=True)
    ]  # fmt: skip
