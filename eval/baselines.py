"""What a model must beat: majority, n-grams with logistic regression, hand-written rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from isnad.normalize import normalize
from isnad.rules import label_by_rules


class Baseline(Protocol):
    """A labeller that learns from sentences, or ignores them."""

    def fit(self, sentences: Sequence[str], labels: Sequence[str]) -> object:
        """Learn from labelled sentences."""

    def predict(self, sentences: Sequence[str], contexts: Sequence[str]) -> list[str]:
        """Label sentences, each with the text before it."""


class Learnt:
    """A scikit-learn pipeline over normalised sentences; it does not look at the context."""

    def __init__(self, pipeline: Pipeline | DummyClassifier) -> None:
        self.pipeline = pipeline

    def fit(self, sentences: Sequence[str], labels: Sequence[str]) -> None:
        """Fit the pipeline."""
        self.pipeline.fit([normalize(s) for s in sentences], list(labels))

    def predict(self, sentences: Sequence[str], contexts: Sequence[str]) -> list[str]:
        """Label each sentence by itself."""
        return list(map(str, self.pipeline.predict([normalize(s) for s in sentences])))


class Rules:
    """Hand-written rules on marks and cue words; nothing is learnt."""

    def fit(self, sentences: Sequence[str], labels: Sequence[str]) -> None:
        """Learn nothing."""

    def predict(self, sentences: Sequence[str], contexts: Sequence[str]) -> list[str]:
        """Label each sentence by its marks and cues, and by whether a quotation is open before it."""
        return [label_by_rules(s, c).value for s, c in zip(sentences, contexts, strict=True)]


def ngrams() -> Pipeline:
    """TF-IDF of word 1–2-grams and character 2–5-grams, then logistic regression with balanced classes."""
    words = TfidfVectorizer(
        token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), min_df=2, sublinear_tf=True, lowercase=False
    )
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, lowercase=False, max_features=200_000
    )
    return Pipeline(
        [
            ("features", FeatureUnion([("words", words), ("characters", characters)])),
            ("classifier", LogisticRegression(C=8.0, class_weight="balanced", max_iter=300)),
        ]
    )


def all_baselines() -> dict[str, Baseline]:
    """The baselines by name, in the order of the table."""
    return {
        "majority": Learnt(DummyClassifier(strategy="most_frequent")),
        "n-grams": Learnt(ngrams()),
        "rules": Rules(),
    }
