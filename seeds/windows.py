"""Pick windows of consecutive unlabelled sentences to label: round a denial word, or where the news attributes.

    python -m seeds.windows --count 8000 > to_label.jsonl

Sentences in a row cost an annotator little context, and teach what single ones do not: quotations that stay open,
what follows a claim.  First a window of three round a denial word of each document that has one; then windows of
seven in which the rules see two attributions at least, outlets drawn by the root of their size so that small ones
are heard.  Labelled documents, near-copies of these or of each other, and outlets of the test part are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from isnad import Label
from isnad.rules import label_by_rules
from isnad.sentences import Span, split
from seeds.select import Candidate, unlabelled_documents
from seeds.stories import group_stories

WINDOW = 7
ATTRIBUTED = 2  # of a window's sentences, at least so many by the rules
_REACH = 1500  # characters of context
_WORDS = range(4, 111)
_LONGEST = 12_000  # characters of a document that are looked at
_DENIAL = re.compile(
    r"(?<![ء-ي])[وف]?(?:[تي]?نف(?:ى|ت|ي|يا|وا|اه|اها)|ناف(?:ي|ية|يا|يًا)|[أا]نكر\S*|[تي]نكر|[إا]نكار\S*|كذّ?بت?|[تي]كذب|تكذيب"
    r"|فنّ?دت?|[تي]فند|دحض\S*|[تي]دحض|تبر[أا]\S*|افتراء\S*|مفبرك\S*|ملفق\S*|باطلة?|شائع(?:ة|ات)|[إا]شاع(?:ة|ات)|مزاعم)(?![ء-ي])"
    r"|لا صحة|عن الصحة|لا [أا]ساس|غير صحيح|ليس صحيح|لم (?:أفعل|أقل|نقل)|رفض\S* (?:ال)?(?:اتهام|تهم|مزاعم|ادعاء)"
)


def readable(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans that an annotator can judge: neither crumbs nor whole pages."""
    return [s for s in spans if len(text[s.start : s.end].split()) in _WORDS]


def denial_window(document: dict[str, str], rng: random.Random) -> list[Span]:
    """A sentence with a denial word, the one before it and the one after; empty where there is none."""
    text = document["text"][:_LONGEST]
    if not _DENIAL.search(text):
        return []
    spans = split(text)
    hits = [i for i, s in enumerate(spans) if _DENIAL.search(text[s.start : s.end])]
    if not hits:
        return []
    hit = rng.choice(hits)
    return readable(text, spans[max(0, hit - 1) : hit + 2])


def attributed_window(document: dict[str, str], rng: random.Random) -> list[Span]:
    """Seven sentences in a row of which the rules call two or more attributed; empty where there are none."""
    text = document["text"][:_LONGEST]
    spans = split(text)
    said = [
        label_by_rules(text[s.start : s.end], text[max(0, s.start - _REACH) : s.start]) is not Label.BACKGROUND
        for s in spans
    ]
    starts = [i for i in range(max(1, len(spans) - WINDOW + 1)) if sum(said[i : i + WINDOW]) >= ATTRIBUTED]
    if not starts:
        return []
    first = rng.choice(starts)
    return readable(text, spans[first : first + WINDOW])


def windows(documents: Sequence[dict[str, str]], count: int, seed: int) -> Iterator[tuple[str, dict[str, str], Span]]:
    """Yield `(sampling, document, sentence)`, some `count` of them, whole windows at a time."""
    rng = random.Random(seed)
    story = group_stories({d["id"]: d["text"] for d in documents})
    told: set[str] = set()
    given = 0
    outlets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for document in rng.sample(documents, len(documents)):
        window = denial_window(document, rng) if given < count and story[document["id"]] not in told else []
        if not window:
            outlets[document["source"]].append(document)
            continue
        told.add(story[document["id"]])
        given += len(window)
        yield from (("denial_rich", document, span) for span in window)
    names = sorted(outlets)
    weights = {name: len(outlets[name]) ** 0.5 for name in names}
    while given < count and names:
        name = rng.choices(names, [weights[n] for n in names])[0]
        document = outlets[name].pop()
        if not outlets[name]:
            names.remove(name)
        window = attributed_window(document, rng) if story[document["id"]] not in told else []
        told.add(story[document["id"]])
        given += len(window)
        yield from (("attributed", document, span) for span in window)


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=8000, help="sentences, about (default 8000)")
    parser.add_argument("--pool", type=int, default=5, help="number to mark the new labels by (default 5)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("ISNAD_CORPORA", "../shared/corpora")))
    arguments = parser.parse_args()
    documents = unlabelled_documents(arguments.corpora)
    picked = windows(documents, arguments.count, arguments.seed)
    for sampling, document, span in tqdm(picked, unit="sentence", total=arguments.count):
        text = document["text"][span.start : span.end]
        rule = label_by_rules(text, document["text"][max(0, span.start - _REACH) : span.start])
        record = Candidate(document, span.start, span.end, rule, 0.0, 0.0).record(sampling)
        record |= {"sampling": sampling, "pool": arguments.pool}
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
