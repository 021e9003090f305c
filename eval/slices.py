"""Where the model fails: its accuracy on the sentences that share a trait, beside all the others."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from eval.bootstrap import Resamples, share_interval
from eval.items import FILE, Item
from isnad.labels import LABELS, Label
from isnad.normalize import normalize
from isnad.quotes import Quotation, find_marks
from isnad.rules import FIRST_PERSON
from seeds.corpus import topics

FEWEST = 20  # sentences of a slice that is shown
YES, _NO = "yes", "no"
SIGNIFICANT = 0.05  # rate of false discoveries among the slices called weak
_CONTEXT = 1500  # characters in which an open quotation is looked for, as the model does
_LENGTHS = (10, 20, 30, 50)
_MARKS = {"« »": "«»‹›", "“ ”": "“”„‟", '" "': '"″', "‘ ’": "‘’‚‛"}
_LATIN = re.compile(r"[A-Za-z]{2,}")
_THAT = re.compile(r"(?<!\w)[وفب]?[أإا]ن(?:ه|ها|هم|هما|نا|ني)?(?!\w)")
_TRANSLATED = ("ntrex:", "flores", "tico19", "own-tech-translated")  # how the ids of translated documents begin
_TAIL = 2 / 3  # a denial whose cue stands after so much of the sentence is a tail


class _Marked:
    """The quotations in and open before a sentence, as offsets in the sentence: a negative one is before it."""

    def __init__(self, item: Item) -> None:
        context = item.context[-_CONTEXT:] + " "
        self.text, self.start = item.text, len(context)
        found = find_marks(context + item.text).quotations
        self.reaching = [q for q in found if q.end > self.start + 1]
        self.inside = [q for q in self.reaching if q.start >= self.start]

    def is_carried(self) -> bool:
        return len(self.inside) < len(self.reaching)

    def is_nested(self) -> bool:
        return any(a.start < b.start and b.end <= a.end for a in self.reaching for b in self.reaching)

    def is_mixed(self) -> bool:
        """Whether «أن» stands before a quotation, with no colon after it: indirect speech that turns direct."""
        return any(self._is_after_that(quotation) for quotation in self.inside)

    def _is_after_that(self, quotation: Quotation) -> bool:
        before = self.text[: quotation.start - self.start]
        that = list(_THAT.finditer(before))
        return bool(that) and ":" not in before[that[-1].end() :]

    def holds(self, offset: int) -> bool:
        return any(q.start <= self.start + offset < q.end for q in self.reaching)


def cue_word(item: Item) -> str | None:
    """The first word of the cue, without the conjunction written onto it."""
    words = normalize(item.text[slice(*item.cue)]).split() if item.cue else []
    return re.sub(r"^[وف](?=\w{3})", "", words[0]) if words else None


def _length(item: Item) -> str:
    words = len(item.text.split())
    longer = [bound for bound in _LENGTHS if words > bound]
    if len(longer) == len(_LENGTHS):
        return f"over {_LENGTHS[-1]} words"
    return f"{longer[-1] + 1 if longer else 1} to {_LENGTHS[len(longer)]} words"


def _marks(item: Item) -> str:
    kinds = [name for name, marks in _MARKS.items() if any(m in item.text for m in marks)]
    return "several kinds" if len(kinds) > 1 else kinds[0] if kinds else "none"


def _yes(trait: bool) -> str:
    return YES if trait else _NO


def traits(item: Item, known_cues: frozenset[str] | None) -> dict[str, str]:
    """What is known of a sentence: a value for each dimension that applies to it.

    Args:
        item: the sentence.
        known_cues: `cue_word` of the sentences that were trained on; None where they are not known.
    """
    marked, cue = _Marked(item), cue_word(item)
    found = {
        "outlet": item.outlet,
        "length": _length(item),
        "quotation marks": _marks(item),
        "first person": _yes(FIRST_PERSON.search(normalize(item.text)) is not None),
        "mixed quotation": _yes(marked.is_mixed()),
        "nested quotation": _yes(marked.is_nested()),
        "quotation open from before": _yes(marked.is_carried()),
        "quotation left open": _yes(any(not q.closed for q in marked.inside)),
        "Latin words inside": _yes(_LATIN.search(item.text) is not None),
        "hard for the annotator": _yes(item.hard),
    }
    if item.sampling != FILE:
        found |= {"sampling": item.sampling, "translated": _yes(item.article.startswith(_TRANSLATED))}
    if topic := topics().get(item.article):
        found["topic"] = topic
    if cue and known_cues is not None:
        found["cue word"] = "seen in training" if cue in known_cues else "never seen in training"
    if item.label is Label.DENIAL and item.cue:
        found["denial in a quotation"] = _yes(marked.holds(item.cue[0]))
        found["denial as a tail"] = _yes(item.cue[0] > _TAIL * len(item.text))
    return found


def _figures(
    members: NDArray[np.bool_], others: NDArray[np.bool_], right: NDArray[np.bool_], resamples: Resamples
) -> dict[str, Any]:
    """Accuracy of a slice, and its difference from others; `p` is not corrected yet."""
    inside = resamples.means(right, members)
    hits, count = int(right[members].sum()), int(members.sum())
    figures = {"accuracy": hits / count, "interval": share_interval(hits, count, inside)}
    if others.sum() >= FEWEST:
        difference = figures["accuracy"] - float(right[others].mean())
        spread = float(np.nanstd(inside - resamples.means(right, others)))
        p = float(2 * norm.sf(abs(difference) / spread)) if spread else 1.0
        figures |= {"difference": difference, "p": p}
    return figures


def _confused(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, Any]:
    """The commonest confusion, if there is one."""
    wrong = Counter((int(g), int(p)) for g, p in zip(gold, predicted, strict=True) if g != p)
    if not wrong:
        return {}
    (g, p), count = wrong.most_common(1)[0]
    return {"confused": {"gold": LABELS[g].value, "predicted": LABELS[p].value, "sentences": count}}


def slices(
    items: Sequence[Item],
    gold: NDArray[np.int64],
    predicted: NDArray[np.int64],
    resamples: Resamples,
    known_cues: Iterable[str] | None,
) -> list[dict[str, Any]]:
    """Accuracy of each slice that has `FEWEST` sentences at least, dimension by dimension; to lack a trait is none.

    Args:
        items: the sentences.
        gold: indices into `LABELS`, as many.
        predicted: likewise.
        resamples: draws of their articles.
        known_cues: see `traits`.

    Returns:
        For each slice `dimension`, `value`, `sentences`, `articles`, `accuracy` with its `interval`,
        `difference` from the accuracy of the other sentences of the dimension (if they are not too few)
        with its `p` (normal approximation with the bootstrap's spread; Benjamini–Hochberg over all
        slices), and the commonest confusion (`confused`).  A smaller slice has the first three alone.
    """
    known = None if known_cues is None else frozenset(known_cues)
    values: dict[str, list[str | None]] = defaultdict(lambda: [None] * len(items))
    for n, item in enumerate(items):
        for dimension, value in traits(item, known).items():
            values[dimension][n] = value
    right, found = gold == predicted, list[dict[str, Any]]()
    for dimension, of_items in values.items():
        for value, count in Counter(v for v in of_items if v not in (None, _NO)).most_common():
            content: dict[str, Any] = {"dimension": dimension, "value": value, "sentences": count}
            if count >= FEWEST:
                members = np.array([v == value for v in of_items])
                others = np.array([v not in (None, value) for v in of_items])
                content["articles"] = len({item.article for item, m in zip(items, members, strict=True) if m})
                content |= _figures(members, others, right, resamples)
                content |= _confused(gold[members], predicted[members])
            found.append(content)
    tested = [s for s in found if "p" in s]
    for content, p in zip(tested, false_discovery_control([s["p"] for s in tested]) if tested else [], strict=True):
        content["p"] = float(p)
    return found


def weak(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slices on which the model is worse than elsewhere beyond chance, by how many errors that costs."""
    worse = [s for s in found if s.get("p", 1.0) < SIGNIFICANT and s["difference"] < 0]
    return sorted(worse, key=lambda s: s["difference"] * s["sentences"])
