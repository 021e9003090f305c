"""Labelled articles → training examples: the same encoding as inference, held-out stories kept apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from isnad.encoding import Encoded, Layout, encode
from isnad.labels import LABELS, Label
from seeds.corpus import Article, LabelledSentence, load_articles
from seeds.splits import Split, split
from train.config import Data
from train.spans import IGNORED
from train.weak import weak_articles

Example = dict[str, list[int] | int]


@dataclass(frozen=True)
class Parts:
    """The articles of one run, and a hash of all articles labelled by hand."""

    train: list[Article]
    dev: list[Article]
    split: Split
    data_hash: str


def load_parts(config: Data) -> Parts:
    """Load the corpus that `config` asks for and split it; the test part is left out."""
    articles = load_articles(Path(config.corpora), own=config.own, real=config.real)
    parts = split(articles, folds=config.folds, fold=config.fold, seed=config.split_seed, by=config.split_by)
    by_id = {article.id: article for article in articles}
    digest = hashlib.sha256()
    for article in sorted(articles, key=lambda a: a.id):
        digest.update(json.dumps(asdict(article), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    train, dev = ([by_id[key] for key in keys] for keys in (parts.train, parts.dev))
    train = _chosen(train, config)
    if config.weak:
        train = weak_articles(Path(config.corpora), articles, config.weak, config.split_seed)
    return Parts(_limit(train, config.limit), _limit(dev, config.limit), parts, digest.hexdigest()[:16])


def _chosen(articles: list[Article], config: Data) -> list[Article]:
    """The articles of `train_on` and `only`, and `share` of them: those whose ids have the smallest hashes.

    Raises:
        ValueError: no such part or share, or no article is left to learn from.
    """
    wanted = {"both": (True, False), "own": (True,), "real": (False,)}.get(config.train_on)
    if wanted is None:
        raise ValueError(f"data.train_on={config.train_on!r}: choose both, own or real")
    if not 0 < config.share <= 1:
        raise ValueError(f"data.share={config.share}: more than 0 and at most 1")
    begins = tuple(config.only)
    chosen = [a for a in articles if a.is_own in wanted and (a.is_own or not begins or a.id.startswith(begins))]
    draw = {a.id: hashlib.sha256(f"{config.split_seed}:{a.id}".encode()).digest() for a in chosen}
    kept = set(sorted(draw, key=draw.__getitem__)[: round(config.share * len(chosen))])
    if not kept:
        only = f" data.only={','.join(begins)}" if begins else ""
        raise ValueError(f"data.train_on={config.train_on}{only} data.share={config.share}: no article to learn from")
    return [a for a in chosen if a.id in kept]


def _limit(articles: list[Article], sentences: int | None) -> list[Article]:
    if sentences is None:
        return articles
    kept, count = [], 0
    for article in articles:
        if count >= sentences:
            break
        kept.append(article)
        count += len(article.sentences)
    return kept


def make_examples(articles: Sequence[Article], tokenizer: Tokenizer, layout: Layout) -> list[Example]:
    """Encode every labelled sentence with its article's text before it, as inference does."""
    sentences = [(article, s) for article in articles for s in article.sentences]
    encoded = encode(
        tokenizer,
        layout,
        [article.sentence_text(s) for article, s in sentences],
        [article.text[: s.start] for article, s in sentences],
    )
    return [
        {
            "input_ids": e.ids, "token_type_ids": e.segments, "rule": e.rule, "hints": e.hints,
            "labels": LABELS.index(s.label),
            "span_targets": _span_targets(article, s, e),
        }
        for e, (article, s) in zip(encoded, sentences, strict=True)
    ]  # fmt: skip


def _span_targets(article: Article, sentence: LabelledSentence, encoded: Encoded) -> list[int]:
    """First and last token of cue and source: 0 for a span that is not there, `IGNORED` for one that is not known.

    Nothing is known of sentences labelled by rule, nor of a span that was cut off; background has none to learn.
    """
    if article.sampling == "weak" or sentence.label is Label.BACKGROUND:
        return [IGNORED] * 4
    targets: list[int] = []
    for span in (sentence.cue, sentence.source):
        if span is None:
            targets += [0, 0]
            continue
        start, end = (offset - sentence.start for offset in span)
        inside = [n for n, (a, b) in enumerate(encoded.places) if a < end and b > start]
        targets += [inside[0], inside[-1]] if inside else [IGNORED, IGNORED]
    return targets


@dataclass(frozen=True)
class Collator:
    """Pads a batch to its longest example (a multiple of 8): int64, (rows, length).

    `rule` and `labels` have shape (rows,), `span_targets` (rows, 4).
    """

    pad: int

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """Stack the examples of one batch."""
        longest = max(len(e["input_ids"]) for e in examples)  # type: ignore[arg-type]
        shape = (len(examples), -(-longest // 8) * 8)
        ids = torch.full(shape, self.pad)
        mask, segments, hints = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
        for row, example in enumerate(examples):
            width = len(example["input_ids"])  # type: ignore[arg-type]
            ids[row, :width] = torch.tensor(example["input_ids"])
            segments[row, :width] = torch.tensor(example["token_type_ids"])
            hints[row, :width] = torch.tensor(example["hints"])
            mask[row, :width] = 1
        scalars = {name: torch.tensor([e[name] for e in examples]) for name in ("rule", "labels", "span_targets")}
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments, "hints": hints, **scalars}
