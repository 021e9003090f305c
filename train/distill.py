"""Distillation: trained models are the teachers of one small model, on labelled and on unlabelled news.

Of several teachers the probabilities are averaged (an ensemble in one model, Hinton et al. 2015); one teacher and
`distill.unlabelled` is self-training.  Where a sentence has a gold label, that and the teachers are learnt from in the
proportion `distill.gold`; where it has none, the teachers alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from isnad import Classifier
from isnad.artifact import MODEL, file_hash
from isnad.labels import LABELS
from seeds.corpus import Article, load_articles
from train.config import Data, Distill
from train.data import Collator, Example
from train.weak import weak_articles

log = logging.getLogger(__name__)
_CHUNK = 4096  # sentences a file of the cache: what a killed run loses at most


def check_teachers(teachers: Sequence[str], dev: Sequence[Article]) -> None:
    """Refuse teachers that have learnt from what this run holds out.

    Raises:
        ValueError: one has.
        FileNotFoundError: a teacher's run left no `split.json`, so that it cannot be told.
    """
    held_out = {article.id for article in dev}
    for teacher in teachers if held_out else ():
        split = Path(teacher).parent / "split.json"
        if not split.exists():
            raise FileNotFoundError(
                f"{split} is not there: whether the teacher has learnt from this run's dev part cannot be told. "
                "Take a run's model folder, or hold nothing out: data.fold=null"
            )
        seen = held_out & set(json.loads(split.read_text("utf-8"))["train"])
        if seen:
            raise ValueError(
                f"{teacher} has learnt from {len(seen)} articles that this run holds out: its figures would flatter. "
                "Take teachers of the same data.fold, data.split_by and data.split_seed"
            )


def unlabelled_articles(data: Data, count: int) -> list[Article]:
    """Unlabelled news, as `train.weak` chooses it: nothing that is labelled or nearly a copy of it."""
    if not count:
        return []
    labelled = load_articles(Path(data.corpora), own=data.own, real=data.real)
    return weak_articles(Path(data.corpora), labelled, count, data.split_seed)


def _probabilities(teacher: Path, inputs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    predictions = Classifier(teacher).classify([text for text, _ in inputs], [context for _, context in inputs])
    return np.array([[p.probabilities[label] for label in LABELS] for p in predictions], np.float32)


def ask(teachers: Sequence[str], articles: Sequence[Article], cache: Path) -> NDArray[np.float32]:
    """The teachers' mean probabilities for every labelled sentence of the articles, (sentences, 4).

    They are kept in `cache`, under the hash of the teacher and the sentences, so that a killed run goes on.
    """
    items = [(article, sentence) for article in articles for sentence in article.sentences]
    cache.mkdir(parents=True, exist_ok=True)
    total = np.zeros((len(items), len(LABELS)), np.float32)
    todo = [(teacher, start) for teacher in teachers for start in range(0, len(items), _CHUNK)]
    for teacher, start in tqdm(todo, desc="teachers", unit="chunk", mininterval=5):
        chunk = [(a.sentence_text(s), a.text[: s.start]) for a, s in items[start : start + _CHUNK]]
        key = hashlib.sha256((file_hash(Path(teacher) / MODEL) + json.dumps(chunk)).encode()).hexdigest()
        path = cache / f"{key[:32]}.npy"
        if not path.exists():
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                np.save(file, _probabilities(Path(teacher), chunk))
            partial.replace(path)
        total[start : start + _CHUNK] += np.load(path, allow_pickle=False)
    return total / len(teachers)


def soften(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """The probabilities that the logits over `temperature` give, row by row."""
    powers = probabilities ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Lesson:
    """What the teachers say of all training sentences, in order, those without a gold label last.

    Attributes:
        teacher: mean probabilities, softened, (sentences, 4).
        labelled: how many of the sentences have a gold label.
        gold: the weight of that.
    """

    teacher: NDArray[np.float32]
    labelled: int
    gold: float

    def __call__(self, examples: list[Example]) -> list[Example]:
        """The examples with two targets, each a weight a label: gold in `labels`, the teachers' in `teacher`."""
        taught: list[Example] = []
        for i, (example, row) in enumerate(zip(examples, self.teacher, strict=True)):
            gold = self.gold if i < self.labelled else 0.0
            labels = [gold * (example["labels"] == k) for k in range(len(LABELS))]
            taught.append(example | {"labels": labels, "teacher": ((1 - gold) * row).tolist()})
        return taught


def learn_from(settings: Distill, labelled: list[Article], unlabelled: list[Article], cache: Path) -> Lesson:
    """Ask the teachers about all sentences."""
    said = ask(settings.teachers, [*labelled, *unlabelled], cache)
    count = sum(len(a.sentences) for a in labelled)
    log.info("%d teachers asked about %d labelled and %d unlabelled sentences",
             len(settings.teachers), count, len(said) - count)  # fmt: skip
    return Lesson(soften(said, settings.temperature), count, settings.gold)


@dataclass(frozen=True)
class TaughtCollator(Collator):
    """A `Collator` of examples that have a teacher, or, in evaluation, none."""

    def __call__(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """Stack the examples of one batch; `teacher` and then `labels` are weights, (rows, 4)."""
        batch = super().__call__(examples)
        if "teacher" in examples[0]:
            batch["teacher"] = torch.tensor([e["teacher"] for e in examples])
        return batch
