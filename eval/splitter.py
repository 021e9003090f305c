r"""The sentence splitter against gold boundaries, beside two public ones on the same text.

    python -m eval.splitter --corpora ../shared/corpora --json splitter.json

Real news: the `padt:` documents (UD Arabic-PADT) hold one sentence a paragraph; they are joined by spaces. Our own
articles: each paragraph by itself, with the sentences that its author made. What is scored are the boundaries within
a passage; its end is given. Many of PADT's (headings, mostly) have no mark at all that a splitter could see, so recall
is also given for those boundaries that have one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scipy.stats import bootstrap
from tqdm import tqdm

from eval.terminal import print_splitter
from isnad.sentences import split
from seeds.corpus import Article, load_own, read_corpus

PADT, OWN = "real news (PADT)", "articles of our own"
Splitter = Callable[[str], Sequence[str]]
_MARKED = re.compile(r"[.!?؟…۔]\W*$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text and its gold sentences."""

    text: str
    sentences: tuple[str, ...]


def padt_passages(corpora: Path) -> list[Passage]:
    """The documents of UD Arabic-PADT, on one line each.

    Raises:
        FileNotFoundError: the corpora, or these documents in them, are not there.
    """
    source = corpora / "news.jsonl.xz"
    if not source.exists():
        raise FileNotFoundError(f"{source} is not there: seeds/README.md says how to get it")
    passages = []
    for document in tqdm(read_corpus(source), desc="reading", unit="article"):
        if document["id"].startswith("padt:"):
            sentences = tuple(document["text"].split("\n"))
            passages.append(Passage(" ".join(sentences), sentences))
    if not passages:
        raise FileNotFoundError(f"{source} has no documents of UD Arabic-PADT: seeds/README.md says how to get them")
    return passages


def own_passages(articles: Sequence[Article]) -> list[Passage]:
    """The paragraphs of labelled articles."""
    passages = []
    for article in articles:
        start = 0
        for line in article.text.splitlines(keepends=True):
            end = start + len(line)
            sentences = tuple(article.sentence_text(s) for s in article.sentences if start <= s.start < end)
            if sentences:
                passages.append(Passage(line.rstrip("\n"), sentences))
            start = end
    return passages


def passages(corpora: Path, *, real: str) -> dict[str, Sequence[Passage]]:
    """PADT's, or those of our own articles where PADT is not there.

    Args:
        corpora: folder of the real texts.
        real: `yes`, `no`, or `auto`, which takes PADT where it is there.

    Raises:
        FileNotFoundError: `real` is `yes` and it is not there.
    """
    if real != "no":
        try:
            return {PADT: padt_passages(corpora)}
        except FileNotFoundError:
            if real == "yes":
                raise
    return {OWN: own_passages(load_own())}


def all_splitters() -> dict[str, Splitter]:
    """Ours and the public ones, by name.

    Raises:
        ImportError: one of them is not installed; the message names the extra.
    """
    try:
        import pysbd
        import sentencex
    except ImportError as error:
        raise ImportError(f"{error.name} is one of the splitters compared: pip install 'isnad[eval]'") from error
    return {
        "isnad": lambda text: [text[s.start : s.end] for s in split(text)],
        "pysbd": pysbd.Segmenter(language="ar", clean=False).segment,
        "sentencex": lambda text: list(sentencex.segment("ar", text)),
    }


def boundaries(sentences: Sequence[str]) -> list[int]:
    """Where each sentence but the last ends, counted in characters that are no white space.

    White space is left out since splitters differ on whose it is.
    """
    return list(accumulate(sum(not c.isspace() for c in s) for s in sentences))[:-1]


def _f1(true: np.ndarray, found: np.ndarray, gold: np.ndarray, axis: int = -1) -> np.ndarray:
    return 2 * true.sum(axis) / np.maximum(found.sum(axis) + gold.sum(axis), 1)


def score(splitter: Splitter, passages: Sequence[Passage], *, resamples: int = 1000) -> dict[str, Any]:
    """Boundary precision, recall and F1 over all passages.

    Returns:
        `precision`, `recall`, `f1`, its 95 % `interval` (percentile bootstrap over passages, scipy),
        `marked_recall` (of gold boundaries with a sentence-final mark), `gold` and `found` (numbers of boundaries).
    """
    counts, marked_true, marked_gold = [], 0, 0
    for passage in passages:
        gold, found = boundaries(passage.sentences), set(boundaries(splitter(passage.text)))
        marked = {b for b, sentence in zip(gold, passage.sentences, strict=False) if _MARKED.search(sentence)}
        counts.append((len(found & set(gold)), len(found), len(gold)))
        marked_true, marked_gold = marked_true + len(found & marked), marked_gold + len(marked)
    columns = tuple(np.array(column) for column in zip(*counts, strict=True))
    true, found_count, gold_count = (int(column.sum()) for column in columns)
    interval = bootstrap(
        columns, _f1, paired=True, vectorized=True, n_resamples=resamples, method="percentile", rng=1
    ).confidence_interval  # fmt: skip
    return {
        "precision": true / max(found_count, 1),
        "recall": true / max(gold_count, 1),
        "f1": float(_f1(*columns)),
        "interval": [float(interval.low), float(interval.high)],
        "marked_recall": marked_true / max(marked_gold, 1),
        "gold": gold_count,
        "found": found_count,
    }


def run(sets: dict[str, Sequence[Passage]]) -> dict[str, Any]:
    """Score every splitter on every set of passages: `{set: {passages, splitters: {name: figures}}}`."""
    splitters = all_splitters()
    return {
        name: {"passages": len(passages), "splitters": {s: score(f, passages) for s, f in splitters.items()}}
        for name, passages in sets.items()
    }


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.splitter", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpora", type=Path, default=os.environ.get("ISNAD_CORPORA", "../shared/corpora"), metavar="FOLDER",
        help="where the real texts are (default: $ISNAD_CORPORA, else ../shared/corpora)",
    )  # fmt: skip
    parser.add_argument("--own", action="store_true", help="our own articles alone: no real text needed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE as well")
    arguments = parser.parse_args()
    try:
        sets = {} if arguments.own else {PADT: padt_passages(Path(arguments.corpora))}
        sets[OWN] = own_passages(load_own())
        results = run(sets)
    except (FileNotFoundError, ImportError) as error:
        parser.exit(2, f"error: {error}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print_splitter(results, Console())


if __name__ == "__main__":
    main()
