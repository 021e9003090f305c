"""Who said it, measured: cue and source of labelled sentences, and the speakers of those that name nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eval.bootstrap import Resamples
from eval.overlap import agreement, count
from eval.speech import quote_figures, resolution_figures
from isnad import Classifier, Prediction
from isnad.labels import LABELS, Label
from isnad.normalize import normalize_with_offsets
from isnad.results import Span
from isnad.rules import cue_words, label_by_rules
from seeds.corpus import Article, LabelledSentence
from seeds.speech import load_speech

KINDS = ("cue", "source")
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
        gold = [[(span[0] - s.start, span[1] - s.start)] if span else [] for s, span in labelled]
        spans = [[(x.start, x.end)] if (x := f[position]) else [] for f in found]
        figures[kind] = agreement([count(g, f) for g, f in zip(gold, spans, strict=True)], resamples)
    return figures


def _labelled(articles: Sequence[Article]) -> list[Labelled]:
    return [(article, sentence) for article in articles for sentence in article.sentences]


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
        the `quote_figures` and `resolution_figures`.
    """
    measured = _labelled(held_out)
    ruled = [by_rules(a.sentence_text(s), a.text[max(0, s.start - 1500) : s.start]) for a, s in measured]
    model = [(a.cue, a.source) for a in answers]
    speech = load_speech()
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
                "quotes": quote_figures(
                    [measured[n] for n in rows], [answers[n] for n in rows], speech.quotes, draws=draws, seed=seed
                ),
                "resolution": resolution_figures(
                    classifier, [a for a in held_out if a.is_own == own], speech.speakers, draws=draws, seed=seed
                ),
            }
    return figures
