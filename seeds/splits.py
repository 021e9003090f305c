"""Who is trained on and who is measured on: by story and outlet, never by sentence.

The test part is fixed (`corpus/test.json`) and touched for a release alone.  The other articles fall
into folds, anew for every seed; near-copies of one story are never on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from isnad.labels import LABELS
from seeds.corpus import CORPUS, Article
from seeds.stories import group_stories

TEST = CORPUS / "test.json"
SPLIT_BY = ("story", "outlet")


@dataclass(frozen=True, slots=True)
class Split:
    """Article ids to train on, to develop on, and those of the test part, each sorted."""

    train: tuple[str, ...]
    dev: tuple[str, ...]
    test: tuple[str, ...]


def read_test_ids() -> frozenset[str]:
    """Ids of the articles of the fixed test part."""
    return frozenset(json.loads(TEST.read_text("utf-8"))["articles"])


def _folds(articles: Sequence[Article], groups: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Assign each article a fold: groups whole, labels balanced by sentence."""
    rows = [(a, LABELS.index(s.label), g) for a, g in zip(articles, groups, strict=True) for s in a.sentences]
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    labels = np.array([label for _, label, _ in rows])
    fold_of: dict[str, int] = {}
    for fold, (_, held_out) in enumerate(splitter.split(labels, labels, [group for *_, group in rows])):
        fold_of.update((rows[i][0].id, fold) for i in held_out)
    return fold_of


def split(articles: Sequence[Article], *, folds: int, fold: int | None, seed: int, by: str = "story") -> Split:
    """Hold out one fold of the articles to develop on.

    Args:
        articles: all labelled articles.
        folds: how many folds.
        fold: the one held out, from 0, or None to hold out the test part alone.
        seed: shuffles the folds.
        by: `story` keeps near-copies together; `outlet` also keeps every outlet whole, and drops from
            the training part whatever tells a held-out story.

    Raises:
        ValueError: `fold` or `by` is not one of those there are.
    """
    if by not in SPLIT_BY:
        raise ValueError(f"split by {by!r}: choose one of {', '.join(SPLIT_BY)}")
    if fold is not None and not 0 <= fold < folds:
        raise ValueError(f"fold={fold}: with folds={folds} it is 0 to {folds - 1}")
    story = group_stories({a.id: a.text for a in articles})
    test = {a.id for a in articles} & read_test_ids()
    rest = sorted((a for a in articles if a.id not in test), key=lambda a: a.id)
    groups = [story[a.id] if by == "story" else a.outlet for a in rest]
    fold_of = _folds(rest, groups, folds, seed)
    dev = {a.id for a in rest if fold_of[a.id] == fold}  # none for fold None
    held_out_stories = {story[key] for key in dev | test}
    train = {a.id for a in rest if a.id not in dev and story[a.id] not in held_out_stories}
    return Split(tuple(sorted(train)), tuple(sorted(dev)), tuple(sorted(test)))
