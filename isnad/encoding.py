"""From a sentence and the text before it to the model's input: used in training and inference alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from isnad.hints import hints
from isnad.labels import LABELS
from isnad.normalize import normalize, normalize_with_offsets
from isnad.quotes import Quotation, quotations_of
from isnad.rules import label_normalized

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Characters of context looked at for each token of it that is kept: tokens are shorter than this.
_CHARACTERS_PER_TOKEN = 12
# Characters of context looked at for a quotation that is still open.
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
        hints: for each token what `isnad.hints` says of its first character; 0 outside the sentence.
        places: for each token of the sentence its characters `start:end` of the caller's string; for
            the others (0, 0).
        quotations: those of the sentence, in the caller's string (see `isnad.quotes.quotations_of`).
    """

    ids: list[int]
    segments: list[int]
    rule: int
    hints: list[int]
    places: list[tuple[int, int]] = field(compare=False)
    quotations: tuple[Quotation, ...] = field(compare=False)


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
    normalized = [normalize_with_offsets(s) for s in sentences]
    encodings = tokenizer.encode_batch([n.text for n in normalized], add_special_tokens=False)
    # Of the text before, ids alone are wanted: `fast` leaves the offsets out.
    before = tokenizer.encode_batch_fast([normalize(_tail(c, room)) for c in contexts], add_special_tokens=False)
    made: list[Encoded] = []
    for i, (sentence, context) in enumerate(zip(sentences, contexts, strict=True)):
        quotations = quotations_of(sentence, (context or "")[-_REACH:])
        known = hints(normalized[i], quotations)
        tokens = _Tokens(
            encodings[i].ids,
            [known[start] if end > start else 0 for start, end in encodings[i].offsets],
            _places(encodings[i].offsets, normalized[i].offsets),
        )
        rule = LABELS.index(label_normalized(normalized[i], quotations))
        made.append(_assemble(layout, tokens, before[i].ids, rule, quotations))
    return made


class _Tokens(NamedTuple):
    ids: list[int]
    hints: list[int]
    places: list[tuple[int, int]]

    def cut(self, head: int, tail: int) -> _Tokens:
        """The first `head` and the last `tail` of them."""
        end = len(self.ids) - tail
        return _Tokens(
            self.ids[:head] + self.ids[end:],
            self.hints[:head] + self.hints[end:],
            self.places[:head] + self.places[end:],
        )


def _places(tokens: list[tuple[int, int]], offsets: list[int]) -> list[tuple[int, int]]:
    """Where each token stands in the caller's string, from its place in the normalised one."""
    return [(offsets[start], offsets[end - 1] + 1) if end > start else (0, 0) for start, end in tokens]


def _assemble(
    layout: Layout, sentence: _Tokens, context: list[int], rule: int, quotations: tuple[Quotation, ...]
) -> Encoded:
    room = layout.max_length - 3
    if len(sentence.ids) > room:
        head = round(room * _HEAD)
        sentence = sentence.cut(head, room - head)
    keep = min(layout.context_tokens, room - len(sentence.ids))
    context = context[len(context) - keep :] if keep < len(context) else context
    before = len(context) + 2
    return Encoded(
        ids=[layout.cls, *context, layout.sep, *sentence.ids, layout.sep],
        segments=[0] * before + [1] * (len(sentence.ids) + 1),
        rule=rule,
        hints=[0] * before + [*sentence.hints, 0],
        places=[(0, 0)] * before + [*sentence.places, (0, 0)],
        quotations=quotations,
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
