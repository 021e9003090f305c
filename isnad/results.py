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

    def to_dict(self) -> dict[str, Any]:
        """The span as JSON types."""
        return {"text": self.text, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says of one sentence.

    Attributes:
        label: the most probable label.
        score: its probability, from 0 to 1.
        probabilities: the probability of each of the four labels; they sum to 1.
        cue: the words that attribute or deny, or None.
        source: the words that name the speaker, or None.
    """

    label: Label
    score: float
    probabilities: dict[Label, float] = field(hash=False)
    cue: Span | None = None
    source: Span | None = None

    def to_dict(self) -> dict[str, Any]:
        """The prediction as JSON types."""
        return {
            "label": self.label.value,
            "score": self.score,
            "probabilities": {label.value: p for label, p in self.probabilities.items()},
            "cue": self.cue and self.cue.to_dict(),
            "source": self.source and self.source.to_dict(),
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
