"""Who said it, measured: cue and source of labelled sentences, and the speakers of those that name nobody.

python -m eval.spans artifact=runs/<id>/model   # takes the keys of python -m eval
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from nervaluate import Evaluator
from rich.console import Console
from rich.table import Table

from eval.config import EvalConfig
from eval.items import REACH
from eval.material import select
from isnad import ArtifactError, Classifier, Prediction, Sentence
from isnad.labels import LABELS, Label
from isnad.normalize import normalize, normalize_with_offsets
from isnad.results import Source, Span
from isnad.rules import cue_words, label_by_rules
from seeds.corpus import Article, LabelledSentence, load_articles

KINDS = ("cue", "source")
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


def _entities(spans: Sequence[tuple[str, tuple[int, int] | None]]) -> list[dict[str, Any]]:
    """As nervaluate takes them; its ends are inclusive."""
    return [{"label": kind, "start": span[0], "end": span[1] - 1} for kind, span in spans if span is not None]


Labelled = tuple[Article, LabelledSentence]


def span_figures(held_out: Sequence[Labelled], found: Sequence[tuple[Span | None, Span | None]]) -> dict[str, Any]:
    """Precision, recall and F1 of cue and source, exact and partial (half a point for an overlap).

    The definitions are those of MUC and SemEval 2013, computed by nervaluate.  A span in a sentence labelled
    `background` by hand is spurious; one that the model misses because it says `background` is missed.
    """
    gold: list[list[dict[str, Any]]] = []
    predicted: list[list[dict[str, Any]]] = []
    for (_, s), spans in zip(held_out, found, strict=True):
        labelled = [span and (span[0] - s.start, span[1] - s.start) for span in (s.cue, s.source)]
        gold.append(_entities(list(zip(KINDS, labelled, strict=True))))
        predicted.append(_entities([(k, x and (x.start, x.end)) for k, x in zip(KINDS, spans, strict=True)]))
    results = Evaluator(gold, predicted, tags=list(KINDS), loader="dict").evaluate()["entities"]
    return {
        kind: {
            way: {"precision": r.precision, "recall": r.recall, "f1": r.f1, "spans": r.possible}
            for way, r in ((way, results[kind][way]) for way in ("exact", "partial"))
        }
        for kind in KINDS
    }


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


def resolution_figures(classifier: Classifier, articles: Sequence[Article]) -> dict[str, float | int]:
    """How often `annotate` finds the speaker of a sentence that names nobody, among those with a labelled antecedent.

    Returns:
        `sentences`; `answered`, the share that gets a source; `accuracy`, right ones among all of them;
        `precision`, right ones among those answered.
    """
    right = answered = total = 0
    for article in articles:
        wanted = [s for s in article.sentences if s.antecedent is not None]
        if not wanted:
            continue
        annotated = classifier.annotate(article.text)
        for s in wanted:
            total += 1
            source = _source_at(annotated, (s.start + s.end) // 2)
            if source is not None and s.antecedent is not None:
                answered += 1
                right += _same_speaker(article, source, s.antecedent)
    return {
        "sentences": total, "answered": answered / max(1, total),
        "accuracy": right / max(1, total), "precision": right / max(1, answered),
    }  # fmt: skip


def _labelled(articles: Sequence[Article]) -> list[Labelled]:
    return [(article, sentence) for article in articles for sentence in article.sentences]


def _source_at(annotated: Sequence[Sentence], position: int) -> Source | None:
    return next((s.source for s in annotated if s.start <= position < s.end), None)


def who_said_it(classifier: Classifier, held_out: Sequence[Article], answers: Sequence[Prediction]) -> dict[str, Any]:
    """All figures of this module, for real news and for our own articles; `answers` are the model's, in order."""
    measured = _labelled(held_out)
    ruled = [by_rules(a.sentence_text(s), a.text[max(0, s.start - 1500) : s.start]) for a, s in measured]
    model = [(a.cue, a.source) for a in answers]
    figures: dict[str, Any] = {}
    for group, own in (("real news", False), ("articles of our own", True)):
        rows = [n for n, (article, _) in enumerate(measured) if article.is_own == own]
        if not rows:
            continue
        chosen = [measured[n] for n in rows]
        figures[group] = {
            "model": span_figures(chosen, [model[n] for n in rows]),
            "rules": span_figures(chosen, [ruled[n] for n in rows]),
            "by label": {
                label.value: span_figures([measured[n] for n in some], [model[n] for n in some])
                for label in LABELS
                if (some := [n for n in rows if measured[n][1].label is label]) and label is not Label.BACKGROUND
            },
            "resolution": resolution_figures(classifier, [a for a in held_out if a.is_own == own]),
        }
    return figures


def print_table(figures: dict[str, Any], console: Console) -> None:
    """Exact and partial F1 of each group, system and label, and the resolution figures."""
    table = Table(title="who said it: F1, exact / partial")
    for column in ("", *KINDS):
        table.add_column(column, justify="left" if not column else "right")
    for group, systems in figures.items():
        table.add_section()
        rows = {name: systems[name] for name in ("model", "rules")} | systems["by label"]
        for name, kinds in rows.items():
            cells = [f"{kinds[k]['exact']['f1']:.3f} / {kinds[k]['partial']['f1']:.3f}" for k in KINDS]
            table.add_row(f"{group}: {name}" if name in ("model", "rules") else f"  model, {name}", *cells)
    console.print(table)
    for group, systems in figures.items():
        r = systems["resolution"]
        console.print(
            f"{group}: of {r['sentences']} sentences that name nobody {r['answered']:.0%} get a speaker; "
            f"right: {r['accuracy']:.3f} of all, {r['precision']:.3f} of those"
        )


@hydra.main(version_base="1.3", config_path="../configs", config_name="eval")
def main(config: EvalConfig) -> None:
    """Command line: see the module's text."""
    try:
        articles = load_articles(Path(config.corpora), real=config.real)
        _, held_out = select(articles, Path(config.split), config.part)
        classifier = Classifier(config.artifact)
        measured = _labelled(held_out)
        answers = classifier.classify(
            [a.sentence_text(s) for a, s in measured], [a.text[max(0, s.start - REACH) : s.start] for a, s in measured]
        )
    except (ArtifactError, FileNotFoundError, ValueError) as error:
        sys.exit(f"error: {error}")
    figures = who_said_it(classifier, held_out, answers)
    output = Path(config.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    (output / "spans.json").write_text(json.dumps(figures, indent=1), "utf-8")
    console = Console()
    print_table(figures, console)
    console.print(f"figures: {output / 'spans.json'}", soft_wrap=True)


if __name__ == "__main__":
    main()
