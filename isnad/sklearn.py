"""The classifier as a scikit-learn estimator (extra `sklearn`): for pipelines, cross-validation and its metrics."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from isnad.classifier import Classifier
from isnad.extras import extra
from isnad.labels import LABELS

with extra("sklearn"):
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import Tags

_CLASSES = np.array(sorted(label.value for label in LABELS))  # sorted, as scikit-learn's metrics take them


@lru_cache(maxsize=4)
def _classifier(model_dir: str | None, threads: int | None) -> Classifier:
    """One model for all clones: cross-validation makes many."""
    return Classifier(model_dir, threads=threads)


class IsnadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An exported model as it is: `fit` learns nothing, and may be left out.

    `X` is a sequence of sentences, or has two columns: the sentence and the text before it (a string, or None).  To
    train a model of your own, see `python -m train --help`.

    Args:
        model_dir: an exported model directory; None takes the model that the package carries.
        threads: threads for one call; None leaves it to onnxruntime.

    Attributes:
        classes_: names of the four labels, sorted: the order of the columns of `predict_proba`.
    """

    def __init__(self, model_dir: str | os.PathLike[str] | None = None, threads: int | None = None) -> None:
        self.model_dir = model_dir
        self.threads = threads

    @property
    def classes_(self) -> np.ndarray[Any, Any]:
        """Names of the four labels, sorted."""
        return _CLASSES.copy()

    def fit(self, X: Any, y: Sequence[str] | None = None) -> IsnadClassifier:  # noqa: N803
        """Check the input and the labels, and learn nothing.

        Raises:
            TypeError, ValueError: `X` is not as described above; `y` holds another label than isnad's four, or
                another number of them.
        """
        sentences, _ = _columns(X)
        if y is not None:
            if len(y) != len(sentences):
                raise ValueError(f"y has {len(y)} labels for {len(sentences)} sentences")
            # Numbers are let through: cross_val_predict hands them over in place of labels.
            if strange := {label for label in y if isinstance(label, str)} - set(_CLASSES):
                raise ValueError(f"y has labels that are not isnad's: {', '.join(sorted(strange))}")
        return self

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """Probabilities of shape (len(X), 4), columns in the order of `classes_`."""
        model_dir = None if self.model_dir is None else os.fspath(self.model_dir)
        predictions = _classifier(model_dir, self.threads).classify(*_columns(X))
        rows = [[p.probabilities[label] for label in sorted(LABELS)] for p in predictions]
        return np.array(rows).reshape(-1, len(LABELS))

    def predict(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """The most probable label of each sentence, an array of strings."""
        return np.asarray(_CLASSES[self.predict_proba(X).argmax(axis=1)])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.target_tags.required = False
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_class = True
        return tags


def _columns(values: Any) -> tuple[list[str], list[str | None] | None]:
    """Sentences and contexts of what scikit-learn hands over: a list, an array, a series or a frame."""
    if isinstance(values, str):
        raise TypeError("X must be a sequence of sentences, not one string; wrap it: [X]")
    array = np.asarray(values, dtype=object)
    if array.ndim == 1:
        return array.tolist(), None
    if array.ndim == 2 and array.shape[1] in (1, 2):
        sentences, *rest = array.T.tolist()
        return sentences, rest[0] if rest else None
    raise ValueError(f"X has shape {array.shape}: give sentences, or two columns: sentence and the text before it")
