"""Evaluate an artifact and the baselines on the same held-out articles; all figures in one structure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.baselines import all_baselines
from eval.metrics import classification_metrics, macro_f1_interval
from eval.predictions import prediction_rows
from isnad import Classifier
from isnad.labels import Label
from seeds.corpus import Article, LabelledSentence

MODEL = "model"
# Groups of articles, each with its own table; the first that is not empty is the headline.
GROUPS: dict[str, Callable[[Article], bool]] = {
    "real news": lambda article: article.sampling in ("natural", "denial_rich", "other_outlets"),
    "real news, natural rate of the labels": lambda article: article.sampling == "natural",
    "real news round an attribution": lambda article: article.sampling == "attributed",
    "real news on which models and rules disagreed": lambda article: article.sampling == "active",
    "articles of our own": lambda article: article.is_own,
}


@dataclass(frozen=True)
class Item:
    """A labelled sentence in its article."""

    article: Article
    sentence: LabelledSentence

    @property
    def text(self) -> str:
        """The sentence."""
        return self.article.sentence_text(self.sentence)

    @property
    def context(self) -> str:
        """The article's text before the sentence."""
        return self.article.text[: self.sentence.start]


def items(articles: Sequence[Article]) -> list[Item]:
    """All labelled sentences of the articles, in order."""
    return [Item(article, sentence) for article in articles for sentence in article.sentences]


def _errors(held_out: Sequence[Item], probabilities: Sequence[dict[Label, float]], most: int) -> list[dict[str, Any]]:
    """The sentences that the model gets wrong, the most certain ones first."""
    wrong = []
    for item, p in zip(held_out, probabilities, strict=True):
        best = max(p, key=p.__getitem__)
        if best != item.sentence.label:
            wrong.append(
                {
                    "article": item.article.id, "outlet": item.article.outlet,
                    "start": item.sentence.start, "end": item.sentence.end, "hard": item.sentence.hard,
                    "gold": item.sentence.label.value, "predicted": best.value, "probability": p[best],
                }
            )  # fmt: skip
    return sorted(wrong, key=lambda error: -error["probability"])[:most]


def evaluate(
    classifier: Classifier,
    train: Sequence[Article],
    held_out: Sequence[Article],
    *,
    baselines: Sequence[str],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Score the model and the baselines.

    Args:
        classifier: the artifact, as users call it.
        train: the articles that the model was trained on; the baselines learn from them.
        held_out: the articles to score on.
        baselines: names of those of `all_baselines` to score beside the model.
        resamples: draws of articles for the intervals.
        seed: of those draws.

    Returns:
        `groups` (for each group of articles that is there: `sentences`, `articles`, and for each system
        its `classification_metrics` and `interval`), `errors` (article id and offsets: no text, which
        may not be ours to store), `predictions` (of the model, see `eval.predictions`), `sentences_per_second`.
    """
    known = all_baselines()
    if unknown := set(baselines) - known.keys():
        raise ValueError(f"baselines: {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    learnt, measured = items(train), items(held_out)
    texts, contexts = [i.text for i in measured], [i.context for i in measured]
    classifier.load()
    began = time.perf_counter()
    answers = classifier.classify(texts, contexts)
    speed = len(texts) / (time.perf_counter() - began)
    predictions = {MODEL: [a.label.value for a in answers]}
    for name in baselines:
        baseline = known[name]
        baseline.fit([i.text for i in learnt], [i.sentence.label.value for i in learnt])
        predictions[name] = baseline.predict(texts, contexts)
    groups: dict[str, Any] = {}
    for group, belongs in GROUPS.items():
        rows = [n for n, item in enumerate(measured) if belongs(item.article)]
        if not rows:
            continue
        gold = [measured[n].sentence.label.value for n in rows]
        articles = [measured[n].article.id for n in rows]
        systems = {}
        for name, predicted in predictions.items():
            chosen = [predicted[n] for n in rows]
            systems[name] = classification_metrics(gold, chosen) | {
                "interval": macro_f1_interval(gold, chosen, articles, resamples=resamples, seed=seed)
            }
        groups[group] = {"sentences": len(rows), "articles": len(set(articles)), "systems": systems}
    return {
        "groups": groups,
        "predictions": prediction_rows(measured, answers),
        "errors": _errors(measured, [a.probabilities for a in answers], most=200),
        "sentences_per_second": speed,
    }
