"""Start the word embeddings from co-occurrence, so that pretraining need not find them out step by step.

Positive pointwise mutual information within a few words, factorised by truncated SVD (Levy and Goldberg
2014): under a minute on two cores for what costs masked-language modelling thousands of steps.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

WINDOW = 4  # tokens to each side, nearer ones counting more
SMOOTHING = 0.75  # exponent of the context distribution (Levy et al. 2015)


def cooccurrence(tokens: NDArray[np.uint16], vocabulary: int) -> sp.csr_matrix:
    """Symmetric weighted counts of token pairs within `WINDOW`, of shape (vocabulary, vocabulary)."""
    stream = tokens.astype(np.int64)
    counts = sp.csr_matrix((vocabulary, vocabulary), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        pairs, times = np.unique(stream[:-distance] * vocabulary + stream[distance:], return_counts=True)
        weight = times.astype(np.float32) * (WINDOW + 1 - distance) / WINDOW
        counts = counts + sp.csr_matrix((weight, divmod(pairs, vocabulary)), shape=counts.shape)
    return counts + counts.T


def ppmi_embeddings(tokens: NDArray[np.uint16], vocabulary: int, width: int, seed: int) -> NDArray[np.float32]:
    """Embeddings of unit length, shape (vocabulary, width); random ones for tokens hardly seen."""
    counts = cooccurrence(tokens, vocabulary).tocoo()
    totals = np.bincount(counts.row, weights=counts.data, minlength=vocabulary)
    context = totals**SMOOTHING
    context /= context.sum()
    pmi = np.log(counts.data / (totals[counts.row] * context[counts.col]))
    positive = pmi > 0
    matrix = sp.csr_matrix(
        (pmi[positive], (counts.row[positive], counts.col[positive])), shape=counts.shape, dtype=np.float32
    )
    rng = np.random.default_rng(seed)
    components = min(width, vocabulary - 1)
    left, singular, _ = randomized_svd(matrix, components, n_iter=3, random_state=seed)
    embeddings = np.pad(left * np.sqrt(singular), ((0, 0), (0, width - components)))
    unseen = np.linalg.norm(embeddings, axis=1) < 1e-2
    embeddings[unseen] = rng.normal(size=(int(unseen.sum()), width))
    return (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32)
