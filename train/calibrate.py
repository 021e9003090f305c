"""After the export, on the dev part: the temperature of the artifact, and what int8 costs.

Scores are used as probabilities; a network's are too high.  One number, fitted on held-out sentences, mends most of
that and changes no label (Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from eval.metrics import classification_metrics
from isnad import Classifier
from isnad.artifact import read_config, write_config
from isnad.encoding import batches
from isnad.labels import LABELS
from seeds.corpus import Article
from train.data import Collator, Example
from train.model import SentenceClassifier

_RANGE = (0.05, 20.0)  # of temperatures; a model that needs another one is broken
_TOKENS = 4096  # a batch


def negative_log_likelihood(logits: NDArray[np.float64], gold: NDArray[np.int64], temperature: float) -> float:
    """Mean over the rows, in nats; `logits` (rows, 4), `gold` (rows,)."""
    rows = log_softmax(logits / temperature, axis=1)
    return float(-rows[np.arange(len(gold)), gold].mean())


def fit_temperature(logits: NDArray[np.float64], gold: NDArray[np.int64]) -> float:
    """The temperature that makes the gold labels likeliest."""
    low, high = np.log(_RANGE)
    fit = minimize_scalar(
        lambda t: negative_log_likelihood(logits, gold, float(np.exp(t))), bounds=(low, high), method="bounded"
    )
    return float(np.exp(fit.x))


def _macro_f1(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    names = [label.value for label in LABELS]
    return float(classification_metrics([names[i] for i in gold], [names[i] for i in predicted])["macro_f1"])


@torch.no_grad()
def _float_labels(model: SentenceClassifier, examples: Sequence[Example], pad: int) -> NDArray[np.int64]:
    """What the float model says of each example, as indices into `isnad.LABELS`."""
    model, collate = model.float().cpu().eval(), Collator(pad)
    predicted = np.empty(len(examples), np.int64)
    for rows in batches([len(e["input_ids"]) for e in examples], _TOKENS):
        batch = collate([examples[i] for i in rows])
        del batch["labels"]
        predicted[rows] = model(**batch)["logits"].argmax(-1).numpy()
    return predicted


def set_temperature(directory: Path, temperature: float) -> None:
    """Write the temperature into an artifact's configuration."""
    write_config(directory, replace(read_config(directory), temperature=temperature))


def calibrate(
    directory: Path, model: SentenceClassifier, articles: Sequence[Article], examples: Sequence[Example]
) -> dict[str, Any]:
    """Fit the temperature of a new artifact on the dev part, and compare its labels with those of its float parent.

    Args:
        directory: the artifact, its temperature still 1.
        model: what was exported.
        articles: the dev part; the artifact is asked as users ask it.
        examples: the same sentences in the same order, encoded.

    Returns:
        `temperature`, `nll` (before and after, nats a sentence), `macro_f1` (float and int8), `int8_agreement`.
    """
    items = [(article, sentence) for article in articles for sentence in article.sentences]
    answers = Classifier(directory).classify(
        [a.sentence_text(s) for a, s in items], [a.text[: s.start] for a, s in items]
    )
    gold = np.array([LABELS.index(s.label) for _, s in items])
    probabilities = np.array([[p.probabilities[label] for label in LABELS] for p in answers])
    asked = probabilities.min(axis=1) > 0  # no model is asked about a sentence without a letter or digit
    # Up to a constant in each row, which changes nothing, these are the logits.
    logits, labels = np.log(probabilities[asked]), gold[asked]
    temperature = fit_temperature(logits, labels)
    set_temperature(directory, temperature)
    said, parent = probabilities.argmax(axis=1), _float_labels(model, examples, read_config(directory).layout.pad)
    return {
        "temperature": temperature,
        "nll": {
            "before": negative_log_likelihood(logits, labels, 1.0),
            "after": negative_log_likelihood(logits, labels, temperature),
        },
        "macro_f1": {"float": _macro_f1(gold, parent), "int8": _macro_f1(gold, said)},
        "int8_agreement": float((said == parent).mean()),
    }
