"""Annotate one shard: a pure function of its rows, so that it gives the same bytes whoever does it, and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from isnad.classifier import Classifier
from isnad.corpus.arrow import parquet_bytes
from isnad.corpus.rows import Article, Fault, Raw, read_row
from isnad.results import Sentence

# Scores are written with so many decimal places: more would be the processor's, not the model's.
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a shard's output, besides its rows."""

    text_field: str
    id_field: str | None
    output: str
    model: Path


class Task(NamedTuple):
    """The rows of one shard; `first` is the number of the first, from 1."""

    first: int
    rows: Sequence[Raw]


class Shard(NamedTuple):
    """A shard's output: two files, and what they hold."""

    good: bytes
    bad: bytes
    rows: int
    articles: int
    sentences: int


def annotate_shard(classifier: Classifier, recipe: Recipe, task: Task) -> Shard:
    """Annotate the rows of a shard.  `classifier` must run on one thread: more could add up in another order."""
    good: list[tuple[int, Article]] = []
    bad: list[dict[str, Any]] = []
    for number, raw in enumerate(task.rows, task.first):
        row = read_row(raw, recipe.text_field, recipe.id_field)
        if isinstance(row, Fault):
            bad.append({"row": number, "reason": row.reason})
        else:
            good.append((number, row))
    annotated = list(classifier.annotate_many(article.text for _, article in good))
    records = [
        {"row": number, "id": article.id, "sentences": [record(s) for s in sentences]}
        for (number, article), sentences in zip(good, annotated, strict=True)
    ]
    content = parquet_bytes(records) if recipe.output == "parquet" else _lines(records)
    return Shard(content, _lines(bad), len(task.rows), len(good), sum(map(len, annotated)))


def record(sentence: Sentence) -> dict[str, Any]:
    """What is written of a sentence: its `to_dict`, scores rounded."""
    fields = sentence.to_dict()
    fields["score"] = round(fields["score"], _DECIMALS)
    fields["probabilities"] = {label: round(p, _DECIMALS) for label, p in fields["probabilities"].items()}
    if fields["source"] is not None:
        fields["source"]["confidence"] = round(fields["source"]["confidence"], _DECIMALS)
    return fields


def _lines(records: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
