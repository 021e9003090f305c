"""A check of the corpus that cannot be argued with: `make check-corpus`, or `python -m seeds.check`.

Schema, offsets and spans of every record; near-duplicates among our articles; no run of eight words of
the real corpora inside our own text; counts by label, outlet and phenomenon.  Exits with 1 on a fault.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sklearn.metrics import cohen_kappa_score

from isnad.labels import LABELS, Label
from isnad.normalize import normalize
from seeds.corpus import CORPUS, REAL, Article, CorpusError, load_own, load_real, read_corpus, read_records
from seeds.speech import faults as speech_faults
from seeds.speech import load_speech
from seeds.splits import read_test_ids
from seeds.stories import group_stories

RUN = 8  # words
Key = tuple[str, int]  # an article, and a sentence of it
_WORD = re.compile(r"[ء-ي]+")


def word_runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of `RUN` Arabic words of the text, punctuation and diacritics aside."""
    words = _WORD.findall(normalize(text))
    return (tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def overlaps(own: Sequence[Article], texts: Iterable[str]) -> list[str]:
    """Faults: runs of eight words that an article of ours shares with one of `texts`."""
    ours = {run: article.id for article in own for run in word_runs(article.text)}
    shared = {run for text in texts for run in word_runs(text) if run in ours}
    return sorted(f"{ours[run]}: shares with the corpora: {' '.join(run)}" for run in shared)


def near_duplicates(articles: Sequence[Article]) -> list[str]:
    """Faults: articles that tell the same story in nearly the same words."""
    story = group_stories({a.id: a.text for a in articles})
    return [f"{key}: nearly a copy of {first}" for key, first in story.items() if key != first]


def unmarked(articles: Sequence[Article]) -> list[str]:
    """Faults: reported claims with neither cue nor source: by what would they be known?"""
    return [
        f"{a.id}: characters {s.start}:{s.end}: {s.label} without cue or source"
        for a in articles
        for s in a.sentences
        if s.label is Label.REPORTED_CLAIM and not (s.cue or s.source)
    ]


def agreement(settled: Mapping[Key, str], differences: Mapping[Key, Mapping[str, str]]) -> tuple[float, float]:
    """Share of equal labels and Cohen's κ of two passes over the same sentences.

    The passes are rebuilt from the settled labels and the differences on record.
    """
    first, second = (
        [differences[key][which] if key in differences else label for key, label in settled.items()]
        for which in ("first", "second")
    )
    same = sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
    return same, float(cohen_kappa_score(first, second))


def own_agreement(articles: Sequence[Article]) -> tuple[float, float]:
    """Agreement of the two passes over our own articles, all of which were labelled twice."""
    record = json.loads((CORPUS / "second_pass.json").read_text("utf-8"))
    differences = {(d["id"], d["sentence"]): d for d in record["differences"]}
    return agreement({(a.id, i): s.label.value for a in articles for i, s in enumerate(a.sentences)}, differences)


def real_agreement() -> dict[str, tuple[int, float, float]]:
    """For each pool of real news that was labelled twice in part: sentences, share of equal labels, κ."""
    record = json.loads((CORPUS / "second_pass_real.json").read_text("utf-8"))
    differences = {(d["id"], d["start"]): d for d in record["differences"]}
    labels = {(r["id"], s["start"]): s["label"] for _, r in read_records(REAL, "real") for s in r["sentences"]}
    figures = {}
    for pool, documents in record["twice"].items():
        settled = {(key, start): labels[key, start] for key, starts in documents.items() for start in starts}
        figures[pool] = (len(settled), *agreement(settled, differences))
    return figures


def summary(articles: Sequence[Article]) -> str:
    """Counts of a part of the corpus, for people."""
    sentences = [(a, s) for a in articles for s in a.sentences]
    labels = Counter(s.label for _, s in sentences)
    lines = [f"{len(articles)} articles, {len(sentences)} sentences: "]
    lines[0] += ", ".join(f"{label} {labels[label]} ({labels[label] / len(sentences):.0%})" for label in LABELS)
    outlets = Counter(a.outlet for a, _ in sentences)
    lines.append("  outlets: " + ", ".join(f"{name} {n}" for name, n in outlets.most_common()))
    phenomena = Counter(s.phenomenon for _, s in sentences if s.phenomenon)
    if phenomena:
        lines.append("  phenomena: " + ", ".join(f"{name} {n}" for name, n in phenomena.most_common()))
    return "\n".join(lines)


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("ISNAD_CORPORA", "../shared/corpora")))
    corpora = parser.parse_args().corpora
    faults: list[str] = []
    try:
        own = load_own()
        print("own articles:", summary(own))
        same, kappa = own_agreement(own)
        print(f"  two passes agree on {same:.1%} of the sentences, κ = {kappa:.3f}")
        speech = load_speech()
        faults += [*near_duplicates(own), *unmarked(own), *speech_faults(speech, own)]
        for pool, (count, same, kappa) in real_agreement().items():
            print(f"real news, pool {pool}: two passes over {count} sentences agree on {same:.1%}, κ = {kappa:.3f}")
        news = corpora / "news.jsonl.xz"
        if news.exists():
            real = load_real(corpora)
            print("real articles:", summary(real))
            unknown = read_test_ids() - {a.id for a in real}
            faults += [f"test.json: {key} is no labelled article" for key in sorted(unknown)]
            faults += speech_faults(speech, real)
            print("looking for real text inside ours …", flush=True)
            faults += overlaps(own, (document["text"] for document in read_corpus(news)))
        else:
            print(f"real articles: their texts are not in {corpora}; checked our own alone")
    except CorpusError as error:
        faults.append(str(error))
    print(*faults, sep="\n")
    sys.exit(f"{len(faults)} faults" if faults else None)


if __name__ == "__main__":
    main()
