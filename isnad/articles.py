"""An article taken apart into sentences with the text before each, and put together with what was said of them."""

from __future__ import annotations

from collections.abc import Sequence

from isnad.resolve import resolve_sources
from isnad.results import Prediction, Sentence
from isnad.sentences import Span

# Characters of context handed on with a sentence; the encoder keeps fewer.
_REACH = 4096


def with_context(text: str, span: Span) -> tuple[str, str]:
    """A sentence of an article, and the text before it."""
    return text[span.start : span.end], text[max(0, span.start - _REACH) : span.start]


def put_together(text: str, spans: Sequence[Span], predictions: Sequence[Prediction]) -> list[Sentence]:
    """An article's sentences with their predictions, one for each, in order, and the speakers resolved."""
    return resolve_sources(
        [
            Sentence(
                text=text[span.start : span.end], start=span.start, end=span.end,
                label=p.label, score=p.score, probabilities=p.probabilities,
                cue=p.cue and p.cue.moved(span.start), source=p.source and p.source.moved(span.start),
                quotes=tuple(quote.moved(span.start) for quote in p.quotes),
            )
            for span, p in zip(spans, predictions, strict=True)
        ]
    )  # fmt: skip
