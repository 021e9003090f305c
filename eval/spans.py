"""Who said it, measured: cue and source of labelled sentences, and the speakers of those that name nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.bootstrap import Resamples, interval, share_interval
from isnad import Classifier, Prediction, Sentence
from isnad.labels import LABELS, Label
from isnad.normalize import normalize, normalize_with_offsets
from isnad.results import Source, Span
from isnad.rules import cue_words, label_by_rules
from seeds.corpus import Article, LabelledSentence, Offsets

KINDS = ("cue", "source")
WAYS = ("exact", "partial")
GROUPS = {"all real news": False, "articles of our own": True}  # and whether the articles are our own
# A source ends before one of these, when it is looked for by rule.
_AFTER_SOURCE = re.compile(r" (?:[أإا]ن\w*|ب[أا]ن\w*|في|على|عن|من|إلى|الى|خلال|أمس|اليوم)(?!\w)|[:،,«»\"“”.؛(]")


def by_rules(sentence: str, context: str) -> tuple[Span | None, Span | None]:
    """The baseline: the first word that may attribute is the cue, what follows up to «أن» or a mark the source."""
    if label_by_rules(sentence, context) is Label.BACKGROUND:
        return None, None
    text, offsets = normalize_with_offsets(sentence)
    found = min(cue_words(text), default=None)
    if found is None:
        return None, None
    cue_start, cue_end, _ = found
    end = _AFTER_SOURCE.search(text, cue_end)
    bounds = [(cue_start, cue_end), (cue_end + 1, end.start() if end else len(text))]
    spans = [
        Span(sentence[offsets[a] : offsets[b - 1] + 1], offsets[a], offsets[b - 1] + 1) if a < b else None
        for a, b in bounds
    ]
    return spans[0], spans[1]


Labelled = tuple[Article, LabelledSentence]


def _count(gold: Offsets | None, found: Span | None) -> tuple[float, float, int, int]:
    """Hits, exact and partial (half a hit for an overlap that is not exact), spans found, and spans that are there."""
    if gold is None or found is None:
        return 0, 0, int(found is not None), int(gold is not None)
    exact = (found.start, found.end) == gold
    overlaps = found.start < gold[1] and gold[0] < found.end
    return exact, 1 if exact else 0.5 * overlaps, 1, 1


def _f1(hits: NDArray[np.float64], found: NDArray[np.float64], gold: NDArray[np.float64]) -> NDArray[np.float64]:
    """The harmonic mean of precision and recall; nan where nothing is there, nor found."""
    return np.divide(2 * hits, found + gold, out=np.full_like(hits, np.nan), where=found + gold > 0)


def span_figures(
    held_out: Sequence[Labelled], found: Sequence[tuple[Span | None, Span | None]], *, draws: int, seed: int
) -> dict[str, Any]:
    """Precision, recall, F1 and its 95 % interval of cue and source, exact and partial (half a point for an overlap).

    The definitions are those of MUC and SemEval 2013. A span in a sentence labelled `background` by hand is
    spurious; one that the model misses because it says `background` is missed.

    Args:
        held_out: labelled sentences with their articles.
        found: cue and source of each, offsets in the sentence.
        draws: of articles, for the interval.
        seed: of these.
    """
    resamples = Resamples([article.id for article, _ in held_out], draws, seed)
    figures: dict[str, Any] = {}
    for position, kind in enumerate(KINDS):
        labelled = [(s, s.cue if kind == "cue" else s.source) for _, s in held_out]
        gold = [span and (span[0] - s.start, span[1] - s.start) for s, span in labelled]
        counts = np.array([_count(g, f[position]) for g, f in zip(gold, found, strict=True)], dtype=float)
        total, drawn = counts.sum(axis=0), resamples.totals(counts)
        figures[kind] = {
            way: {
                "precision": float(total[n] / max(total[2], 1)),
                "recall": float(total[n] / max(total[3], 1)),
                "f1": float(2 * total[n] / max(total[2] + total[3], 1)),
                "interval": interval(_f1(drawn[:, n], drawn[:, 2], drawn[:, 3])),
                "spans": int(total[3]),
            }
            for n, way in enumerate(WAYS)
        }
    return figures


def _same_speaker(article: Article, source: Source, antecedent: tuple[int, int]) -> bool:
    """Whether a source is the one meant: the same place, or as much of the same name as the shorter has."""
    if source.start < antecedent[1] and antecedent[0] < source.end:
        return True
    words = [
        {w for w in normalize(text).split() if len(w) > 2}
        for text in (source.text, article.text[antecedent[0] : antecedent[1]])
    ]
    shared = len(words[0] & words[1])
    return shared > 0 and shared >= min(2, len(words[0]), len(words[1]))


def resolution_figures(
    classifier: Classifier, articles: Sequence[Article], *, draws: int, seed: int
) -> dict[str, Any] | None:
    """How often `annotate` finds the speaker of a sentence that names nobody, among those with a labelled antecedent.

    Returns:
        `sentences`; `answered`, the share that gets a source; `accuracy`, right ones among all of them, and its
        95 % `interval` by article; `precision`, right ones among those answered. None where there is no sentence.
    """
    of_article: list[str] = []
    right: list[bool] = []
    answered = 0
    for article in articles:
        wanted = [(s, s.antecedent) for s in article.sentences if s.antecedent is not None]
        annotated = classifier.annotate(article.text) if wanted else []
        for s, antecedent in wanted:
            source = _source_at(annotated, (s.start + s.end) // 2)
            answered += source is not None
            of_article.append(article.id)
            right.append(source is not None and _same_speaker(article, source, antecedent))
    if not right:
        return None
    hits, total = sum(right), len(right)
    drawn = Resamples(of_article, draws, seed).means(right)
    return {
        "sentences": total, "answered": answered / total, "accuracy": hits / total,
        "interval": share_interval(hits, total, drawn), "precision": hits / max(1, answered),
    }  # fmt: skip


def _labelled(articles: Sequence[Article]) -> list[Labelled]:
    return [(article, sentence) for article in articles for sentence in article.sentences]


def _source_at(annotated: Sequence[Sentence], position: int) -> Source | None:
    return next((s.source for s in annotated if s.start <= position < s.end), None)


def who_said_it(
    classifier: Classifier, held_out: Sequence[Article], answers: Sequence[Prediction], *, draws: int, seed: int
) -> dict[str, Any]:
    """All figures of this module, for each of `GROUPS` that is there.

    Args:
        classifier: to resolve the speakers of whole articles.
        held_out: labelled articles.
        answers: what the classifier says of their sentences, in order.
        draws: of articles, for the intervals.
        seed: of these.

    Returns:
        For each group the `span_figures` of the `model`, of the `rules`, and of the model `by_label`, and
        the `resolution_figures`.
    """
    measured = _labelled(held_out)
    ruled = [by_rules(a.sentence_text(s), a.text[max(0, s.start - 1500) : s.start]) for a, s in measured]
    model = [(a.cue, a.source) for a in answers]
    figures: dict[str, Any] = {}

    def scored(rows: Sequence[int], found: Sequence[tuple[Span | None, Span | None]]) -> dict[str, Any]:
        return span_figures([measured[n] for n in rows], [found[n] for n in rows], draws=draws, seed=seed)

    for group, own in GROUPS.items():
        rows = [n for n, (article, _) in enumerate(measured) if article.is_own == own]
        if rows:
            of_label = {x.value: [n for n in rows if measured[n][1].label is x] for x in LABELS}
            of_label.pop(Label.BACKGROUND.value)  # has neither
            figures[group] = {
                "model": scored(rows, model),
                "rules": scored(rows, ruled),
                "by_label": {label: scored(some, model) for label, some in of_label.items() if some},
                "resolution": resolution_figures(
                    classifier, [a for a in held_out if a.is_own == own], draws=draws, seed=seed
                ),
            }
    return figures
