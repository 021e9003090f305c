"""From a sentence and the text before it to the model's input: used in training and inference alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from isnad.labels import LABELS
from isnad.normalize import normalize
from isnad.rules import label_by_rules

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Characters of context looked at for each token of it that is kept: tokens are shorter than this.
_CHARACTERS_PER_TOKEN = 12
# Characters of context that the rules look at, for a quotation that is still open.
_REACH = 1500
# Of a sentence too long for the model, so much of the room goes to its beginning, the rest to its
# end: attribution stands at the edges («قال …»، «… على حد قوله»).
_HEAD = 0.7


@dataclass(frozen=True, slots=True)
class Layout:
    """How a model takes its input; part of the artifact's `config.json`.

    Attributes:
        max_length: tokens of the whole input, the three special ones included.
        context_tokens: of these, at most so many for the text before the sentence.
        cls, sep, pad: ids of the special tokens.
    """

    max_length: int
    context_tokens: int
    cls: int
    sep: int
    pad: int

    def __post_init__(self) -> None:
        if self.context_tokens < 0 or self.max_length < self.context_tokens + 8:
            raise ValueError(
                f"max_length={self.max_length} leaves no room for a sentence beside "
                f"context_tokens={self.context_tokens} and three special tokens"
            )


@dataclass(frozen=True, slots=True)
class Encoded:
    """One input, without padding.

    Attributes:
        ids: token ids.
        segments: for each token 0 in the context, 1 in the sentence.
        rule: index in `isnad.LABELS` of what the hand-written rules say.
    """

    ids: list[int]
    segments: list[int]
    rule: int


def _tail(context: str | None, characters: int) -> str:
    """The last whole words of the context, about `characters` of it."""
    if not context or not characters:
        return ""
    if len(context) <= characters:
        return context
    cut = context[-characters:]
    head, _, rest = cut.partition(" ")
    return rest if len(head) < characters // 2 else cut


def encode(
    tokenizer: Tokenizer, layout: Layout, sentences: Sequence[str], contexts: Sequence[str | None]
) -> list[Encoded]:
    """Encode each sentence with the text before it as `[CLS] context [SEP] sentence [SEP]`.

    The context keeps its end, up to `layout.context_tokens`; a sentence too long keeps its beginning
    and its end, and pushes out context first.  The two sequences have the same length.
    """
    room = layout.context_tokens * _CHARACTERS_PER_TOKEN
    texts = [normalize(s) for s in sentences] + [normalize(_tail(c, room)) for c in contexts]
    encodings = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    count = len(sentences)
    rules = [label_by_rules(s, (c or "")[-_REACH:]) for s, c in zip(sentences, contexts, strict=True)]
    return [_assemble(layout, encodings[i], encodings[count + i], LABELS.index(rules[i])) for i in range(count)]


def _assemble(layout: Layout, sentence: list[int], context: list[int], rule: int) -> Encoded:
    room = layout.max_length - 3
    if len(sentence) > room:
        head = round(room * _HEAD)
        sentence = sentence[:head] + sentence[len(sentence) - (room - head) :]
    keep = min(layout.context_tokens, room - len(sentence))
    context = context[len(context) - keep :] if keep < len(context) else context
    return Encoded(
        ids=[layout.cls, *context, layout.sep, *sentence, layout.sep],
        segments=[0] * (len(context) + 2) + [1] * (len(sentence) + 1),
        rule=rule,
    )


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Group inputs of like length so that rows × longest row stays within `budget` tokens.

    Returns lists of indices into `lengths`; an input longer than the budget gets a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cuts = [0]
    for position, index in enumerate(order):
        if (position - cuts[-1] + 1) * lengths[index] > budget and position > cuts[-1]:
            cuts.append(position)
    return [order[a:b] for a, b in pairwise([*cuts, len(order)])] if order else []
