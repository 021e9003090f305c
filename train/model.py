"""The classifier: an encoder from `transformers`, pooled over the sentence, and one linear layer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isnad.hints import HINTS
from isnad.labels import LABELS
from train.spans import SpanHead, span_loss

# What the rules' label adds to its logit at the start: against three rivals it makes a probability of .87.
TRUST = 3.0


def prior_shift(labels: Sequence[int], rates: Sequence[float] | None) -> list[float]:
    """What to add to the logits while learning from `labels`, so that without it they fit labels at other `rates`.

    The logarithm of each label's rate in what is learnt from over its rate in use (Saerens et al. 2002; logit
    adjustment, Menon et al. 2021); zeros where no rates are given.

    Raises:
        ValueError: `rates` are not one for each label, all above zero.
    """
    if rates is None:
        return [0.0] * len(LABELS)
    if len(rates) != len(LABELS) or min(rates) <= 0:
        raise ValueError(
            f"optimisation.rates={list(rates)}: give {len(LABELS)} shares above 0, in the order of the labels"
        )
    counts = [max(1, labels.count(i)) for i in range(len(LABELS))]
    return [math.log(n / sum(counts) / (rate / sum(rates))) for n, rate in zip(counts, rates, strict=True)]


class HashedNgrams(nn.Module):
    """A linear model of the sentence's token 1- to 3-grams, hashed: the wide part of wide & deep (Cheng et al. 2016).

    Cues are words: what a network needs many examples to find, a weight for each n-gram learns from few.
    """

    BUCKETS = 1 << 16
    LONGEST = 3
    # Few n-grams recur in a batch, so that their weights are rarely updated; this makes each update count.
    GAIN = 40.0

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Embedding(self.BUCKETS, len(LABELS))
        nn.init.zeros_(self.weights.weight)

    def forward(self, input_ids: Tensor, own: Tensor) -> Tensor:
        """Logits of shape (rows, 4): the mean of the n-grams' weights, over the root of their number.

        Args:
            input_ids: token ids, int64, (rows, length).
            own: 1 for the tokens of the sentence, else 0, (rows, length).
        """
        total = torch.zeros_like(input_ids[:, :1], dtype=self.weights.weight.dtype)
        count = total
        keys, there = input_ids, own
        for length in range(1, self.LONGEST + 1):
            if length > 1:  # the key of a longer n-gram is made of that of its beginning and its last token
                keys = (keys[:, :-1] * 40_503 + input_ids[:, length - 1 :]) % self.BUCKETS
                there = there[:, :-1] * own[:, length - 1 :]
            weight = there.unsqueeze(-1).to(self.weights.weight.dtype)
            total = total + (self.weights(keys % self.BUCKETS) * weight).sum(1)
            count = count + weight.sum(1)
        return self.GAIN * total / count.clamp(min=1.0).sqrt()


class SentenceClassifier(nn.Module):
    """Four logits for the sentence that is the second segment of the input.

    The sentence is the first token's state beside the mean and the maximum over the sentence's own tokens:
    a cue or a mark anywhere in it reaches the output directly, which a small encoder needs (measured in
    eval/LOG.md); the context reaches it through attention alone.  What the hand-written rules say is added
    as evidence, with a weight that is learnt: training starts from the rules and finds out where they err.
    Beside the network stands a linear model of n-grams, with `ngrams`.  `shift` is added to the logits for the
    loss alone (see `prior_shift`).  A second head points to cue and source; its loss counts `span_weight`.
    """

    def __init__(
        self, encoder: PreTrainedModel, dropout: float, label_smoothing: float = 0.0, *, focal: float = 0.0,
        rules: bool = True, ngrams: bool = True, shift: Sequence[float] = (0.0,) * len(LABELS),
        span_weight: float = 0.8,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * encoder.config.hidden_size, len(LABELS))
        self.rule_evidence = nn.Embedding(len(LABELS), len(LABELS))
        self.ngrams = HashedNgrams() if ngrams else None
        self.spans = SpanHead(encoder.config.hidden_size)
        self.span_weight = span_weight
        # What is known of a word is added to its embedding: nothing at first, so that the encoder starts as it is.
        self.hints = nn.Embedding(HINTS, encoder.config.hidden_size)
        nn.init.zeros_(self.hints.weight)
        self.uses_hints = rules
        self.label_smoothing = label_smoothing
        self.focal = focal
        self.register_buffer("shift", torch.tensor(shift), persistent=False)
        with torch.no_grad():
            self.rule_evidence.weight.copy_((TRUST if rules else 0.0) * torch.eye(len(LABELS)))
        self.rule_evidence.requires_grad_(rules)
        # Some encoders tell segments apart by an embedding, some (RoBERTa's kin) do not.
        self.takes_segments = getattr(encoder.config, "type_vocab_size", 0) > 1

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        rule: Tensor,
        hints: Tensor,
        labels: Tensor | None = None,
        span_targets: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Logits of shape (rows, 4), `spans` of shape (rows, length, 4), and the loss where labels are given.

        The loss is the mean cross-entropy (nats), or focal loss, and that of the pointers with `span_targets`.

        Args:
            input_ids: token ids, int64, (rows, length).
            attention_mask: 1 for tokens, 0 for padding, (rows, length).
            token_type_ids: 0 for the context, 1 for the sentence, (rows, length).
            rule: what the rules say, indices into `isnad.LABELS`, (rows,).
            hints: what is known of each token (see `isnad.hints`), (rows, length).
            labels: indices into `isnad.LABELS`, (rows,), or a weight for each of them, (rows, 4).
            span_targets: what the pointers should point to (see `train.spans.span_loss`), (rows, 4).
        """
        segments = {"token_type_ids": token_type_ids} if self.takes_segments else {}
        if not self.uses_hints:
            hints = torch.zeros_like(hints)
        words = self.encoder.get_input_embeddings()(input_ids) + self.hints(hints)
        states = self.encoder(inputs_embeds=words, attention_mask=attention_mask, **segments).last_hidden_state
        of_sentence = token_type_ids * attention_mask
        own = of_sentence.unsqueeze(-1).to(states.dtype)
        mean = (states * own).sum(1) / own.sum(1)
        highest = states.masked_fill(own == 0, torch.finfo(states.dtype).min).amax(1)
        pooled = self.dropout(torch.cat((states[:, 0], mean, highest), dim=-1))
        logits = self.head(pooled) + self.rule_evidence(rule)
        if self.ngrams is not None:
            logits = logits + self.ngrams(input_ids, of_sentence)
        spans = self.spans(states, input_ids, of_sentence, hints)
        if labels is None:
            return {"logits": logits, "spans": spans}
        shifted = logits.float() + self.shift
        loss = functional.cross_entropy(shifted, labels, label_smoothing=self.label_smoothing, reduction="none")
        if self.focal:  # what is known already counts less (Lin et al. 2017)
            loss = loss * (1 - torch.exp(-loss)) ** self.focal
        loss = loss.mean()
        if span_targets is not None:
            loss = loss + self.span_weight * span_loss(spans, span_targets)
        return {"loss": loss, "logits": logits, "spans": spans}
