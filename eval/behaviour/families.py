"""The families of behaviour tests, made from the files of `data/`, the guidelines and labelled articles."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.behaviour.perturb import PERTURBATIONS
from eval.behaviour.templates import Lexicon, Sample, TemplateError, expand, read_toml
from isnad.labels import Label
from seeds.corpus import Article

MINIMAL, DIRECTION, INVARIANCE = KINDS = ("minimal functionality", "direction", "invariance")
GUIDELINES = Path(__file__).parents[2] / "seeds" / "GUIDELINES.md"
_REACH = 4096  # characters of context, as `Classifier.annotate` hands on


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence of an article stands."""

    article: str
    start: int
    end: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes:
        samples: one sentence, or two to compare.
        expected: the label of each; none where it is enough that the two get the same.
        place: where the sentence comes from, if from an article.
    """

    samples: tuple[Sample, ...]
    expected: tuple[Label, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Cases that test one thing.

    Attributes:
        rule: the place in the guidelines that settles it.
        tried: of sentences of articles, how many were looked at for the cases among them.
    """

    name: str
    kind: str
    cases: tuple[Case, ...]
    rule: str = ""
    tried: int = 0


def worked_examples(path: Path = GUIDELINES) -> list[Case]:
    """The table of worked examples of the guidelines, each a case."""
    _, _, section = path.read_text("utf-8").partition("## Worked examples")
    rows = re.findall(r"^\| (.+?) \| (\w+) \|", section, re.M)[1:]  # after the table's head
    return [Case((Sample(text),), (Label(label),)) for text, label in rows]


def _minimal(lexicon: Lexicon, cases: int, seed: int) -> Iterator[Family]:
    yield Family("worked examples", MINIMAL, tuple(worked_examples()), "worked examples")
    for record in read_toml("minimal")["family"]:
        made = expand(lexicon, [[t] for t in record["templates"]], count=cases, seed=f"{seed}:{record['name']}")
        expected = (Label(record["label"]),)
        yield Family(record["name"], MINIMAL, tuple(Case(samples, expected) for samples in made), record["rule"])


def _direction(lexicon: Lexicon, cases: int, seed: int) -> Iterator[Family]:
    for record in read_toml("direction")["family"]:
        pair = [record["before"], record["after"]]
        made = expand(lexicon, [pair], count=cases, seed=f"{seed}:{record['name']}")
        expected = tuple(Label(part["label"]) for part in pair)
        yield Family(record["name"], DIRECTION, tuple(Case(samples, expected) for samples in made), record["rule"])


def _perturbed(record: dict[str, Any], sample: Sample, rng: random.Random) -> Sample | None:
    if record["perturbation"] not in PERTURBATIONS:
        raise TemplateError(f"{record['name']}: perturbation {record['perturbation']!r} is not in perturb.py")
    return PERTURBATIONS[record["perturbation"]](sample, rng, **record.get("options", {}))


def _invariance(lexicon: Lexicon, minimal: Sequence[Family], cases: int, seed: int) -> Iterator[Family]:
    for record in read_toml("invariance")["family"]:
        key = f"{seed}:{record['name']}"
        if "templates" in record:
            templates = [[t] for t in record["templates"]]
            made = expand(lexicon, templates, count=cases, seed=key, redraw=record["redraw"])
        else:
            if unknown := set(record.get("except", ())) - {family.name for family in minimal}:
                raise TemplateError(f"invariance.toml: {record['name']}: except {', '.join(unknown)}: no such family")
            rng = random.Random(key)
            pool = [c.samples[0] for f in minimal if f.name not in record.get("except", ()) for c in f.cases]
            changed = ((s, _perturbed(record, s, rng)) for s in rng.sample(pool, len(pool)))
            made = [(before, after) for before, after in changed if after is not None][:cases]
        yield Family(record["name"], INVARIANCE, tuple(map(Case, made)))


def load_families(cases: int, seed: int) -> list[Family]:
    """All families, with up to so many cases each.

    Raises:
        TemplateError: a file of `data/` is wrong; the message says where.
    """
    lexicon = Lexicon(read_toml("words"))
    minimal = list(_minimal(lexicon, cases, seed))
    return [*minimal, *_direction(lexicon, cases, seed), *_invariance(lexicon, minimal, cases, seed)]


def article_families(articles: Sequence[Article], *, limit: int | None, seed: int) -> list[Family]:
    """The invariances that suit any text, on labelled sentences in their articles.

    Args:
        articles: where the sentences come from.
        limit: at most so many sentences, drawn evenly; None takes all.
        seed: of that draw and of the perturbations.
    """
    chosen = [(article, sentence) for article in articles for sentence in article.sentences]
    if limit is not None and len(chosen) > limit:
        chosen = random.Random(f"{seed}:limit").sample(chosen, limit)
    families = []
    for record in read_toml("invariance")["family"]:
        if not record.get("articles"):
            continue
        rng = random.Random(f"{seed}:{record['name']}")
        cases = []
        for article, s in chosen:
            sample = Sample(article.text[s.start : s.end], article.text[max(0, s.start - _REACH) : s.start])
            changed = _perturbed(record, sample, rng)
            if changed is not None:
                cases.append(Case((sample, changed), place=Place(article.id, s.start, s.end, article.is_own)))
        families.append(Family(record["name"], INVARIANCE, tuple(cases), tried=len(chosen)))
    return families
