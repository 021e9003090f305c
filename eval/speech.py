"""The speaker's own words, and the speakers of sentences that name nobody, measured on what is labelled of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.bootstrap import Resamples, share_interval
from eval.overlap import agreement, count
from isnad import Classifier, Prediction, Sentence
from isnad.normalize import in_word, normalize
from isnad.quotes import quotations_of
from isnad.results import Source
from seeds.corpus import Article, LabelledSentence, Offsets
from seeds.speech import Key

_REACH = 1500  # characters of context looked at for a quotation that is still open
_WORDS_AT_LEAST = 2  # of what the baseline takes


def _bare(text: str, span: Offsets) -> Offsets:
    """The span without punctuation at its edges: no two people agree on whose a full stop is."""
    start, end = span
    while start < end and not in_word(text[start]):
        start += 1
    while start < end and not in_word(text[end - 1]):
        end -= 1
    return start, end


def in_marks(sentence: str, context: str) -> list[Offsets]:
    """The baseline: whatever stands in quotation marks and has two words; of nested ones the outermost."""
    found: list[Offsets] = []
    for quotation in quotations_of(sentence, context[-_REACH:]):
        start, end = _bare(sentence, (max(0, quotation.start), min(quotation.end, len(sentence))))
        if len(sentence[start:end].split()) >= _WORDS_AT_LEAST and start >= (found[-1][1] if found else 0):
            found.append((start, end))
    return found


def quote_figures(
    held_out: Sequence[tuple[Article, LabelledSentence]],
    answers: Sequence[Prediction],
    labelled: Mapping[Key, Sequence[Offsets]],
    *,
    draws: int,
    seed: int,
) -> dict[str, Any] | None:
    """Agreement on the speaker's own words, punctuation at the edges aside, where they are labelled.

    Returns:
        `eval.overlap.agreement` of the `model` and of the `marks` (see `in_marks`), and `sentences`; None where there
        is none.
    """
    pairs = [(a, s, p) for (a, s), p in zip(held_out, answers, strict=True) if (a.id, s.start) in labelled]
    if not pairs:
        return None
    counts: dict[str, list[Any]] = {"model": [], "marks": []}
    for article, s, answer in pairs:
        text = article.sentence_text(s)
        gold = [_bare(text, (a - s.start, b - s.start)) for a, b in labelled[article.id, s.start]]
        counts["model"].append(count(gold, [_bare(text, (q.start, q.end)) for q in answer.quotes]))
        counts["marks"].append(count(gold, in_marks(text, article.text[: s.start])))
    resamples = Resamples([article.id for article, _, _ in pairs], draws, seed)
    return {name: agreement(found, resamples) for name, found in counts.items()} | {"sentences": len(pairs)}


def _overlap(source: Source, span: Offsets) -> bool:
    return source.start < span[1] and span[0] < source.end


def _same_speaker(article: Article, source: Source, antecedent: Offsets, mentions: Sequence[Offsets]) -> bool:
    """Whether a source is the one meant: a place that names the speaker, or as much of a name as the shorter has."""
    if any(_overlap(source, span) for span in (antecedent, *mentions)):
        return True
    words = [
        {w for w in normalize(text).split() if len(w) > 2}
        for text in (source.text, article.text[antecedent[0] : antecedent[1]])
    ]
    shared = len(words[0] & words[1])
    return shared > 0 and shared >= min(2, len(words[0]), len(words[1]))


def resolution_figures(
    classifier: Classifier,
    articles: Sequence[Article],
    mentions: Mapping[Key, Sequence[Offsets]],
    *,
    draws: int,
    seed: int,
) -> dict[str, Any] | None:
    """How often `annotate` finds the speaker of a sentence that names nobody, among those with a labelled antecedent.

    Args:
        classifier: to annotate whole articles.
        articles: labelled ones.
        mentions: what names each speaker before such a sentence, beside the antecedent, where it is labelled.
        draws: of articles, for the interval.
        seed: of these.

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
            named = mentions.get((article.id, s.start), ())
            of_article.append(article.id)
            right.append(source is not None and _same_speaker(article, source, antecedent, named))
    if not right:
        return None
    hits, total = sum(right), len(right)
    drawn = Resamples(of_article, draws, seed).means(right)
    return {
        "sentences": total, "answered": answered / total, "accuracy": hits / total,
        "interval": share_interval(hits, total, drawn), "precision": hits / max(1, answered),
    }  # fmt: skip


def _source_at(annotated: Sequence[Sentence], position: int) -> Source | None:
    return next((s.source for s in annotated if s.start <= position < s.end), None)
