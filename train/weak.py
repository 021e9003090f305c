"""Weak labels: what the hand-written rules say of unlabelled news, to learn from before the gold labels.

The rules are labelling functions in the sense of Ratner et al. 2017; here a single, strong one.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from isnad.labels import LABELS
from isnad.rules import label_by_rules
from isnad.sentences import split
from seeds.corpus import Article, LabelledSentence, read_corpus
from seeds.stories import like_any

log = logging.getLogger(__name__)
_REACH = 1500  # characters of context that the rules look at
_SHORTEST = 4  # words; shorter pieces are mostly headings and boilerplate


def _label_document(document: dict[str, str]) -> Article:
    text = document["text"]
    sentences = []
    for start, end in ((s.start, s.end) for s in split(text)):
        if len(text[start:end].split()) >= _SHORTEST:
            label = label_by_rules(text[start:end], text[max(0, start - _REACH) : start])
            sentences.append(LabelledSentence(start, end, label))
    return Article(document["id"], document["source"], document["title"], text, tuple(sentences), "weak")


def weak_articles(corpora: Path, labelled: Sequence[Article], count: int, seed: int) -> list[Article]:
    """Label sentences of unlabelled news by rule, `count` at most, rare labels favoured.

    At most a quarter of the sentences get each label; denials are so rare that fewer are found.
    Documents that are labelled by hand, or nearly copies of one that is, are left out: what is measured
    on stays unseen.

    Raises:
        FileNotFoundError: the corpora are not there.
    """
    source = corpora / "news.jsonl.xz"
    if not source.exists():
        raise FileNotFoundError(f"{source} is not there: weak labels need unlabelled news (see seeds/README.md)")
    documents = {d["id"]: d for d in read_corpus(source)}
    known = {a.id for a in labelled}
    near = like_any({k: d["text"] for k, d in documents.items()}, [a.text for a in labelled])
    kept = sorted(documents.keys() - known - near)
    random.Random(seed).shuffle(kept)
    quota = dict.fromkeys(LABELS, count // len(LABELS))
    articles: list[Article] = []
    for key in kept:
        article = _label_document(documents[key])
        chosen = []
        for sentence in article.sentences:
            if quota[sentence.label] > 0:
                quota[sentence.label] -= 1
                chosen.append(sentence)
        if chosen:
            articles.append(Article(article.id, article.outlet, article.title, article.text, tuple(chosen), "weak"))
        if not any(quota.values()):
            break
    labels = Counter(s.label.value for a in articles for s in a.sentences)
    log.info("weak labels of %d documents: %s", len(articles), dict(labels))
    return articles
