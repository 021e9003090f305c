"""What the package returns: frozen, typed, picklable values with `to_dict()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isnad.labels import Label


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the caller's string: `text` is its characters `start:end`."""

    text: str
    start: int
    end: int

    def moved(self, by: int) -> Span:
        """The same words in a longer string, in which theirs begins at `by`."""
        return Span(self.text, self.start + by, self.end + by)

    def to_dict(self) -> dict[str, Any]:
        """The span as JSON types."""
        return {"text": self.text, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Source(Span):
    """Whose words they are.

    Attributes:
        confidence: how probable it is that this is the source, from 0 to 1.
        resolved_from: where the sentence itself names nobody («وأضاف أن …»): the index, in what `annotate`
            returned, of the sentence before it that does.  `start` and `end` point there.
    """

    confidence: float = 1.0
    resolved_from: int | None = None

    def moved(self, by: int) -> Source:
        """The same words in a longer string, in which theirs begins at `by`."""
        return Source(self.text, self.start + by, self.end + by, self.confidence, self.resolved_from)

    def to_dict(self) -> dict[str, Any]:
        """The source as JSON types."""
        return Span.to_dict(self) | {"confidence": self.confidence, "resolved_from": self.resolved_from}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says of one sentence.

    Attributes:
        label: the most probable label.
        score: its probability, from 0 to 1.
        probabilities: the probability of each of the four labels; they sum to 1.
        cue: the words that attribute or deny, or None.
        source: the words that name the speaker, or None where nobody is named.
        quotes: the speaker's own words, with or without quotation marks (see `isnad.speech`).
    """

    label: Label
    score: float
    probabilities: dict[Label, float] = field(hash=False)
    cue: Span | None = None
    source: Source | None = None
    quotes: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The prediction as JSON types."""
        return {
            "label": self.label.value,
            "score": self.score,
            "probabilities": {label.value: p for label, p in self.probabilities.items()},
            "cue": self.cue and self.cue.to_dict(),
            "source": self.source and self.source.to_dict(),
            "quotes": [quote.to_dict() for quote in self.quotes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Prediction):
    """A sentence of an article, with its prediction: `text` is the article's characters `start:end`."""

    text: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """The sentence as JSON types."""
        # slots make a dataclass anew, which zero-argument super() cannot follow
        place = {"text": self.text, "start": self.start, "end": self.end}
        return place | Prediction.to_dict(self)
