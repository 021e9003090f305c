"""Run the behaviour tests on a classifier: failure rates by family, with intervals and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tqdm import tqdm

from eval.behaviour.families import KINDS, Case, Family, article_families, load_families
from eval.behaviour.templates import Sample
from isnad import Prediction
from isnad.normalize import normalize
from seeds.corpus import Article

try:
    from statsmodels.stats.proportion import proportion_confint
except ImportError as error:
    raise ImportError("behaviour tests need statsmodels: pip install 'isnad[eval]'") from error


class Classifies(Protocol):
    """What is tested: `isnad.Classifier`, or anything that answers like it."""

    def classify(self, sentences: Sequence[str], context: Sequence[str | None] | None = None) -> list[Prediction]:
        """Label each sentence in the light of the text before it."""


class _Answers:
    """A classifier's answers to lists of samples, each list asked for once.

    The samples of two lists are never put together: a model's scores may depend on what else is in the batch, and an
    invariance must compare like with like.
    """

    def __init__(self, classifier: Classifies) -> None:
        self._classifier = classifier
        self._known: dict[tuple[Sample, ...], list[Prediction]] = {}

    def to(self, samples: tuple[Sample, ...]) -> list[Prediction]:
        if samples not in self._known:
            self._known[samples] = self._classifier.classify([s.text for s in samples], [s.context for s in samples])
        return self._known[samples]


def _fails(case: Case, answers: Sequence[Prediction]) -> bool:
    labels = tuple(answer.label for answer in answers)
    return labels != case.expected if case.expected else len(set(labels)) > 1


def _example(case: Case, answers: Sequence[Prediction]) -> dict[str, Any]:
    """A case for the report. Of an article that is not ours, its place instead of its text."""
    expected = [label.value for label in case.expected] or [None] * len(answers)
    samples = [
        {"expected": e, "predicted": a.label.value, "score": a.score} for e, a in zip(expected, answers, strict=True)
    ]
    if case.place is not None:
        place = {"article": case.place.article, "start": case.place.start, "end": case.place.end}
        if not case.place.is_own:
            return place | {"samples": samples}
    else:
        place = {}
    texts = [{"context": sample.context, "text": sample.text} for sample in case.samples]
    return place | {"samples": [text | sample for text, sample in zip(texts, samples, strict=True)]}


def _rate(failures: int, cases: int) -> dict[str, Any]:
    low, high = proportion_confint(failures, cases, method="wilson") if cases else (0.0, 1.0)
    rate = failures / cases if cases else 0.0
    return {"cases": cases, "failures": failures, "rate": rate, "interval": [float(low), float(high)]}


def _score(family: Family, answers: _Answers, examples: int) -> dict[str, Any]:
    """One row of the results."""
    positions = list(zip(*(case.samples for case in family.cases), strict=True))
    by_case = list(zip(*(answers.to(samples) for samples in positions), strict=True))
    failed = [(c, a) for c, a in zip(family.cases, by_case, strict=True) if _fails(c, a)]
    failed.sort(key=lambda pair: -max(a.score for a in pair[1]))
    row = {"name": family.name, "kind": family.kind, "rule": family.rule, **_rate(len(failed), len(family.cases))}
    if all(not case.expected for case in family.cases):
        row["normalised_away"] = sum(len({_normalised(s) for s in case.samples}) == 1 for case in family.cases)
    if family.tried:
        row["tried"] = family.tried
    return row | {"examples": [_example(case, a) for case, a in failed[:examples]]}


def _normalised(sample: Sample) -> tuple[str, str]:
    return normalize(sample.text), normalize(sample.context)


def run(
    classifier: Classifies,
    *,
    articles: Sequence[Article] = (),
    cases: int = 50,
    limit: int | None = None,
    only: Sequence[str] = (),
    seed: int = 1,
    examples: int = 5,
    progress: bool = False,
) -> dict[str, Any]:
    """Run the families on a classifier.

    Args:
        classifier: what is tested.
        articles: labelled articles to test the invariances on as well; their labels are not looked at.
        cases: at most so many cases a family.
        limit: at most so many sentences of `articles`.
        only: run the families alone whose name holds one of these; all if there are none.
        seed: of all draws.
        examples: failures kept of each family, the most certain ones.
        progress: show a bar.

    Returns:
        `families`: rows of `name`, `kind` (see `KINDS`), `rule` (of the guidelines), `cases`, `failures`, `rate`,
        `interval` (95 %, Wilson 1927), `examples` (each with its `samples`: text, context, expected, predicted,
        score; a pair where two are compared), and for an invariance `normalised_away`, how many pairs are one
        after normalisation. `kinds`: the same figures for each kind. `articles`: rows for the invariances on
        `articles`, with `tried`, the sentences among which the cases are those that had something to change; an
        example from an article that is not ours names its place and holds no text.

    Raises:
        TemplateError: a file of `data/` is wrong.
        ValueError: no family's name holds one of `only`.
    """
    written, real = load_families(cases, seed), article_families(articles, limit=limit, seed=seed)
    if only:
        written, real = ([f for f in fs if any(part in f.name for part in only)] for fs in (written, real))
        if not written:
            raise ValueError(f"no family's name holds {' or '.join(map(repr, only))}")
    bar = tqdm(total=sum(len(f.cases) for f in (*written, *real)), unit="case", disable=not progress)
    answers = _Answers(classifier)
    rows: list[list[dict[str, Any]]] = [[], []]
    for part, families in zip(rows, (written, real), strict=True):
        for family in families:
            if family.cases:
                part.append(_score(family, answers, examples))
                bar.update(len(family.cases))
    bar.close()
    kinds = {}
    for kind in KINDS:
        chosen = [row for row in rows[0] if row["kind"] == kind]
        kinds[kind] = _rate(sum(row["failures"] for row in chosen), sum(row["cases"] for row in chosen))
    return {"families": rows[0], "kinds": kinds, "articles": rows[1], "seed": seed}
