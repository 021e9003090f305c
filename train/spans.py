"""The second head: which of a sentence's words attribute it (the cue), and which name the speaker (the source)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from isnad.hints import HINTS
from isnad.spans import POINTERS

IGNORED = -100  # a target that nothing is learnt from: the span is not known, or not among the tokens kept


class HashedNeighbours(nn.Module):
    """A linear model of what stands round each token, hashed: what a conditional random field would look at.

    As `train.model.HashedNgrams` does for the label, it learns from few examples which words are cues, and
    which stand before and after a speaker's name.
    """

    BUCKETS = 1 << 16
    # Few keys recur in a batch, so that their weights are rarely updated; this makes each update count.
    GAIN = 12.0
    REACH = 3
    # Offsets from the token whose values make a key together.
    WINDOWS = (
        (-2,), (-1,), (0,), (1,), (2,), (3,), (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 0, 1), (0, 1, 2),
    )  # fmt: skip

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.weights = nn.Embedding(self.BUCKETS, outputs)
        nn.init.zeros_(self.weights.weight)

    def forward(self, values: Tensor) -> Tensor:
        """Logits of shape (rows, length, outputs) of token ids, or other numbers, int64, of shape (rows, length)."""
        length = values.shape[1]
        padded = functional.pad(values, (self.REACH, self.REACH))
        total = torch.zeros_like(values, dtype=self.weights.weight.dtype).unsqueeze(-1)
        for number, window in enumerate(self.WINDOWS):
            key = torch.full_like(values, number + 1)
            for offset in window:
                start = self.REACH + offset
                key = (key * 40_503 + padded[:, start : start + length]) % self.BUCKETS
            total = total + self.weights(key)
        return self.GAIN * total


class SpanHead(nn.Module):
    """Four pointers over the tokens: first and last token of the cue, first and last of the source.

    Each is a softmax over the sentence's tokens and [CLS], which stands for «there is none» (as BERT does for
    SQuAD 2; Devlin et al. 2019).  A span's end depends on its beginning, and a source stands by its cue: every
    pointer sees, through a convolution, where those before it point to.
    """

    HIDDEN, CHANNELS = 128, 16
    REACH = 12  # tokens on either side that a pointer sees of those before it

    def __init__(self, width: int) -> None:
        super().__init__()
        count = len(POINTERS)
        self.words, self.kinds = HashedNeighbours(count), HashedNeighbours(count)
        self.hint = nn.Embedding(HINTS, self.CHANNELS)
        self.near_hints = nn.Conv1d(self.CHANNELS, 2 * self.CHANNELS, 9, padding=4)
        self.hidden = nn.Linear(width + 3 * self.CHANNELS, self.HIDDEN)
        self.near = nn.ModuleList(
            nn.Conv1d(n, self.CHANNELS, 2 * self.REACH + 1, padding=self.REACH) for n in range(1, count)
        )
        self.point = nn.ModuleList(nn.Linear(self.HIDDEN + (self.CHANNELS if n else 0), 1) for n in range(count))

    def forward(self, states: Tensor, input_ids: Tensor, own: Tensor, hints: Tensor) -> Tensor:
        """Logits of shape (rows, length, 4), in the order of `isnad.spans.POINTERS`.

        Args:
            states: the encoder's, (rows, length, width).
            input_ids: token ids, (rows, length).
            own: 1 for the sentence's tokens and the [SEP] after them, (rows, length).
            hints: what is known of each token (see `isnad.hints`), (rows, length).
        """
        allowed = own * functional.pad(own[:, 1:], (0, 1))  # without that [SEP]
        allowed = torch.cat((torch.ones_like(own[:, :1]), allowed[:, 1:]), dim=1)
        wide = self.words(input_ids * own) + self.kinds(hints + own)
        hint = self.hint(hints) * own.unsqueeze(-1)  # padding looks like what lies beyond the edge: nothing
        near = functional.gelu(self.near_hints(hint.transpose(1, 2))).transpose(1, 2)
        hidden = functional.gelu(self.hidden(torch.cat((states, hint, near), dim=-1)))
        pointers: list[Tensor] = []
        seen: list[Tensor] = []
        for n, point in enumerate(self.point):
            features = hidden
            if n:
                there = functional.gelu(self.near[n - 1](torch.stack(seen, dim=1))).transpose(1, 2)
                features = torch.cat((hidden, there), dim=-1)
            logits = (point(features).squeeze(-1) + wide[..., n]).masked_fill(allowed == 0, -1e4)
            pointers.append(logits)
            seen.append(logits.softmax(-1))
        return torch.stack(pointers, dim=-1)


def span_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy (nats) of the pointers, the mean over all rows and four pointers, 0 for a target not known.

    The mean over those known alone would make a batch more than the sum of the pieces that it may be computed in.

    Args:
        logits: (rows, length, 4).
        targets: positions, 0 where there is no such span, `IGNORED` where it is not known, int64, (rows, 4).
    """
    total = functional.cross_entropy(logits.float(), targets, ignore_index=IGNORED, reduction="sum")
    return total / targets.numel()
