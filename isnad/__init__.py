"""isnad (إسناد): who said it, in Arabic news.

    >>> from isnad import annotate, classify
    >>> annotate(article_text)                  # -> list[Sentence], in order
    >>> annotate_many(articles)                 # -> iterator of list[Sentence], for a stream of any length
    >>> classify(["وقال الوزير: «سنفتح المعبر»."])  # -> list[Prediction]

Each sentence gets one `Label`: `direct_quote`, `reported_claim`, `denial` or `background`.
"""

from isnad.artifact import ArtifactError
from isnad.classifier import Classifier, annotate, annotate_many, classify
from isnad.labels import LABELS, Label
from isnad.results import Prediction, Sentence, Source, Span

__all__ = [
    "LABELS",
    "ArtifactError",
    "Classifier",
    "Label",
    "Prediction",
    "Sentence",
    "Source",
    "Span",
    "annotate",
    "annotate_many",
    "classify",
]
