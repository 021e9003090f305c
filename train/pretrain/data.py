"""Pretraining text: read the corpora, leave out what evaluation uses, tokenise, pack into windows.

Everything is a pure function of its inputs and of the step number, so that a run that was killed
goes on with exactly the batches that it would have seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from isnad.normalize import normalize

IGNORED = -100
_BOILERPLATE = re.compile(r"(https?://\S+|www\.\S+)")


def clean(text: str) -> Iterator[str]:
    """Yield the paragraphs of a document that are worth reading: normalised, no bare links or crumbs."""
    for paragraph in text.split("\n"):
        paragraph = normalize(_BOILERPLATE.sub(" ", paragraph))
        arabic = sum("ء" <= c <= "ي" for c in paragraph)
        if arabic >= 20 and arabic >= 0.4 * len(paragraph):
            yield paragraph


def tokenize(documents: Sequence[str], tokenizer: Tokenizer, batch: int = 512) -> np.ndarray:
    """Concatenate the documents' tokens, each document closed by [SEP]; uint16, one dimension."""
    separator = tokenizer.token_to_id("[SEP]")
    pieces: list[np.ndarray] = []
    for start in range(0, len(documents), batch):
        for encoding in tokenizer.encode_batch(documents[start : start + batch], add_special_tokens=False):
            pieces.append(np.array([*encoding.ids, separator], dtype=np.uint16))
    return np.concatenate(pieces)


@dataclass(frozen=True)
class Batch:
    """One batch, each tensor of shape (rows, length), int64.

    `labels` holds at each position the token to be predicted there, which is the **next** one of the text,
    or `IGNORED`.  In a causal batch a position may see those before it alone.
    """

    input_ids: Tensor
    token_type_ids: Tensor
    labels: Tensor
    causal: bool


class Packer:
    """Cuts the token stream into `[CLS] A [SEP] B [SEP]` windows with something to predict, by step number.

    B follows A in the text, so that the encoder meets the two segments as fine-tuning uses them:
    the context and the sentence.  The first `causal_steps` steps predict each next token from those before
    it; the others mask tokens and predict each from the position before it, with all the text in sight
    (masked next-token prediction, as in GPT-BERT; Charpentier and Samuel 2024).
    """

    def __init__(
        self, tokens: np.ndarray, tokenizer: Tokenizer, length: int, rows: int, seed: int, *,
        causal_steps: int, predicted: float = 0.5, masked: float = 0.2,
    ) -> None:  # fmt: skip
        self.tokens, self.length, self.rows, self.seed = tokens, length, rows, seed
        self.causal_steps, self.predicted, self.masked = causal_steps, predicted, masked
        self.cls, self.sep, self.mask = (tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]", "[MASK]"))
        self.vocabulary = tokenizer.get_vocab_size()
        self.first_ordinary = tokenizer.token_to_id("[MASK]") + 1
        self.body = length - 3
        self.windows = len(tokens) // self.body - 1
        self.steps_per_epoch = self.windows // rows
        if self.steps_per_epoch < 1:
            raise ValueError(f"{len(tokens)} tokens are too few for one batch of {rows} × {length}")
        self._epoch = -1

    def _start_epoch(self, epoch: int) -> None:
        rng = np.random.default_rng([self.seed, epoch])
        self._shift = int(rng.integers(self.body))  # other window borders in every epoch
        self._order = rng.permutation(self.windows)
        self._epoch = epoch

    def batch(self, step: int) -> Batch:
        """The batch of a step (counted from 0): the same for the same step, whatever came before."""
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._start_epoch(epoch)
        rng = np.random.default_rng([self.seed, 1 << 20, step])
        starts = self._order[within * self.rows : (within + 1) * self.rows] * self.body + self._shift
        body = self.tokens[starts[:, None] + np.arange(self.body)].astype(np.int64)
        cut = rng.integers(self.body // 8, self.body - self.body // 8, size=self.rows)
        ids = np.empty((self.rows, self.length), dtype=np.int64)
        types = np.zeros_like(ids)
        for row, at in enumerate(cut):
            ids[row] = np.concatenate(([self.cls], body[row, :at], [self.sep], body[row, at:], [self.sep]))
            types[row, at + 2 :] = 1
        causal = step < self.causal_steps
        chosen = (rng.random(ids.shape) < (self.predicted if causal else self.masked)) & (ids >= self.first_ordinary)
        labels = np.full_like(ids, IGNORED)
        labels[:, :-1] = np.where(chosen, ids, IGNORED)[:, 1:]
        shown = ids if causal else self._mask(ids, chosen, rng)
        return Batch(*(torch.from_numpy(a) for a in (shown, types, labels)), causal)

    def _mask(self, ids: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """BERT's masking (Devlin et al. 2019): 80 % [MASK], 10 % another token, 10 % unchanged."""
        dice = rng.random(ids.shape)
        masked = np.where(chosen & (dice < 0.8), self.mask, ids)
        other = rng.integers(self.first_ordinary, self.vocabulary, size=ids.shape)
        return np.where(chosen & (dice >= 0.9), other, masked)
