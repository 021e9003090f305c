"""The model's errors, worst first, and for the few that the report shows: which words mattered, what it learnt from."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import linear_kernel

from eval.items import Item
from isnad import Classifier, Prediction
from isnad.labels import LABELS, Label
from isnad.normalize import normalize

_MOST_PARTS = 40  # of a sentence that are left out in turn; a longer one loses several words at once
_LEAST = 1e-9  # a probability of 0 has no logarithm
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Part:
    """A word or a few of a sentence, and how far they push the model to its answer: see `occlusion`."""

    text: str
    push: float


@dataclass(frozen=True)
class Neighbour:
    """A sentence that was trained on, and how near it is."""

    item: Item
    similarity: float


def worst(
    items: Sequence[Item], gold: NDArray[np.int64], probabilities: NDArray[np.float64], most: int
) -> list[tuple[int, dict[str, Any]]]:
    """The sentences that the model gets wrong, the most certain ones first, `most` of them.

    Returns:
        For each its number among the items, and what may be stored of it: where it is (no text, which may
        not be ours), gold and predicted label, all probabilities.
    """
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != gold)
    wrong = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:most]
    return [
        (
            int(n),
            items[n].identity
            | {
                "outlet": items[n].outlet,
                "hard": items[n].hard,
                "gold": LABELS[gold[n]].value,
                "predicted": LABELS[predicted[n]].value,
                "probabilities": {label.value: float(p) for label, p in zip(LABELS, probabilities[n], strict=True)},
            },
        )
        for n in wrong
    ]


def _parts(text: str) -> list[tuple[int, int]]:
    """Where the words of a sentence stand; of a long one, runs of a few words."""
    words = [match.span() for match in _WORD.finditer(text)]
    run = -(-len(words) // _MOST_PARTS)
    return [(words[i][0], words[min(i + run, len(words)) - 1][1]) for i in range(0, len(words), run)]


def _margin(prediction: Prediction, answer: Label, gold: Label) -> float:
    p = prediction.probabilities
    return math.log(max(p[answer], _LEAST)) - math.log(max(p[gold], _LEAST))


def occlusion(classifier: Classifier, items: Sequence[Item]) -> list[list[Part]]:
    """Leave out each word in turn and see how the model's answer fares against the right label.

    Occlusion (Zeiler and Fergus 2014): what each word by itself is worth to the model, its rules included.
    Only for items that the model gets wrong.

    Returns:
        For each item its words in order; `push` is by how much the logarithm of p(answer) / p(gold) falls
        without the word: above 0 it speaks for the model's answer, below 0 for the right label.
    """
    spans = [_parts(item.text) for item in items]
    texts, contexts = [item.text for item in items], [item.context for item in items]
    for item, found in zip(items, spans, strict=True):
        texts += [item.text[:start] + item.text[end:] for start, end in found]
        contexts += [item.context] * len(found)
    answers = classifier.classify(texts, contexts)
    whole, without = answers[: len(items)], iter(answers[len(items) :])
    return [
        [
            Part(
                item.text[start:end],
                _margin(answer, answer.label, item.label) - _margin(next(without), answer.label, item.label),
            )
            for start, end in found
        ]
        for item, answer, found in zip(items, whole, spans, strict=True)
    ]  # fmt: skip


def nearest(train: Sequence[Item], items: Sequence[Item], most: int = 2) -> list[list[Neighbour]]:
    """For each item the nearest sentences that were trained on, by the cosine of TF-IDF of words.

    That is likeness in wording, not in what the model makes of it.
    """
    if not train or not items:
        return [[] for _ in items]
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", sublinear_tf=True, lowercase=False)
    learnt = vectorizer.fit_transform([normalize(item.text) for item in train])
    similarity = linear_kernel(vectorizer.transform([normalize(item.text) for item in items]), learnt)
    order = np.argsort(-similarity, axis=1, kind="stable")[:, :most]
    return [
        [Neighbour(train[n], float(row[n])) for n in best if row[n] > 0]
        for row, best in zip(similarity, order, strict=True)
    ]
