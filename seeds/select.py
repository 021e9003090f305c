"""Pick unlabelled sentences that would teach most, for a person or a model to label: active learning.

    python -m seeds.select --count 2500 runs/a/model runs/b/model > to_label.jsonl

A quarter each: what the rules call a denial (rare in any paper); sentences of outlets with few labels; those
on which the models and the rules disagree most; those that the models call attributed though the rules know
no cue in them (rare cues).  Documents that are labelled, are nearly copies of a labelled one, or belong to an
outlet of the test part are left out, and at most `MOST` sentences of one document are taken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from isnad import LABELS, Classifier, Label
from isnad.rules import label_by_rules
from isnad.sentences import split
from seeds.corpus import load_real, read_corpus, text_hash
from seeds.splits import TEST
from seeds.stories import like_any

MOST = 3
FEW = 60  # labelled sentences, under which an outlet counts as rare
_REACH = 1500  # characters of context
_WORDS = range(4, 90)


@dataclass(frozen=True)
class Candidate:
    """An unlabelled sentence; `disagreement` from 0 (models and rules agree) to 1."""

    document: dict[str, str]
    start: int
    end: int
    rule: Label
    disagreement: float
    attributed: float  # the models' mean probability that it is not background

    @property
    def text(self) -> str:
        """The sentence."""
        return self.document["text"][self.start : self.end]

    def record(self, reason: str) -> dict[str, object]:
        """What an annotator needs: the sentence, the title, two sentences before it, and why it was picked."""
        before = self.document["text"][: self.start]
        context = [before[s.start : s.end] for s in split(before)[-2:]]
        return {
            "document": self.document["id"],
            "outlet": self.document["source"],
            "title": self.document["title"],
            "start": self.start,
            "end": self.end,
            "hash": text_hash(self.text),
            "context": context,
            "text": self.text,
            "reason": reason,
            "sampling": "active",
            "pool": 3,
        }


def unlabelled_documents(corpora: Path) -> list[dict[str, str]]:
    """Documents that are not labelled, like none that is, and of no outlet of the test part."""
    labelled = load_real(corpora)
    known = {a.id for a in labelled}
    held_out = set(json.loads(TEST.read_text("utf-8"))["outlets"])
    documents = {
        d["id"]: d
        for d in read_corpus(corpora / "news.jsonl.xz")
        if d["id"] not in known and d["source"] not in held_out
    }
    near = like_any({key: d["text"] for key, d in documents.items()}, [a.text for a in labelled])
    return [document for key, document in documents.items() if key not in near]


def candidates(documents: Sequence[dict[str, str]], models: Sequence[Classifier]) -> Iterator[Candidate]:
    """Sentences of a readable length, with what the rules and the models say of them."""
    for document in tqdm(documents, desc="reading", unit="article"):
        text = document["text"]
        spans = [s for s in split(text) if len(text[s.start : s.end].split()) in _WORDS]
        sentences = [text[s.start : s.end] for s in spans]
        contexts = [text[max(0, s.start - _REACH) : s.start] for s in spans]
        rules = [label_by_rules(s, c) for s, c in zip(sentences, contexts, strict=True)]
        said = [model.classify(sentences, contexts) for model in models]
        for i, span in enumerate(spans):
            mean = {label: sum(p[i].probabilities[label] for p in said) / max(1, len(said)) for label in LABELS}
            disagreement = 1 - mean[rules[i]] if said else 0.0
            yield Candidate(document, span.start, span.end, rules[i], disagreement, 1 - mean[Label.BACKGROUND])


def pick(pool: Sequence[Candidate], count: int, labelled_of: Counter[str]) -> Iterator[dict[str, object]]:
    """Choose `count` candidates, a quarter for each reason, most telling first."""
    reasons: dict[str, Callable[[Candidate], float | None]] = {
        "denial": lambda c: 1.0 if c.rule is Label.DENIAL else None,
        "rare outlet": lambda c: 1.0 if labelled_of[c.document["source"]] < FEW else None,
        "rare cue": lambda c: c.attributed if c.rule is Label.BACKGROUND else None,
        "disagreement": lambda c: c.disagreement,
    }
    taken: set[tuple[str, int]] = set()
    texts: set[str] = set()
    per_document: Counter[str] = Counter()
    per_outlet: Counter[str] = Counter()
    for number, (reason, worth) in enumerate(reasons.items(), 1):
        ranked = sorted(((w, c) for c in pool if (w := worth(c)) is not None), key=lambda pair: -pair[0])
        goal = count * number // len(reasons)
        for _, c in ranked:
            if len(taken) >= goal:
                break
            key = c.document["id"]
            crowded = reason == "rare outlet" and per_outlet[c.document["source"]] >= FEW
            if (key, c.start) in taken or c.text in texts or per_document[key] >= MOST or crowded:
                continue
            taken.add((key, c.start))
            texts.add(c.text)
            per_document[key] += 1
            per_outlet[c.document["source"]] += 1
            yield c.record(reason)


def main() -> None:
    """Command line: see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="exported model directories; their mean is compared with the rules")
    parser.add_argument("--count", type=int, default=2500)
    parser.add_argument("--articles", type=int, default=5000, help="so many articles are shown to the models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("ISNAD_CORPORA", "../shared/corpora")))
    arguments = parser.parse_args()
    documents = unlabelled_documents(arguments.corpora)
    random.Random(arguments.seed).shuffle(documents)
    labelled_of = Counter(a.outlet for a in load_real(arguments.corpora) for _ in a.sentences)
    near, rest = documents[: arguments.articles], documents[arguments.articles :]
    pool = list(candidates(near, [Classifier(m) for m in arguments.models]))
    # Denials are too rare to be found in part of the news; the rules alone are fast enough for all of it.
    pool += [c for c in candidates(rest, []) if c.rule is Label.DENIAL]
    for record in pick(pool, arguments.count, labelled_of):
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
