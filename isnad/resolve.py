"""Who speaks in a sentence that names nobody («وأضاف أن …»): the source named last before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isnad.labels import Label
from isnad.normalize import normalize
from isnad.results import Sentence, Source

# Sentences looked back on: further back, few readers would still think of that speaker.
REACH = 10
# How often the source named last is the right one, measured on hand-labelled antecedents (eval/LOG.md).
# Taking gender, distance or the kind of speech into account as well brought nothing there.
RELIABILITY = 0.82
# Titles that stand for a name: «معاليه» is «his excellency» whoever he is.
_HONORIFICS = ("معالي", "سعادت", "فضيلت", "سمو", "جلالت", "فخامت", "سيادت", "دولت", "غبطت", "قداست")


def names_somebody(words: str) -> bool:
    """Whether a source is more than a title with a pronoun («معاليه»، «سموها»)."""
    first, *others = normalize(words).split() or [""]
    return bool(others) or not (first.startswith(_HONORIFICS) and first.endswith(("ه", "ها", "هم")))


def resolve_sources(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Give each attributed sentence that names nobody the source named last before it.

    Only sources that a sentence of its own names are taken, of the last ten sentences; where there is none,
    the source stays empty.
    """
    resolved: list[Sentence] = []
    last: Source | None = None
    for index, sentence in enumerate(sentences):
        named = sentence.source
        if named is not None and names_somebody(named.text):
            last = replace(named, resolved_from=index)
        elif last is not None and last.resolved_from is not None and index - last.resolved_from > REACH:
            last = None
        if sentence.label is not Label.BACKGROUND and named is None and last is not None:
            sentence = replace(sentence, source=replace(last, confidence=last.confidence * RELIABILITY))
        resolved.append(sentence)
    return resolved
